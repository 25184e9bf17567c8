use std::collections::HashMap;
use std::sync::Arc;

use super::{Grant, Grants, GroupId, Holdings, Packed, PolicyId, PrincipalId, World};
use crate::model::{Key, Principal, Rule, State};

/// How access changes for one principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Who.
    pub principal: Principal,
    /// What changes, gains first, by permission set.
    pub grants: Vec<ChangedGrant>,
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

/// One side of a comparison, with the grants, rules and paths as they become known.
struct Side<'a> {
    world: &'a World,
    holdings: &'a Holdings,
    state: &'a State,
    grants: HashMap<Packed, Arc<Grant>>,
    rules: HashMap<(PolicyId, Packed), Option<usize>>,
    paths: HashMap<(Option<GroupId>, PolicyId, usize), Arc<Path>>,
}

impl<'a> Side<'a> {
    fn new(world: &'a World, (holdings, state): (&'a Holdings, &'a State)) -> Self {
        let (grants, rules, paths) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { world, holdings, state, grants, rules, paths }
    }

    fn grant(&mut self, grant: Packed) -> Arc<Grant> {
        let unpacked = || Arc::new(self.world.symbols.unpack(grant));
        Arc::clone(self.grants.entry(grant).or_insert_with(unpacked))
    }

    /// Returns the first rule of a policy that covers a grant.
    fn rule(&mut self, policy: PolicyId, grant: Packed) -> Option<usize> {
        *self.rules.entry((policy, grant)).or_insert_with(|| {
            let key = self.world.name(policy)?;
            let grant = self.world.symbols.unpack(grant);
            let covers = |rule: &Rule| Grant::of_rule(rule).any(|one| one.covers(&grant));
            self.state.policy(key)?.rules.0.iter().position(covers)
        })
    }

    /// Returns the ways to a principal, by the names of group and policy.
    fn ways(&self, principal: PrincipalId) -> Vec<Way<'a>> {
        let (world, holdings) = (self.world, self.holdings);
        let way = |(group, policy, grants): (Option<GroupId>, PolicyId, &'a Grants)| {
            let names = (group.and_then(|group| world.name(group)), world.name(policy)?);
            Some(Way { names, group, policy, grants })
        };
        let mut ways: Vec<_> = holdings.ways(principal).filter_map(way).collect();
        ways.sort_unstable_by_key(|way| way.names);
        ways
    }

    /// Returns the first of the ways by which a grant comes.
    fn path(&mut self, ways: &[Way<'_>], grant: Packed) -> Option<Arc<Path>> {
        let mut ways = ways.iter().filter(|way| way.grants.cover(grant));
        let (way, rule) = ways.find_map(|way| Some((way, self.rule(way.policy, grant)?)))?;
        let (group, policy) = way.names;
        let path = || Arc::new(Path { group: group.cloned(), policy: policy.clone(), rule });
        Some(Arc::clone(self.paths.entry((way.group, way.policy, rule)).or_insert_with(path)))
    }
}

/// A way by which grants reach a principal.
struct Way<'a> {
    /// Of the group and the policy.
    names: (Option<&'a Key>, &'a Key),
    group: Option<GroupId>,
    policy: PolicyId,
    grants: &'a Grants,
}

/// Returns how access changes between two states that bear the same names, by principal.
///
/// Owners are left out: they hold everything before and after.
#[must_use]
pub fn changes(
    world: &World,
    (before, live): (&Holdings, &State),
    (after, outcome): (&Holdings, &State),
) -> Vec<AccessChange> {
    let touched = before.touched(after);
    let (mut before, mut after) = (Side::new(world, (before, live)), Side::new(world, (after, outcome)));
    let mut changes: Vec<_> = touched
        .into_iter()
        .filter(|id| !before.holdings.owners.contains(id) && !after.holdings.owners.contains(id))
        .filter_map(|id| change(&mut before, &mut after, id))
        .collect();
    changes.sort_by(|a, b| a.principal.cmp(&b.principal));
    changes
}

fn change(before: &mut Side<'_>, after: &mut Side<'_>, id: PrincipalId) -> Option<AccessChange> {
    let (held, will) = (before.holdings.grants_of(id), after.holdings.grants_of(id));
    if held == will {
        return None;
    }
    let mut grants = Vec::new();
    let (old, new) = (before.ways(id), after.ways(id));
    let mut note = |effect, grant: Packed, side: &mut Side<'_>, ways: &[Way<'_>]| {
        if let Some(path) = side.path(ways, grant) {
            grants.push(ChangedGrant { effect, grant: side.grant(grant), path });
        }
    };
    for grant in will.beyond(&held) {
        let loosened = !grant.conditional()
            && held.iter_set(grant).any(|h| h.conditional() && h.unconditional() == grant);
        note(if loosened { AccessEffect::Loosened } else { AccessEffect::Gained }, grant, after, &new);
    }
    for grant in held.beyond(&will) {
        let kept = |w: Packed| w.conditional() && w.unconditional() == grant;
        match will.iter_set(grant).find(|w| kept(*w)) {
            Some(tighter) => note(AccessEffect::Tightened, tighter, after, &new),
            None => note(AccessEffect::Lost, grant, before, &old),
        }
    }
    if grants.is_empty() {
        return None;
    }
    grants.sort_unstable();
    grants.shrink_to_fit();
    let principal = after.world.name(id)?.clone();
    let locked = match &principal {
        Principal::User(key) => after.state.user(key).is_some_and(|user| user.locked),
        Principal::Application(_) => false,
    };
    let (loses_all, from_nothing) = (will.is_empty(), held.is_empty());
    Some(AccessChange { principal, grants, loses_all, from_nothing, locked })
}
