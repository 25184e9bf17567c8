use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use crate::model::{Kind, count};

/// Refuses to remove people. A person who is removed loses their API keys and has to be invited again.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let removed = case.steps.iter().filter_map(|step| step.action.deletes());
    let removed = removed.filter(|address| address.kind() == Kind::User && !case.pardons(address));
    let items: Vec<_> =
        removed.map(|address| Item::new(address.clone(), format!("{address} is removed"))).collect();
    let limit = limit(case, GuardName::People).unwrap_or(0);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!("would remove {} (limit: {limit})", count(items.len(), "person", "people")),
        items,
        refuses: true,
    })
}
