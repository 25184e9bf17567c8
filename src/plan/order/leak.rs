//! The edges without which somebody would temporarily hold access that they must never hold.

use super::allowed::Allowed;
use crate::access::{Attached, GroupId, Held, PrincipalId};
use crate::plan::Reason;
use crate::plan::diff::{Draft, PolicyStage};
use crate::plan::error::Error;
use crate::plan::graph::{Graph, NodeId, add};

/// Adds, for every policy that changes while somebody joins or leaves its group: a leaver leaves before
/// the policy grants what the leaver must not hold, a joiner joins after it has stopped granting what the joiner must not hold.
///
/// An owner holds everything, so nothing is too much. The stages of a policy grant its direct principals, and those who stay in the group, only what they have before
/// or after; so nothing else can leak.
pub(super) fn edges(draft: &Draft, allowed: &mut Allowed, graph: &mut Graph) -> Result<(), Error> {
    let mut movers: std::collections::BTreeMap<GroupId, Movers> = std::collections::BTreeMap::new();
    let others = |movers: &(&(GroupId, PrincipalId), &NodeId)| !draft.before.owners.contains(&movers.0.1);
    for ((group, principal), node) in draft.leaves.iter().filter(others) {
        movers.entry(*group).or_default().leavers.push((*principal, *node));
    }
    for ((group, principal), node) in draft.joins.iter().filter(others) {
        movers.entry(*group).or_default().joiners.push((*principal, *node));
    }
    for stages in draft.stages.values() {
        let mut groups: Vec<GroupId> =
            stages.iter().filter_map(|stage| group_of(stage.held.as_ref())).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            if let Some(movers) = movers.get(&group) {
                movers.edges(draft, (group, stages), allowed, graph)?;
            }
        }
    }
    locks(draft, graph)
}

/// Adds, for everybody who is locked out, that they are locked before they are given anything: until then they could use what
/// they are to hold only while they are locked.
fn locks(draft: &Draft, graph: &mut Graph) -> Result<(), Error> {
    for (principal, lock) in &draft.locks {
        let joins = draft.joins.iter().filter(|((_, who), _)| who == principal).map(|(_, node)| *node);
        let (held, _) = draft.held(*principal);
        let own = |to: Attached| match to {
            Attached::Nobody => false,
            Attached::Principal(who) => who == *principal,
            Attached::Group(group) => draft.before.members(group).contains(principal),
        };
        let given = |stage: &&PolicyStage| {
            stage.held.as_ref().is_some_and(|it| own(it.to) && !it.grants.within(&held))
        };
        let stages = draft.stages.values().flatten().filter(given).filter_map(|stage| stage.by);
        // A new person is in the groups of everybody before anything can lock them.
        for node in joins.chain(stages).filter(|node| draft.made_by(*principal) != Some(*node)) {
            add(graph, *lock, node, Reason::Leak)?;
        }
    }
    Ok(())
}

fn group_of(held: Option<&Held>) -> Option<GroupId> {
    match held?.to {
        Attached::Group(group) => Some(group),
        Attached::Nobody | Attached::Principal(_) => None,
    }
}

#[derive(Default)]
struct Movers {
    leavers: Vec<(PrincipalId, NodeId)>,
    joiners: Vec<(PrincipalId, NodeId)>,
}

impl Movers {
    fn edges(
        &self,
        draft: &Draft,
        (group, stages): (GroupId, &[PolicyStage]),
        allowed: &mut Allowed,
        graph: &mut Graph,
    ) -> Result<(), Error> {
        let mut forbidden = |stage: &PolicyStage, principal: PrincipalId| match &stage.held {
            Some(held) if held.to == Attached::Group(group) => {
                !held.grants.within(allowed.most(draft, principal))
            }
            _ => false,
        };
        for (principal, node) in &self.leavers {
            let first = stages.iter().find(|stage| forbidden(stage, *principal));
            if let Some(then) = first.and_then(|stage| stage.by).filter(|then| then != node) {
                add(graph, *node, then, Reason::Leak)?;
            }
        }
        for (principal, node) in &self.joiners {
            let last = stages.iter().rposition(|stage| forbidden(stage, *principal));
            let ends = last.and_then(|last| stages.get(last + 1)?.by);
            if let Some(first) = ends.filter(|first| first != node) {
                add(graph, first, *node, Reason::Leak)?;
            }
        }
        Ok(())
    }
}
