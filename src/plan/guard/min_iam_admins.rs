use super::{Alarm, Case, count};

/// Refuses that fewer people can administer IAM, in any state that the edges allow, than the settings' `min_iam_admins` and
/// than there are now.
///
/// The steps that make or unmake an administrator are chained, so that the rehearsal has seen every such state.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (before, fewest) = (&case.rehearsal.administrators, &case.rehearsal.fewest);
    let (now, left) = (before.len(), fewest.administrators.len());
    let least = case.desired.settings.min_iam_admins;
    if left >= now.min(least as usize) {
        return None;
    }
    let when = match fewest.after {
        Some(step) if left < case.rehearsal.administrators_left => format!(" after step {step}"),
        Some(_) | None => String::new(),
    };
    let name = |id: &u32| case.draft.world.principals.get_index(*id as usize).map(ToString::to_string);
    Some(Alarm {
        found: left,
        limit: least,
        message: format!(
            "would leave {} who can administer IAM{when} (now: {now}, `min_iam_admins`: {least})",
            count(left, "person", "people"),
        ),
        items: before.difference(&fewest.administrators).filter_map(name).collect(),
        refuses: true,
    })
}
