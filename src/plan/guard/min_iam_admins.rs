use std::collections::BTreeSet;

use super::{Alarm, Case, count};
use crate::access::{Grant, GrantScope, Holdings, PrincipalId};
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
    let world = &case.draft.world;
    let policies = (0u32..).take(world.policies.len()).filter_map(|policy| holdings.policy(policy));
    let policies =
        policies.filter(|held| held.grants.iter().any(|grant| administers(&world.symbols.unpack(grant))));
    let holders: BTreeSet<PrincipalId> = policies.flat_map(|held| holdings.holders(held.to)).collect();
    let holds = |principal: &Principal| {
        let id = world.principals.get_index_of(principal).and_then(|at| u32::try_from(at).ok());
        id.is_some_and(|id| holders.contains(&id))
    };
    let unlocked = state.users().filter(|(_, user)| !user.locked);
    unlocked
        .map(|(key, user)| (Principal::User(key.clone()), user.kind == UserType::Owner))
        .filter(|(principal, owner)| *owner || holds(principal))
        .map(|(principal, _)| principal)
        .collect()
}

fn administers(grant: &Grant) -> bool {
    grant.condition.is_none()
        && grant.scope == GrantScope::Organization
        && matches!(grant.permission_set.as_str(), "IAMManager" | "OrganizationManager")
}
