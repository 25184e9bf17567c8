//! What only the organization can tell: its people, its products' objects, what is external.

use std::collections::HashSet;

use super::Check;
use crate::config::decode::Spanned;
use crate::config::document::meta::MetaDocument;
use crate::config::document::policy::PrincipalDocument;
use crate::config::merge::Section;
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::model::{Address, Email, Flags, Key, Kind, Name, State};

pub(super) fn live(check: &mut Check<'_>, state: &State) {
    people(check, state);
    external(check, state);
    declared(check, state);
    renamed(check, state);
    protected(check, state);
    pinned(check, state);
}

fn people(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    for (name, (_, group)) in document.groups.iter().flatten() {
        for member in group.members.iter().flat_map(|members| &members.users) {
            person(check, state, &member.name, || format!("group `{name}`"));
        }
    }
    for (name, (_, policy)) in document.policies.iter().flatten() {
        if let Some(PrincipalDocument::User(email)) = &policy.principal {
            person(check, state, email, || format!("policy `{name}`"));
        }
    }
    for assertion in &document.assertions {
        if let PrincipalDocument::User(email) = &assertion.principal {
            person(check, state, email, || "the assertion".to_owned());
        }
    }
}

fn person(check: &mut Check<'_>, state: &State, email: &Spanned<Email>, by: impl Fn() -> String) {
    if state.has(&Address::user(email.value.clone())) {
        return;
    }
    let known = titles(state, Kind::User);
    let near = check.near(email.value.as_str(), known);
    let name = email.value.to_string();
    check.mistake(email.at, MistakeKind::UnknownUser { by: by(), name, near });
}

/// What the objects of a kind are called, of those that have a name of their own.
fn titles(state: &State, kind: Kind) -> impl Iterator<Item = &str> {
    state.addresses(kind).filter_map(|address| address.key().title())
}

fn names(state: &State, kind: Kind) -> Vec<&Name> {
    state.addresses(kind).filter_map(|address| address.key().name()).collect()
}

fn external(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    for (name, (at, ())) in &document.external_groups {
        if !state.has(&Address::group(name.clone())) {
            let near = check.near(name.as_str(), titles(state, Kind::Group));
            let kind = MistakeKind::NoSuchExternal { kind: Kind::Group, name: name.to_string(), near };
            check.mistake(*at, kind);
        }
    }
    for (name, (at, ())) in &document.external_applications {
        if !state.has(&Address::application(name.clone())) {
            let known = titles(state, Kind::Application);
            let near = check.near(name.as_str(), known);
            let kind = MistakeKind::NoSuchExternal { kind: Kind::Application, name: name.to_string(), near };
            check.mistake(*at, kind);
        }
    }
}

/// Refuses to declare what a product manages and what is built in.
fn declared(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    if let Some(section) = &document.applications {
        let flags = |name: &Name| state.application(&name.clone().into()).map(|live| live.flags);
        managed(check, Kind::Application, section, |entry| &entry.shared, flags);
    }
    if let Some(section) = &document.groups {
        let live = |name: &Name| state.group(&name.clone().into());
        for (name, (at, _)) in section {
            if live(name).is_some_and(|live| live.builtin.is_some()) {
                check.mistake(*at, MistakeKind::BuiltinDeclared { name: name.to_string() });
            }
        }
        let flags = |name: &Name| live(name).filter(|live| live.builtin.is_none()).map(|live| live.flags);
        managed(check, Kind::Group, section, |entry| &entry.shared, flags);
    }
    if let Some(section) = &document.policies {
        let flags = |name: &Name| state.policy(&name.clone().into()).map(|live| live.flags);
        managed(check, Kind::Policy, section, |entry| &entry.shared, flags);
    }
}

fn managed<V>(
    check: &mut Check<'_>,
    kind: Kind,
    section: &Section<Name, V>,
    meta: impl Fn(&V) -> &MetaDocument,
    flags: impl Fn(&Name) -> Option<Flags>,
) {
    for (name, (at, entry)) in section {
        let mut refuse = |name: &Name, at: Span| {
            check.mistake(at, MistakeKind::ManagedDeclared { kind, name: name.to_string() });
        };
        match (flags(name), &meta(entry).previously) {
            (Some(flags), _) if !flags.ordinary() => refuse(name, *at),
            (None, Some(old)) if flags(&old.value).is_some_and(|flags| !flags.ordinary()) => {
                refuse(&old.value, old.at);
            }
            _ => {}
        }
    }
}

/// Warns of a rename of which the organization knows neither end: the entry would be created beside the old object.
fn renamed(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    if let Some(section) = &document.applications {
        let live: Vec<&Name> = names(state, Kind::Application);
        moved(check, Kind::Application, section, |entry| &entry.shared, &live);
    }
    if let Some(section) = &document.groups {
        let live: Vec<&Name> = names(state, Kind::Group);
        moved(check, Kind::Group, section, |entry| &entry.shared, &live);
    }
    if let Some(section) = &document.policies {
        let live: Vec<&Name> = names(state, Kind::Policy);
        moved(check, Kind::Policy, section, |entry| &entry.shared, &live);
    }
}

fn moved<V>(
    check: &mut Check<'_>,
    kind: Kind,
    section: &Section<Name, V>,
    meta: impl Fn(&V) -> &MetaDocument,
    live: &[&Name],
) {
    let known: HashSet<&Name> = live.iter().copied().collect();
    for (name, (_, entry)) in section {
        let meta = meta(entry);
        let Some(old) = &meta.previously else { continue };
        if meta.id.is_some() || known.contains(name) || known.contains(&old.value) {
            continue;
        }
        // What is declared by its own name was not renamed.
        let others = live.iter().filter(|other| !section.contains_key(**other));
        let near = check.near(old.value.as_str(), others.map(|name| name.as_str()));
        let (name, text) = (name.to_string(), old.value.to_string());
        let mistake = Mistake::new(old.at, MistakeKind::PreviouslyUnknown { kind, name, old: text, near });
        check.note(mistake.warning());
    }
}

fn protected(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    for address in document.settings.iter().flat_map(|settings| &settings.protect) {
        let key = address.value.key();
        let declared = match address.value.kind() {
            Kind::User => false,
            Kind::Application => has(&document.applications, key),
            Kind::Group => has(&document.groups, key),
            Kind::Policy => has(&document.policies, key),
        };
        let exists = declared || state.has(&address.value);
        if !exists {
            let near = nearest(check, state, &address.value);
            let text = format!("{}:{}", address.value.kind(), address.value.key_text());
            check.mistake(address.at, MistakeKind::NoSuchProtected { address: text, near });
        }
    }
}

fn has<V>(section: &Option<Section<Name, V>>, key: &Key) -> bool {
    section.as_ref().zip(key.name()).is_some_and(|(section, name)| section.contains_key(name))
}

fn nearest(check: &Check<'_>, state: &State, address: &Address) -> Option<String> {
    let near = check.near(&address.key_text(), titles(state, address.kind()));
    near.map(|name| format!("{}:{name}", address.kind()))
}

/// Holds the pinned ids to the projects there are, when they were read.
fn pinned(check: &mut Check<'_>, state: &State) {
    if state.projects.is_empty() {
        return;
    }
    let document = check.document;
    for (name, (_, id)) in &document.projects {
        if !state.projects.contains_key(&id.value) {
            let kind = MistakeKind::NoSuchProject { name: name.to_string(), id: id.value };
            // A rule may still name a project that was deleted, so an export names it too.
            check.note(Mistake::new(id.at, kind).warning());
        }
    }
}
