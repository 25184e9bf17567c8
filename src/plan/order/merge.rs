//! Fewer calls: several joiners, or several leavers, of one group in one.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::GroupId;
use crate::model::{Address, Membership};
use crate::plan::Action;
use crate::plan::align::Alignment;
use crate::plan::diff::{Change, Draft};
use crate::plan::graph::{Graph, Node};

/// Unites nodes where that closes no cycle: what a union does at once, an allowed order does one after the other, so
/// both laws hold as before.
///
/// Returns the united nodes by the one that stands for them.
pub(super) fn merge(alignment: &Alignment, draft: &Draft, graph: &mut Graph) -> BTreeMap<Node, Vec<Node>> {
    let mut united: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    let is = |node: Node, what: fn(&Action) -> bool| what(&draft.changes[node as usize].action);
    let joins = by_group(
        draft.joins.iter().filter(|(_, node)| is(**node, |a| matches!(a, Action::AddMembers { .. }))),
    );
    for nodes in joins.values() {
        unite(nodes, graph, &mut united);
    }
    let leaves = by_group(
        draft.leaves.iter().filter(|(_, node)| is(**node, |a| matches!(a, Action::RemoveMember { .. }))),
    );
    for (group, nodes) in leaves {
        if may_be_set(alignment, draft, group) {
            unite(&nodes, graph, &mut united);
        }
    }
    united
}

fn by_group<'a>(nodes: impl Iterator<Item = (&'a (GroupId, u32), &'a Node)>) -> BTreeMap<GroupId, Vec<Node>> {
    let mut groups: BTreeMap<GroupId, Vec<Node>> = BTreeMap::new();
    for ((group, _), node) in nodes {
        groups.entry(*group).or_default().push(*node);
    }
    groups
}

fn unite(nodes: &[Node], graph: &mut Graph, united: &mut BTreeMap<Node, Vec<Node>>) {
    let mut classes: Vec<Node> = Vec::new();
    for node in nodes {
        match classes.iter().find(|class| graph.unite(**class, *node).is_ok()) {
            Some(class) => united.entry(*class).or_default().push(*node),
            None => classes.push(*node),
        }
    }
}

/// `PUT /members` is for a group whose whole membership is declared and listed, and where somebody stays: nobody saw
/// the API take two empty lists.
fn may_be_set(alignment: &Alignment, draft: &Draft, group: GroupId) -> bool {
    let Some(key) = draft.world.groups.get_index(group as usize) else { return false };
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
