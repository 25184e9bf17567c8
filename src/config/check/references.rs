//! Groups and applications that are referred to: declared, or listed under `external`.

use std::collections::HashMap;

use super::Check;
use crate::config::decode::Spanned;
use crate::config::document::meta::MetaDocument;
use crate::config::document::policy::PrincipalDocument;
use crate::config::merge::{Document, Section};
use crate::config::mistake::{Meant, MistakeKind};
use crate::model::Name;

pub(super) fn references(check: &mut Check<'_>) {
    let document = check.document;
    let renamed = Renamed::of(document);
    for (name, (_, group)) in document.groups.iter().flatten() {
        for member in group.members.iter().flat_map(|members| &members.applications) {
            application(check, &renamed, &member.name, || format!("group `{name}`"));
        }
    }
    for (name, (_, policy)) in document.policies.iter().flatten() {
        let by = || format!("policy `{name}`");
        match &policy.principal {
            Some(PrincipalDocument::Group(name)) => group(check, &renamed, name, by),
            Some(PrincipalDocument::Application(name)) => application(check, &renamed, name, by),
            Some(PrincipalDocument::None | PrincipalDocument::User(_)) | None => {}
        }
    }
    for assertion in &document.assertions {
        if let PrincipalDocument::Application(name) = &assertion.principal {
            application(check, &renamed, name, || "the assertion".to_owned());
        }
    }
    for guardrail in &document.guardrails {
        for name in &guardrail.groups {
            guardrail_group(check, name);
        }
    }
}

fn application(check: &mut Check<'_>, renamed: &Renamed<'_>, name: &Spanned<Name>, by: impl Fn() -> String) {
    let document = check.document;
    let declared = document.applications.as_ref().is_some_and(|section| section.contains_key(&name.value));
    if declared || document.external_applications.contains_key(&name.value) {
        return;
    }
    let external = document.external_applications.keys();
    let known = document.applications.iter().flat_map(|section| section.keys()).chain(external);
    let hint = meant(&renamed.applications, name)
        .or_else(|| check.near(name.value.as_str(), known.map(Name::as_str)).map(Meant::Near))
        .unwrap_or(Meant::Unknown);
    let (managed, name, at) = (document.applications.is_some(), name.value.to_string(), name.at);
    check.mistake(at, MistakeKind::UnknownApplication { by: by(), name, hint, managed });
}

fn group(check: &mut Check<'_>, renamed: &Renamed<'_>, name: &Spanned<Name>, by: impl Fn() -> String) {
    let document = check.document;
    let declared = document.groups.as_ref().is_some_and(|section| section.contains_key(&name.value));
    if declared || document.external_groups.contains_key(&name.value) {
        return;
    }
    let known =
        document.groups.iter().flat_map(|section| section.keys()).chain(document.external_groups.keys());
    let hint = meant(&renamed.groups, name)
        .or_else(|| check.near(name.value.as_str(), known.map(Name::as_str)).map(Meant::Near))
        .unwrap_or(Meant::Unknown);
    let (managed, name, at) = (document.groups.is_some(), name.value.to_string(), name.at);
    check.mistake(at, MistakeKind::UnknownGroup { by: by(), name, hint, managed });
}

/// The declared objects by the names that they had before.
struct Renamed<'a> {
    applications: HashMap<&'a Name, &'a Name>,
    groups: HashMap<&'a Name, &'a Name>,
}

impl<'a> Renamed<'a> {
    fn of(document: &'a Document) -> Self {
        Self {
            applications: previous(document.applications.as_ref(), |entry| &entry.shared),
            groups: previous(document.groups.as_ref(), |entry| &entry.shared),
        }
    }
}

/// Returns the objects of a section by their previous names; of two with the same one, the first.
fn previous<'a, V>(
    section: Option<&'a Section<Name, V>>,
    meta: impl Fn(&'a V) -> &'a MetaDocument,
) -> HashMap<&'a Name, &'a Name> {
    let mut by_previous = HashMap::new();
    for (name, (_, entry)) in section.into_iter().flatten() {
        if let Some(old) = &meta(entry).previously {
            by_previous.entry(&old.value).or_insert(name);
        }
    }
    by_previous
}

/// Returns the declared object that had this name before.
fn meant(by_previous: &HashMap<&Name, &Name>, name: &Spanned<Name>) -> Option<Meant> {
    by_previous.get(&name.value).map(|now| Meant::Renamed(now.to_string()))
}

/// A guardrail that compares with a group that does not exist keeps nothing, or everything, in silence.
fn guardrail_group(check: &mut Check<'_>, name: &Spanned<String>) {
    let document = check.document;
    let text = name.value.as_str();
    let declared = document.groups.as_ref().is_some_and(|section| section.contains_key(text));
    if text.is_empty() || declared || document.external_groups.contains_key(text) {
        return;
    }
    let known =
        document.groups.iter().flat_map(|section| section.keys()).chain(document.external_groups.keys());
    let near = check.near(text, known.map(Name::as_str));
    check.mistake(name.at, MistakeKind::GuardrailGroup { name: text.to_owned(), near });
}
