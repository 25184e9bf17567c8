use std::collections::BTreeSet;

use super::alarm::{Alarm, Item};
use super::case::Case;
use crate::access::{AccessEffect, self_escalating};
use crate::model::count;

/// Shows who gains a permission set that can escalate, by a policy or by a key that they can read; refuses with `--strict`.
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
    for reader in &case.keys.readers {
        let (address, gains) = (reader.principal.address(), &reader.gains);
        let sets = gains.iter().map(|grant| &grant.permission_set).filter(|set| self_escalating(set));
        let mut sets: Vec<_> = sets.map(ToString::to_string).collect();
        sets.dedup();
        if !sets.is_empty() && !case.pardons(&address) {
            let text = format!(
                "{}: {} with a key of {}, from secret {}",
                reader.principal,
                sets.join(", "),
                reader.application,
                reader.secret
            );
            items.push(Item::new(address, text));
        }
    }
    let who: BTreeSet<_> = items.iter().filter_map(|item| item.of.clone()).collect();
    (!items.is_empty()).then(|| Alarm {
        found: who.len(),
        limit: 0,
        message: format!(
            "{} would gain a permission set that can escalate",
            count(who.len(), "principal", "principals")
        ),
        items,
        refuses: case.options.strict,
    })
}
