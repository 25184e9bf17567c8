//! The files put together: every name once, the header in one file.

use std::hash::Hash;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::decode::Spanned;
use super::document::allow::AllowDocument;
use super::document::application::ApplicationDocument;
use super::document::assertion::AssertionDocument;
use super::document::group::GroupDocument;
use super::document::guardrail::GuardrailDocument;
use super::document::policy::PolicyDocument;
use super::document::root::{Entries, FileDocument};
use super::document::settings::SettingsDocument;
use super::mistake::{Mistake, MistakeKind, Span};
use crate::model::{Id, Kind, Name, ProjectName, Stack};

/// A section: each name with where it stands and what it says.
pub(super) type Section<K, V> = IndexMap<K, (Span, V)>;

/// All files as one document.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) organization: Option<Id>,
    pub(super) stack: Option<Spanned<Stack>>,
    pub(super) settings: Option<SettingsDocument>,
    pub(super) allow: Vec<AllowDocument>,
    pub(super) projects: Section<ProjectName, Spanned<Id>>,
    pub(super) external_groups: Section<Name, ()>,
    pub(super) external_applications: Section<Name, ()>,
    pub(super) applications: Option<Section<Name, ApplicationDocument>>,
    pub(super) groups: Option<Section<Name, GroupDocument>>,
    pub(super) policies: Option<Section<Name, PolicyDocument>>,
    pub(super) assertions: Vec<AssertionDocument>,
    pub(super) guardrails: Vec<GuardrailDocument>,
}

/// Puts the files together, in their order. `first` is the first that was read.
pub(super) fn merge(
    files: Vec<FileDocument>,
    whole: bool,
    first: u32,
    mistakes: &mut Vec<Mistake>,
) -> Document {
    let mut merging = Merging { document: Document::default(), mistakes };
    merging.header(&files, whole, first);
    for file in files {
        merging.file(file);
    }
    merging.document
}

/// Where a key of the header stands in a file.
type Place = fn(&FileDocument) -> Option<Span>;

struct Merging<'m> {
    document: Document,
    mistakes: &'m mut Vec<Mistake>,
}

impl Merging<'_> {
    /// Holds the header to one file.
    fn header(&mut self, files: &[FileDocument], whole: bool, read: u32) {
        let keys: [(&'static str, Place); 4] = [
            ("version", |file| file.version),
            ("organization", |file| file.organization.as_ref().map(|(at, _)| *at)),
            ("stack", |file| file.stack.as_ref().map(|(at, _)| *at)),
            ("settings", |file| file.settings.as_ref().map(|(at, _)| *at)),
        ];
        let home = files.iter().find_map(|file| file.version);
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
        let mistakes = &mut *self.mistakes;
        let twice = |name: &ProjectName| MistakeKind::ProjectTwice { name: name.to_string() };
        add(&mut document.projects, file.projects, mistakes, twice);
        let unit = |names: Vec<Spanned<Name>>| names.into_iter().map(|name| (name, ())).collect();
        let external = |kind| move |name: &Name| MistakeKind::ExternalTwice { kind, name: name.to_string() };
        add(&mut document.external_groups, unit(file.external.groups), mistakes, external(Kind::Group));
        let applications = unit(file.external.applications);
        add(&mut document.external_applications, applications, mistakes, external(Kind::Application));
        let twice = |kind| move |name: &Name| MistakeKind::NameTwice { kind, name: name.to_string() };
        if let Some(entries) = file.applications {
            let section = document.applications.get_or_insert_default();
            add(section, entries, mistakes, twice(Kind::Application));
        }
        if let Some(entries) = file.groups {
            add(document.groups.get_or_insert_default(), entries, mistakes, twice(Kind::Group));
        }
        if let Some(entries) = file.policies {
            add(document.policies.get_or_insert_default(), entries, mistakes, twice(Kind::Policy));
        }
    }
}

fn add<K: Eq + Hash, V>(
    section: &mut Section<K, V>,
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
