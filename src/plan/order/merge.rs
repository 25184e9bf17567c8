//! Fewer calls: several joiners, or several leavers, of one group in one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::access::{GroupId, PrincipalId};
use crate::model::{Address, Key, Membership};
use crate::plan::Action;
use crate::plan::align::Alignment;
use crate::plan::diff::{Change, Draft};
use crate::plan::graph::{Graph, NodeId};

/// The nodes that are united, by the one that stands for them.
#[derive(Default)]
pub(super) struct Merger {
    pub(super) united: BTreeMap<NodeId, Vec<NodeId>>,
    /// All of these others.
    gone: HashSet<NodeId>,
}

impl Merger {
    /// Makes one node of two; false where that would close a cycle.
    pub(super) fn unite(&mut self, into: NodeId, other: NodeId, graph: &mut Graph) -> bool {
        let united = graph.unite(into, other).is_ok();
        if united {
            // What the other one stood for comes along.
            let more = self.united.remove(&other).unwrap_or_default();
            let class = self.united.entry(into).or_default();
            class.push(other);
            class.extend(more);
            self.gone.insert(other);
        }
        united
    }

    fn unite_all(&mut self, nodes: &[NodeId], graph: &mut Graph) {
        let mut classes: Vec<NodeId> = Vec::new();
        for node in nodes {
            if !self.gone.contains(node) && !classes.iter().any(|class| self.unite(*class, *node, graph)) {
                classes.push(*node);
            }
        }
    }
}

/// Unites nodes where that closes no cycle: what a union does at once, an allowed order does one after the other, so
/// both laws hold as before.
pub(super) fn merge(alignment: &Alignment, draft: &Draft, graph: &mut Graph, merger: &mut Merger) {
    let is = |node: NodeId, what: fn(&Action) -> bool| what(&draft.changes[node.index()].action);
    let joins = by_group(
        draft.joins.iter().filter(|(_, node)| is(**node, |a| matches!(a, Action::AddMembers { .. }))),
    );
    for nodes in joins.values() {
        merger.unite_all(nodes, graph);
    }
    let leaves = by_group(
        draft.leaves.iter().filter(|(_, node)| is(**node, |a| matches!(a, Action::RemoveMember { .. }))),
    );
    for (group, nodes) in leaves {
        if draft.world.name(group).is_some_and(|group| may_be_set(alignment, group)) {
            merger.unite_all(&nodes, graph);
        }
    }
}

fn by_group<'a>(
    nodes: impl Iterator<Item = (&'a (GroupId, PrincipalId), &'a NodeId)>,
) -> BTreeMap<GroupId, Vec<NodeId>> {
    let mut groups: BTreeMap<GroupId, Vec<NodeId>> = BTreeMap::new();
    for ((group, _), node) in nodes {
        groups.entry(*group).or_default().push(*node);
    }
    groups
}

/// `PUT /members` is for a group whose whole membership is declared and listed, and where somebody stays: nobody saw
/// the API take two empty lists.
pub(super) fn may_be_set(alignment: &Alignment, key: &Key) -> bool {
    let exact = alignment.memberships.get(&Address::group(key.clone())) == Some(&Membership::Exact);
    let (Some(before), Some(after)) = (alignment.before.group(key), alignment.outcome.group(key)) else {
        return false;
    };
    exact
        && before.fully_listed(&alignment.before)
        && after.fully_listed(&alignment.outcome)
        && before.members.intersection(&after.members).next().is_some()
}

/// Makes one change of two.
pub(super) fn absorb(change: &mut Change, other: Change) {
    change.moves.extend(other.moves);
    match (&mut change.action, other.action) {
        (Action::AddMembers { members, .. }, Action::AddMembers { members: more, .. }) => {
            members.extend(more);
        }
        // Whom it removes is what the change moves; who is in the group is known once the order is.
        (action, Action::RemoveMember { group, .. }) => {
            *action = Action::SetMembers { group, before: BTreeSet::new(), after: BTreeSet::new() };
        }
        _ => {}
    }
}
