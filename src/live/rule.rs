//! Rules: what they grant, and where.
use std::collections::BTreeSet;

use super::Error;
use super::id::id_of;
use crate::api::wire::{self, RuleScope};
use crate::model::{Catalogue, Condition, Id, PermissionSetName, Rule, Scope, ScopeType};

/// Turns a rule of `policy` into the model's.
///
/// A rule of which this version does not know all gets a scope that files cannot express, so that nobody writes it.
pub(super) fn rule(
    organization: Id,
    catalogue: &Catalogue,
    policy: &str,
    rule: &wire::Rule,
) -> Result<Rule, Error> {
    let what = || format!("rule `{}` of policy `{policy}`", rule.id);
    let permission_sets: BTreeSet<PermissionSetName> = rule
        .permission_set_names
        .iter()
        .map(|name| name.parse().map_err(|why| Error::shape(format!("a permission set of {}", what()), &why)))
        .collect::<Result<_, _>>()?;
    let condition = match rule.condition.as_str() {
        "" => None,
        text => Some(
            text.parse::<Condition>()
                .map_err(|why| Error::shape(format!("the condition of {}", what()), &why))?,
        ),
    };
    let unknown: Vec<_> = rule.unknown.names().collect();
    let scope = if unknown.is_empty() {
        let scope_type = scope_type(rule, catalogue, &permission_sets);
        scope(organization, scope_type, rule.scope.as_ref(), &what)?
    } else {
        Scope::Other(format!("with {}, which this version does not know", unknown.join(", ")))
    };
    Ok(Rule { permission_sets, scope, condition })
}

/// Returns what the rule's sets can be granted on: as the answer says, else as the catalogue says of all of them.
fn scope_type(
    rule: &wire::Rule,
    catalogue: &Catalogue,
    permission_sets: &BTreeSet<PermissionSetName>,
) -> Option<ScopeType> {
    match rule.permission_sets_scope_type {
        wire::ScopeType::Projects => return Some(ScopeType::Projects),
        wire::ScopeType::Organization => return Some(ScopeType::Organization),
        wire::ScopeType::AccountRootUser => return Some(ScopeType::AccountRootUser),
        wire::ScopeType::Unspecified | wire::ScopeType::Unknown(_) => {}
    }
    let mut types = permission_sets.iter().map(|name| catalogue.get(name).map(|set| set.scope_type));
    let first = types.next()??;
    types.all(|other| other == Some(first)).then_some(first)
}

/// Tells the organization from all its projects, which look the same on the wire, by what the sets can be granted on.
fn scope(
    organization: Id,
    scope_type: Option<ScopeType>,
    scope: Option<&RuleScope>,
    what: &impl Fn() -> String,
) -> Result<Scope, Error> {
    match (scope, scope_type) {
        (None, _) => Ok(Scope::Gone),
        (Some(RuleScope::Projects(ids)), _) if ids.is_empty() => Ok(Scope::Gone),
        (Some(RuleScope::Projects(ids)), _) => {
            Ok(Scope::Projects(ids.iter().map(|id| id_of(id.as_str())).collect::<Result<_, _>>()?))
        }
        (Some(RuleScope::AccountRootUser(id)), _) => Ok(Scope::Other(format!("account root user {id}"))),
        (Some(RuleScope::Organization(id)), _) if id_of(id.as_str())? != organization => {
            Err(Error::Foreign { what: what(), found: id.to_string(), wanted: organization })
        }
        (Some(RuleScope::Organization(_)), Some(ScopeType::Projects)) => Ok(Scope::AllProjects),
        (Some(RuleScope::Organization(_)), Some(ScopeType::Organization)) => Ok(Scope::Organization),
        (Some(RuleScope::Organization(_)), Some(ScopeType::AccountRootUser | ScopeType::Other) | None) => {
            Ok(Scope::Other("the organization, or all its projects".to_owned()))
        }
    }
}
