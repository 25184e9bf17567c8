use super::{Alarm, Case, count};
use crate::access::{Grant, GrantScope, Holdings};
use crate::model::{Principal, State, UserType};

/// Refuses to lower the number of people who can administer IAM below the settings' `min_iam_admins`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let before = administrators(case, &case.draft.before, &case.alignment.before);
    let after = administrators(case, &case.draft.after, &case.alignment.outcome);
    let least = case.desired.settings.min_iam_admins;
    let items: Vec<_> = before.iter().filter(|who| !after.contains(who)).map(ToString::to_string).collect();
    (after.len() < before.len() && after.len() < least as usize).then(|| Alarm {
        found: after.len(),
        limit: least,
        message: format!(
            "would leave {} who can administer IAM, of {} now; the least is {least}",
            count(after.len(), "person", "people"),
            before.len()
        ),
        items,
        refuses: true,
    })
}

/// Unlocked people who hold a set that administers IAM without a condition; the owner counts.
fn administrators(case: &Case<'_>, holdings: &Holdings, state: &State) -> Vec<Principal> {
    let mut found = Vec::new();
    for (key, user) in &state.users {
        let principal = Principal::User(key.clone());
        let holds = || {
            let Some(id) = case.draft.world.principals.get_index_of(&principal) else { return false };
            let grants = holdings.grants_of(u32::try_from(id).unwrap_or(u32::MAX));
            grants.iter().any(|grant| administers(&case.draft.world.symbols.unpack(grant)))
        };
        if !user.locked && (user.kind == UserType::Owner || holds()) {
            found.push(principal);
        }
    }
    found
}

fn administers(grant: &Grant) -> bool {
    grant.condition.is_none()
        && grant.scope == GrantScope::Organization
        && matches!(grant.permission_set.as_str(), "IAMManager" | "OrganizationManager")
}
