//! The part of a state that steps touch, to play the steps on.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::{Action, rehearse};
use crate::model::{Address, Attachment, Key, Name, Principal, State};

/// A state, or the part of one that some calls touch, with what refers to the objects that the calls delete: so that a
/// call costs what it touches, and not what the organization holds.
pub(super) struct Scene {
    state: State,
    touched: HashSet<Address>,
    /// What may refer to each object that is to be deleted: all that does, and what did once.
    referrers: HashMap<Address, Vec<Address>>,
}

impl Scene {
    /// Returns the objects of a state that these calls touch; any other one is after them as it was before.
    pub(super) fn part<'a>(whole: &State, actions: impl Iterator<Item = &'a Action> + Clone) -> Self {
        let referrers = referrers(whole, actions.clone());
        let mut touched: HashSet<Address> = actions.map(Action::address).collect();
        touched.extend(referrers.values().flatten().cloned());
        let mut state = State::empty(whole.organization);
        for address in &touched {
            match address {
                Address::User(_) => {}
                Address::Application(key) => copy(key, &whole.applications, &mut state.applications),
                Address::Group(key) => copy(key, &whole.groups, &mut state.groups),
                Address::Policy(key) => copy(key, &whole.policies, &mut state.policies),
            }
        }
        Self { state, touched, referrers }
    }

    /// Does to the state what a call does to an organization, as [`rehearse()`] does. It must be one of the calls that
    /// were named in the beginning.
    pub(super) fn play(&mut self, action: &Action) {
        match action {
            Action::Delete { address } => self.delete(address),
            other => {
                self.note(other);
                rehearse(&mut self.state, other);
            }
        }
    }

    /// Returns the objects as they are now.
    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// Says in words where the organization first differs from the wanted one, or `None` when they are the same: what was
    /// touched is as it is here, all else as it was in the beginning.
    pub(super) fn difference(&self, beginning: &State, wanted: &State) -> Option<String> {
        let (now, State { organization: _, projects: _, users, applications, groups, policies }) =
            (&self.state, wanted);
        self.first(Address::Application, [&now.applications, &beginning.applications, applications])
            .or_else(|| self.first(Address::Group, [&now.groups, &beginning.groups, groups]))
            .or_else(|| self.first(Address::Policy, [&now.policies, &beginning.policies, policies]))
            .or_else(|| (beginning.users != *users).then(|| "users".to_owned()))
    }

    fn first<T: PartialEq>(
        &self,
        address: fn(Key<Name>) -> Address,
        [now, beginning, wanted]: [&IndexMap<Key<Name>, T>; 3],
    ) -> Option<String> {
        let found = |key: &Key<Name>| {
            let touched = self.touched.contains(&address(key.clone()));
            if touched { now.get(key) } else { beginning.get(key) }
        };
        let missing = wanted.iter().find(|(key, object)| found(key) != Some(object)).map(|(key, _)| key);
        let too_much = || {
            now.keys().chain(beginning.keys()).find(|key| !wanted.contains_key(*key) && found(key).is_some())
        };
        missing.or_else(too_much).map(|key| address(key.clone()).to_string())
    }

    fn delete(&mut self, gone: &Address) {
        match gone {
            Address::User(_) => {}
            Address::Application(key) => _ = self.state.applications.swap_remove(key),
            Address::Group(key) => _ = self.state.groups.swap_remove(key),
            Address::Policy(key) => _ = self.state.policies.swap_remove(key),
        }
        let member = principal(gone);
        for referrer in self.referrers.get(gone).into_iter().flatten() {
            match referrer {
                Address::User(_) | Address::Application(_) => {}
                Address::Group(key) => {
                    if let (Some(group), Some(member)) = (self.state.groups.get_mut(key), &member) {
                        group.members.remove(member);
                    }
                }
                Address::Policy(key) => {
                    let policy = self.state.policies.get_mut(key);
                    if let Some(policy) =
                        policy.filter(|policy| holder(&policy.attachment).as_ref() == Some(gone))
                    {
                        policy.attachment = Attachment::None;
                    }
                }
            }
        }
    }

    /// Notes what comes to refer to something that is to be deleted.
    fn note(&mut self, action: &Action) {
        if self.referrers.is_empty() {
            return;
        }
        let referred: Vec<Address> = match action {
            Action::AddMembers { members, .. } | Action::SetMembers { after: members, .. } => {
                members.iter().map(Principal::address).collect()
            }
            Action::CreatePolicy { policy, .. } => holder(&policy.attachment).into_iter().collect(),
            Action::Update(update) => update.attachment.iter().filter_map(|(_, to)| holder(to)).collect(),
            Action::CreateApplication { .. }
            | Action::CreateGroup { .. }
            | Action::RemoveMember { .. }
            | Action::SetRules { .. }
            | Action::Delete { .. } => return,
        };
        for address in referred {
            if let Some(list) = self.referrers.get_mut(&address) {
                list.push(action.address());
            }
        }
    }
}

/// Returns what refers to each object that the calls delete.
fn referrers<'a>(state: &State, actions: impl Iterator<Item = &'a Action>) -> HashMap<Address, Vec<Address>> {
    let mut referrers: HashMap<Address, Vec<Address>> =
        actions.filter_map(Action::deletes).map(|address| (address.clone(), Vec::new())).collect();
    if referrers.is_empty() {
        return referrers;
    }
    for (key, group) in &state.groups {
        for member in &group.members {
            if let Some(list) = referrers.get_mut(&member.address()) {
                list.push(Address::Group(key.clone()));
            }
        }
    }
    for (key, policy) in &state.policies {
        if let Some(list) = holder(&policy.attachment).and_then(|holder| referrers.get_mut(&holder)) {
            list.push(Address::Policy(key.clone()));
        }
    }
    referrers
}

fn copy<T: Clone>(key: &Key<Name>, from: &IndexMap<Key<Name>, T>, to: &mut IndexMap<Key<Name>, T>) {
    if let Some(object) = from.get(key) {
        to.insert(key.clone(), object.clone());
    }
}

fn principal(address: &Address) -> Option<Principal> {
    match address {
        Address::User(key) => Some(Principal::User(key.clone())),
        Address::Application(key) => Some(Principal::Application(key.clone())),
        Address::Group(_) | Address::Policy(_) => None,
    }
}

fn holder(attachment: &Attachment) -> Option<Address> {
    match attachment {
        Attachment::None => None,
        Attachment::Principal(principal) => Some(principal.address()),
        Attachment::Group(key) => Some(Address::Group(key.clone())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Application, Flags, Group, Id, Meta, Policy, Rules};

    fn key(name: &str) -> Key<Name> {
        Key::Named(name.parse().unwrap())
    }

    fn machine(name: &str) -> Principal {
        Principal::Application(key(name))
    }

    fn group(members: &[&str]) -> Group {
        let members = members.iter().map(|name| machine(name)).collect();
        Group { meta: Meta::default(), flags: Flags::default(), builtin: None, members }
    }

    fn policy(attachment: Attachment) -> Policy {
        Policy { meta: Meta::default(), flags: Flags::default(), attachment, rules: Rules::default() }
    }

    fn beginning() -> State {
        let mut state = State::empty(Id::from_bits(1));
        for name in ["a", "b"] {
            let made = Application { meta: Meta::default(), flags: Flags::default(), api_keys: 0 };
            state.applications.insert(key(name), made);
        }
        for (name, members) in [("g", &["a", "b"][..]), ("h", &["b"]), ("other", &["b"])] {
            state.groups.insert(key(name), group(members));
        }
        state.policies.insert(key("p"), policy(Attachment::Principal(machine("a"))));
        state.policies.insert(key("q"), policy(Attachment::Group(key("g"))));
        state.policies.insert(key("other"), policy(Attachment::Group(key("other"))));
        state
    }

    /// What is deleted is referred to in the beginning, and by what comes on the way.
    fn actions() -> Vec<Action> {
        let delete = |address| Action::Delete { address };
        vec![
            Action::AddMembers { group: key("h"), members: BTreeSet::from([machine("a")]) },
            Action::CreatePolicy {
                name: "new".parse().unwrap(),
                policy: policy(Attachment::Principal(machine("a"))),
            },
            delete(Address::Application(key("a"))),
            delete(Address::Group(key("g"))),
            delete(Address::Policy(key("q"))),
        ]
    }

    #[test]
    fn a_scene_plays_as_a_rehearsal_does() {
        let (beginning, actions) = (beginning(), actions());
        let mut rehearsed = beginning.clone();
        let mut scene = Scene::part(&beginning, actions.iter());
        for action in &actions {
            rehearse(&mut rehearsed, action);
            scene.play(action);
            assert_eq!(scene.difference(&beginning, &rehearsed), None, "after {action:?}");
        }
        assert!(!scene.state().groups.contains_key(&key("other")), "what no call touches is left out");
    }

    #[test]
    fn a_difference_is_found_in_what_was_touched_and_in_what_was_not() {
        let (beginning, actions) = (beginning(), actions());
        let mut scene = Scene::part(&beginning, actions.iter());
        actions.iter().for_each(|action| scene.play(action));
        let mut wanted = beginning.clone();
        actions.iter().for_each(|action| rehearse(&mut wanted, action));
        let differs = |change: &dyn Fn(&mut State)| {
            let mut wanted = wanted.clone();
            change(&mut wanted);
            scene.difference(&beginning, &wanted)
        };
        let found = |words: &str| Some(words.to_owned());
        assert_eq!(differs(&|wanted| _ = wanted.policies.swap_remove(&key("new"))), found("policy new"));
        assert_eq!(differs(&|wanted| _ = wanted.policies.swap_remove(&key("other"))), found("policy other"));
        assert_eq!(differs(&|wanted| wanted.groups[&key("h")].members.clear()), found("group h"));
        assert_eq!(differs(&|wanted| wanted.groups[&key("other")].members.clear()), found("group other"));
        assert_eq!(differs(&|wanted| _ = wanted.groups.insert(key("g"), group(&[]))), found("group g"));
    }
}
