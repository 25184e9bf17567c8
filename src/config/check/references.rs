//! Groups and applications that are referred to: declared, or listed under `external`.

use super::Check;
use crate::config::decode::Spanned;
use crate::config::document::meta::MetaDocument;
use crate::config::document::policy::PrincipalDocument;
use crate::config::merge::Section;
use crate::config::mistake::{Meant, MistakeKind};
use crate::model::Name;

pub(super) fn references(check: &mut Check<'_>) {
    let document = check.document;
    for (name, (_, group)) in document.groups.iter().flatten() {
        for member in group.members.iter().flat_map(|members| &members.applications) {
            application(check, &member.name, || format!("group `{name}`"));
        }
    }
    for (name, (_, policy)) in document.policies.iter().flatten() {
        let by = || format!("policy `{name}`");
        match &policy.principal {
            Some(PrincipalDocument::Group(name)) => group(check, name, by),
            Some(PrincipalDocument::Application(name)) => application(check, name, by),
            Some(PrincipalDocument::None | PrincipalDocument::User(_)) | None => {}
        }
    }
    for assertion in &document.assertions {
        if let PrincipalDocument::Application(name) = &assertion.principal {
            application(check, name, || "the assertion".to_owned());
        }
    }
    for guardrail in &document.guardrails {
        for name in &guardrail.groups {
            guardrail_group(check, name);
        }
    }
}

fn application(check: &mut Check<'_>, name: &Spanned<Name>, by: impl Fn() -> String) {
    let document = check.document;
    let declared = document.applications.as_ref().is_some_and(|section| section.contains_key(&name.value));
    if declared || document.external_applications.contains_key(&name.value) {
        return;
    }
    let external = document.external_applications.keys();
    let known = document.applications.iter().flat_map(|section| section.keys()).chain(external);
    let hint = renamed(document.applications.as_ref(), name, |entry| &entry.shared)
        .or_else(|| check.near(name.value.as_str(), known.map(Name::as_str)).map(Meant::Near))
        .unwrap_or(Meant::Unknown);
    let (managed, name, at) = (document.applications.is_some(), name.value.to_string(), name.at);
    check.mistake(at, MistakeKind::UnknownApplication { by: by(), name, hint, managed });
}

fn group(check: &mut Check<'_>, name: &Spanned<Name>, by: impl Fn() -> String) {
    let document = check.document;
    let declared = document.groups.as_ref().is_some_and(|section| section.contains_key(&name.value));
    if declared || document.external_groups.contains_key(&name.value) {
        return;
    }
    let known =
        document.groups.iter().flat_map(|section| section.keys()).chain(document.external_groups.keys());
    let hint = renamed(document.groups.as_ref(), name, |entry| &entry.shared)
        .or_else(|| check.near(name.value.as_str(), known.map(Name::as_str)).map(Meant::Near))
        .unwrap_or(Meant::Unknown);
    let (managed, name, at) = (document.groups.is_some(), name.value.to_string(), name.at);
    check.mistake(at, MistakeKind::UnknownGroup { by: by(), name, hint, managed });
}

/// Returns the declared object that had this name before.
fn renamed<V>(
    section: Option<&Section<Name, V>>,
    name: &Spanned<Name>,
    meta: impl Fn(&V) -> &MetaDocument,
) -> Option<Meant> {
    let was = |entry: &V| meta(entry).previously.as_ref().is_some_and(|old| old.value == name.value);
    let (now, _) = section?.iter().find(|(_, (_, entry))| was(entry))?;
    Some(Meant::Renamed(now.to_string()))
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
