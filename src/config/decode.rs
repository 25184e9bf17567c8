//! Node → value: the steps that every decoder is made of. Errors are recorded, and decoding continues.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::str::FromStr;

use indexmap::IndexMap;

use super::mistake::{Mistake, MistakeKind, Span};
use super::tree::{Map, Node, Value};
use super::yaml::Plain;
use crate::access::cel::ExpressionFault;
use crate::model::{
    BadText, Email, Id, Key, KeyForm, Kind, Name, NearBudget, PermissionSetName, ProjectName, Tag,
};

/// A value and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) at: Span,
}

impl<T> Spanned<T> {
    pub(super) fn map<U>(self, to: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: to(self.value), at: self.at }
    }
}

/// Mistakes of one file beyond this number are only counted.
const MOST: usize = 1000;

/// So many words are looked at in the smallest file for what was probably meant; in others, one for each byte.
const LEAST_LOOKS: usize = 100_000;

/// The context of decoding one file.
pub(super) struct Decoder<'t> {
    pub(super) text: &'t str,
    pub(super) mistakes: Vec<Mistake>,
    more: usize,
    last: Option<Span>,
    names: HashSet<Name>,
    sets: HashSet<PermissionSetName>,
    projects: HashSet<ProjectName>,
    emails: HashMap<String, Email>,
    /// For words of the language that were probably meant.
    pub(super) budget: NearBudget,
    /// What is wrong with each expression that was seen.
    pub(super) expressions: HashMap<String, Vec<ExpressionFault>>,
}

impl<'t> Decoder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            mistakes: Vec::new(),
            more: 0,
            last: None,
            names: HashSet::new(),
            sets: HashSet::new(),
            projects: HashSet::new(),
            emails: HashMap::new(),
            budget: NearBudget::of(LEAST_LOOKS),
            expressions: HashMap::new(),
        }
    }

    /// Turns to the next file, keeping what was learnt.
    pub(super) fn turn_to(&mut self, text: &'t str) {
        self.text = text;
        self.budget = NearBudget::of(text.len().max(LEAST_LOOKS));
    }

    pub(super) fn note(&mut self, mistake: Mistake) {
        if !self.is_full() {
            self.mistakes.push(mistake);
        } else {
            self.more += 1;
            self.last = Some(mistake.at);
        }
    }

    pub(super) fn mistake(&mut self, at: Span, kind: MistakeKind) {
        self.note(Mistake::new(at, kind));
    }

    /// Returns true when further mistakes are only counted.
    pub(super) const fn is_full(&self) -> bool {
        self.mistakes.len() >= MOST
    }

    /// Returns the mistakes of the file.
    pub(super) fn take_mistakes(&mut self) -> Vec<Mistake> {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        if let Some(at) = self.last.take() {
            let more = std::mem::take(&mut self.more);
            mistakes.push(Mistake::new(at, MistakeKind::MoreMistakes { more }));
        }
        mistakes
    }

    /// Returns the text of a scalar that every YAML parser reads as text.
    pub(super) fn text<'n>(&mut self, node: &'n Node<'_>, what: &str) -> Option<&'n str> {
        let Value::Scalar(scalar) = &node.value else {
            if !matches!(node.value, Value::Broken) {
                self.mistake(node.at, MistakeKind::NotText { what: what.to_owned(), found: node.found() });
            }
            return None;
        };
        match scalar.taken_for() {
            Plain::Text => Some(&scalar.text),
            Plain::Null => {
                self.mistake(
                    node.at,
                    MistakeKind::Null { what: what.to_owned(), write: "leave the key out, or write text" },
                );
                None
            }
            other => {
                let taken_for = other.words().unwrap_or("something else");
                self.mistake(node.at, MistakeKind::Misread { text: scalar.text.to_string(), taken_for });
                None
            }
        }
    }

    /// Returns the text of a map's key.
    pub(super) fn key<'n>(&mut self, node: &'n Node<'_>) -> Option<&'n str> {
        let Value::Scalar(scalar) = &node.value else { return None };
        match scalar.taken_for() {
            Plain::Text => Some(&scalar.text),
            other => {
                let taken_for = other.words().unwrap_or("something else");
                self.mistake(node.at, MistakeKind::Misread { text: scalar.text.to_string(), taken_for });
                None
            }
        }
    }

    /// Returns the items of a list; none, with a mistake, for anything else.
    pub(super) fn list<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str) -> Option<&'n [Node<'a>]> {
        match &node.value {
            Value::List(items) => return Some(items),
            Value::Broken => {}
            _ if node.is_null() => {
                self.mistake(
                    node.at,
                    MistakeKind::Null { what: what.to_owned(), write: "write `[]` for none" },
                );
            }
            Value::Scalar(_) | Value::Map(_) => {
                self.mistake(node.at, MistakeKind::NotList { what: what.to_owned(), found: node.found() });
            }
        }
        None
    }

    /// Returns a map; none, with a mistake, for anything else.
    pub(super) fn map<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str) -> Option<&'n Map<'a>> {
        match &node.value {
            Value::Map(map) => return Some(map),
            Value::Broken => {}
            _ if node.is_null() => {
                self.mistake(
                    node.at,
                    MistakeKind::Null { what: what.to_owned(), write: "write `{}` for none" },
                );
            }
            Value::Scalar(_) | Value::List(_) => {
                self.mistake(node.at, MistakeKind::NotMap { what: what.to_owned(), found: node.found() });
            }
        }
        None
    }

    /// Returns a whole number.
    pub(super) fn count(&mut self, node: &Node<'_>, what: &str) -> Option<u32> {
        if let Value::Scalar(scalar) = &node.value
            && scalar.plain
        {
            let digits = scalar.text.bytes().all(|b| b.is_ascii_digit());
            let leading = scalar.text.len() > 1 && scalar.text.starts_with('0');
            if let (true, false, Ok(count)) = (digits, leading, scalar.text.parse()) {
                return Some(count);
            }
        }
        if !matches!(node.value, Value::Broken) {
            let what = what.to_owned();
            let digits = node.raw().filter(|text| text.parse::<u32>().is_ok_and(|n| n.to_string() == *text));
            let kind = match (digits, node.raw()) {
                // Without its quotes it would have been read above.
                (Some(digits), _) => MistakeKind::QuotedCount { what, digits: digits.to_owned() },
                (None, Some(text)) => MistakeKind::NotCount { what, found: format!("`{text}`") },
                (None, None) => MistakeKind::NotCount { what, found: node.found().to_owned() },
            };
            self.mistake(node.at, kind);
        }
        None
    }

    /// Returns one of some words.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        words: &'static [&'static str],
        values: &[T],
    ) -> Option<T> {
        // `none` is a word to all readers of YAML; no other word of the language is taken for something else.
        let text = self.text(node, what)?;
        if let Some(at) = words.iter().position(|word| *word == text) {
            return values.get(at).copied();
        }
        let near = self.budget.near(text, words.iter().copied()).map(str::to_owned);
        let (what, found) = (what.to_owned(), text.to_owned());
        self.mistake(node.at, MistakeKind::NotOneOf { what, words, found, near });
        None
    }

    fn parsed<T: FromStr<Err = BadText>>(
        &mut self,
        text: &str,
        at: Span,
        bad: impl FnOnce(String, BadText) -> MistakeKind,
    ) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(why) => {
                self.mistake(at, bad(text.to_owned(), why));
                None
            }
        }
    }

    /// Returns a text that checks itself.
    pub(super) fn value<T: FromStr<Err = BadText>>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        bad: impl FnOnce(String, BadText) -> MistakeKind,
    ) -> Option<Spanned<T>> {
        let text = self.text(node, what)?;
        self.parsed(text, node.at, bad).map(|value| Spanned { value, at: node.at })
    }

    pub(super) fn name_of(&mut self, text: &str, at: Span, kind: Kind) -> Option<Name> {
        if let Some(name) = self.names.get(text) {
            return Some(name.clone());
        }
        let name: Name = self.parsed(text, at, |text, why| MistakeKind::BadName { kind, text, why })?;
        self.names.insert(name.clone());
        Some(name)
    }

    /// Returns what an object of a kind goes by.
    pub(super) fn key_of(&mut self, text: &str, at: Span, kind: Kind) -> Option<Key> {
        match kind.form() {
            KeyForm::Name => self.name_of(text, at, kind).map(Key::Named),
            KeyForm::Email => {
                let bad = |why| MistakeKind::BadPerson { text: text.to_owned(), why };
                Key::of_person(text).map_err(|why| self.mistake(at, bad(why))).ok()
            }
            KeyForm::Child => {
                let (parent, name) = text.split_once('/').unwrap_or(("", text));
                let parent = match kind.parent() {
                    _ if parent.is_empty() => None,
                    Some(of) => Some(self.key_of(parent, at, of)?),
                    None => Some(Key::Project(self.project_of(parent, at)?)),
                };
                let key = kind.form().key(parent, name);
                key.map_err(|why| self.mistake(at, MistakeKind::BadName { kind, text: text.to_owned(), why }))
                    .ok()
            }
            KeyForm::Only if text == Key::Only.to_string() => Some(Key::Only),
            KeyForm::Only => {
                let why = BadText::Shape("must be `organization`: there is one");
                self.mistake(at, MistakeKind::BadName { kind, text: text.to_owned(), why });
                None
            }
        }
    }

    pub(super) fn name(&mut self, node: &Node<'_>, what: &str, kind: Kind) -> Option<Spanned<Name>> {
        let text = self.text(node, what)?;
        let value = self.name_of(text, node.at, kind)?;
        Some(Spanned { value, at: node.at })
    }

    pub(super) fn email_of(&mut self, text: &str, at: Span) -> Option<Email> {
        if let Some(email) = self.emails.get(text) {
            return Some(email.clone());
        }
        let email: Email = self.parsed(text, at, |text, why| MistakeKind::BadEmail { text, why })?;
        self.emails.insert(text.to_owned(), email.clone());
        Some(email)
    }

    pub(super) fn email(&mut self, node: &Node<'_>, what: &str) -> Option<Spanned<Email>> {
        let text = self.text(node, what)?;
        let value = self.email_of(text, node.at)?;
        Some(Spanned { value, at: node.at })
    }

    pub(super) fn permission_set(
        &mut self,
        node: &Node<'_>,
        what: &str,
    ) -> Option<Spanned<PermissionSetName>> {
        let text = self.text(node, what)?;
        if let Some(set) = self.sets.get(text) {
            return Some(Spanned { value: set.clone(), at: node.at });
        }
        let bad = |text, why| MistakeKind::BadPermissionSet { text, why };
        let value: PermissionSetName = self.parsed(text, node.at, bad)?;
        self.sets.insert(value.clone());
        Some(Spanned { value, at: node.at })
    }

    pub(super) fn project_of(&mut self, text: &str, at: Span) -> Option<ProjectName> {
        if let Some(name) = self.projects.get(text) {
            return Some(name.clone());
        }
        let bad = |text, why| MistakeKind::BadProjectName { text, why };
        let name: ProjectName = self.parsed(text, at, bad)?;
        self.projects.insert(name.clone());
        Some(name)
    }

    pub(super) fn tag(&mut self, node: &Node<'_>) -> Option<Spanned<Tag>> {
        self.value(node, "tags", |text, why| MistakeKind::BadTag { text, why })
    }

    pub(super) fn id(&mut self, node: &Node<'_>, what: &str) -> Option<Spanned<Id>> {
        let text = self.text(node, what)?;
        if let Ok(value) = text.parse() {
            return Some(Spanned { value, at: node.at });
        }
        self.mistake(node.at, MistakeKind::BadId { text: text.to_owned() });
        None
    }

    /// Decodes each item of a list, and refuses what is listed twice.
    pub(super) fn each<T>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        mut decode: impl FnMut(&mut Self, &Node<'_>) -> Option<Spanned<T>>,
    ) -> Option<Vec<Spanned<T>>> {
        let items = self.list(node, what)?;
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.extend(decode(self, item));
        }
        Some(values)
    }

    /// Drops what is in a list twice, with a mistake that shows both places.
    pub(super) fn distinct<T, K: Eq + std::hash::Hash + Display + Clone>(
        &mut self,
        values: &mut Vec<T>,
        what: &'static str,
        key: impl Fn(&T) -> (K, Span),
    ) {
        if values.len() < 2 {
            return;
        }
        let mut first: HashMap<K, Span> = HashMap::with_capacity(values.len());
        values.retain(|value| {
            let (name, at) = key(value);
            match first.get(&name) {
                Some(other) => {
                    let kind = MistakeKind::ListedTwice { what, name: name.to_string() };
                    self.note(Mistake::new(at, kind).also(*other));
                    false
                }
                None => {
                    first.insert(name, at);
                    true
                }
            }
        });
    }
}

/// The entries of a section, in the file's order.
pub(in crate::config) type Entries<K, V> = Vec<(Spanned<K>, V)>;

/// The entries of a map: each key with where it stands and what it says.
pub(super) type Merged<K, V> = IndexMap<K, (Span, V)>;
