use super::ended::RecentlyEnded;
use super::{Alarm, Case, GuardName, count, limit};
use crate::access::AccessChange;
use crate::model::{Address, Key};

/// Refuses that more principals than 3 lose all access, deleted ones included. What ended by `until` in the
/// last seven days does not count.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let ended = RecentlyEnded::at(case.facts.now, &case.desired.expiries);
    let lost = case.access.iter().filter(|change| change.loses_all && !by_expiry(case, &ended, change));
    let items: Vec<_> = lost.map(|change| change.principal.to_string()).collect();
    let limit = limit(case, GuardName::LostAccess).unwrap_or(3);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!("would take all access from {}", count(items.len(), "principal", "principals")),
        items,
        refuses: true,
    })
}

/// Whether every way by which the principal held anything went through an entry that has just ended.
fn by_expiry(case: &Case<'_>, ended: &RecentlyEnded<'_>, change: &AccessChange) -> bool {
    if ended.is_empty() {
        return false;
    }
    let world = &case.draft.world;
    let Some(id) = world.principals.get_index_of(&change.principal) else { return false };
    let id = u32::try_from(id).unwrap_or(u32::MAX);
    case.draft.before.ways(id).all(|(group, policy, grants)| {
        let group = group.and_then(|group| world.groups.get_index(group as usize));
        let member = |group: &Key| ended.member(group, &change.principal);
        let policy = world.policies.get_index(policy as usize).cloned().map(Address::policy);
        let rule = |grant| {
            let grant = world.symbols.unpack(grant);
            policy.as_ref().is_some_and(|policy| ended.rule(policy, grant.condition.as_ref()))
        };
        group.is_some_and(member) || grants.iter().all(rule)
    })
}
