//! Names and ids that clash, and settings that need a stack.

use std::collections::HashMap;

use super::Check;
use crate::config::document::meta::MetaDocument;
use crate::config::merge::Section;
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::model::{Id, Kind, Name};

pub(super) fn names(check: &mut Check<'_>) {
    let document = check.document;
    projects(check);
    external(check);
    if let Some(section) = &document.applications {
        identities(check, Kind::Application, section, |entry| &entry.shared);
    }
    if let Some(section) = &document.groups {
        identities(check, Kind::Group, section, |entry| &entry.shared);
    }
    if let Some(section) = &document.policies {
        identities(check, Kind::Policy, section, |entry| &entry.shared);
    }
    tags(check);
    guardrails(check);
    stack(check);
}

fn projects(check: &mut Check<'_>) {
    let mut first: HashMap<Id, (&str, Span)> = HashMap::new();
    for (name, (at, id)) in &check.document.projects {
        if let Some((other, place)) = first.get(&id.value) {
            let kind = MistakeKind::ProjectPinnedTwice { id: id.value, other: (*other).to_owned() };
            check.note(Mistake::new(id.at, kind).also(*place));
        } else {
            first.insert(id.value, (name.as_str(), *at));
        }
    }
}

fn external(check: &mut Check<'_>) {
    let document = check.document;
    let mut both = |kind, name: &Name, at: Span, declared: Option<Span>| {
        if let Some(declared) = declared {
            let kind = MistakeKind::ExternalDeclared { kind, name: name.to_string() };
            check.note(Mistake::new(at, kind).also(declared));
        }
    };
    for (name, (at, ())) in &document.external_groups {
        let declared = document.groups.as_ref().and_then(|section| section.get(name));
        both(Kind::Group, name, *at, declared.map(|(at, _)| *at));
    }
    for (name, (at, ())) in &document.external_applications {
        let declared = document.applications.as_ref().and_then(|section| section.get(name));
        both(Kind::Application, name, *at, declared.map(|(at, _)| *at));
    }
}

/// Holds `id` and `previously` to one entry each.
fn identities<V>(
    check: &mut Check<'_>,
    kind: Kind,
    section: &Section<Name, V>,
    meta: impl Fn(&V) -> &MetaDocument,
) {
    let mut ids: HashMap<Id, Span> = HashMap::new();
    let mut olds: HashMap<&Name, Span> = HashMap::new();
    for (name, (_, entry)) in section {
        let own = meta(entry);
        if let Some(id) = &own.id
            && let Some(first) = ids.insert(id.value, id.at)
        {
            check.note(Mistake::new(id.at, MistakeKind::IdTwice { kind, id: id.value }).also(first));
        }
        let Some(old) = &own.previously else { continue };
        let text = || old.value.to_string();
        if old.value == *name {
            check.mistake(old.at, MistakeKind::PreviouslyItself { name: text() });
        } else if let Some((declared, other)) = section.get(&old.value) {
            let other = meta(other);
            // An entry that is another object itself leaves its name: that is a chain of renames.
            let found = match (&other.id, &other.previously) {
                (None, None) => Some(MistakeKind::PreviouslyDeclared { kind, name: text() }),
                (None, Some(_)) if returns(section, name, &meta) => {
                    Some(MistakeKind::PreviouslyInACircle { kind, name: text() })
                }
                (Some(_), _) | (None, Some(_)) => None,
            };
            if let Some(found) = found {
                check.note(Mistake::new(old.at, found).also(*declared));
            }
        }
        if let Some(first) = olds.insert(&old.value, old.at) {
            let kind = MistakeKind::PreviouslyTwice { kind, name: text() };
            check.note(Mistake::new(old.at, kind).also(first));
        }
    }
}

/// Whether the old names lead from an entry through others back to itself.
fn returns<V>(section: &Section<Name, V>, name: &Name, meta: &impl Fn(&V) -> &MetaDocument) -> bool {
    let mut at = name;
    // A way that takes longer leads around a circle beside it, whose own entries say so.
    for _ in 0..section.len().min(CIRCLE_MOST) {
        let entry = section.get(at).map(|(_, entry)| meta(entry)).filter(|meta| meta.id.is_none());
        let Some(old) = entry.and_then(|meta| meta.previously.as_ref()) else { return false };
        if old.value == *name {
            return true;
        }
        at = &old.value;
    }
    false
}

/// The longest circle of renames that is told before the organization is read.
const CIRCLE_MOST: usize = 100;

/// The most tags of one object.
///
/// Source: IAM API v1alpha1, `tags` of the create requests: at most ten, of which a stack needs one.
const TAGS_MOST: usize = 10;

fn tags(check: &mut Check<'_>) {
    let document = check.document;
    let most = TAGS_MOST - usize::from(document.stack.is_some());
    let applications = document.applications.iter().flatten().map(|(_, (_, entry))| &entry.shared);
    let groups = document.groups.iter().flatten().map(|(_, (_, entry))| &entry.shared);
    let policies = document.policies.iter().flatten().map(|(_, (_, entry))| &entry.shared);
    for meta in applications.chain(groups).chain(policies) {
        if let Some(tag) = meta.tags.get(most) {
            check.mistake(tag.at, MistakeKind::TooManyTags { found: meta.tags.len(), most });
        }
    }
}

fn guardrails(check: &mut Check<'_>) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for guardrail in &check.document.guardrails {
        if let Some(other) = first.insert(&guardrail.name.value, guardrail.name.at) {
            let kind = MistakeKind::GuardrailTwice { name: guardrail.name.value.clone() };
            check.note(Mistake::new(guardrail.name.at, kind).also(other));
        }
    }
}

fn stack(check: &mut Check<'_>) {
    let document = check.document;
    let Some(settings) = &document.settings else { return };
    match &document.stack {
        None => {
            if let Some(prune) = &settings.prune {
                check.mistake(prune.at, MistakeKind::NeedsStack { key: "prune" });
            }
            if let Some(stacks) = &settings.takes_over {
                check.mistake(stacks.at, MistakeKind::NeedsStack { key: "takes_over" });
            }
        }
        Some(own) => {
            for stack in settings.takes_over.iter().flat_map(|stacks| &stacks.value) {
                if stack.value == own.value {
                    check.mistake(stack.at, MistakeKind::TakesOverItself { stack: stack.value.to_string() });
                }
            }
        }
    }
}
