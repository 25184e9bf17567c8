//! What only the organization can tell: its people, its products' objects, what is external.

use std::collections::BTreeMap;

use super::Check;
use crate::config::merge::by;
use crate::config::mistake::{Mistake, MistakeKind};
use crate::config::section::external::ExternalDocument;
use crate::model::{Address, Kind, Object, State};

pub(super) fn live(check: &mut Check<'_>, state: &State) {
    people(check, state);
    external(check, state);
    declared(check, state);
    renamed(check, state);
    protected(check, state);
    pinned(check, state);
}

fn people(check: &mut Check<'_>, state: &State) {
    for (of, to) in check.document.references() {
        if to.value.kind().declarable() || state.has(&to.value) {
            continue;
        }
        let name = to.value.key_text();
        let near = check.near(&name, titles(state, to.value.kind()));
        check.mistake(to.at, MistakeKind::UnknownUser { by: by(of), name, near });
    }
}

/// What the objects of a kind are called, of those that have a name of their own.
fn titles(state: &State, kind: Kind) -> impl Iterator<Item = &str> {
    state.addresses(kind).filter_map(|address| address.key().title())
}

fn external(check: &mut Check<'_>, state: &State) {
    for (address, (at, ())) in &check.document.external {
        if !state.has(address) {
            let (kind, name) = (address.kind(), address.key_text());
            let near = check.near(&name, titles(state, kind));
            check.mistake(*at, MistakeKind::NoSuchExternal { kind, name, near });
        }
    }
}

/// Refuses to declare what a product manages and what is built in.
fn declared(check: &mut Check<'_>, state: &State) {
    let managed = |address: &Address| state.get(address).map(|object| !object.flags().ordinary());
    for (address, at, entry) in check.document.declarations() {
        let refused = match (managed(address), &entry.meta().previously) {
            (Some(managed), _) => managed.then(|| (address.clone(), at)),
            (None, Some(old)) => Some((address.sibling(old.value.clone()), old.at)),
            (None, None) => None,
        };
        if let Some((address, at)) = refused.filter(|(address, _)| managed(address) == Some(true)) {
            let (kind, name) = (address.kind(), address.key_text());
            let built_in = state.get(&address).is_some_and(Object::is_built_in);
            let external = ExternalDocument::takes(kind);
            check.mistake(at, MistakeKind::ManagedDeclared { kind, name, built_in, external });
        }
    }
}

/// Warns of a rename of which the organization knows neither end: the entry would be created beside the old object.
fn renamed(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    // What is declared by its own name was not renamed.
    let mut others: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
    for (address, _, entry) in document.declarations() {
        let (kind, meta) = (address.kind(), entry.meta());
        let Some(old) = &meta.previously else { continue };
        if meta.id.is_some() || state.has(address) || state.has(&address.sibling(old.value.clone())) {
            continue;
        }
        let others = others.entry(kind).or_insert_with(|| {
            let live = state.addresses(kind).filter(|other| document.declared(other).is_none());
            live.filter_map(|other| other.key().title()).collect()
        });
        let near = check.near(old.value.as_str(), others.iter().copied());
        let (name, text) = (address.key_text(), old.value.to_string());
        let mistake = Mistake::new(old.at, MistakeKind::PreviouslyUnknown { kind, name, old: text, near });
        check.note(mistake.warning());
    }
}

fn protected(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    for protected in document.settings.iter().flat_map(|settings| &settings.protect) {
        let address = &protected.value;
        if document.declared(address).is_none() && !state.has(address) {
            let written = |key: &str| format!("{}:{key}", address.kind());
            let key = address.key_text();
            let near = check.near(&key, titles(state, address.kind())).map(|near| written(&near));
            check.mistake(protected.at, MistakeKind::NoSuchProtected { address: written(&key), near });
        }
    }
}

/// Holds the pinned ids to the projects there are, when they were read.
fn pinned(check: &mut Check<'_>, state: &State) {
    if state.projects.is_empty() {
        return;
    }
    for (name, (_, id)) in &check.document.projects {
        if !state.projects.contains_key(&id.value) {
            let kind = MistakeKind::NoSuchProject { name: name.to_string(), id: id.value };
            // A rule may still name a project that was deleted, so an export names it too.
            check.note(Mistake::new(id.at, kind).warning());
        }
    }
}
