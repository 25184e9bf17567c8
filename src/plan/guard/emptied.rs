use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use super::ended::RecentlyEnded;
use crate::model::{Address, Group, Key, Policy, count};

/// Refuses to leave groups of two or more members without members, or policies with rules without rules. Ends by
/// `until` in the last seven days do not count.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (before, outcome) = (&case.alignment.before, &case.alignment.outcome);
    let ended = RecentlyEnded::at(case.facts.now, &case.desired.expiries);
    let emptied_group = |key: &Key, live: &Group| {
        live.members.len() >= 2 && !live.members.iter().all(|member| ended.member(key, member))
    };
    let emptied_policy = |key: &Key, live: &Policy| {
        let policy = Address::policy(key.clone());
        !live.rules.0.iter().all(|rule| ended.rule(&policy, rule.condition.as_ref()))
    };
    let groups = outcome.groups().filter(|(key, group)| {
        group.members.is_empty() && before.group(key).is_some_and(|live| emptied_group(key, live))
    });
    let policies = outcome.policies().filter(|(key, policy)| {
        policy.rules.0.is_empty() && before.policy(key).is_some_and(|live| emptied_policy(key, live))
    });
    let groups = groups.map(|(key, _)| Address::group(key.clone()));
    let addresses = groups.chain(policies.map(|(key, _)| Address::policy(key.clone())));
    let items: Vec<_> = addresses.filter(|address| !case.pardons(address)).map(Item::of).collect();
    let limit = limit(case, GuardName::Emptied).unwrap_or(0);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!("would empty {}", count(items.len(), "group or policy", "groups and policies")),
        items,
        refuses: true,
    })
}
