use super::{Grant, Holdings, Packed, PrincipalId, World};
use crate::model::{Key, Name, Principal, State};

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

/// One grant that changes hands, or its condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedGrant {
    /// What happens to it.
    pub sharpness: Sharpness,
    /// The grant as it is afterwards; for what is lost, as it was before.
    pub grant: Grant,
    /// By which way it is held afterwards; for what is lost, was held before.
    pub path: Path,
}

/// What happens to a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sharpness {
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
    pub group: Option<Key<Name>>,
    /// The policy.
    pub policy: Key<Name>,
    /// The rule, counted from 0, in the order of the state.
    pub rule: usize,
}

impl Path {
    /// Returns the first way by which `grant` reaches a principal, by group and policy.
    pub(super) fn find(
        world: &World,
        holdings: &Holdings,
        state: &State,
        principal: PrincipalId,
        grant: Packed,
    ) -> Option<Self> {
        let ways = holdings.ways(principal).filter(|(_, _, grants)| grants.cover(grant));
        let unpacked = world.symbols.unpack(grant);
        ways.filter_map(|(group, policy, _)| {
            let key = world.policies.get_index(policy as usize)?;
            let rules = &state.policies.get(key)?.rules.0;
            let rule = rules.iter().position(|rule| Grant::of_rule(rule).any(|g| g.covers(&unpacked)))?;
            let group = group.and_then(|group| world.groups.get_index(group as usize)).cloned();
            Some(Self { group, policy: key.clone(), rule })
        })
        .min()
    }
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
    let mut changes: Vec<_> = touched
        .into_iter()
        .filter(|id| !before.owners.contains(id) && !after.owners.contains(id))
        .filter_map(|id| change(world, (before, live), (after, outcome), id))
        .collect();
    changes.sort_by(|a, b| a.principal.cmp(&b.principal));
    changes
}

fn change(
    world: &World,
    (before, live): (&Holdings, &State),
    (after, outcome): (&Holdings, &State),
    id: PrincipalId,
) -> Option<AccessChange> {
    let (held, will) = (before.grants_of(id), after.grants_of(id));
    if held == will {
        return None;
    }
    let mut grants = Vec::new();
    let mut note = |sharpness, grant: Packed, holdings: &Holdings, state: &State| {
        if let Some(path) = Path::find(world, holdings, state, id, grant) {
            grants.push(ChangedGrant { sharpness, grant: world.symbols.unpack(grant), path });
        }
    };
    for grant in will.iter().filter(|grant| !held.cover(*grant)) {
        let loosened =
            !grant.conditional() && held.iter().any(|h| h.conditional() && h.unconditional() == grant);
        note(if loosened { Sharpness::Loosened } else { Sharpness::Gained }, grant, after, outcome);
    }
    for grant in held.iter().filter(|grant| !will.cover(*grant)) {
        let kept = |w: Packed| w.conditional() && w.unconditional() == grant;
        match will.iter().find(|w| kept(*w)) {
            Some(tighter) => note(Sharpness::Tightened, tighter, after, outcome),
            None => note(Sharpness::Lost, grant, before, live),
        }
    }
    if grants.is_empty() {
        return None;
    }
    grants.sort();
    let principal = world.principals.get_index(id as usize)?.clone();
    let locked = match &principal {
        Principal::User(key) => outcome.users.get(key).is_some_and(|user| user.locked),
        Principal::Application(_) => false,
    };
    let (loses_all, from_nothing) = (will.is_empty(), held.is_empty());
    Some(AccessChange { principal, grants, loses_all, from_nothing, locked })
}
