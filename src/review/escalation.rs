//! Who can give themselves more than they hold: a graph with named edges.
//!
//! Source: the product's own description of the permission sets, 2026: whoever manages policies, groups, applications or
//! users reaches what these hold. Not modelled: what a key outside of the organization gives, and resource policies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::access::{Everything, escalating};
use crate::model::{Key, Principal, State};

/// How one gets from one step of a path to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeName {
    /// Writes a policy that grants anything.
    EditPolicies,
    /// Joins a group.
    JoinGroup,
    /// Makes an API key for an application, and acts as it.
    MakeKey,
    /// Sets a person's password or takes their second factor away, and logs in as them.
    TakeOverPerson,
}

impl EdgeName {
    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EditPolicies => "edit-policies",
            Self::JoinGroup => "join-group",
            Self::MakeKey => "make-key",
            Self::TakeOverPerson => "take-over-person",
        }
    }
}

impl fmt::Display for EdgeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where an edge leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReachedPoint {
    /// Everything: whoever is here writes policies.
    Everything,
    /// What a principal holds.
    Principal(Principal),
    /// What the members of a group hold.
    Group(Key),
}

impl fmt::Display for ReachedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Principal(principal) => principal.fmt(f),
            Self::Group(key) => write!(f, "group {key}"),
        }
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hop {
    /// How.
    pub edge: EdgeName,
    /// The permission set that allows it.
    pub by: String,
    /// Whether a condition stands in the way.
    pub conditional: bool,
    /// Where it leads.
    pub to: ReachedPoint,
}

/// The shortest path from a principal to something privileged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EscalationPath {
    /// Who.
    pub from: Principal,
    /// What is reached at the end.
    pub end: ReachedPoint,
    /// The steps, at least one.
    pub hops: Vec<Hop>,
}

impl EscalationPath {
    /// Returns the path in words: `join-group (IAMGroupManager) → group admins; …`.
    #[must_use]
    pub fn words(&self) -> String {
        let hop = |hop: &Hop| {
            let condition = if hop.conditional { ", under a condition" } else { "" };
            format!("{} ({}{condition}) → {}", hop.edge, hop.by, hop.to)
        };
        self.hops.iter().map(hop).collect::<Vec<_>>().join("; ")
    }
}

/// A permission set that allows something privileged, and whether only under a condition.
type Powers = BTreeMap<&'static str, bool>;

/// Returns the shortest path of every principal to every privileged end point. The owner, who holds everything already, is
/// left out.
#[must_use]
pub fn escalation_paths(state: &State, everything: &Everything<'_>) -> Vec<EscalationPath> {
    let graph = EscalationGraph::of(state, everything);
    let mut paths = Vec::new();
    for (principal, powers) in &graph.principals {
        if !powers.is_empty() && !everything.owners().contains(principal) {
            paths.extend(graph.from(principal));
        }
    }
    paths.sort();
    paths
}

struct EscalationGraph {
    /// The privileged sets that principals hold; those without any are not here.
    principals: BTreeMap<Principal, Powers>,
    /// The privileged sets that groups give.
    groups: BTreeMap<Key, Powers>,
    owners: BTreeSet<Principal>,
}

impl EscalationGraph {
    fn of(state: &State, everything: &Everything<'_>) -> Self {
        let (mut principals, mut groups) = (BTreeMap::new(), BTreeMap::new());
        fn note(powers: &mut Powers, set: &'static str, conditional: bool) {
            let only = powers.entry(set).or_insert(true);
            *only = *only && conditional;
        }
        for principal in state.objects.keys().filter_map(crate::model::Address::principal) {
            let mut powers = Powers::new();
            for held in everything.held_by(&principal) {
                let Some(set) = escalating(&held.grant.permission_set) else { continue };
                let conditional = held.grant.condition.is_some();
                note(&mut powers, set, conditional);
                let group = held.path.group.as_ref().filter(|key| {
                    state.group(key).is_some_and(|group| group.builtin.is_none() && !group.flags.managed)
                });
                if let Some(key) = group {
                    note(groups.entry(key.clone()).or_default(), set, conditional);
                }
            }
            if !powers.is_empty() {
                principals.insert(principal, powers);
            }
        }
        // A group without members gives its sets to whoever joins it.
        for (_, policy) in state.policies() {
            let crate::model::Attachment::Group(key) = &policy.attachment else { continue };
            let ordinary =
                state.group(key).is_some_and(|group| group.builtin.is_none() && !group.flags.managed);
            for rule in policy.rules.0.iter().filter(|_| ordinary) {
                for set in rule.permission_sets.iter().filter_map(escalating) {
                    note(groups.entry(key.clone()).or_default(), set, rule.condition.is_some());
                }
            }
        }
        Self { principals, groups, owners: everything.owners().iter().cloned().collect() }
    }

    /// Returns the steps that lead on from what somebody holds.
    fn edges(&self, powers: &Powers, from: &ReachedPoint) -> Vec<Hop> {
        let mut edges = Vec::new();
        for (set, conditional) in powers {
            let mut add = |edge, to: ReachedPoint| {
                if to != *from {
                    edges.push(Hop { edge, by: (*set).to_owned(), conditional: *conditional, to });
                }
            };
            let manages = |kind: &str| matches!(*set, "IAMManager" | "OrganizationManager") || *set == kind;
            if manages("IAMPolicyManager") {
                add(EdgeName::EditPolicies, ReachedPoint::Everything);
                // Nothing lies beyond everything.
                continue;
            }
            if manages("IAMGroupManager") {
                self.groups.keys().for_each(|key| add(EdgeName::JoinGroup, ReachedPoint::Group(key.clone())));
            }
            for principal in self.principals.keys().filter(|principal| !self.owners.contains(principal)) {
                let edge = match principal {
                    Principal::Application(_) if manages("IAMApplicationManager") => EdgeName::MakeKey,
                    Principal::User(_) if manages("IAMUserManager") => EdgeName::TakeOverPerson,
                    Principal::Application(_) | Principal::User(_) => continue,
                };
                add(edge, ReachedPoint::Principal(principal.clone()));
            }
        }
        edges
    }

    fn powers(&self, of: &ReachedPoint) -> Option<&Powers> {
        match of {
            ReachedPoint::Everything => None,
            ReachedPoint::Principal(principal) => self.principals.get(principal),
            ReachedPoint::Group(key) => self.groups.get(key),
        }
    }

    /// Returns the shortest path to everything that can be reached.
    fn from(&self, principal: &Principal) -> Vec<EscalationPath> {
        let start = ReachedPoint::Principal(principal.clone());
        let mut seen: BTreeSet<ReachedPoint> = BTreeSet::from([start.clone()]);
        let mut queue: VecDeque<(ReachedPoint, Vec<Hop>)> = VecDeque::from([(start, Vec::new())]);
        let mut paths = Vec::new();
        while let Some((at, hops)) = queue.pop_front() {
            let Some(powers) = self.powers(&at) else { continue };
            let mut edges = self.edges(powers, &at);
            // Of two edges to one place the one without a condition.
            edges.sort_by(|a, b| (&a.to, a.conditional, a.edge).cmp(&(&b.to, b.conditional, b.edge)));
            for edge in edges {
                if seen.insert(edge.to.clone()) {
                    let hops: Vec<Hop> = hops.iter().cloned().chain([edge.clone()]).collect();
                    paths.push(EscalationPath {
                        from: principal.clone(),
                        end: edge.to.clone(),
                        hops: hops.clone(),
                    });
                    queue.push_back((edge.to, hops));
                }
            }
        }
        paths
    }
}
