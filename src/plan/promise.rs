//! Compares the access that a plan leads to with the access in an organization.

use std::collections::BTreeSet;

use super::Action;
use super::whole_plan::Plan;
use crate::access::{self, AccessChange, AccessEffect, ChangedGrant, World};
use crate::model::{Attachment, Group, Key, Object, Policy, Principal, State};

impl Plan {
    /// Returns everybody whose access the plan touches: those who gain or lose access, join or leave, or are deleted, and those
    /// who hold grants of a policy that a step writes.
    #[must_use]
    pub fn concerned(&self) -> BTreeSet<Principal> {
        let mut who: BTreeSet<Principal> =
            self.access.iter().map(|change| change.principal.clone()).collect();
        let mut groups: BTreeSet<&Key> = BTreeSet::new();
        for step in &self.steps {
            match &step.action {
                Action::AddMembers { group, members } => {
                    who.extend(members.iter().cloned());
                    groups.insert(group);
                }
                Action::RemoveMember { group, .. } | Action::SetMembers { group, .. } => {
                    groups.insert(group);
                }
                Action::SetRules { policy, .. } => {
                    for policy in
                        [&self.before, &self.outcome].iter().filter_map(|state| state.policy(policy))
                    {
                        concern(&policy.attachment, &mut who, &mut groups);
                    }
                }
                Action::Create { object, .. } => of_object(object, &mut who, &mut groups),
                Action::Update { before, after, .. } => {
                    if step.action.attaches().is_some() {
                        of_object(before, &mut who, &mut groups);
                        of_object(after, &mut who, &mut groups);
                    }
                }
                Action::Delete { address, object } => {
                    who.extend(address.principal());
                    of_object(object, &mut who, &mut groups);
                    if let Object::Group(_) = object {
                        groups.insert(address.key());
                    }
                }
            }
        }
        for state in [&self.before, &self.outcome] {
            for group in groups.iter().filter_map(|key| state.group(key)) {
                who.extend(group.members.iter().cloned());
                who.extend(group.builtin.into_iter().flat_map(|builtin| builtin.members(state)));
            }
        }
        who
    }

    /// Returns where the access of these people and applications in an organization, of which only groups and policies need
    /// to be there, is not what the plan leads to.
    #[must_use]
    pub fn unkept(&self, found: &State, who: &BTreeSet<Principal>) -> Vec<Unkept> {
        let (wanted, found) = (part(&self.outcome, &self.outcome, who), part(found, &self.outcome, who));
        let mut world = World::default();
        let (before, after) = (world.holdings(&wanted), world.holdings(&found));
        let changes = access::changes(&world, (&before, &wanted), (&after, &found));
        changes.iter().flat_map(|change| change.grants.iter().map(|grant| self.word(change, grant))).collect()
    }

    fn word(&self, change: &AccessChange, changed: &ChangedGrant) -> Unkept {
        let grant = changed.grant.words(|id| self.outcome.projects.get(&id));
        let by = match &changed.path.group {
            Some(group) => format!("by policy {} of group {group}", changed.path.policy),
            None => format!("by policy {}", changed.path.policy),
        };
        let (wanted, found) = match changed.effect {
            AccessEffect::Gained => (format!("without {grant}"), format!("with it, {by}")),
            AccessEffect::Loosened => (format!("without {grant}"), format!("with it, unconditionally, {by}")),
            AccessEffect::Tightened => ("without a condition".to_owned(), format!("{grant}, {by}")),
            AccessEffect::Lost => (format!("with {grant}, {by}"), "without it".to_owned()),
        };
        Unkept { principal: change.principal.clone(), wanted, found }
    }
}

/// Access that is not what a plan leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unkept {
    /// Who.
    pub principal: Principal,
    /// The outcome of the plan, in words.
    pub wanted: String,
    /// What is there, in words.
    pub found: String,
}

fn of_object<'p>(object: &'p Object, who: &mut BTreeSet<Principal>, groups: &mut BTreeSet<&'p Key>) {
    if let Object::Policy(policy) = object {
        concern(&policy.attachment, who, groups);
    }
}

fn concern<'p>(attachment: &'p Attachment, who: &mut BTreeSet<Principal>, groups: &mut BTreeSet<&'p Key>) {
    match attachment {
        Attachment::None => {}
        Attachment::Principal(principal) => _ = who.insert(principal.clone()),
        Attachment::Group(key) => _ = groups.insert(key),
    }
}

/// Returns the part of a state that gives these anything: their groups without anybody else, and what is attached to them.
/// Who there is, another state says.
fn part(state: &State, people: &State, who: &BTreeSet<Principal>) -> State {
    let mut part = State::empty(state.organization);
    for principal in who {
        let address = principal.address();
        part.objects.extend(people.get(&address).map(|object| (address, object.clone())));
    }
    for (key, group) in state.groups() {
        let builtin = group.builtin.filter(|builtin| who.iter().any(|it| builtin.has(people, it)));
        let members: BTreeSet<_> = group.members.intersection(who).cloned().collect();
        if builtin.is_some() || !members.is_empty() {
            part.insert(key.clone(), Group { members, builtin, ..group.clone() });
        }
    }
    let policies: Vec<(Key, Policy)> = state
        .policies()
        .filter(|(_, policy)| match &policy.attachment {
            Attachment::None => false,
            Attachment::Principal(principal) => who.contains(principal),
            Attachment::Group(key) => part.group(key).is_some(),
        })
        .map(|(key, policy)| (key.clone(), policy.clone()))
        .collect();
    for (key, policy) in policies {
        part.insert(key, policy);
    }
    part
}
