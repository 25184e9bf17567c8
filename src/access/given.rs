//! What a group or a policy gives, and to whom.

use super::{Grant, Path};
use crate::model::{Address, Attachment, Builtin, Group, Key, Kind, Policy, Principal, State};

/// One grant that a group or a policy gives to those it reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenGrant {
    /// What.
    pub grant: Grant,
    /// By which policy and rule; the group is the one that the policy is attached to.
    pub path: Path,
    /// Whether a Scaleway product manages the policy.
    pub managed: bool,
}

/// Whom a group or a policy reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receivers {
    /// Nobody: the policy has no principal.
    Nobody,
    /// One user or application.
    One(Principal),
    /// The members of a group.
    Members {
        /// The group.
        group: Key,
        /// Which members it computes, for a built-in group.
        builtin: Option<Builtin>,
        /// Its members, as far as the state knows them; `None` for a group that the state does not hold.
        members: Option<Vec<Principal>>,
    },
}

/// Returns what a group gives by all policies that are attached to it, or what one policy gives; by permission set and scope.
#[must_use]
pub fn given(state: &State, by: &Address) -> Vec<GivenGrant> {
    let counts = |(key, policy): &(&Key, &Policy)| match by.kind() {
        Kind::Policy => *key == by.key(),
        _ => matches!(&policy.attachment, Attachment::Group(group) if group == by.key()),
    };
    let mut given: Vec<GivenGrant> =
        state.policies().filter(counts).flat_map(|(key, policy)| of_policy(key, policy)).collect();
    given.sort_unstable();
    given
}

fn of_policy<'s>(key: &'s Key, policy: &'s Policy) -> impl Iterator<Item = GivenGrant> + 's {
    let group = match &policy.attachment {
        Attachment::Group(group) => Some(group.clone()),
        Attachment::Principal(_) | Attachment::None => None,
    };
    policy.rules.0.iter().enumerate().flat_map(move |(rule, one)| {
        let path = Path { group: group.clone(), policy: key.clone(), rule };
        let managed = policy.flags.managed;
        Grant::of_rule(one).map(move |grant| GivenGrant { grant, path: path.clone(), managed })
    })
}

/// Returns whom a group or a policy reaches.
#[must_use]
pub fn receivers(state: &State, by: &Address) -> Receivers {
    let group = match by.kind() {
        Kind::Policy => match state.policy(by.key()).map(|policy| &policy.attachment) {
            None | Some(Attachment::None) => return Receivers::Nobody,
            Some(Attachment::Principal(principal)) => return Receivers::One(principal.clone()),
            Some(Attachment::Group(group)) => group,
        },
        _ => by.key(),
    };
    let held = state.group(group);
    let builtin = held.and_then(|group| group.builtin);
    Receivers::Members { group: group.clone(), builtin, members: held.map(|group| members(state, group)) }
}

/// The members that a group lists and those that it computes.
fn members(state: &State, group: &Group) -> Vec<Principal> {
    let computed = group.builtin.into_iter().flat_map(|builtin| builtin.members(state));
    let mut members: Vec<Principal> = group.members.iter().cloned().chain(computed).collect();
    members.sort_unstable();
    members.dedup();
    members
}
