//! What ended by its `until`, which no guard counts as a loss.

use crate::model::{Address, Condition, Expiry, Key, Name, Principal};

/// Returns true when the files list the member of the group with an end that has come.
pub(super) fn member(expiries: &[Expiry], group: &Key<Name>, member: &Principal) -> bool {
    let of_group = |address: &Address| matches!(address, Address::Group(key) if key == group);
    expiries
        .iter()
        .any(|expiry| expiry.expired && expiry.member.as_ref() == Some(member) && of_group(&expiry.address))
}

/// Returns true when a live rule of the policy with this condition ended when the files say that one of its rules did:
/// a rule with an end carries it in its condition.
pub(super) fn rule(expiries: &[Expiry], policy: &Address, condition: Option<&Condition>) -> bool {
    let Some(condition) = condition else { return false };
    expiries.iter().any(|expiry| {
        expiry.expired
            && expiry.rule.is_some()
            && expiry.address == *policy
            && condition.as_str().ends_with(&format!("request.time < timestamp(\"{}\")", expiry.until))
    })
}
