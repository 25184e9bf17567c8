//! Assertions and guardrails: what must be so, whoever wrote which policy.

use std::collections::{BTreeSet, HashMap};

use super::{Everything, Forbidden, Grant, GrantFacts, HeldGrant, Undecided, includes, single_scope};
use crate::model::{
    Assertion, Catalogue, Expectation, Guardrail, PermissionSetName, Principal, Scope, State,
};

/// A sentence that is not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which one, by its position.
    pub sentence: usize,
    /// Who breaks it; for `can`, who lacks it.
    pub principal: Principal,
    /// The grant that breaks it, with its way; `None` when one is missing.
    pub by: Option<HeldGrant>,
    /// Whether the grant is of a wider permission set that takes in the one that is meant.
    pub through: Option<PermissionSetName>,
}

/// Why a guardrail could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("guardrail `{name}` cannot be judged")]
pub struct Unjudged {
    /// Its name.
    pub name: String,
    /// Why.
    pub source: Undecided,
}

/// Judges assertions on a state.
///
/// `can` needs a grant without a condition that covers it; an owner can everything. `cannot` is broken by any grant that
/// reaches into its scope, with a condition too, and by a wider set; an owner's implied access is no grant.
#[must_use]
pub fn broken_assertions(
    everything: &Everything,
    catalogue: &Catalogue,
    assertions: &[Assertion],
) -> Vec<Broken> {
    let judge = |(sentence, assertion): (usize, &Assertion)| {
        let on = single_scope(&assertion.on)?;
        let principal = assertion.principal.clone();
        match assertion.expectation {
            Expectation::Can => {
                let permission_set = assertion.permission_set.clone();
                let wanted = Grant { permission_set, scope: on, condition: None };
                let can = everything.owners().contains(&principal)
                    || everything.held_by(&principal).any(|held| held.grant.covers(&wanted));
                (!can).then_some(Broken { sentence, principal, by: None, through: None })
            }
            Expectation::Cannot => {
                let set = &assertion.permission_set;
                let reaches =
                    |held: &&HeldGrant| held.grant.scope.contains(&on) || on.contains(&held.grant.scope);
                let within: Vec<_> = everything.held_by(&principal).filter(reaches).collect();
                let by = within.iter().find(|held| held.grant.permission_set == *set);
                let wider =
                    || within.iter().find(|held| includes(catalogue, &held.grant.permission_set, set));
                let by: HeldGrant = (*by.or_else(wider)?).clone();
                let through = (by.grant.permission_set != *set).then(|| by.grant.permission_set.clone());
                Some(Broken { sentence, principal, by: Some(by), through })
            }
        }
    };
    assertions.iter().enumerate().filter_map(judge).collect()
}

/// Judges guardrails on everything that is held in a state. A wider set is judged as each set that it takes in, too.
///
/// # Errors
/// When an expression is neither true nor false for a grant.
pub fn broken_guardrails(
    state: &State,
    everything: &Everything,
    catalogue: &Catalogue,
    guardrails: &[Guardrail],
) -> Result<Vec<Broken>, Unjudged> {
    let mut broken = Vec::new();
    let mut widened: HashMap<&PermissionSetName, Vec<PermissionSetName>> = HashMap::new();
    for (sentence, guardrail) in guardrails.iter().enumerate() {
        let unjudged = |source| Unjudged { name: guardrail.name.clone(), source };
        let forbidden = Forbidden::new(&guardrail.forbid).map_err(unjudged)?;
        let mut seen: BTreeSet<(&Principal, &Grant)> = BTreeSet::new();
        for held in everything.grants() {
            let sets = widened.entry(&held.grant.permission_set).or_insert_with_key(|set| {
                let inner = catalogue.iter().map(|(inner, _)| inner);
                inner.filter(|inner| includes(catalogue, set, inner)).cloned().collect()
            });
            let mut facts = facts(state, held);
            let mut through = None;
            let mut forbids = forbidden.forbids(&facts).map_err(unjudged)?;
            for inner in sets.iter() {
                if forbids {
                    break;
                }
                facts.permission_set = inner.to_string();
                forbids = forbidden.forbids(&facts).map_err(unjudged)?;
                through = forbids.then(|| held.grant.permission_set.clone());
            }
            if forbids && seen.insert((&held.principal, &held.grant)) {
                broken.push(Broken {
                    sentence,
                    principal: held.principal.clone(),
                    by: Some(held.clone()),
                    through,
                });
            }
        }
    }
    Ok(broken)
}

fn facts(state: &State, held: &HeldGrant) -> GrantFacts {
    use super::GrantScope;
    let (principal, kind) = match &held.principal {
        Principal::User(key) => (format!("user:{key}"), "user"),
        Principal::Application(key) => (format!("application:{key}"), "application"),
    };
    let scope = match &held.grant.scope {
        GrantScope::Organization => "organization".to_owned(),
        GrantScope::AllProjects => "all_projects".to_owned(),
        GrantScope::Project(id) => state.projects.get(id).map_or_else(|| id.to_string(), ToString::to_string),
        GrantScope::Other(words) => words.clone(),
    };
    GrantFacts {
        principal,
        kind,
        permission_set: held.grant.permission_set.to_string(),
        scope,
        condition: held.grant.condition.as_ref().map(ToString::to_string).unwrap_or_default(),
        via_group: held.path.group.as_ref().map(ToString::to_string).unwrap_or_default(),
        policy: held.path.policy.to_string(),
        managed: held.managed,
    }
}

/// Returns the assertion as a sentence: `user alice@example.com can InstancesFullAccess on prod`.
#[must_use]
pub fn sentence(state: &State, assertion: &Assertion) -> String {
    let on = match &assertion.on {
        Scope::Organization => "organization".to_owned(),
        Scope::AllProjects => "all_projects".to_owned(),
        Scope::Projects(ids) => {
            let name = |id: &crate::model::Id| {
                state.projects.get(id).map_or_else(|| id.to_string(), ToString::to_string)
            };
            ids.iter().map(name).collect::<Vec<_>>().join(", ")
        }
        Scope::Other(words) => words.clone(),
        Scope::Gone => "nothing".to_owned(),
    };
    let verb = match assertion.expectation {
        Expectation::Can => "can",
        Expectation::Cannot => "cannot",
    };
    format!("{} {verb} {} on {on}", assertion.principal, assertion.permission_set)
}
