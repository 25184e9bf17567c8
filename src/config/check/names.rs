//! Clashes of names and ids, and settings that need a stack.

use std::collections::HashMap;

use super::context::Check;
use crate::config::decode::Spanned;
use crate::config::merge::Document;
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::model::{Address, Id, Kind};

pub(super) fn names(check: &mut Check<'_>) {
    projects(check);
    external(check);
    identities(check);
    second_names(check);
    guests(check);
    released(check);
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
    for (address, (at, ())) in &check.document.external {
        if let Some(declared) = check.document.declared(address) {
            let (kind, name) = (address.kind(), address.key_text());
            check.note(Mistake::new(*at, MistakeKind::ExternalDeclared { kind, name }).also(declared));
        }
    }
}

/// Checks that no two people have the same username.
fn second_names(check: &mut Check<'_>) {
    let mut first: HashMap<String, Span> = HashMap::new();
    for (_, _, entry) in check.document.declarations() {
        let Some(Spanned { value: name, at }) = entry.second_name() else { continue };
        if let Some(other) = first.get(&name) {
            check.note(Mistake::new(at, MistakeKind::UsernameTwice { name }).also(*other));
        } else {
            first.insert(name, at);
        }
    }
}

/// Checks that each `id` and `previously` is used by one entry only.
fn identities(check: &mut Check<'_>) {
    let mut ids: HashMap<(Kind, Id), Span> = HashMap::new();
    let mut olds: HashMap<Address, Span> = HashMap::new();
    for (address, _, entry) in check.document.declarations() {
        let (kind, meta) = (address.kind(), entry.meta());
        if let Some(id) = &meta.id
            && let Some(first) = ids.insert((kind, id.value), id.at)
        {
            check.note(Mistake::new(id.at, MistakeKind::IdTwice { kind, id: id.value }).also(first));
        }
        let Some(old) = &meta.previously else { continue };
        let (before, name) = (address.sibling(old.value.clone()), old.value.to_string());
        if before == *address {
            check.mistake(old.at, MistakeKind::PreviouslyItself { name: name.clone() });
        } else if let Some((declared, other)) = check.document.entry(&before) {
            // An entry that is another object itself leaves its name: that is a chain of renames.
            let found = match (&other.meta().id, &other.meta().previously) {
                (None, None) => Some(MistakeKind::PreviouslyDeclared { kind, name: name.clone() }),
                (None, Some(_)) if returns(check.document, address) => {
                    Some(MistakeKind::PreviouslyInACircle { kind, name: name.clone() })
                }
                (Some(_), _) | (None, Some(_)) => None,
            };
            if let Some(found) = found {
                check.note(Mistake::new(old.at, found).also(declared));
            }
        }
        if let Some(first) = olds.insert(before, old.at) {
            check.note(Mistake::new(old.at, MistakeKind::PreviouslyTwice { kind, name }).also(first));
        }
    }
}

/// Checks that `memberships` has only principals of this stack and groups of others.
fn guests(check: &mut Check<'_>) {
    let document = check.document;
    for (group, (at, guests)) in &document.memberships {
        let name = group.key_text();
        if document.stack.is_none() {
            check.mistake(*at, MistakeKind::NeedsStack { key: "memberships" });
        }
        if let Some(declared) = document.declared(group) {
            let kind = MistakeKind::GuestsOfDeclared { name: name.clone() };
            check.note(Mistake::new(*at, kind).also(declared));
        }
        for (guest, _) in guests.members() {
            let address = guest.value.address();
            if document.declared(&address).is_none() {
                let (kind, name) = (address.kind(), address.key_text());
                check.mistake(guest.at, MistakeKind::GuestNotDeclared { kind, name });
            }
        }
    }
}

fn released(check: &mut Check<'_>) {
    let document = check.document;
    for released in &document.release {
        let address = &released.value;
        if document.stack.is_none() {
            check.mistake(released.at, MistakeKind::NeedsStack { key: "release" });
        }
        if let Some(declared) = document.declared(address) {
            let (kind, name) = (address.kind(), address.key_text());
            check
                .note(Mistake::new(released.at, MistakeKind::ReleasedDeclared { kind, name }).also(declared));
        }
    }
}
/// Whether the old names lead from an entry through others back to itself.
fn returns(document: &Document, address: &Address) -> bool {
    let mut at = address.clone();
    // A way that takes longer leads around a circle beside it, whose own entries say so.
    for _ in 0..CIRCLE_MOST {
        let meta = document.entry(&at).map(|(_, entry)| entry.meta()).filter(|meta| meta.id.is_none());
        let Some(old) = meta.and_then(|meta| meta.previously.as_ref()) else { return false };
        at = at.sibling(old.value.clone());
        if at == *address {
            return true;
        }
    }
    false
}

/// The longest circle of renames that is detected before the organization is read.
const CIRCLE_MOST: usize = 100;

/// The most tags of one object.
///
/// Source: IAM API v1alpha1, `tags` of the create requests: at most ten, of which a stack needs one.
const TAGS_MOST: usize = 10;

fn tags(check: &mut Check<'_>) {
    let document = check.document;
    let most = TAGS_MOST - usize::from(document.stack.is_some());
    for meta in document.declarations().map(|(_, _, entry)| entry.meta()) {
        let tags = meta.tags.as_deref().unwrap_or_default();
        if let Some(tag) = tags.get(most) {
            check.mistake(tag.at, MistakeKind::TooManyTags { found: tags.len(), most });
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
