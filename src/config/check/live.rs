//! Checks that need the organization: people, objects of products, external objects.

use std::collections::{BTreeMap, HashMap};

use super::context::Check;
use crate::config::decode::Spanned;
use crate::config::gone::Roster;
use crate::config::merge::Document;
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::config::section::external::ExternalDocument;
use crate::config::words::by;
use crate::model::{Address, Email, Id, Kind, Name, Object, Prune, State};

pub(super) fn live(check: &mut Check<'_>, roster: &Roster<'_>) {
    let state = roster.live.state;
    people(check, roster);
    leavers(check, roster);
    provisioned(check, roster);
    external(check, roster);
    guests(check, state);
    declared(check, state);
    renamed(check, state);
    protected(check, roster);
    pinned(check, state);
    guardrails(check, state);
}

/// Warns of people who are not in the organization: they may have left.
fn people(check: &mut Check<'_>, roster: &Roster<'_>) {
    for (of, to) in check.document.references() {
        if let Some(id) = to.value.key().id() {
            by_id(check, roster, of, &to, id);
            continue;
        }
        if !to.value.kind().named_undeclared() {
            continue;
        }
        let invited = check.document.declared(&to.value).is_some() && !roster.provisions(check.document);
        if invited || roster.has(&to.value) || shared(check, roster, &to.value, to.at) {
            continue;
        }
        let name = to.value.key_text();
        let near = check.guess(&name, titles(roster.live.state, to.value.kind()));
        check.note(Mistake::new(to.at, MistakeKind::UnknownUser { by: by(of), name, near }).warning());
    }
}

/// Refuses to name people who would be removed, and to name people whose address changes by anything but the new one.
fn leavers(check: &mut Check<'_>, roster: &Roster<'_>) {
    let document = check.document;
    let renamed = moved(document, roster);
    let managed = |kind: Kind| kind.named_undeclared() && document.sections.contains_key(&kind);
    for (of, to) in document.references().filter(|(_, to)| managed(to.value.kind())) {
        let live = roster.called(&to.value).unwrap_or_else(|| to.value.clone());
        let name = to.value.key_text();
        if let Some(now) = renamed.get(&live).filter(|now| **now != to.value) {
            check.mistake(to.at, MistakeKind::PersonMoves { name, now: now.key_text() });
        } else if document.declared(&live).is_none() && removed(document, roster, &live) {
            check.mistake(to.at, MistakeKind::StillNamed { by: by(of), name });
        }
    }
}

/// Returns the entries of live objects that have another key live, by the live key.
fn moved(document: &Document, roster: &Roster<'_>) -> HashMap<Address, Address> {
    let ids = roster.live.ids;
    let mut moved = HashMap::new();
    for (address, _, entry) in document.declarations().filter(|(it, _, _)| it.kind().named_undeclared()) {
        let meta = entry.meta();
        let by_id = meta.id.as_ref().and_then(|id| ids?.address_of(id.value)).cloned();
        let before = meta.previously.as_ref().map(|old| address.sibling(old.value.clone()));
        let before = before.filter(|before| !roster.live.state.has(address) && roster.live.state.has(before));
        if let Some(live) = by_id.or(before).filter(|live| live != address) {
            moved.insert(live, address.clone());
        }
    }
    moved
}

/// Says whether a live object that no file declares is to be removed.
fn removed(document: &Document, roster: &Roster<'_>, live: &Address) -> bool {
    let settings = document.settings.as_ref();
    let prunes =
        settings.and_then(|settings| settings.prune.as_ref()).is_none_or(|it| it.value == Prune::Owned);
    let stack = document.stack.as_ref().filter(|_| document.sections.contains_key(&live.kind()));
    let (Some(stack), Some(object)) =
        (stack.filter(|_| prunes && !roster.provisions(document)), roster.live.state.get(live))
    else {
        return false;
    };
    let owned = object.meta().and_then(|meta| meta.owner.as_ref()).is_some_and(|it| it.is(&stack.value));
    let released = document.release.iter().any(|released| released.value == *live);
    owned && !released && object.flags().deletable
}

/// Warns of people who are declared and absent, if only an identity provider adds people; and of files that say so where it
/// adds nobody.
fn provisioned(check: &mut Check<'_>, roster: &Roster<'_>) {
    let document = check.document;
    if !roster.provisions(document) {
        if let Some(scim) = document.settings.as_ref().and_then(|settings| settings.scim.as_ref()) {
            check.note(Mistake::new(scim.at, MistakeKind::ScimOff).warning());
        }
        return;
    }
    for (address, at, entry) in document.declarations().filter(|(it, _, _)| it.kind().named_undeclared()) {
        let previous = entry.meta().previously.as_ref().map(|old| address.sibling(old.value.clone()));
        let known = entry.meta().id.is_some() || previous.is_some_and(|previous| roster.has(&previous));
        if !known && !roster.has(address) {
            let name = address.key_text();
            check.note(Mistake::new(at, MistakeKind::NotProvisioned { name }).warning());
        }
    }
}

/// Warns of an id that nothing has, and refuses that of an application which has a name.
fn by_id(check: &mut Check<'_>, roster: &Roster<'_>, of: Option<&Address>, to: &Spanned<Address>, id: Id) {
    let kind = to.value.kind();
    if !roster.has(&to.value) {
        check.note(Mistake::new(to.at, MistakeKind::UnknownId { by: by(of), kind, id }).warning());
    } else if let Some(named) = roster.called(&to.value).filter(|_| !kind.named_undeclared()) {
        check.mistake(to.at, MistakeKind::NamedById { kind, id, name: named.key_text() });
    }
}

/// Refuses a name that several live objects share, because it is ambiguous; returns whether it does.
fn shared(check: &mut Check<'_>, roster: &Roster<'_>, address: &Address, at: Span) -> bool {
    let Some(ids) = roster.live.duplicates.get(address) else { return false };
    let (kind, name) = (address.kind(), address.key_text());
    if kind == Kind::User {
        let people = ids.iter().map(|id| person(roster, *id)).collect();
        check.mistake(at, MistakeKind::PeopleShare { name, people });
        return true;
    }
    check.mistake(at, MistakeKind::NameShared { kind, name, ids: ids.clone() });
    true
}

/// What files call one of several people of an address.
fn person(roster: &Roster<'_>, id: Id) -> String {
    let called = roster.called(&Address::user(id));
    let username = called.as_ref().and_then(|address| address.key().title());
    username.map_or_else(|| format!("`{{id: {id}}}`"), |name| format!("`{{username: {name}}}` ({id})"))
}

/// What the objects of a kind are called, of those that have a name of their own.
fn titles(state: &State, kind: Kind) -> impl Iterator<Item = &str> {
    state.addresses(kind).filter_map(|address| address.key().title())
}

/// Warns of external objects that are not in the organization: they may have been deleted.
fn external(check: &mut Check<'_>, roster: &Roster<'_>) {
    for (address, (at, ())) in &check.document.external {
        if roster.live.state.has(address) || shared(check, roster, address, *at) {
            continue;
        }
        let (kind, name) = (address.kind(), address.key_text());
        let near = check.guess(&name, titles(roster.live.state, kind));
        check.note(Mistake::new(*at, MistakeKind::NoSuchExternal { kind, name, near }).warning());
    }
}

/// Refuses to add members to a group that does not exist, or that takes none.
fn guests(check: &mut Check<'_>, state: &State) {
    for (group, (at, _)) in &check.document.memberships {
        let (kind, name) = (group.kind(), group.key_text());
        match state.get(group) {
            None => {
                let near = check.near(&name, titles(state, kind));
                check.mistake(*at, MistakeKind::NoSuchExternal { kind, name, near });
            }
            Some(live) if !live.flags().ordinary() => {
                check.mistake(*at, MistakeKind::GuestsOfManaged { name });
            }
            Some(_) => {}
        }
    }
}

/// Refuses to declare built-in objects and those that a product manages.
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
            let keeper = if built_in { "built in" } else { "managed by a product" };
            let external = ExternalDocument::takes(kind);
            let instead = if external { "list it under `external`" } else { "leave it out" };
            check.mistake(at, MistakeKind::ManagedDeclared { kind, name, keeper, instead });
        }
    }
}

/// Warns of a rename of which neither name is live: the entry would be created next to the old object.
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
        let near = check.near(&old.value.to_string(), others.iter().copied());
        let (name, text) = (address.key_text(), old.value.to_string());
        let mistake = Mistake::new(old.at, MistakeKind::PreviouslyUnknown { kind, name, old: text, near });
        check.note(mistake.warning());
    }
}

fn protected(check: &mut Check<'_>, roster: &Roster<'_>) {
    let (state, document) = (roster.live.state, check.document);
    for protected in document.settings.iter().flat_map(|settings| &settings.protect) {
        let address = &protected.value;
        if document.declared(address).is_none() && !roster.has(address) {
            let written = |key: &str| format!("{}:{key}", address.kind().word());
            let key = address.key_text();
            let gone = address.kind().named_undeclared() || document.external.contains_key(address);
            let declared = document.declarations().map(|(declared, ..)| declared);
            let declared = declared.filter(|declared| declared.kind() == address.kind());
            let declared = declared.filter_map(|declared| declared.key().title());
            let known = declared.chain(titles(state, address.kind()));
            let near = if gone { check.guess(&key, known) } else { check.near(&key, known) };
            let near = near.map(|near| written(&near));
            let kind = MistakeKind::NoSuchProtected { address: address.text(), near };
            let mistake = Mistake::new(protected.at, kind);
            check.note(if gone { mistake.warning() } else { mistake });
        }
    }
}

/// Checks the pinned ids against the projects, if they were read.
fn pinned(check: &mut Check<'_>, state: &State) {
    if state.projects.is_empty() {
        return;
    }
    for (name, (_, id)) in &check.document.projects {
        if !state.projects.contains_key(&id.value) {
            let kind = MistakeKind::NoSuchProject { name: name.to_string(), id: id.value };
            // A rule may still name a project that was deleted, so an export names it too.
            check.note(Mistake::new(id.at, kind).warning());
            continue;
        }
        let called = &state.projects[&id.value];
        let other = state.projects.iter().find(|(_, other)| *other == name && called != name);
        if let Some((other, _)) = other {
            let (name, id_of, called) = (name.to_string(), id.value, called.to_string());
            let kind = MistakeKind::PinOfAnother { name, id: id_of, called, other: *other };
            check.note(Mistake::new(id.at, kind).warning());
        }
    }
}

/// Holds what guardrails compare with to the organization: one that names a project that does not exist forbids nothing.
fn guardrails(check: &mut Check<'_>, state: &State) {
    let document = check.document;
    for guardrail in &document.guardrails {
        for scope in &guardrail.compared.scopes {
            let name = scope.value.as_str();
            let known = || {
                document.projects.keys().chain(state.projects.values()).any(|known| known.as_str() == name)
            };
            if !matches!(name, "" | "organization" | "all_projects") && !state.projects.is_empty() && !known()
            {
                let near = check.near(name, state.projects.values().map(|known| known.as_str()));
                check.mistake(scope.at, MistakeKind::GuardrailProject { name: name.to_owned(), near });
            }
        }
        for principal in &guardrail.compared.principals {
            let known = match principal.value.split_once(':') {
                Some(("user", email)) => {
                    email.parse::<Email>().is_ok_and(|email| state.has(&Address::user(email)))
                }
                Some(("application", name)) => name.parse::<Name>().is_ok_and(|name| {
                    let address = Address::application(name);
                    document.declared(&address).is_some() || state.has(&address)
                }),
                _ => true,
            };
            if !known {
                let kind = MistakeKind::GuardrailPrincipal { principal: principal.value.clone() };
                check.note(Mistake::new(principal.at, kind).warning());
            }
        }
    }
}
