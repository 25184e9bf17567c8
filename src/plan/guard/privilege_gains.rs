use super::{Alarm, Case, Item, count};
use crate::access::{AccessEffect, self_escalating};

/// Shows who gains a permission set that can escalate; refuses with `--strict`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let mut items = Vec::new();
    for change in case.access {
        let mut sets: Vec<_> = change
            .grants
            .iter()
            .filter(|changed| matches!(changed.effect, AccessEffect::Gained | AccessEffect::Loosened))
            .map(|changed| &changed.grant.permission_set)
            .filter(|set| self_escalating(set))
            .map(ToString::to_string)
            .collect();
        sets.dedup();
        if !sets.is_empty() {
            let (address, sets) = (change.principal.address(), sets.join(", "));
            if !case.pardons(&address) {
                items.push(Item::new(address, format!("{}: {sets}", change.principal)));
            }
        }
    }
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: 0,
        message: format!(
            "{} would gain a permission set that can escalate",
            count(items.len(), "principal", "principals")
        ),
        items,
        refuses: case.options.strict,
    })
}
