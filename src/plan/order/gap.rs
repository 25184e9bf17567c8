//! The edges without which somebody would temporarily lack access that they keep.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::allowed::Allowed;
use crate::access::{Attached, Grants, GroupId, Number as _, Packed, PolicyId, PrincipalId};
use crate::plan::Reason;
use crate::plan::diff::{Draft, PolicyStage};
use crate::plan::error::Error;
use crate::plan::graph::{Graph, NodeId, add};

/// A way by which a grant reaches a principal while the plan runs.
#[derive(Debug, PartialEq, Eq, Hash, Clone)]
struct WayInTime {
    /// The steps that it needs, when it is there in the end; `None` when it is not.
    needs: Option<Vec<NodeId>>,
    /// The steps that end it, when it was there at the beginning; `None` when it was not.
    ends: Option<Vec<NodeId>>,
}

impl WayInTime {
    /// Whether it is there all the time.
    fn lasts(&self) -> bool {
        self.needs.as_ref().is_some_and(Vec::is_empty) && self.ends.as_ref().is_some_and(Vec::is_empty)
    }
}

/// For each grant that somebody keeps by another way, puts what the new way needs before what ends the old one.
///
/// Returns the grants for which every pair of ways would close a cycle.
pub(super) fn edges(draft: &Draft, allowed: &mut Allowed, graph: &mut Graph) -> Vec<(PrincipalId, Packed)> {
    let changed = ChangedPolicies::of(draft);
    let mut known: HashMap<Vec<WayInTime>, bool> = HashMap::new();
    let mut unresolved = Vec::new();
    let owners = &draft.before.owners;
    for principal in changed.principals(draft).into_iter().filter(|who| !owners.contains(who)) {
        let least = allowed.least(draft, principal).clone();
        let lasting = changed.lasting(draft, principal);
        let mut grants = least.beyond(&lasting).peekable();
        if grants.peek().is_none() {
            continue;
        }
        let possible = changed.possible(draft, principal);
        for grant in grants {
            let ways: Vec<_> = possible.iter().filter_map(|possible| possible.way(draft, grant)).collect();
            if ways.iter().any(WayInTime::lasts) {
                continue;
            }
            let resolved = match known.get(&ways) {
                Some(resolved) => *resolved,
                None => {
                    let resolved = resolve(&ways, graph);
                    known.insert(ways, resolved);
                    resolved
                }
            };
            if !resolved {
                unresolved.push((principal, grant));
            }
        }
    }
    unresolved
}

fn resolve(ways: &[WayInTime], graph: &mut Graph) -> bool {
    let new = || ways.iter().filter_map(|way| way.needs.as_ref());
    let old = || ways.iter().filter_map(|way| way.ends.as_ref());
    old().any(|ends| new().any(|needs| bridge(needs, ends, graph)))
}

/// Puts every step that the new way needs before every step that ends the old one, or nothing at all.
fn bridge(needs: &[NodeId], ends: &[NodeId], graph: &mut Graph) -> bool {
    let mut added = Vec::new();
    for first in needs {
        // One step that ends the old way as it makes the new one leaves no time in between.
        for then in ends.iter().filter(|then| *then != first) {
            match graph.add(*first, *then, Reason::Gap) {
                Ok(true) => added.push((*first, *then)),
                Ok(false) => {}
                Err(_) => {
                    for (first, then) in added {
                        graph.remove(first, then);
                    }
                    return false;
                }
            }
        }
    }
    true
}

/// Orders the steps that matter for each of these grants as they are shown, so that its interruption is the same in
/// every order.
pub(super) fn pin(
    draft: &Draft,
    unresolved: &[(PrincipalId, Packed)],
    united: &BTreeMap<NodeId, Vec<NodeId>>,
    position: &HashMap<NodeId, usize>,
    graph: &mut Graph,
) -> Result<(), Error> {
    if unresolved.is_empty() {
        return Ok(());
    }
    let into: HashMap<NodeId, NodeId> =
        united.iter().flat_map(|(into, others)| others.iter().map(|other| (*other, *into))).collect();
    let changed = ChangedPolicies::of(draft);
    for (principal, grant) in unresolved {
        let steps = changed.steps(draft, *principal, *grant).into_iter();
        let mut sequence: Vec<NodeId> = steps.map(|node| into.get(&node).copied().unwrap_or(node)).collect();
        sequence.sort_unstable_by_key(|node| position.get(node));
        sequence.dedup();
        for pair in sequence.windows(2) {
            add(graph, pair[0], pair[1], Reason::Gap)?;
        }
    }
    Ok(())
}

/// The policies that change, by what they are attached to on the way.
struct ChangedPolicies {
    on_group: BTreeMap<GroupId, BTreeSet<PolicyId>>,
    on_principal: BTreeMap<PrincipalId, BTreeSet<PolicyId>>,
    /// What each of them grants all the time to those that it stays attached to.
    steady: HashMap<PolicyId, Grants>,
}

impl ChangedPolicies {
    fn of(draft: &Draft) -> Self {
        let mut changed =
            Self { on_group: BTreeMap::new(), on_principal: BTreeMap::new(), steady: HashMap::new() };
        for (policy, stages) in &draft.stages {
            changed.steady.insert(*policy, steady(stages));
            for held in stages.iter().filter_map(|stage| stage.held.as_ref()) {
                match held.to {
                    Attached::Nobody => {}
                    Attached::Principal(id) => {
                        _ = changed.on_principal.entry(id).or_default().insert(*policy);
                    }
                    Attached::Group(id) => _ = changed.on_group.entry(id).or_default().insert(*policy),
                }
            }
        }
        changed
    }

    /// Those who move, and those whom a policy that changes reaches.
    fn principals(&self, draft: &Draft) -> BTreeSet<PrincipalId> {
        let movers = draft.joins.keys().chain(draft.leaves.keys()).map(|(_, principal)| *principal);
        let mut principals: BTreeSet<_> = movers.chain(self.on_principal.keys().copied()).collect();
        for group in self.on_group.keys() {
            principals.extend(draft.before.members(*group));
            principals.extend(draft.after.members(*group));
        }
        principals
    }

    /// What reaches the principal all the time by one and the same way: most of what it keeps, found at once.
    fn lasting(&self, draft: &Draft, principal: PrincipalId) -> Grants {
        let mut lasting = Vec::new();
        for (group, policy, grants) in draft.before.ways(principal) {
            let moves = |group| {
                let of = (group, principal);
                draft.joins.contains_key(&of) || draft.leaves.contains_key(&of)
            };
            if !group.is_some_and(moves) {
                lasting.extend(self.steady.get(&policy).unwrap_or(grants).iter());
            }
        }
        Grants::new(lasting)
    }

    /// Every way by which a grant may reach the principal before or after.
    fn possible(&self, draft: &Draft, principal: PrincipalId) -> Vec<PossibleWay> {
        let mut possible = Vec::new();
        let mut add = |now: &BTreeSet<PolicyId>, changed: Option<&BTreeSet<PolicyId>>, way: PossibleWay| {
            let policies = now.union(changed.unwrap_or(&NONE));
            possible.extend(policies.map(|policy| PossibleWay { policy: *policy, ..way }));
        };
        let policy = PolicyId::at(0);
        let own = Attached::Principal(principal);
        let way = PossibleWay { policy, to: own, join: None, leave: None };
        add(draft.before.policies_on_principal(principal), self.on_principal.get(&principal), way);
        for group in draft.before.groups_of(principal).union(draft.after.groups_of(principal)) {
            let of = (*group, principal);
            let (join, leave) = (draft.joins.get(&of).copied(), draft.leaves.get(&of).copied());
            let way = PossibleWay { policy, to: Attached::Group(*group), join, leave };
            add(draft.before.policies_on_group(*group), self.on_group.get(group), way);
        }
        possible
    }

    /// Every step that a way of the grant to the principal depends on.
    fn steps(&self, draft: &Draft, principal: PrincipalId, grant: Packed) -> BTreeSet<NodeId> {
        let mut steps = BTreeSet::new();
        let mut note = |policy: PolicyId, to: Attached, movers: [Option<&NodeId>; 2]| {
            let good = |stage: &PolicyStage| covers(stage, to, grant);
            let unchanged =
                || draft.before.policy(policy).is_some_and(|held| held.to == to && held.grants.cover(grant));
            match draft.stages.get(&policy) {
                Some(stages) if stages.iter().any(good) => {
                    steps.extend(stages.iter().filter_map(|stage| stage.by));
                }
                None if unchanged() => {}
                _ => return,
            }
            steps.extend(movers.into_iter().flatten());
        };
        let direct = draft.before.policies_on_principal(principal).iter();
        for policy in direct.chain(self.on_principal.get(&principal).into_iter().flatten()) {
            note(*policy, Attached::Principal(principal), [None, None]);
        }
        for group in draft.before.groups_of(principal).union(draft.after.groups_of(principal)) {
            let movers = [draft.joins.get(&(*group, principal)), draft.leaves.get(&(*group, principal))];
            let policies = draft.before.policies_on_group(*group).iter();
            for policy in policies.chain(self.on_group.get(group).into_iter().flatten()) {
                note(*policy, Attached::Group(*group), movers);
            }
        }
        steps
    }
}

/// What a policy grants in all its stages, where it stays attached to the same.
fn steady(stages: &[PolicyStage]) -> Grants {
    let Some(first) = stages.first().and_then(|stage| stage.held.as_ref()) else { return Grants::default() };
    let kept = |grant: &Packed| stages.iter().all(|stage| covers(stage, first.to, *grant));
    Grants::new(first.grants.iter().filter(kept).collect())
}

fn covers(stage: &PolicyStage, to: Attached, grant: Packed) -> bool {
    stage.held.as_ref().is_some_and(|held| held.to == to && held.grants.cover(grant))
}

/// A policy's way to a principal, itself or through a group that it may join or leave.
#[derive(Clone, Copy)]
struct PossibleWay {
    policy: PolicyId,
    to: Attached,
    join: Option<NodeId>,
    leave: Option<NodeId>,
}

impl PossibleWay {
    /// Returns the way of a grant; `None` when it is there neither before nor after.
    fn way(&self, draft: &Draft, grant: Packed) -> Option<WayInTime> {
        let (mut needs, mut ends) = (None, None);
        match draft.stages.get(&self.policy) {
            None => {
                let held = draft.before.policy(self.policy)?;
                if held.to != self.to || !held.grants.cover(grant) {
                    return None;
                }
                (needs, ends) = (Some(Vec::new()), Some(Vec::new()));
            }
            Some(stages) => {
                let good = |stage: &PolicyStage| covers(stage, self.to, grant);
                if stages.first().is_some_and(good) {
                    let until = stages.iter().position(|stage| !good(stage));
                    ends = Some(until.and_then(|at| stages[at].by).into_iter().collect());
                }
                if stages.last().is_some_and(good) {
                    let since = stages.iter().rposition(|stage| !good(stage)).map(|at| at + 1);
                    needs = Some(since.and_then(|at| stages[at].by).into_iter().collect::<Vec<_>>());
                }
            }
        }
        if let (Some(join), Some(needs)) = (self.join, &mut needs) {
            needs.push(join);
        }
        if let (Some(leave), Some(ends)) = (self.leave, &mut ends) {
            ends.push(leave);
        }
        if self.join.is_some() {
            ends = None;
        }
        if self.leave.is_some() {
            needs = None;
        }
        (needs.is_some() || ends.is_some()).then_some(WayInTime { needs, ends })
    }
}

static NONE: BTreeSet<PolicyId> = BTreeSet::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_that_cannot_be_built_leaves_nothing() {
        let (mut graph, n) = (Graph::new(4), NodeId::at);
        assert!(graph.add(n(2), n(0), Reason::Leak).is_ok() && graph.add(n(0), n(3), Reason::Leak).is_ok());
        assert!(!bridge(&[n(0)], &[3, 1, 2].map(n), &mut graph));
        assert_eq!(graph.edges(), [(n(0), n(3), Reason::Leak), (n(2), n(0), Reason::Leak)]);
        assert!(bridge(&[n(0)], &[1, 0].map(n), &mut graph));
        assert_eq!(
            graph.edges(),
            [(n(0), n(1), Reason::Gap), (n(0), n(3), Reason::Leak), (n(2), n(0), Reason::Leak)]
        );
    }
}
