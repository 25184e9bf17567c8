use super::{Alarm, Case, GuardName, count, limit};

/// Refuses to leave groups of two or more members without members, or policies with rules without rules.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (before, outcome) = (&case.alignment.before, &case.alignment.outcome);
    let groups = outcome.groups.iter().filter(|(key, group)| {
        group.members.is_empty() && before.groups.get(*key).is_some_and(|live| live.members.len() >= 2)
    });
    let policies = outcome.policies.iter().filter(|(key, policy)| {
        policy.rules.0.is_empty() && before.policies.get(*key).is_some_and(|live| !live.rules.0.is_empty())
    });
    let groups = groups.map(|(key, _)| format!("group {key}"));
    let items: Vec<_> = groups.chain(policies.map(|(key, _)| format!("policy {key}"))).collect();
    let limit = limit(case, GuardName::Emptied).unwrap_or(0);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!("would empty {}", count(items.len(), "group or policy", "groups and policies")),
        items,
        refuses: true,
    })
}
