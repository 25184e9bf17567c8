use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use super::ended::RecentlyEnded;
use crate::access::{AccessChange, Grants, PrincipalId};
use std::collections::BTreeSet;

use crate::model::{Address, Principal, count};

/// Refuses to take all access from more than 3 principals, deleted ones included. Access that every person or every
/// application holds does not count: a group of everybody does not disable the guard. Ends by `until` in the last seven
/// days do not count.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let ended = RecentlyEnded::at(case.facts.now, &case.desired.expiries);
    let everybody = Everybody::among(case);
    let known = case.access.iter().filter(|change| !case.hidden(&change.principal));
    let lost = known.filter(|change| loses_all(case, &ended, &everybody, change));
    let mut addresses: BTreeSet<Address> = lost.map(|change| change.principal.address()).collect();
    let own = |id: &PrincipalId| {
        case.principal(*id).is_some_and(|who| !case.draft.before.grants_of(*id).within(everybody.of(who)))
    };
    let locked = case.locked().filter(own);
    addresses.extend(locked.filter_map(|id| case.principal(id)).map(Principal::address));
    let items: Vec<_> =
        addresses.into_iter().filter(|address| !case.pardons(address)).map(Item::of).collect();
    let limit = limit(case, GuardName::LostAccess).unwrap_or(3);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!(
            "would take all access from {} (limit: {limit})",
            count(items.len(), "principal", "principals")
        ),
        items,
        refuses: true,
    })
}

/// What every person and what every application holds in the beginning.
struct Everybody {
    people: Grants,
    applications: Grants,
}

impl Everybody {
    fn among(case: &Case<'_>) -> Self {
        // Nobody asks where nobody keeps anything.
        if case.access.iter().all(|change| change.loses_all) && case.draft.locks.is_empty() {
            return Self { people: Grants::default(), applications: Grants::default() };
        }
        let held = |wanted: fn(&Principal) -> bool| {
            let before = &case.draft.before;
            let mut all: Option<Grants> = None;
            for (id, principal) in case.draft.world.all::<PrincipalId>() {
                if !wanted(principal) || before.owners.contains(&id) || !before.exists(id) {
                    continue;
                }
                let own = before.grants_of(id);
                let both = all.map_or_else(|| own.clone(), |all| all.meet(&own));
                if both.is_empty() {
                    return both;
                }
                all = Some(both);
            }
            all.unwrap_or_default()
        };
        Self {
            people: held(|principal| matches!(principal, Principal::User(_))),
            applications: held(|principal| matches!(principal, Principal::Application(_))),
        }
    }
}

impl Everybody {
    const fn of(&self, principal: &Principal) -> &Grants {
        match principal {
            Principal::User(_) => &self.people,
            Principal::Application(_) => &self.applications,
        }
    }
}

fn loses_all(
    case: &Case<'_>,
    ended: &RecentlyEnded<'_>,
    everybody: &Everybody,
    change: &AccessChange,
) -> bool {
    let Some(id) = case.draft.world.find(&change.principal) else { return false };
    let (before, after) = case.draft.held(id);
    let everybodys = everybody.of(&change.principal);
    let own = |grants: &Grants| !grants.within(everybodys);
    let loses = change.loses_all || (own(&before) && !own(&after));
    let counts = |grant| !(ended.explains(case, id, grant) || everybodys.cover(grant) && after.cover(grant));
    loses && before.iter().any(counts)
}
