use std::collections::BTreeSet;

use super::alarm::{Alarm, Item};
use super::case::Case;
use crate::access::PrincipalId;
use crate::model::count;

/// Refuses a plan that leaves fewer people who can administer IAM than `settings.min_iam_admins` and than there are now,
/// in any state that an apply can pass through.
///
/// The steps that add or remove an administrator are chained, so that the rehearsal has seen every such state.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let before = &case.rehearsal.administrators;
    let least = case.desired.settings.min_iam_admins;
    let passes = |who: &&PrincipalId| {
        case.principal(**who).is_some_and(|principal| case.pardons(&principal.address()))
    };
    // People whose loss is allowed count as if they were still there.
    let counted = |left: &BTreeSet<PrincipalId>| left.len() + before.difference(left).filter(passes).count();
    let few = case.rehearsal.few.iter().min_by_key(|few| (counted(&few.left), few.after))?;
    if counted(&few.left) >= before.len().min(least as usize) {
        return None;
    }
    let (now, left) = (before.len(), few.left.len());
    let when = if left < case.rehearsal.administrators_left {
        format!(" after step {}", few.after)
    } else {
        String::new()
    };
    let lost = before.difference(&few.left).filter(|who| !passes(who));
    Some(Alarm {
        found: left,
        limit: least,
        message: format!(
            "would leave {} who can administer IAM{when} (now: {now}, `min_iam_admins`: {least})",
            count(left, "person", "people"),
        ),
        items: lost.filter_map(|who| Some(Item::of(case.principal(*who)?.address()))).collect(),
        refuses: true,
    })
}
