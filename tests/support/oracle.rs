//! Who holds what, written once more in the plainest way, so that tests do not ask the code they judge.

use std::collections::{BTreeMap, BTreeSet};

use scw_iam::access::{Grant, GrantScope};
use scw_iam::model::{Attachment, Builtin, Principal, State};

/// All grants of every principal.
pub(crate) type Held = BTreeMap<Principal, BTreeSet<Grant>>;

pub(crate) fn held(state: &State) -> Held {
    let mut held: Held = BTreeMap::new();
    let users = || state.users.keys().cloned().map(Principal::User);
    let applications = || state.applications.keys().cloned().map(Principal::Application);
    for principal in users().chain(applications()) {
        held.entry(principal).or_default();
    }
    for policy in state.policies.values() {
        let holders: Vec<Principal> = match &policy.attachment {
            Attachment::None => Vec::new(),
            Attachment::Principal(principal) => vec![principal.clone()],
            Attachment::Group(key) => match state.groups.get(key) {
                None => Vec::new(),
                Some(group) => match group.builtin {
                    None => group.members.iter().cloned().collect(),
                    Some(Builtin::AllUsers) => users().collect(),
                    Some(Builtin::AllApplications) => applications().collect(),
                },
            },
        };
        for holder in holders {
            let exists = match &holder {
                Principal::User(key) => state.users.contains_key(key),
                Principal::Application(key) => state.applications.contains_key(key),
            };
            assert!(exists, "{holder} holds something and does not exist");
            held.entry(holder).or_default().extend(policy.rules.0.iter().flat_map(Grant::of_rule));
        }
    }
    held
}

fn scope_within(inner: &GrantScope, outer: &GrantScope) -> bool {
    match (inner, outer) {
        (GrantScope::Project(_), GrantScope::AllProjects) => true,
        (inner, outer) => inner == outer,
    }
}

pub(crate) fn covered(grant: &Grant, by: &BTreeSet<Grant>) -> bool {
    by.iter().any(|g| {
        g.permission_set == grant.permission_set
            && scope_within(&grant.scope, &g.scope)
            && (g.condition.is_none() || g.condition == grant.condition)
    })
}

/// Every grant that is covered before and after: what nobody should be without in between.
pub(crate) fn kept(before: &BTreeSet<Grant>, after: &BTreeSet<Grant>) -> BTreeSet<Grant> {
    let mut candidates: BTreeSet<Grant> = before.union(after).cloned().collect();
    for a in before {
        for b in after {
            let scope = if scope_within(&a.scope, &b.scope) { a.scope.clone() } else { b.scope.clone() };
            let condition = a.condition.clone().or_else(|| b.condition.clone());
            candidates.insert(Grant { permission_set: a.permission_set.clone(), scope, condition });
        }
    }
    candidates.retain(|grant| covered(grant, before) && covered(grant, after));
    candidates
}
