use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::holdings::Number;
use super::{Grant, Grants, GroupId, Holdings, Packed, PolicyId, PrincipalId, World};
use crate::model::{Key, Principal, Rule, State};

/// How access changes for one principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Who.
    pub principal: Principal,
    /// What changes, gains first, by permission set.
    pub grants: Vec<ChangedGrant>,
    /// The positions of `grants` in the order of their paths, gains first, so that those of one path stand together.
    pub(crate) by_path: Vec<u32>,
    /// Whether the principal holds nothing at all afterwards, and held something before.
    pub loses_all: bool,
    /// Whether the principal holds something for the first time.
    pub from_nothing: bool,
    /// Whether the principal is a locked user, so that the access sleeps.
    pub locked: bool,
}

/// One grant that changes hands, or its condition. Those of all members of a group share grant and path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedGrant {
    /// What happens to it.
    pub effect: AccessEffect,
    /// The grant as it is afterwards; for what is lost, as it was before.
    pub grant: Arc<Grant>,
    /// By which way it is held afterwards; for what is lost, was held before.
    pub path: Arc<Path>,
}

/// What happens to a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessEffect {
    /// It was not held, and will be.
    Gained,
    /// It was held under a condition, and will be held without.
    Loosened,
    /// It was held without a condition, and will be held under this one.
    Tightened,
    /// It was held, and will not be.
    Lost,
}

/// The way by which a grant reaches a principal: principal ← group ← policy, rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The group in between, or `None` for a policy of the principal's own.
    pub group: Option<Key>,
    /// The policy.
    pub policy: Key,
    /// The rule, counted from 0, in the order of the state.
    pub rule: usize,
}

/// `group developers ← policy developers-run, rule 2`
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, policy, rule } = self;
        if let Some(group) = group {
            write!(f, "group {group} ← ")?;
        }
        write!(f, "policy {policy}, rule {}", rule + 1)
    }
}

/// The order of everything that a change speaks of, so that changes are sorted by numbers.
struct Ranks {
    /// The grants that anybody holds on either side, as they are packed, with the position of each in `grants`.
    packed: Vec<(Packed, u32)>,
    /// The same ones, in their order.
    grants: Vec<Arc<Grant>>,
    groups: Vec<u32>,
    policies: Vec<u32>,
}

impl Ranks {
    fn of(world: &World, sides: [&Holdings; 2]) -> Self {
        let mut packed: Vec<Packed> = Vec::new();
        for held in sides.into_iter().flat_map(Holdings::all_policies) {
            packed.extend(held.grants.iter());
        }
        packed.sort_unstable();
        packed.dedup();
        let mut grants: Vec<(Arc<Grant>, Packed)> =
            packed.into_iter().map(|packed| (Arc::new(world.symbols.unpack(packed)), packed)).collect();
        grants.sort_unstable();
        let mut packed: Vec<(Packed, u32)> =
            grants.iter().enumerate().map(|(at, (_, packed))| (*packed, number(at))).collect();
        packed.sort_unstable();
        Self {
            packed,
            grants: grants.into_iter().map(|(grant, _)| grant).collect(),
            groups: by_name::<GroupId>(world),
            policies: by_name::<PolicyId>(world),
        }
    }

    fn grant(&self, grant: Packed) -> Option<u32> {
        let at = self.packed.binary_search_by_key(&grant, |(packed, _)| *packed).ok()?;
        Some(self.packed[at].1)
    }
}

/// Returns the rank by name of each number.
fn by_name<N: Number>(world: &World) -> Vec<u32>
where
    N::Name: Ord,
{
    let mut names: Vec<_> = world.all::<N>().collect();
    names.sort_unstable_by_key(|(_, name)| *name);
    let mut ranks = vec![0; names.len()];
    for (rank, (at, _)) in names.into_iter().enumerate() {
        ranks[at.index()] = number(rank);
    }
    ranks
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// One side of a comparison, with the rules and paths as they become known.
struct Side<'a> {
    world: &'a World,
    holdings: &'a Holdings,
    state: &'a State,
    /// The first rule that covers each grant of a policy, by the grant's position.
    rules: HashMap<PolicyId, Vec<Option<usize>>>,
    /// Where the paths of a way begin in `paths`, a place for each rule.
    known: HashMap<(Option<GroupId>, PolicyId), usize>,
    paths: Vec<Option<Arc<Path>>>,
}

impl<'a> Side<'a> {
    fn new(world: &'a World, (holdings, state): (&'a Holdings, &'a State)) -> Self {
        Self { world, holdings, state, rules: HashMap::new(), known: HashMap::new(), paths: Vec::new() }
    }

    /// Returns the first rule of a policy that covers a grant.
    fn rule(&mut self, policy: PolicyId, grants: &Grants, grant: Packed) -> Option<usize> {
        let first = |packed: &[(Packed, usize)], grant: Packed| {
            packed.iter().find(|(one, _)| one.covers(grant)).map(|(_, rule)| *rule)
        };
        let packed = || {
            let rules = rules_of(self.world, self.state, policy).iter().enumerate();
            let grants = rules.flat_map(|(at, rule)| Grant::of_rule(rule).map(move |grant| (grant, at)));
            let symbols = &self.world.symbols;
            grants.filter_map(|(grant, at)| Some((symbols.find(&grant)?, at))).collect::<Vec<_>>()
        };
        // Most grants are one of the policy's own; it may have a wider one instead.
        let Some(at) = grants.position(grant) else { return first(&packed(), grant) };
        if let Some(rules) = self.rules.get(&policy) {
            return rules[at];
        }
        let packed = packed();
        let rules: Vec<_> = grants.iter().map(|grant| first(&packed, grant)).collect();
        let rule = rules[at];
        self.rules.insert(policy, rules);
        rule
    }

    /// Returns the ways to a principal, by the names of group and policy.
    fn ways(&mut self, ranks: &Ranks, principal: PrincipalId) -> Vec<Way<'a>> {
        let holdings = self.holdings;
        let way = |(group, policy, grants): (Option<GroupId>, PolicyId, &'a Grants)| {
            let rank = (group.map(|group| ranks.groups[group.index()]), ranks.policies[policy.index()]);
            let paths = *self.known.entry((group, policy)).or_insert_with(|| {
                let begin = self.paths.len();
                self.paths.resize(begin + rules_of(self.world, self.state, policy).len(), None);
                begin
            });
            Way { rank, group, policy, grants, paths }
        };
        let mut ways: Vec<_> = holdings.ways(principal).map(way).collect();
        ways.sort_unstable_by_key(|way| way.rank);
        ways
    }

    /// Returns the first of the ways by which a grant comes, and the rule.
    fn way<'w, 'g>(&mut self, ways: &'w [Way<'g>], grant: Packed) -> Option<(&'w Way<'g>, usize)> {
        let mut ways = ways.iter().filter(|way| way.grants.cover(grant));
        ways.find_map(|way| Some((way, self.rule(way.policy, way.grants, grant)?)))
    }

    fn path(&mut self, way: &Way<'_>, rule: usize) -> Option<Arc<Path>> {
        let known = &mut self.paths[way.paths + rule];
        if known.is_none() {
            let group = way.group.and_then(|group| self.world.name(group)).cloned();
            *known = Some(Arc::new(Path { group, policy: self.world.name(way.policy)?.clone(), rule }));
        }
        known.clone()
    }
}

fn rules_of<'s>(world: &World, state: &'s State, policy: PolicyId) -> &'s [Rule] {
    let key = world.name(policy);
    key.and_then(|key| state.policy(key)).map_or(&[], |policy| &policy.rules.0)
}

/// A way by which grants reach a principal.
struct Way<'a> {
    /// The ranks of the group and the policy.
    rank: (Option<u32>, u32),
    group: Option<GroupId>,
    policy: PolicyId,
    grants: &'a Grants,
    /// Where its paths begin.
    paths: usize,
}

/// A change as it is sorted: by its effect, the ranks of the grant, of the group and of the policy, and the rule.
type ChangeOrder = (AccessEffect, u32, (Option<u32>, u32), usize);

/// Returns how access changes between two states that bear the same names, by principal.
///
/// Owners are left out: they hold everything before and after.
#[must_use]
pub fn changes(
    world: &World,
    (before, live): (&Holdings, &State),
    (after, outcome): (&Holdings, &State),
) -> Vec<AccessChange> {
    let held = |id| (before.grants_of(id), after.grants_of(id));
    changes_of(world, (before, live), (after, outcome), held)
}

/// Does the same where it is known already what each principal holds before and after.
pub(crate) fn changes_of(
    world: &World,
    (before, live): (&Holdings, &State),
    (after, outcome): (&Holdings, &State),
    held: impl Fn(PrincipalId) -> (Grants, Grants),
) -> Vec<AccessChange> {
    let touched = before.touched(after);
    if touched.is_empty() {
        return Vec::new();
    }
    let ranks = Ranks::of(world, [before, after]);
    let (mut before, mut after) = (Side::new(world, (before, live)), Side::new(world, (after, outcome)));
    let mut changes: Vec<_> = touched
        .into_iter()
        .filter(|id| !before.holdings.owners.contains(id) && !after.holdings.owners.contains(id))
        .filter_map(|id| change(&ranks, &mut before, &mut after, (id, held(id))))
        .collect();
    changes.sort_by(|a, b| a.principal.cmp(&b.principal));
    changes
}

fn change(
    ranks: &Ranks,
    before: &mut Side<'_>,
    after: &mut Side<'_>,
    (id, (held, will)): (PrincipalId, (Grants, Grants)),
) -> Option<AccessChange> {
    if held == will {
        return None;
    }
    let (old, new) = (before.ways(ranks, id), after.ways(ranks, id));
    let mut noted: Vec<(ChangeOrder, Arc<Path>)> = Vec::new();
    let mut note = |effect, grant: Packed, side: &mut Side<'_>, ways: &[Way<'_>]| {
        let (way, rule) = side.way(ways, grant)?;
        noted.push(((effect, ranks.grant(grant)?, way.rank, rule), side.path(way, rule)?));
        Some(())
    };
    for grant in will.beyond(&held) {
        let loosened = !grant.conditional()
            && held.iter_set(grant).any(|h| h.conditional() && h.unconditional() == grant);
        let effect = if loosened { AccessEffect::Loosened } else { AccessEffect::Gained };
        _ = note(effect, grant, after, &new);
    }
    for grant in held.beyond(&will) {
        let kept = |w: Packed| w.conditional() && w.unconditional() == grant;
        _ = match will.iter_set(grant).find(|w| kept(*w)) {
            Some(tighter) => note(AccessEffect::Tightened, tighter, after, &new),
            None => note(AccessEffect::Lost, grant, before, &old),
        };
    }
    if noted.is_empty() {
        return None;
    }
    noted.sort_unstable_by_key(|(sorted, _)| *sorted);
    let conditions = |a: u32, b: u32| {
        let [a, b] = [a, b].map(|grant| &ranks.grants[grant as usize].condition);
        a.cmp(b)
    };
    let mut by_path: Vec<u32> = (0..number(noted.len())).collect();
    by_path.sort_by(|a, b| {
        let [a, b] = [a, b].map(|at| noted[*at as usize].0);
        let path = |(effect, _, way, rule): ChangeOrder| (effect, way, rule);
        path(a).cmp(&path(b)).then_with(|| conditions(a.1, b.1))
    });
    let grants = noted
        .into_iter()
        .map(|((effect, grant, ..), path)| {
            let grant = Arc::clone(&ranks.grants[grant as usize]);
            ChangedGrant { effect, grant, path }
        })
        .collect();
    let principal = after.world.name(id)?.clone();
    let locked = match &principal {
        Principal::User(key) => after.state.user(key).is_some_and(|user| user.locked),
        Principal::Application(_) => false,
    };
    let (loses_all, from_nothing) = (will.is_empty(), held.is_empty());
    Some(AccessChange { principal, grants, by_path, loses_all, from_nothing, locked })
}
