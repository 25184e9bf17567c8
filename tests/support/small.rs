//! A small organization, and what its files say once something in them has changed.

use std::collections::BTreeSet;

use scw_iam::model::{
    Address, Application, Attachment, Desired, Flags, Group, Id, Ids, Key, Kind, Membership, Meta, Owner,
    Policy, Principal, Rule, Rules, Scope, State, User,
};

use super::organizations::Case;

pub(crate) fn key(name: &str) -> Key {
    Key::Named(name.parse().unwrap())
}

pub(crate) fn user(name: &str) -> Principal {
    Principal::User(Key::Email(format!("{name}@x.io").parse().unwrap()))
}

pub(crate) fn application(name: &str) -> Principal {
    Principal::Application(key(name))
}

pub(crate) fn members(names: &[&str]) -> BTreeSet<Principal> {
    names.iter().map(|name| user(name)).collect()
}

pub(crate) fn meta() -> Meta {
    Meta { owner: Some(Owner::Stack("stack".parse().unwrap())), ..Meta::default() }
}

pub(crate) fn group(names: &[&str]) -> Group {
    Group { meta: meta(), flags: Flags::default(), builtin: None, members: members(names) }
}

pub(crate) fn rule(set: &str) -> Rule {
    Rule { permission_sets: [set.parse().unwrap()].into(), scope: Scope::AllProjects, condition: None }
}

pub(crate) fn policy(attachment: Attachment, sets: &[&str]) -> Policy {
    let rules = Rules(sets.iter().map(|set| rule(set)).collect());
    Policy { meta: meta(), flags: Flags::default(), attachment, rules }
}

/// Users ann, bob, cat, dan, eve; the application ci; the groups dev (ann to dan) and ops (eve); the policy run, of
/// dev, with two rules.
pub(crate) fn live() -> State {
    let mut state = State::empty(Id::from_bits(9));
    for name in ["ann", "bob", "cat", "dan", "eve"] {
        let user = User::member(name);
        state.insert(Key::Email(format!("{name}@x.io").parse().unwrap()), user);
    }
    let ci = Application { meta: meta(), flags: Flags::default(), api_keys: 0 };
    state.insert(key("ci"), ci);
    state.insert(key("dev"), group(&["ann", "bob", "cat", "dan"]));
    state.insert(key("ops"), group(&["eve"]));
    let sets = ["InstancesFullAccess", "ObjectStorageReadOnly"];
    state.insert(key("run"), policy(Attachment::Group(key("dev")), &sets));
    state
}

/// Returns the case whose files differ from the small organization by a change. Where that is about people, the files declare
/// people.
pub(crate) fn changed(change: impl FnOnce(&mut State)) -> Case {
    let mut live = live();
    let mut desired = Desired::empty(live.organization);
    desired.stack = Some("stack".parse().unwrap());
    desired.sections = BTreeSet::from([Kind::Application, Kind::Group, Kind::Policy]);
    desired.state = live.clone();
    change(&mut desired.state);
    if !desired.state.users().eq(live.users()) {
        desired.sections.insert(Kind::User);
        live.all_mut::<User>().for_each(|(_, user)| user.meta = meta());
    }
    let memberships = desired.state.groups().map(|(key, _)| key);
    desired.memberships = memberships.map(|key| (Address::group(key.clone()), Membership::Exact)).collect();
    let addresses = (live.users().map(|(key, _)| key).cloned().map(Address::user))
        .chain(live.applications().map(|(key, _)| key).cloned().map(Address::application))
        .chain(live.groups().map(|(key, _)| key).cloned().map(Address::group))
        .chain(live.policies().map(|(key, _)| key).cloned().map(Address::policy));
    let mut ids = Ids::default();
    for (n, address) in addresses.enumerate() {
        ids.insert(address, Id::from_bits(1000 + n as u128));
    }
    Case { live, ids, desired }
}
