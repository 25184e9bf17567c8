//! Assertions: what must be so, whoever wrote which policy.

use super::question::lacks;
use super::{Everything, Grant, HeldGrant, Lack, includes, nearest, single_scope};
use crate::model::{Assertion, Catalogue, Expectation, PermissionSetName, Principal, Scope, State};

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

/// Judges assertions on a state.
///
/// `can` needs a grant without a condition that covers it, by this set or a wider one; an owner can everything. `cannot` is broken by any grant that
/// reaches into its scope, with a condition too, and by a wider set; an owner's implied access is no grant.
#[must_use]
pub fn broken_assertions(
    everything: &Everything<'_>,
    catalogue: &Catalogue,
    assertions: &[Assertion],
) -> Vec<Broken> {
    let judge = |(sentence, assertion): (usize, &Assertion)| {
        let on = single_scope(&assertion.on)?;
        let principal = assertion.principal.clone();
        match assertion.expectation {
            Expectation::Can => {
                let can = everything.owners().contains(&principal)
                    || granted(everything, catalogue, assertion).is_some();
                (!can).then_some(Broken { sentence, principal, by: None, through: None })
            }
            Expectation::Cannot => {
                let set = &assertion.permission_set;
                let mut within = everything.held_by(&principal);
                within.retain(|held| held.grant.scope.contains(&on) || on.contains(&held.grant.scope));
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

/// Returns the grant by which an assertion's principal can what it says, an exact one before a wider one.
#[must_use]
pub fn granted(
    everything: &Everything<'_>,
    catalogue: &Catalogue,
    assertion: &Assertion,
) -> Option<HeldGrant> {
    let wanted = wanted(assertion)?;
    let held = everything.held_by(&assertion.principal);
    let can = held.into_iter().filter(|held| lacks(catalogue, &held.grant, &wanted) == Ok(None));
    can.min_by_key(|held| held.grant.permission_set != wanted.permission_set)
}

/// Returns the grant that comes nearest to what an assertion asks for and nobody gives, with what it lacks.
#[must_use]
pub fn nearly_granted(
    everything: &Everything<'_>,
    catalogue: &Catalogue,
    assertion: &Assertion,
) -> Option<(HeldGrant, Lack)> {
    nearest(everything.held_by(&assertion.principal), catalogue, &wanted(assertion)?)
}

fn wanted(assertion: &Assertion) -> Option<Grant> {
    let (permission_set, scope) = (assertion.permission_set.clone(), single_scope(&assertion.on)?);
    Some(Grant { permission_set, scope, condition: None })
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
