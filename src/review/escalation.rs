//! Who can give themselves more than they hold: a graph with named edges.
//!
//! Source: the product's own description of the permission sets, 2026: who manages policies, groups, applications or
//! users can reach the access that these have, and who reads a secret can reach the access of the application whose key is in it. Not
//! modelled: keys outside of the organization, and resource policies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use jiff::Timestamp;

use crate::access::{Everything, Grant, SecretRequest, escalating};
use crate::model::{DeliveredKey, Key, Principal, State};

/// How one gets from one step of a path to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeName {
    /// Writes a policy that grants anything.
    EditPolicies,
    /// Joins a group.
    JoinGroup,
    /// Makes an API key for an application, and acts as it.
    MakeKey,
    /// Reads an application's API key where it is delivered, and acts as it.
    ReadDeliveredKey,
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
            Self::ReadDeliveredKey => "read-delivered-key",
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

/// A permission set by which somebody reads the key of an application, and whether only under a condition.
type Readings = BTreeMap<Principal, (String, bool)>;

/// Returns the shortest path of every principal to every privileged end point. The owner, who holds everything already, is
/// left out.
#[must_use]
pub fn escalation_paths(
    state: &State,
    everything: &Everything<'_>,
    delivered: &[DeliveredKey],
    now: Timestamp,
) -> Vec<EscalationPath> {
    let graph = EscalationGraph::of(state, everything, &requests(delivered, now));
    let starts = graph.stops.iter().filter(|principal| !everything.owners().contains(principal));
    let mut paths: Vec<_> = starts.flat_map(|principal| graph.from(principal)).collect();
    paths.sort();
    paths
}

type KeyRequests<'d> = Vec<(&'d Principal, SecretRequest)>;

fn requests(delivered: &[DeliveredKey], now: Timestamp) -> KeyRequests<'_> {
    delivered.iter().map(|key| (&key.application, SecretRequest::of(&key.secret, now))).collect()
}

/// Records the keys that a grant can read; of two paths, keeps the one without a condition.
fn note_readings(readings: &mut Readings, grant: &Grant, requests: &KeyRequests<'_>) {
    for (application, request) in requests {
        let Some(conditional) = request.allowed_by(grant) else { continue };
        let by = (grant.permission_set.to_string(), conditional);
        let known = readings.entry((*application).clone()).or_insert_with(|| by.clone());
        if known.1 && !conditional {
            *known = by;
        }
    }
}

struct EscalationGraph {
    /// The privileged sets that principals hold; those without any are not here.
    principals: BTreeMap<Principal, Powers>,
    /// The privileged sets that groups give.
    groups: BTreeMap<Key, Powers>,
    /// The applications whose delivered keys principals and members of groups can read.
    readings: BTreeMap<ReachedPoint, Readings>,
    /// The principals from whom a path leads on.
    stops: BTreeSet<Principal>,
    owners: BTreeSet<Principal>,
}

impl EscalationGraph {
    fn of(state: &State, everything: &Everything<'_>, requests: &KeyRequests<'_>) -> Self {
        let (mut principals, mut groups) = (BTreeMap::new(), BTreeMap::new());
        let mut readings: BTreeMap<ReachedPoint, Readings> = BTreeMap::new();
        fn note(powers: &mut Powers, set: &'static str, conditional: bool) {
            let only = powers.entry(set).or_insert(true);
            *only = *only && conditional;
        }
        for principal in state.objects.keys().filter_map(crate::model::Address::principal) {
            let (mut powers, mut reads) = (Powers::new(), Readings::new());
            for held in everything.held_by(&principal) {
                note_readings(&mut reads, &held.grant, requests);
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
            reads.remove(&principal);
            if !reads.is_empty() {
                readings.insert(ReachedPoint::Principal(principal.clone()), reads);
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
                let mut reads = Readings::new();
                Grant::of_rule(rule).for_each(|grant| note_readings(&mut reads, &grant, requests));
                if !reads.is_empty() {
                    readings.entry(ReachedPoint::Group(key.clone())).or_default().extend(reads);
                }
                for set in rule.permission_sets.iter().filter_map(escalating) {
                    note(groups.entry(key.clone()).or_default(), set, rule.condition.is_some());
                }
            }
        }
        let read = readings.keys().filter_map(|point| match point {
            ReachedPoint::Principal(principal) => Some(principal.clone()),
            ReachedPoint::Group(_) | ReachedPoint::Everything => None,
        });
        let stops = principals.keys().cloned().chain(read).collect();
        Self { principals, groups, readings, stops, owners: everything.owners().iter().cloned().collect() }
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
                let reading = self.readings.keys().filter(|point| matches!(point, ReachedPoint::Group(_)));
                let groups = self.groups.keys().cloned().map(ReachedPoint::Group).chain(reading.cloned());
                groups.collect::<BTreeSet<_>>().into_iter().for_each(|to| add(EdgeName::JoinGroup, to));
            }
            for principal in self.stops.iter().filter(|principal| !self.owners.contains(principal)) {
                let edge = match principal {
                    Principal::Application(_) if manages("IAMApplicationManager") => EdgeName::MakeKey,
                    Principal::User(_) if manages("IAMUserManager") => EdgeName::TakeOverPerson,
                    Principal::Application(_) | Principal::User(_) => continue,
                };
                add(edge, ReachedPoint::Principal(principal.clone()));
            }
        }
        for (application, (set, conditional)) in self.readings.get(from).into_iter().flatten() {
            let (by, to) = (set.clone(), ReachedPoint::Principal(application.clone()));
            if self.stops.contains(application) && to != *from {
                edges.push(Hop { edge: EdgeName::ReadDeliveredKey, by, conditional: *conditional, to });
            }
        }
        edges
    }

    /// Says whether something privileged is held there.
    fn is_privileged(&self, point: &ReachedPoint) -> bool {
        *point == ReachedPoint::Everything || self.powers(point).is_some()
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
            let mut edges = self.edges(self.powers(&at).unwrap_or(&Powers::new()), &at);
            // Of two edges to one place the one without a condition.
            edges.sort_by(|a, b| (&a.to, a.conditional, a.edge).cmp(&(&b.to, b.conditional, b.edge)));
            for edge in edges {
                if seen.insert(edge.to.clone()) {
                    let hops: Vec<Hop> = hops.iter().cloned().chain([edge.clone()]).collect();
                    if self.is_privileged(&edge.to) {
                        paths.push(EscalationPath {
                            from: principal.clone(),
                            end: edge.to.clone(),
                            hops: hops.clone(),
                        });
                    }
                    queue.push_back((edge.to, hops));
                }
            }
        }
        paths
    }
}
