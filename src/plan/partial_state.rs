//! The part of a state that steps touch, to play the steps on.

use std::collections::{HashMap, HashSet};

use super::step::{Action, rehearse};
use crate::model::{Address, Object, State};

/// A state, or the part of one that some calls touch, with what refers to the objects that the calls delete: so that
/// playing a call is proportional to what it touches, and not to what the organization holds.
pub(crate) struct PartialState {
    state: State,
    touched: HashSet<Address>,
    /// What may refer to each object that is to be deleted: all that does, and what did once.
    referrers: HashMap<Address, Vec<Address>>,
}

impl PartialState {
    /// Returns the objects of a state that these calls touch; any other one is after them as it was before.
    pub(crate) fn part<'a>(whole: &State, actions: impl Iterator<Item = &'a Action> + Clone) -> Self {
        let referrers = referrers(whole, actions.clone());
        let mut touched: HashSet<Address> = actions.map(Action::address).collect();
        touched.extend(referrers.values().flatten().cloned());
        let mut state = State::empty(whole.organization);
        for address in &touched {
            if let Some(object) = whole.get(address) {
                state.objects.insert(address.clone(), object.clone());
            }
        }
        Self { state, touched, referrers }
    }

    /// Does to the state what a call does to an organization, as [`rehearse()`] does. It must be one of the calls that
    /// were named in the beginning.
    pub(crate) fn play(&mut self, action: &Action) {
        if let Action::Delete { address, .. } = action {
            return self.delete(address);
        }
        // What comes to refer to something that is to be deleted.
        if !self.referrers.is_empty() {
            for referred in action.refers() {
                if let Some(list) = self.referrers.get_mut(&referred) {
                    list.push(action.address());
                }
            }
        }
        rehearse(&mut self.state, action);
    }

    /// Returns the objects as they are now.
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }

    /// Returns an object as it is now, of an organization that was this one in the beginning.
    pub(crate) fn get<'s>(&'s self, beginning: &'s State, address: &Address) -> Option<&'s Object> {
        if self.touched.contains(address) { self.state.get(address) } else { beginning.get(address) }
    }

    /// Says in words where the organization first differs from the wanted one, or `None` when they are the same: what was
    /// touched is as it is here, all else as it was in the beginning.
    pub(crate) fn difference(&self, beginning: &State, wanted: &State) -> Option<String> {
        let found = |address: &Address| self.get(beginning, address);
        let missing = wanted.objects.iter().find(|(address, object)| found(address) != Some(*object));
        let missing = missing.map(|(address, _)| address);
        let too_much = || {
            let mut all = self.state.objects.keys().chain(beginning.objects.keys());
            all.find(|address| !wanted.has(address) && found(address).is_some())
        };
        missing.or_else(too_much).map(ToString::to_string)
    }

    fn delete(&mut self, gone: &Address) {
        self.state.objects.swap_remove(gone);
        for referrer in self.referrers.get(gone).into_iter().flatten() {
            if let Some(object) = self.state.objects.get_mut(referrer) {
                object.forget(gone);
            }
        }
    }
}

/// Returns what refers to each object that the calls delete.
pub(super) fn referrers<'a>(
    state: &State,
    actions: impl Iterator<Item = &'a Action>,
) -> HashMap<Address, Vec<Address>> {
    let mut referrers: HashMap<Address, Vec<Address>> =
        actions.filter_map(Action::deletes).map(|address| (address.clone(), Vec::new())).collect();
    if referrers.is_empty() {
        return referrers;
    }
    for (address, object) in &state.objects {
        for referred in object.refers() {
            if let Some(list) = referrers.get_mut(&referred) {
                list.push(address.clone());
            }
        }
    }
    referrers
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Application, Attachment, Group, Id, Key, Name, Policy, Principal};

    fn key(name: &str) -> Key {
        name.parse::<Name>().unwrap().into()
    }

    fn machine(name: &str) -> Principal {
        Principal::Application(key(name))
    }

    fn group(members: &[&str]) -> Group {
        let members = members.iter().map(|name| machine(name)).collect();
        Group { members, ..Group::default() }
    }

    fn policy(attachment: Attachment) -> Policy {
        Policy { attachment, ..Policy::default() }
    }

    fn beginning() -> State {
        let mut state = State::empty(Id::from_bits(1));
        for name in ["a", "b"] {
            state.insert(key(name), Application::default());
        }
        for (name, members) in [("g", &["a", "b"][..]), ("h", &["b"]), ("other", &["b"])] {
            state.insert(key(name), group(members));
        }
        state.insert(key("p"), policy(Attachment::Principal(machine("a"))));
        state.insert(key("q"), policy(Attachment::Group(key("g"))));
        state.insert(key("other"), policy(Attachment::Group(key("other"))));
        state
    }

    /// What is deleted is referred to in the beginning, and by what comes on the way.
    fn actions() -> Vec<Action> {
        let delete = |address: Address| {
            let object = beginning().objects[&address].clone();
            Action::Delete { address, object }
        };
        vec![
            Action::AddMembers { group: key("h"), members: BTreeSet::from([machine("a")]) },
            Action::Create {
                address: Address::policy(key("new")),
                object: policy(Attachment::Principal(machine("a"))).into(),
            },
            delete(Address::application(key("a"))),
            delete(Address::group(key("g"))),
            delete(Address::policy(key("q"))),
        ]
    }

    #[test]
    fn a_scene_plays_as_a_rehearsal_does() {
        let (beginning, actions) = (beginning(), actions());
        let mut rehearsed = beginning.clone();
        let mut partial_state = PartialState::part(&beginning, actions.iter());
        for action in &actions {
            rehearse(&mut rehearsed, action);
            partial_state.play(action);
            assert_eq!(partial_state.difference(&beginning, &rehearsed), None, "after {action:?}");
        }
        assert!(
            !partial_state.state().has(&Address::group(key("other"))),
            "what no call touches is left out"
        );
    }

    #[test]
    fn a_difference_is_found_in_what_was_touched_and_in_what_was_not() {
        let (beginning, actions) = (beginning(), actions());
        let mut partial_state = PartialState::part(&beginning, actions.iter());
        actions.iter().for_each(|action| partial_state.play(action));
        let mut wanted = beginning.clone();
        actions.iter().for_each(|action| rehearse(&mut wanted, action));
        let differs = |change: &dyn Fn(&mut State)| {
            let mut wanted = wanted.clone();
            change(&mut wanted);
            partial_state.difference(&beginning, &wanted)
        };
        let found = |words: &str| Some(words.to_owned());
        assert_eq!(
            differs(&|wanted| _ = wanted.objects.swap_remove(&Address::policy(key("new")))),
            found("policy new")
        );
        assert_eq!(
            differs(&|wanted| _ = wanted.objects.swap_remove(&Address::policy(key("other")))),
            found("policy other")
        );
        assert_eq!(
            differs(&|wanted| wanted.find_mut::<Group>(&key("h")).unwrap().members.clear()),
            found("group h")
        );
        assert_eq!(
            differs(&|wanted| wanted.find_mut::<Group>(&key("other")).unwrap().members.clear()),
            found("group other")
        );
        assert_eq!(differs(&|wanted| wanted.insert(key("g"), group(&[]))), found("group g"));
    }
}
