//! An acyclic graph that keeps an order of its nodes while edges come and go.

use std::collections::HashMap;

use super::Reason;
use super::error::Error;

/// A node's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(u32);

impl NodeId {
    /// Returns the number of the node at a position.
    pub(super) fn at(position: usize) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// Returns the position.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Edges between numbered nodes, never a cycle.
///
/// The order is kept as Pearce and Kelly do (2006): an edge against it reorders only what lies between its ends.
pub(super) struct Graph {
    out: Vec<Vec<NodeId>>,
    into: Vec<Vec<NodeId>>,
    position: Vec<u32>,
    reasons: HashMap<(NodeId, NodeId), Reason>,
}

/// The edge would have closed a cycle.
pub(super) struct Cycle;

impl Graph {
    /// Returns the graph of this many nodes without an edge.
    pub(super) fn new(nodes: usize) -> Self {
        let position = (0..u32::try_from(nodes).unwrap_or(u32::MAX)).collect();
        Self {
            out: vec![Vec::new(); nodes],
            into: vec![Vec::new(); nodes],
            position,
            reasons: HashMap::new(),
        }
    }

    /// Adds an edge; false when it was there. Of two reasons the stronger one stays.
    pub(super) fn add(&mut self, first: NodeId, then: NodeId, reason: Reason) -> Result<bool, Cycle> {
        if first == then {
            return Err(Cycle);
        }
        if let Some(known) = self.reasons.get_mut(&(first, then)) {
            *known = reason.min(*known);
            return Ok(false);
        }
        if self.position[first.index()] > self.position[then.index()] {
            self.reorder(first, then)?;
        }
        self.out[first.index()].push(then);
        self.into[then.index()].push(first);
        self.reasons.insert((first, then), reason);
        Ok(true)
    }

    /// Takes an edge away.
    pub(super) fn remove(&mut self, first: NodeId, then: NodeId) {
        self.out[first.index()].retain(|node| *node != then);
        self.into[then.index()].retain(|node| *node != first);
        self.reasons.remove(&(first, then));
    }

    fn reorder(&mut self, first: NodeId, then: NodeId) -> Result<(), Cycle> {
        let (low, high) = (self.position[then.index()], self.position[first.index()]);
        let mut forward = self.reach(then, &self.out, |position| position <= high);
        if forward.contains(&first) {
            return Err(Cycle);
        }
        let mut backward = self.reach(first, &self.into, |position| position >= low);
        let by_position = |node: &NodeId| self.position[node.index()];
        forward.sort_unstable_by_key(by_position);
        backward.sort_unstable_by_key(by_position);
        let nodes: Vec<NodeId> = backward.into_iter().chain(forward).collect();
        let mut positions: Vec<u32> = nodes.iter().map(by_position).collect();
        positions.sort_unstable();
        for (node, position) in nodes.into_iter().zip(positions) {
            self.position[node.index()] = position;
        }
        Ok(())
    }

    fn reach(&self, from: NodeId, edges: &[Vec<NodeId>], within: impl Fn(u32) -> bool) -> Vec<NodeId> {
        let mut found = vec![from];
        let mut seen = std::collections::HashSet::from([from]);
        let mut at = 0;
        while let Some(node) = found.get(at).copied() {
            at += 1;
            for next in &edges[node.index()] {
                if within(self.position[next.index()]) && seen.insert(*next) {
                    found.push(*next);
                }
            }
        }
        found
    }

    /// Returns true when a path leads from one node to another.
    pub(super) fn leads(&self, from: NodeId, to: NodeId) -> bool {
        let (low, high) = (self.position[from.index()], self.position[to.index()]);
        low < high
            && !self.out[from.index()].is_empty()
            && !self.into[to.index()].is_empty()
            && self.reach(from, &self.out, |position| position <= high).contains(&to)
    }

    /// Makes one node of two between which no path leads: `other` is left without edges.
    ///
    /// The kept order may not fit the union, so it is made anew around it.
    pub(super) fn unite(&mut self, node: NodeId, other: NodeId) -> Result<(), Cycle> {
        if self.leads(node, other) || self.leads(other, node) {
            return Err(Cycle);
        }
        let (out, into) = (self.out[other.index()].clone(), self.into[other.index()].clone());
        let moved: Vec<_> = (out.iter().map(|then| (other, *then)))
            .chain(into.iter().map(|first| (*first, other)))
            .filter_map(|(first, then)| Some((first, then, *self.reasons.get(&(first, then))?)))
            .collect();
        for (first, then, _) in &moved {
            self.remove(*first, *then);
        }
        for (first, then, reason) in moved {
            let (first, then) =
                (if first == other { node } else { first }, if then == other { node } else { then });
            self.add(first, then, reason)?;
        }
        Ok(())
    }

    /// Returns all edges, sorted.
    pub(super) fn edges(&self) -> Vec<(NodeId, NodeId, Reason)> {
        let mut edges: Vec<_> = self.reasons.iter().map(|((a, b), reason)| (*a, *b, *reason)).collect();
        edges.sort_unstable();
        edges
    }

    /// Returns the nodes right before one.
    pub(super) fn before(&self, node: NodeId) -> &[NodeId] {
        &self.into[node.index()]
    }

    /// Returns the nodes in the order that is kept.
    pub(super) fn in_order(&self) -> Vec<NodeId> {
        let mut order: Vec<NodeId> = (0..self.position.len()).map(NodeId::at).collect();
        order.sort_unstable_by_key(|node| self.position[node.index()]);
        order
    }

    /// Returns how many nodes come right after each.
    pub(super) fn followers(&self) -> Vec<usize> {
        self.out.iter().map(Vec::len).collect()
    }

    /// Returns an order that the edges allow, of what they allow always the node with the least key.
    pub(super) fn order<K: Ord>(&self, key: impl Fn(NodeId) -> K) -> Vec<NodeId> {
        use std::cmp::Reverse;
        let mut waits: Vec<usize> = self.into.iter().map(Vec::len).collect();
        let free = (0..self.out.len()).map(NodeId::at).filter(|node| waits[node.index()] == 0);
        let mut free: std::collections::BinaryHeap<_> = free.map(|node| Reverse((key(node), node))).collect();
        let mut order = Vec::with_capacity(self.out.len());
        while let Some(Reverse((_, node))) = free.pop() {
            order.push(node);
            for next in &self.out[node.index()] {
                waits[next.index()] -= 1;
                if waits[next.index()] == 0 {
                    free.push(Reverse((key(*next), *next)));
                }
            }
        }
        order
    }
}

pub(super) fn add(graph: &mut Graph, first: NodeId, then: NodeId, reason: Reason) -> Result<(), Error> {
    graph.add(first, then, reason).map(|_| ()).map_err(|_| Error::Cycle(reason))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reaches(edges: &[(u32, u32)], from: u32, to: u32) -> bool {
        let (mut found, mut at) = (vec![from], 0);
        while at < found.len() {
            let node = found[at];
            at += 1;
            for (a, b) in edges {
                if *a == node && !found.contains(b) {
                    found.push(*b);
                }
            }
        }
        from != to && found.contains(&to)
    }

    #[test]
    fn of_two_reasons_the_stronger_one_stays() {
        for reasons in [[Reason::Gap, Reason::Leak], [Reason::Leak, Reason::Gap]] {
            let mut graph = Graph::new(2);
            for reason in reasons {
                assert!(graph.add(NodeId(0), NodeId(1), reason).is_ok());
            }
            assert_eq!(graph.edges(), [(NodeId(0), NodeId(1), Reason::Leak)]);
        }
    }

    proptest! {
        #[test]
        fn an_edge_is_refused_exactly_when_it_closes_a_cycle(list in proptest::collection::vec((0u32..9, 0u32..9), 0..40)) {
            let mut graph = Graph::new(9);
            let mut kept: Vec<(u32, u32)> = Vec::new();
            for (a, b) in list {
                let closes = a == b || reaches(&kept, b, a);
                prop_assert_eq!(graph.add(NodeId(a), NodeId(b), Reason::Gap).is_err(), closes);
                if !closes {
                    kept.push((a, b));
                }
                prop_assert_eq!(graph.leads(NodeId(a), NodeId(b)), reaches(&kept, a, b));
            }
            let order = graph.order(|node| node);
            prop_assert_eq!(order.len(), 9);
            let at = |node: u32| order.iter().position(|n| *n == NodeId(node)).unwrap();
            prop_assert!(kept.iter().all(|(a, b)| at(*a) < at(*b)));
        }

        #[test]
        fn a_union_has_the_edges_of_both(list in proptest::collection::vec((0u32..7, 0u32..7), 0..20), x in 0u32..7, y in 0u32..7) {
            prop_assume!(x != y);
            let mut graph = Graph::new(7);
            let mut kept: Vec<(u32, u32)> = Vec::new();
            for (a, b) in list {
                if graph.add(NodeId(a), NodeId(b), Reason::Gap).is_ok() {
                    kept.push((a, b));
                }
            }
            let tied = reaches(&kept, x, y) || reaches(&kept, y, x);
            prop_assert_eq!(graph.unite(NodeId(x), NodeId(y)).is_err(), tied);
            if tied {
                kept.sort_unstable();
                kept.dedup();
                let found: Vec<_> = graph.edges().into_iter().map(|(a, b, _)| (a.0, b.0)).collect();
                prop_assert_eq!(found, kept, "a union that is refused changes nothing");
            } else {
                let name = |node: u32| if node == y { x } else { node };
                let mut united: Vec<_> = kept.iter().map(|(a, b)| (name(*a), name(*b))).collect();
                united.sort_unstable();
                united.dedup();
                let found: Vec<_> = graph.edges().into_iter().map(|(a, b, _)| (a.0, b.0)).collect();
                prop_assert_eq!(found, united);
                prop_assert_eq!(graph.order(|node| node).len(), 7);
            }
        }
    }
}
