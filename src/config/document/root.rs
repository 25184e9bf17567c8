use super::application::{ApplicationDocument, application};
use super::assertion::{AssertionDocument, assertion};
use super::external::{ExternalDocument, external};
use super::group::{GroupDocument, group};
use super::guardrail::{GuardrailDocument, guardrail};
use super::policy::{PolicyDocument, policy};
use super::settings::{SettingsDocument, settings};
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::Node;
use crate::model::{Id, Kind, Name, ProjectName, Stack};

/// The entries of a section, in the file's order.
pub(in crate::config) type Entries<K, V> = Vec<(Spanned<K>, V)>;

/// One file.
#[derive(Debug, Default)]
pub(in crate::config) struct FileDocument {
    pub(in crate::config) version: Option<Span>,
    pub(in crate::config) organization: Option<(Span, Option<Id>)>,
    pub(in crate::config) stack: Option<(Span, Option<Spanned<Stack>>)>,
    pub(in crate::config) settings: Option<(Span, SettingsDocument)>,
    pub(in crate::config) projects: Entries<ProjectName, Spanned<Id>>,
    pub(in crate::config) external: ExternalDocument,
    pub(in crate::config) applications: Option<Entries<Name, ApplicationDocument>>,
    pub(in crate::config) groups: Option<Entries<Name, GroupDocument>>,
    pub(in crate::config) policies: Option<Entries<Name, PolicyDocument>>,
    pub(in crate::config) assertions: Vec<AssertionDocument>,
    pub(in crate::config) guardrails: Vec<GuardrailDocument>,
}

pub(in crate::config) const SHAPE: Shape = Shape {
    of: "a file",
    keys: &[
        "version",
        "organization",
        "stack",
        "settings",
        "projects",
        "external",
        "applications",
        "groups",
        "policies",
        "assertions",
        "guardrails",
    ],
    top: true,
};

/// The version of the language.
pub(in crate::config) const VERSION: u32 = 1;

/// Decodes a whole file.
pub(in crate::config) fn file(d: &mut Decoder<'_>, node: &Node<'_>) -> FileDocument {
    let Some(mut fields) = Fields::of(d, node, node.head(), "the file", &SHAPE) else {
        return FileDocument::default();
    };
    FileDocument {
        version: fields.optional("version", d, version),
        organization: fields.optional("organization", d, |d, node, key| {
            Some((key, d.id(node, "organization").map(|id| id.value)))
        }),
        stack: fields.optional("stack", d, |d, node, key| {
            let bad = |text, why| MistakeKind::BadStack { text, why };
            Some((key, d.value(node, "stack", bad)))
        }),
        settings: fields
            .optional("settings", d, |d, node, key| settings(d, node, key).map(|document| (key, document))),
        projects: fields.optional("projects", d, |d, node, _| projects(d, node)).unwrap_or_default(),
        external: fields.optional("external", d, external).unwrap_or_default(),
        applications: fields
            .optional("applications", d, |d, node, _| section(d, node, Kind::Application, application)),
        groups: fields.optional("groups", d, |d, node, _| section(d, node, Kind::Group, group)),
        policies: fields.optional("policies", d, |d, node, _| section(d, node, Kind::Policy, policy)),
        assertions: fields
            .optional("assertions", d, |d, node, _| items(d, node, "assertions", assertion))
            .unwrap_or_default(),
        guardrails: fields
            .optional("guardrails", d, |d, node, _| items(d, node, "guardrails", guardrail))
            .unwrap_or_default(),
    }
}

fn version(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<Span> {
    let version = d.count(node, "version");
    if let Some(found) = version.filter(|version| *version != VERSION) {
        d.mistake(node.at, MistakeKind::UnsupportedVersion { found: found.to_string() });
    }
    Some(key)
}

fn projects(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Entries<ProjectName, Spanned<Id>>> {
    let map = d.map(node, "projects")?;
    let mut entries = Vec::with_capacity(map.entries.len());
    for (key, value) in &map.entries {
        let id = d.key(key).map(str::to_owned).and_then(|text| {
            let id = d.id(value, &text);
            d.project_of(&text, key.at).zip(id)
        });
        entries.extend(id.map(|(value, id)| (Spanned { value, at: key.at }, id)));
    }
    Some(entries)
}

/// Decodes the entries of a section. An entry that is wrong in itself is still known by its name.
fn section<T: Default>(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    kind: Kind,
    decode: impl Fn(&mut Decoder<'_>, &Node<'_>, &str, Span) -> Option<T>,
) -> Option<Entries<Name, T>> {
    let Some(map) = d.map(node, kind.section()) else { return Some(Vec::new()) };
    let mut entries = Vec::with_capacity(map.entries.len());
    for (key, value) in &map.entries {
        let Some(text) = d.key(key) else { continue };
        let name = d.name_of(text, key.at, kind);
        let document = decode(d, value, text, key.at);
        if let Some(name) = name {
            entries.push((Spanned { value: name, at: key.at }, document.unwrap_or_default()));
        }
    }
    Some(entries)
}

fn items<T>(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    what: &str,
    decode: impl Fn(&mut Decoder<'_>, &Node<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let items = d.list(node, what)?;
    Some(items.iter().filter_map(|item| decode(d, item)).collect())
}
