//! Names and addresses that look the same and are not.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use unicode_security::confusable_detection::skeleton;

use super::context::Check;
use crate::config::decode::Spanned;
use crate::config::gone::Roster;
use crate::config::merge::Document;
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::config::section::assertion::OnDocument;
use crate::config::section::rule::RuleDocument;
use crate::model::{Address, Kind};

/// Warns of names that differ from others only in characters that look the same, where one of both is not ASCII: somebody
/// may hope that one is taken for the other. Among names of ASCII alone, `l` and `1` are two letters.
pub(super) fn look_alikes(check: &mut Check<'_>, roster: Option<&Roster<'_>>) {
    let document = check.document;
    let state = roster.map(|roster| roster.live.state);
    let users =
        || state.into_iter().flat_map(|state| state.addresses(Kind::User)).filter_map(|it| it.key().title());
    let given = || document.references().filter(|(_, to)| to.value.kind() == Kind::User);
    let foreign =
        |(_, to): (_, Spanned<Address>)| to.value.key().title().is_some_and(|title| !title.is_ascii());
    // Most organizations have no such name, and very many references.
    if users().any(|name| !name.is_ascii()) || given().any(foreign) {
        compare(check, "user", &people(document), &users().collect());
    }
    let names = || state.into_iter().flat_map(|state| state.projects.values()).map(|name| name.as_str());
    let projects = projects(document);
    if names().any(|name| !name.is_ascii()) || projects.keys().any(|name| !name.is_ascii()) {
        compare(check, "project", &projects, &names().collect());
    }
}

/// The names that files give, each with the first place.
type Given<'a> = BTreeMap<Cow<'a, str>, Span>;

fn people(document: &Document) -> Given<'_> {
    let mut given = Given::new();
    for (_, to) in document.references().filter(|(_, to)| to.value.kind() == Kind::User) {
        if let Some(title) = to.value.key().title() {
            given.entry(Cow::Owned(title.to_owned())).or_insert(to.at);
        }
    }
    given
}

fn projects(document: &Document) -> Given<'_> {
    let pinned = document.projects.iter().map(|(name, (at, _))| (name.as_str(), *at));
    let rules = document.declarations().flat_map(|(_, _, it)| it.rules());
    let scopes = rules.flat_map(RuleDocument::projects).map(|project| (project.value.as_str(), project.at));
    let asserted = document.assertions.iter().filter_map(|assertion| match &assertion.on.value {
        OnDocument::Project(name) => Some((name.as_str(), assertion.on.at)),
        OnDocument::Organization | OnDocument::AllProjects => None,
    });
    let mut given = Given::new();
    for (name, at) in pinned.chain(scopes).chain(asserted) {
        given.entry(Cow::Borrowed(name)).or_insert(at);
    }
    given
}

fn compare(check: &mut Check<'_>, kind: &'static str, given: &Given<'_>, live: &BTreeSet<&str>) {
    let mut by_look: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in given.keys().map(|name| &**name).chain(live.iter().copied()) {
        by_look.entry(look(name)).or_default().insert(name);
    }
    for (name, at) in given {
        let others = by_look.get(&look(name)).into_iter().flatten();
        for other in
            others.filter(|other| !(other.eq_ignore_ascii_case(name) || name.is_ascii() && other.is_ascii()))
        {
            let kind = MistakeKind::LookAlike { kind, name: shown(name), other: shown(other) };
            check.note(Mistake::new(*at, kind).warning());
        }
    }
}

/// What a name looks like: the same for names that nobody can tell apart.
///
/// Source: Unicode Technical Standard #39, section 4, with the letters in lower case and without what is not seen at all.
fn look(name: &str) -> String {
    let seen = |c: &char| !unseen(*c);
    let lower: String = name.chars().filter(seen).flat_map(char::to_lowercase).collect();
    skeleton(&lower).filter(seen).collect()
}

/// Characters that take no place: soft hyphens, joiners, marks of direction, byte order marks, selectors, tags.
const fn unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A name with the characters that are not ASCII by their numbers, so that it can be told from the other.
fn shown(name: &str) -> String {
    let one = |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
    name.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::look;

    #[test]
    fn what_looks_the_same_has_one_look() {
        for (name, other) in [
            ("alice@example.com", "\u{430}lice@example.com"),
            ("alice@example.com", "ali\u{ad}ce@example.com"),
            ("alice@example.com", "alice\u{200b}@example.com"),
            ("alice@example.com", "\u{ff41}\u{ff4c}ice@example.com"),
            ("Alice@example.com", "\u{391}lice@example.com"),
            ("prod", "pr\u{3bf}d"),
            ("prod", "\u{e0070}prod"),
        ] {
            assert_eq!(look(name), look(other), "{name} {other}");
        }
        for (name, other) in
            [("andr\u{e9}@x.io", "andre@x.io"), ("prod", "pr\u{f8}d"), ("m\u{fc}ller@x.io", "muller@x.io")]
        {
            assert_ne!(look(name), look(other), "{name} {other}");
        }
    }
}
