//! Rules that are in the way: those that cannot be written, and those that grant nothing any more.

use super::align::Alignment;
use super::diff::Draft;
use super::{Action, Blocked, Leftover, Step};
use crate::access::{self, AccessChange, AccessEffect, Grant};
use crate::model::{Address, Desired, Policy, Rule, Scope, Where};

/// Returns the policies that keep rules which cannot be written, with the access that therefore stays.
pub(super) fn blocked(alignment: &Alignment, draft: &Draft, desired: &Desired) -> Vec<Blocked> {
    if alignment.blocked.is_empty() {
        return Vec::new();
    }
    let changes = given_way(alignment, draft);
    let lost = |change: &AccessChange, policy: &Address| {
        let lost = change.grants.iter().filter(|changed| match changed.effect {
            AccessEffect::Lost => changed.path.policy == *policy.key(),
            AccessEffect::Tightened | AccessEffect::Gained | AccessEffect::Loosened => false,
        });
        let who = change.principal.clone();
        lost.map(move |changed| (who.clone(), Grant::clone(&changed.grant))).collect::<Vec<_>>()
    };
    let one = |(address, _): &(Address, Policy)| {
        let live = alignment.before.policy(address.key())?;
        Some(Blocked {
            address: address.clone(),
            rules: live.inexpressible().map(|(at, rule)| (at, why(rule))).collect(),
            at: desired.places.get(&Where::Object(address.clone())).cloned(),
            stays: changes.iter().flat_map(|change| lost(change, address)).collect(),
        })
    };
    alignment.blocked.iter().filter_map(one).collect()
}

/// What would change if the rules could be written.
fn given_way(alignment: &Alignment, draft: &Draft) -> Vec<AccessChange> {
    let mut wanted = alignment.outcome.clone();
    for (address, policy) in &alignment.blocked {
        if let Some(kept) = wanted.find_mut::<Policy>(address.key()) {
            kept.rules.clone_from(&policy.rules);
            kept.attachment.clone_from(&policy.attachment);
        }
    }
    let mut world = draft.world.clone();
    let holdings = world.holdings(&wanted);
    access::changes(&world, (&draft.after, &alignment.outcome), (&holdings, &wanted))
}

fn why(rule: &Rule) -> String {
    match &rule.scope {
        Scope::Other(words) => words.clone(),
        Scope::Organization | Scope::AllProjects | Scope::Projects(_) | Scope::Gone => {
            "no permission set that this version knows".to_owned()
        }
    }
}

/// Returns the rules of declared policies that grant nothing any more, with the step that removes each.
pub(super) fn leftovers(alignment: &Alignment, desired: &Desired, steps: &[Step]) -> Vec<Leftover> {
    let mut found = Vec::new();
    for (key, policy) in alignment.before.policies() {
        let address = Address::policy(key.clone());
        if policy.leftovers().next().is_none() || !desired.state.has(&address) {
            continue;
        }
        let rewrites =
            |step: &&Step| matches!(&step.action, Action::SetRules { policy, .. } if policy == key);
        let dropped_by = steps.iter().find(rewrites).map(|step| step.id);
        found.extend(policy.leftovers().map(|(rule, leftover)| Leftover {
            policy: address.clone(),
            rule,
            permission_sets: leftover.permission_sets.iter().cloned().collect(),
            dropped_by,
        }));
    }
    found
}
