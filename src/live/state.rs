//! Answers → [`Live`]: pure, and either the whole or an error.
use std::collections::HashMap;

use indexmap::IndexMap;

use super::Error;
use super::answers::{ObjectWithRules, RefreshAnswers};
use super::id::{id_of, own};
use super::keys::ObjectKeys;
use super::seen::{Known, rules_of};
use super::side::Live;
use crate::api::wire;
use crate::model::{
    Address, Catalogue, Id, OfKind as _, PermissionSet, Policy, ProjectName, Quota, Scim, ScopeType, State,
};

/// Makes sense of what the API said about an organization.
pub(super) fn assemble(organization: Id, answers: &RefreshAnswers) -> Result<Live, Error> {
    let keys = ObjectKeys::of(answers)?;
    let catalogue = answers.permission_sets.as_deref().map(catalogue).transpose()?;
    let mut state = State::empty(organization);
    state.projects = projects(organization, &answers.projects)?;
    let address_of = |id| keys.ids.address_of(id).cloned();
    let sets = catalogue.as_ref().unwrap_or(Catalogue::published());
    let known = Known { organization, catalogue: sets, address_of: &address_of };
    for ObjectWithRules { answer, rules } in &answers.objects {
        let kind = answer.kind();
        let mut object = answer.seen(&known)?.object;
        if let (Some(policy), false) = (Policy::of_mut(&mut object), rules.is_empty()) {
            policy.rules = rules_of(answer.title(), rules, &known)?;
        }
        state.objects.insert(Address::new(kind, known.key(kind, answer.id())?), object);
    }
    let ObjectKeys { ids, titles, duplicates, .. } = keys;
    let inventory = super::inventory::of_answers(answers)?;
    let (quotas, notices) = (quotas(&answers.quota), answers.notices());
    Ok(Live {
        state,
        ids,
        titles,
        duplicates,
        oldest_keys: HashMap::new(),
        people_keys: None,
        scim: Scim::Unread,
        catalogue,
        quotas,
        inventory,
        notices,
    })
}

/// Returns the names of the projects, without those on their way out, which nothing new can be granted on.
pub(super) fn projects(
    organization: Id,
    projects: &[wire::Project],
) -> Result<IndexMap<Id, ProjectName>, Error> {
    let mut names = IndexMap::new();
    for it in projects {
        let what = || format!("project `{}`", it.name);
        own(organization, &it.organization_id, what)?;
        if it.status != Some(wire::ProjectStatus::Deleting) {
            names.insert(id_of(it.id.as_str())?, it.name.parse().map_err(|why| Error::shape(what(), &why))?);
        }
    }
    Ok(names)
}

fn catalogue(sets: &[wire::PermissionSet]) -> Result<Catalogue, Error> {
    let entry = |set: &wire::PermissionSet| {
        let name =
            set.name.parse().map_err(|why| Error::shape(format!("permission set `{}`", set.name), &why))?;
        let scope_type = match set.scope_type {
            wire::ScopeType::Organization => ScopeType::Organization,
            wire::ScopeType::Projects => ScopeType::Projects,
            wire::ScopeType::AccountRootUser => ScopeType::AccountRootUser,
            wire::ScopeType::Unspecified | wire::ScopeType::Unknown(_) => ScopeType::Other,
        };
        Ok((
            name,
            PermissionSet { scope_type, category: set.categories.first().cloned().unwrap_or_default() },
        ))
    };
    sets.iter().map(entry).collect()
}

/// Returns the quotas that are one number: the global limit, else the overall amount.
pub(super) fn quotas(quota: &[wire::Quotum]) -> Vec<Quota> {
    let amount = |it: &wire::Quotum| {
        let global = it.limits.iter().find(|limit| limit.place == Some(wire::QuotaPlace::Global));
        global.and_then(|limit| limit.amount).or(it.amount)
    };
    let number = |amount| match amount {
        wire::QuotaAmount::Limit(most) => Some(most),
        wire::QuotaAmount::Unlimited => None,
    };
    let one = |it: &wire::Quotum| {
        let (name, title) = (it.name.to_string(), it.pretty_name.clone());
        Some(Quota { name, title, most: number(amount(it)?) })
    };
    quota.iter().filter_map(one).collect()
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
