use super::{Alarm, Case, GuardName, count, limit};
use crate::model::{Address, Kind};
use crate::plan::align::owns;

/// Refuses to delete more of a kind than 5, or 20 % of what the stack owns where this is more; and always the last
/// of two or more.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (mut items, mut reasons, mut most) = (Vec::new(), Vec::new(), 0);
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.declarable()) {
        let of_kind = |address: &&Address| address.kind() == kind;
        let deleted: Vec<_> =
            case.steps.iter().filter_map(|step| step.action.deletes()).filter(of_kind).collect();
        let owned = owned(case, kind);
        let allowed = limit(case, GuardName::Deletes).map_or_else(|| (owned / 5).max(5), |set| set as usize);
        let all = owned >= 2 && deleted.len() == owned;
        if deleted.is_empty() || (deleted.len() <= allowed && !all) {
            continue;
        }
        most = allowed;
        items.extend(deleted.iter().map(ToString::to_string));
        let what = count(deleted.len(), kind.word(), kind.section());
        reasons.push(if all {
            format!("would delete {what}, all that this stack owns")
        } else {
            format!("would delete {what} of {owned} that this stack owns; {allowed} pass")
        });
    }
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: u32::try_from(most).unwrap_or(u32::MAX),
        message: reasons.join("; "),
        items,
        refuses: true,
    })
}

fn owned(case: &Case<'_>, kind: Kind) -> usize {
    let Some(stack) = &case.desired.stack else { return 0 };
    let objects = case.alignment.before.objects.iter();
    objects.filter(|(address, object)| address.kind() == kind && owns(stack, object)).count()
}
