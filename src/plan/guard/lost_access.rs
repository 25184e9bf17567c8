use super::{Alarm, Case, GuardName, count, limit};
use crate::access::{AccessChange, Sharpness};
use crate::model::{Address, Expiry, Principal};

/// Refuses that more principals than 3 lose all access, deleted ones included. What ends by `until` does not count.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let lost =
        case.access.iter().filter(|change| change.loses_all && !by_expiry(change, &case.desired.expiries));
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

/// Whether every way that is lost went through an entry that has ended.
fn by_expiry(change: &AccessChange, expiries: &[Expiry]) -> bool {
    let ended = |policy: &Address, group: Option<&Address>, principal: &Principal| {
        expiries.iter().filter(|expiry| expiry.expired).any(|expiry| match &expiry.member {
            Some(member) => group == Some(&expiry.address) && member == principal,
            None => *policy == expiry.address,
        })
    };
    change.grants.iter().filter(|changed| changed.sharpness == Sharpness::Lost).all(|changed| {
        let group = changed.path.group.clone().map(Address::Group);
        ended(&Address::Policy(changed.path.policy.clone()), group.as_ref(), &change.principal)
    })
}
