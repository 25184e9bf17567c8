use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use crate::model::{Address, Kind, Membership, Object, count};
use crate::plan::align::owns;

/// Refuses to delete more objects of all kinds together than 5, or 5 % of the objects that the stack owns, whichever is more; and always
/// the last of two or more of a kind.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let deleted: Vec<&Address> = case.steps.iter().filter_map(|step| step.action.deletes()).collect();
    let counted: Vec<&Address> = deleted.iter().copied().filter(|address| !case.pardons(address)).collect();
    let owned: Vec<Kind> = owned(case);
    let of_kind = |kind: Kind| owned.iter().filter(|owned| **owned == kind).count();
    let number = limit(case, GuardName::Deletes);
    let allowed = number.map_or_else(|| (owned.len() / 20).max(5), |number| number as usize);
    let too_many = counted.len() > allowed;
    let mut reasons = Vec::new();
    if too_many {
        let (found, all) = (counted.len(), owned.len());
        reasons.push(format!(
            "would delete {found} of the {all} objects that this stack owns (limit: {allowed})"
        ));
    }
    let gone = |kind: &Kind| {
        let gone = deleted.iter().filter(|address| address.kind() == *kind).count();
        gone >= 2 && gone >= of_kind(*kind) && counted.iter().any(|address| address.kind() == *kind)
    };
    let gone: Vec<Kind> = Kind::ALL.iter().copied().filter(gone).collect();
    for kind in &gone {
        let what = count(of_kind(*kind), kind.noun(), kind.nouns());
        reasons.push(format!("would delete the last of the {what} that this stack owns"));
    }
    let items = counted.into_iter().filter(|address| too_many || gone.contains(&address.kind()));
    let items: Vec<_> = items.cloned().map(Item::of).collect();
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: u32::try_from(allowed).unwrap_or(u32::MAX),
        message: reasons.join("; "),
        items,
        refuses: true,
    })
}

/// The kind of each object that the stack owns.
fn owned(case: &Case<'_>) -> Vec<Kind> {
    let Some(stack) = &case.desired.stack else { return Vec::new() };
    let objects = case.alignment.before.objects.iter();
    let ours =
        |object: &Object| owns(stack, object) || case.desired.list_of(object) == Some(Membership::Exact);
    objects.filter(|(_, object)| ours(object)).map(|(address, _)| address.kind()).collect()
}
