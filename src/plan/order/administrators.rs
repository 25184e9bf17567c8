//! The edges that keep enough people who can administer IAM.
//!
//! The steps that add or remove an administrator are chained in one order, so that every state that the edges allow has the
//! administrators of one of its prefixes: the rehearsal sees them all. The chain adds administrators as early, and removes
//! them as late, as the other edges allow.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::merge::{Merger, may_be_set};
use crate::access::{Attached, GroupId, Held, PrincipalId};
use crate::plan::administrators::Administrators;
use crate::plan::align::Alignment;
use crate::plan::diff::{Draft, PolicyStage};
use crate::plan::error::Error;
use crate::plan::graph::{Graph, NodeId, add};
use crate::plan::{Action, Reason};

/// What a step does to who administers. The order is that in which steps are put, from the end of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// It may add an administrator.
    Makes,
    /// Both, like a policy that moves from one group to another.
    Both,
    /// It may remove one.
    Unmakes,
}

/// Chains the steps, where a state on the way could have fewer administrators than `least` and than there were.
pub(super) fn chain(
    alignment: &Alignment,
    draft: &Draft,
    (administrators, least): (&Administrators, u32),
    graph: &mut Graph,
    merger: &mut Merger,
) -> Result<(), Error> {
    let roles = Roles::of(draft, administrators).by_node;
    // Where steps only make, or only unmake, the fewest are at one of the ends.
    let has = |one: Role| roles.values().any(|role| *role == one || *role == Role::Both);
    if !has(Role::Makes) || !has(Role::Unmakes) || enough_last(draft, administrators, least) {
        return Ok(());
    }
    let mut last: Option<NodeId> = None;
    for node in from_the_end(graph, &roles).into_iter().rev() {
        if let Some(last) = last
            && may_be_one_call(alignment, draft, last, node)
            && merger.unite(last, node, graph)
        {
            continue;
        }
        if let Some(last) = last {
            add(graph, last, node, Reason::Administrators)?;
        }
        last = Some(node);
    }
    Ok(())
}

/// The steps that may make or unmake an administrator.
struct Roles<'d> {
    draft: &'d Draft,
    administrators: &'d Administrators,
    by_node: BTreeMap<NodeId, Role>,
}

impl<'d> Roles<'d> {
    fn of(draft: &'d Draft, administrators: &'d Administrators) -> Self {
        let mut roles = Self { draft, administrators, by_node: BTreeMap::new() };
        let groups = roles.groups();
        for stages in draft.stages.values() {
            for pair in stages.windows(2) {
                roles.rewritten(&pair[0], &pair[1]);
            }
        }
        let moves =
            |(group, who): &(GroupId, PrincipalId)| groups.contains(group) && administrators.may_be(*who);
        for (_, node) in draft.joins.iter().filter(|(of, _)| moves(of)) {
            roles.note(*node, Role::Makes);
        }
        for (_, node) in draft.leaves.iter().filter(|(of, _)| moves(of)) {
            roles.note(*node, Role::Unmakes);
        }
        for (_, node) in gone(draft).filter(|(who, _)| administrators.may_be(*who)) {
            roles.note(node, Role::Unmakes);
        }
        roles
    }

    /// The groups whose members administer, at some time.
    fn groups(&self) -> BTreeSet<GroupId> {
        let live = self.draft.before.all_policies();
        let later = self.draft.stages.values().flatten().filter_map(|stage| stage.held.as_ref());
        let making = live.chain(later).filter(|held| self.administrators.made_by(&held.grants));
        making.filter_map(|held| held.to.group()).collect()
    }

    fn note(&mut self, node: NodeId, role: Role) {
        let noted = self.by_node.entry(node).or_insert(role);
        if *noted != role {
            *noted = Role::Both;
        }
    }

    fn rewritten(&mut self, before: &PolicyStage, after: &PolicyStage) {
        let Some(node) = after.by else { return };
        let making = |held: &Held| held.to != Attached::Nobody && self.administrators.made_by(&held.grants);
        let making =
            |stage: &PolicyStage| stage.held.as_ref().filter(|held| making(held)).map(|held| held.to);
        let (before, after) = (making(before), making(after));
        if before == after {
            return;
        }
        if before.is_some() {
            self.note(node, Role::Unmakes);
        }
        if after.is_some() {
            self.note(node, Role::Makes);
        }
    }
}

/// Who is deleted or locked out, and by which step.
fn gone(draft: &Draft) -> impl Iterator<Item = (PrincipalId, NodeId)> + '_ {
    let deleted = draft.deleted.iter();
    let deleted =
        deleted.filter_map(|(address, node)| Some((draft.world.find(&address.principal()?)?, *node)));
    deleted.chain(draft.locks.iter().map(|(who, node)| (*who, *node)))
}

/// Whether so many administer all the time, by one and the same way, that no order of the steps leaves too few.
fn enough_last(draft: &Draft, administrators: &Administrators, least: u32) -> bool {
    let there_are = administrators.at(&draft.before);
    let least = there_are.len().min(least as usize);
    let steady = |policy, to: Attached| {
        let making = |stage: &PolicyStage| {
            stage.held.as_ref().is_some_and(|held| held.to == to && administrators.made_by(&held.grants))
        };
        draft.stages.get(&policy).is_none_or(|stages| stages.iter().all(making))
    };
    let gone: BTreeSet<PrincipalId> = gone(draft).map(|(who, _)| who).collect();
    let lasts = |who: &PrincipalId| {
        administrators.owners().contains(who)
            || !gone.contains(who)
                && draft.before.ways(*who).any(|(group, policy, grants)| {
                    let to = group.map_or(Attached::Principal(*who), Attached::Group);
                    let stays = group.is_none_or(|group| !draft.leaves.contains_key(&(group, *who)));
                    administrators.made_by(grants) && stays && steady(policy, to)
                })
    };
    there_are.iter().filter(|who| lasts(who)).take(least).count() == least
}

/// Returns the steps of a role in an order that the edges allow, the last one first: those that unmake stand as late as the
/// edges let them, and of those that make the ones that have to wait for them.
fn from_the_end(graph: &Graph, roles: &BTreeMap<NodeId, Role>) -> Vec<NodeId> {
    let mut followers = graph.followers();
    let waits = waits(graph, roles);
    let put =
        |node: NodeId| (roles.get(&node).map_or(u8::MAX, |role| *role as u8), waits[node.index()], node);
    let nodes = (0..followers.len()).map(NodeId::at);
    let mut free: BinaryHeap<_> = nodes.filter(|node| followers[node.index()] == 0).map(put).collect();
    let mut order = Vec::with_capacity(roles.len());
    while let Some((_, _, node)) = free.pop() {
        if roles.contains_key(&node) {
            order.push(node);
        }
        for first in graph.before(node) {
            followers[first.index()] -= 1;
            if followers[first.index()] == 0 {
                free.push(put(*first));
            }
        }
    }
    order
}

/// Returns for how many steps that unmake, one after the other, each step has to wait.
fn waits(graph: &Graph, roles: &BTreeMap<NodeId, Role>) -> Vec<u32> {
    let order = graph.in_order();
    let mut waits = vec![0; order.len()];
    for node in order {
        let own = u32::from(matches!(roles.get(&node), Some(Role::Both | Role::Unmakes)));
        let before = graph.before(node).iter().map(|first| waits[first.index()]).max();
        waits[node.index()] = before.unwrap_or(0) + own;
    }
    waits
}

/// Whether one call can do what both do.
fn may_be_one_call(alignment: &Alignment, draft: &Draft, first: NodeId, then: NodeId) -> bool {
    match (&draft.changes[first.index()].action, &draft.changes[then.index()].action) {
        (Action::AddMembers { group, .. }, Action::AddMembers { group: other, .. }) => group == other,
        (Action::RemoveMember { group, .. }, Action::RemoveMember { group: other, .. }) => {
            group == other && may_be_set(alignment, group)
        }
        (
            Action::Create { .. }
            | Action::Update { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. }
            | Action::Delete { .. },
            _,
        ) => false,
    }
}
