//! The files put together: every name once, the header in one file.

use std::collections::BTreeMap;
use std::hash::Hash;

use indexmap::IndexMap;
use indexmap::map::Entry;
use jiff::Timestamp;

use super::decode::{Entries, Merged, Spanned};
use super::mistake::{Mistake, MistakeKind, Span, Written};
use super::section::Declaration;
use super::section::allow::AllowDocument;
use super::section::assertion::AssertionDocument;
use super::section::file::FileDocument;
use super::section::group::GuestsDocument;
use super::section::guardrail::GuardrailDocument;
use super::section::settings::SettingsDocument;
use crate::model::{Address, Id, Kind, ProjectName, Stack};

/// All files as one document.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Which entries with `until` have ended.
    pub(super) now: Timestamp,
    /// Where `version` stands.
    pub(super) home: Option<Span>,
    pub(super) organization: Option<Id>,
    pub(super) stack: Option<Spanned<Stack>>,
    pub(super) settings: Option<SettingsDocument>,
    pub(super) allow: Vec<AllowDocument>,
    pub(super) projects: Merged<ProjectName, Spanned<Id>>,
    pub(super) external: Merged<Address, ()>,
    /// What is declared, of each kind whose section is present.
    pub(super) sections: BTreeMap<Kind, Merged<Address, Declaration>>,
    /// Principals of this stack in groups that are declared elsewhere.
    pub(super) memberships: Merged<Address, GuestsDocument>,
    pub(super) release: Vec<Spanned<Address>>,
    pub(super) assertions: Vec<AssertionDocument>,
    pub(super) guardrails: Vec<GuardrailDocument>,
}

impl Document {
    /// Returns where an object is declared.
    pub(super) fn declared(&self, address: &Address) -> Option<Span> {
        self.entry(address).map(|(at, _)| at)
    }

    /// Returns where an object is declared, and what is said of it.
    pub(super) fn entry(&self, address: &Address) -> Option<(Span, &Declaration)> {
        self.sections.get(&address.kind())?.get(address).map(|(at, it)| (*at, it))
    }

    /// Returns true when an object may be referred to.
    pub(super) fn knows(&self, address: &Address) -> bool {
        self.external.contains_key(address) || self.declared(address).is_some()
    }

    /// Says whether an identity provider provisions people, so that no plan invites anybody.
    pub(super) fn provisioned(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| settings.scim.is_some())
    }

    /// Returns what is declared, by kind.
    pub(super) fn declarations(&self) -> impl Iterator<Item = (&Address, Span, &Declaration)> {
        self.sections.values().flatten().map(|(address, (at, it))| (address, *at, it))
    }

    /// Returns the names that objects of a kind may be referred to by.
    pub(super) fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let declared = self.sections.get(&kind).into_iter().flat_map(IndexMap::keys);
        let external = self.external.keys().filter(move |address| address.kind() == kind);
        declared.chain(external).filter_map(|address| address.key().title())
    }

    /// Returns true for a variable that this version does not know and the files introduce.
    pub(super) fn knows_variable(&self, mistake: &MistakeKind) -> bool {
        let MistakeKind::UnknownVariable { written: Written::Condition, name, .. } = mistake else {
            return false;
        };
        let mut known = self.settings.iter().flat_map(|settings| &settings.conditions.variables);
        // What is below a variable is a part of it.
        known.any(|known| {
            let rest = name.strip_prefix(known.value.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Returns what is referred to, and which declared object does so; `None` is an assertion.
    pub(super) fn references(&self) -> impl Iterator<Item = (Option<&Address>, Spanned<Address>)> {
        let declared = self.declarations();
        let declared =
            declared.flat_map(|(by, _, it)| it.refers(self.now).into_iter().map(move |to| (Some(by), to)));
        let asserted = self.assertions.iter().map(|assertion| assertion.principal.clone());
        declared.chain(asserted.map(|principal| (None, principal.map(|principal| principal.address()))))
    }
}

/// Puts the files together, in their order. `first` is the first that was read.
pub(super) fn merge(
    files: Vec<FileDocument>,
    whole: bool,
    first: u32,
    now: Timestamp,
    mistakes: &mut Vec<Mistake>,
) -> Document {
    let mut merging = Merging { document: Document { now, ..Document::default() }, mistakes };
    merging.header(&files, whole, first);
    for file in files {
        merging.file(file);
    }
    merging.document
}

/// Where a key of the header stands in a file.
type HeaderKey = fn(&FileDocument) -> Option<Span>;

struct Merging<'m> {
    document: Document,
    mistakes: &'m mut Vec<Mistake>,
}

impl Merging<'_> {
    /// Requires the header to be in one file.
    fn header(&mut self, files: &[FileDocument], whole: bool, read: u32) {
        let keys: [(&'static str, HeaderKey); 4] = [
            ("version", |file| file.version),
            ("organization", |file| file.organization.as_ref().map(|(at, _)| *at)),
            ("stack", |file| file.stack.as_ref().map(|(at, _)| *at)),
            ("settings", |file| file.settings.as_ref().map(|(at, _)| *at)),
        ];
        let home = files.iter().find_map(|file| file.version);
        self.document.home = home;
        for (key, at) in keys {
            let mut places = files.iter().filter_map(at);
            let Some(first) = places.next() else {
                let missing = key == "version" || key == "organization";
                if let Some(at) = home.filter(|_| missing && whole) {
                    let of = "the file that holds `version`".to_owned();
                    self.mistakes.push(Mistake::new(at, MistakeKind::MissingKey { key, of }));
                }
                continue;
            };
            for again in places {
                self.mistakes.push(Mistake::new(again, MistakeKind::HeaderTwice { key }).also(first));
            }
            if let Some(home) = home.filter(|home| home.file != first.file) {
                self.mistakes.push(Mistake::new(first, MistakeKind::HeaderApart { key }).also(home));
            }
        }
        if home.is_none() && whole {
            // Any key of the header shows where it was meant to be; else the first file stands for all.
            let anywhere = keys.iter().find_map(|(_, at)| files.iter().find_map(at));
            let at = anywhere.unwrap_or(Span { file: read, start: 0, end: 0 });
            self.mistakes.push(Mistake::new(at, MistakeKind::NoHeader));
        }
    }

    fn file(&mut self, file: FileDocument) {
        let document = &mut self.document;
        if let Some((_, id)) = file.organization {
            document.organization = document.organization.or(id);
        }
        if document.stack.is_none() {
            document.stack = file.stack.and_then(|(_, stack)| stack);
        }
        if document.settings.is_none() {
            document.settings = file.settings.map(|(_, settings)| settings);
        }
        document.allow.extend(file.allow);
        document.assertions.extend(file.assertions);
        document.guardrails.extend(file.guardrails);
        document.release.extend(file.release);
        let mistakes = &mut *self.mistakes;
        let twice = |name: &ProjectName| MistakeKind::ProjectTwice { name: name.to_string() };
        add(&mut document.projects, file.projects, mistakes, twice);
        let external = file.external.addresses().map(|address| (address, ())).collect();
        add(&mut document.external, external, mistakes, |address| {
            let (kind, name) = (address.kind(), address.key_text());
            MistakeKind::ExternalTwice { kind, name }
        });
        add(&mut document.memberships, file.memberships, mistakes, |address| MistakeKind::ListedTwice {
            what: "group",
            name: address.key_text(),
        });
        for (kind, entries) in file.sections.0 {
            add(document.sections.entry(kind).or_default(), entries, mistakes, |address| {
                MistakeKind::NameTwice { kind, name: address.key_text() }
            });
        }
    }
}

fn add<K: Eq + Hash, V>(
    section: &mut Merged<K, V>,
    entries: Entries<K, V>,
    mistakes: &mut Vec<Mistake>,
    twice: impl Fn(&K) -> MistakeKind,
) {
    for (key, value) in entries {
        match section.entry(key.value) {
            Entry::Vacant(entry) => {
                entry.insert((key.at, value));
            }
            Entry::Occupied(entry) => {
                mistakes.push(Mistake::new(key.at, twice(entry.key())).also(entry.get().0));
            }
        }
    }
}
