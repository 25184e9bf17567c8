//! Rules that are in the way: those that cannot be written, and those that grant nothing any more.

use super::align::Alignment;
use super::diff::Draft;
use super::step::StepId;
use super::step::{Action, Step};
use crate::access::{self, AccessChange, AccessEffect, Grant};
use crate::model::{Address, Desired, PermissionSetName, Place, Policy, Principal, Rule, Scope, Where};

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

/// A declared policy whose rules are not rewritten, because it holds rules that this version cannot write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The policy.
    pub address: Address,
    /// The rules in the way, by position from 0, each with the reason.
    pub rules: Vec<(usize, String)>,
    /// Where the policy is declared.
    pub at: Option<Place>,
    /// Access that the files take away, and that stays.
    pub stays: Vec<(Principal, Grant)>,
}

/// A rule that grants nothing, because its projects were deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The declared policy that holds it.
    pub policy: Address,
    /// The rule, by position from 0.
    pub rule: usize,
    /// What it granted.
    pub permission_sets: Vec<PermissionSetName>,
    /// The step that removes it, if there is one.
    pub dropped_by: Option<StepId>,
}
