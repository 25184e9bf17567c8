//! Puts the changes into an order that never widens access on the way and, if possible, never interrupts it.
//!
//! Two laws hold in every state that any order allowed by the edges can pass through: nobody holds access that they hold
//! neither before nor after (no leak), and nobody lacks access that they hold both before and after (no gap), except for the interruptions that are returned.

mod administrators;
mod allowed;
mod gap;
mod leak;
mod merge;

use std::collections::{BTreeMap, HashMap};

pub(super) use self::allowed::Allowed;
use super::administrators::Administrators;
use super::align::Alignment;
use super::diff::{Change, Draft, Move};
use super::error::Error;
use super::graph::{Graph, NodeId, add};
use super::{Action, Effect, Reason};
use crate::access::{Attached, GroupId, Packed, PolicyId, PrincipalId};
use crate::model::{Address, Principal};

/// The changes as steps: in order, with what must come before each.
pub(super) struct Ordered {
    /// The steps' changes, in order.
    pub(super) changes: Vec<Change>,
    /// The steps that come before each, by position.
    pub(super) after: Vec<Vec<(usize, Reason)>>,
    /// Grants that are kept and for which no safe order was found: who, what, and the steps that matter.
    pub(super) unresolved: Vec<(PrincipalId, Packed)>,
    /// What each principal may hold on the way.
    pub(super) allowed: Allowed,
}

/// Orders the changes.
///
/// If possible, no state on the way has fewer administrators than `least`.
pub(super) fn order(
    alignment: &Alignment,
    mut draft: Draft,
    (administrators, least): (&Administrators, u32),
) -> Result<(Draft, Ordered), Error> {
    let mut graph = Graph::new(draft.changes.len());
    references(&draft, &mut graph)?;
    let mut allowed = Allowed::default();
    leak::edges(&draft, &mut allowed, &mut graph)?;
    let unresolved = gap::edges(&draft, &mut allowed, &mut graph);
    detach_first(&draft, &mut graph);
    let mut merger = merge::Merger::default();
    administrators::chain(alignment, &draft, (administrators, least), &mut graph, &mut merger)?;
    merge::merge(alignment, &draft, &mut graph, &mut merger);
    let united = merger.united;
    let mut changes: Vec<Option<Change>> = std::mem::take(&mut draft.changes).into_iter().map(Some).collect();
    for (into, others) in &united {
        for other in others {
            let Some(other) = changes[other.index()].take() else { continue };
            if let Some(change) = &mut changes[into.index()] {
                merge::absorb(change, other);
            }
        }
    }
    let key = |node: NodeId| (changes[node.index()].as_ref().map_or(u8::MAX, phase), node);
    let order: Vec<NodeId> =
        graph.order(key).into_iter().filter(|node| changes[node.index()].is_some()).collect();
    writers(&draft, &changes, &order, &mut graph)?;
    let position: HashMap<NodeId, usize> = order.iter().enumerate().map(|(at, node)| (*node, at)).collect();
    gap::pin(&draft, &unresolved, &united, &position, &mut graph)?;
    let mut after = vec![Vec::new(); order.len()];
    for (first, then, reason) in graph.edges() {
        after[position[&then]].push((position[&first], reason));
    }
    for list in &mut after {
        list.sort_unstable();
    }
    let changes = order.iter().filter_map(|node| changes[node.index()].take()).collect();
    Ok((draft, Ordered { changes, after, unresolved, allowed }))
}

/// The priority among steps that may start: creating and describing, revoking, granting, deleting.
fn phase(change: &Change) -> u8 {
    match (&change.action, change.effect) {
        (Action::Delete { .. }, _) => 3,
        (_, Effect::Neutral) => 0,
        (_, Effect::Revokes) => 1,
        (_, Effect::Grants) => 2,
    }
}

/// An object is created before it is used, a name is freed before it is taken, and the calls for one policy follow each other.
fn references(draft: &Draft, graph: &mut Graph) -> Result<(), Error> {
    let mut takes: Vec<_> = draft.takes.iter().collect();
    takes.sort_unstable_by_key(|(_, node)| **node);
    for (address, then) in takes {
        if let Some(first) = draft.frees.get(address).filter(|first| *first != then) {
            graph
                .add(*first, *then, Reason::Reference)
                .map_err(|_| Error::NamesInACircle(address.clone()))?;
        }
    }
    let made = |address: &Address| draft.made.get(address).copied();
    for (node, change) in draft.changes.iter().enumerate() {
        let node = NodeId::at(node);
        for used in uses(&change.action) {
            if let Some(first) = made(&used).filter(|first| *first != node) {
                add(graph, first, node, Reason::Reference)?;
            }
        }
    }
    for stages in draft.stages.values() {
        for pair in stages.windows(2) {
            if let (Some(first), Some(then)) = (pair[0].by, pair[1].by) {
                add(graph, first, then, Reason::Writer)?;
            }
        }
    }
    Ok(())
}

/// The objects that a call names besides the one that it makes.
fn uses(action: &Action) -> Vec<Address> {
    let mut uses = action.refers();
    if action.creates().is_none() {
        uses.push(action.address());
    }
    uses
}

/// A policy moves away before what it was attached to is deleted, where the laws allow it: then nothing is orphaned
/// on the way.
fn detach_first(draft: &Draft, graph: &mut Graph) {
    for stages in draft.stages.values() {
        for pair in stages.windows(2) {
            let (Some(held), Some(node)) = (&pair[0].held, pair[1].by) else { continue };
            if pair[1].held.as_ref().is_some_and(|next| next.to == held.to) {
                continue;
            }
            let deleted = match held.to {
                Attached::Nobody => None,
                Attached::Principal(id) => draft.world.name(id).map(Principal::address),
                Attached::Group(id) => draft.world.name(id).cloned().map(Address::group),
            };
            if let Some(deleted) = deleted.and_then(|address| draft.deleted.get(&address).copied()) {
                // A cycle here means that a law asks for the other order; the orphaned policy is then picked up.
                _ = graph.add(node, deleted, Reason::Reference);
            }
        }
    }
}

/// One writer at a time: calls that write the same object are done in the order in which they are shown.
fn writers(
    draft: &Draft,
    changes: &[Option<Change>],
    order: &[NodeId],
    graph: &mut Graph,
) -> Result<(), Error> {
    let mut last: BTreeMap<Address, NodeId> = BTreeMap::new();
    let writing: std::collections::HashSet<Address> =
        order.iter().filter_map(|node| Some(changes[node.index()].as_ref()?.action.address())).collect();
    for node in order {
        let Some(change) = &changes[node.index()] else { continue };
        let mut written = vec![change.action.address()];
        let policy = |id: &PolicyId| draft.world.name(*id).cloned().map(Address::policy);
        for effect in &change.moves {
            match effect {
                // Deleting these writes to what refers to them.
                Move::PrincipalGone(id) => {
                    let group = |id: &GroupId| draft.world.name(*id).cloned().map(Address::group);
                    written.extend(draft.before.groups_of(*id).iter().filter_map(group));
                    written.extend(draft.before.policies_on_principal(*id).iter().filter_map(policy));
                }
                Move::GroupGone(id) => {
                    written.extend(draft.before.policies_on_group(*id).iter().filter_map(policy));
                }
                Move::Born(_)
                | Move::GroupBorn(_)
                | Move::Join(..)
                | Move::Leave(..)
                | Move::Policy(..)
                | Move::Lock(_) => {}
            }
        }
        for address in written.into_iter().filter(|address| writing.contains(address)) {
            if let Some(first) = last.insert(address, *node).filter(|first| first != node) {
                add(graph, first, *node, Reason::Writer)?;
            }
        }
    }
    Ok(())
}
