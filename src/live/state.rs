//! Answers → [`Live`]: pure, and either the whole or an error.
use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;

use super::answers::RefreshAnswers;
use super::keys::ObjectKeys;
use super::seen::{Known, ObjectAnswer, id_of, own, rules_of};
use super::{Error, Live};
use crate::api::wire;
use crate::model::{Address, Catalogue, Id, Kind, PermissionSet, Policy, ProjectName, ScopeType, State};

/// Makes sense of what the API said about an organization.
pub(super) fn assemble(organization: Id, answers: &RefreshAnswers) -> Result<Live, Error> {
    let keys = ObjectKeys::of(answers)?;
    let catalogue = answers.permission_sets.as_deref().map(catalogue).transpose()?;
    let mut state = State::empty(organization);
    state.projects = projects(organization, &answers.projects)?;
    let address_of = |id| keys.ids.address_of(id).cloned();
    let sets = catalogue.as_ref().unwrap_or(Catalogue::published());
    let known = Known { organization, catalogue: sets, address_of: &address_of };
    insert(&mut state, &answers.users, &known)?;
    insert(&mut state, &answers.applications, &known)?;
    insert(&mut state, &answers.groups, &known)?;
    insert(&mut state, answers.policies.iter().map(|it| &it.policy), &known)?;
    for it in answers.policies.iter().filter(|it| !it.rules.is_empty()) {
        if let Some(policy) = state.find_mut::<Policy>(&known.key(Kind::Policy, it.policy.id.as_str())?) {
            policy.rules = rules_of(&it.policy.name, &it.rules, &known)?;
        }
    }
    let ObjectKeys { ids, titles, duplicates, .. } = keys;
    let (quotas, notices) = (quotas(&answers.quota), answers.notices());
    Ok(Live { state, ids, titles, duplicates, oldest_keys: HashMap::new(), catalogue, quotas, notices })
}

/// Adds the objects that answers of one kind show.
fn insert<'a, T: ObjectAnswer + 'a>(
    state: &mut State,
    answers: impl IntoIterator<Item = &'a T>,
    known: &Known<'_>,
) -> Result<(), Error> {
    for answer in answers {
        let seen = answer.seen(known)?;
        state.objects.insert(Address::new(T::KIND, known.key(T::KIND, answer.id())?), seen.object);
    }
    Ok(())
}

/// Returns the names of the projects, without those on their way out, which nothing new can be granted on.
fn projects(organization: Id, projects: &[wire::Project]) -> Result<IndexMap<Id, ProjectName>, Error> {
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
fn quotas(quota: &[wire::Quotum]) -> BTreeMap<String, Option<u64>> {
    let amount = |it: &wire::Quotum| {
        let global = it.limits.iter().find(|limit| limit.place == Some(wire::QuotaPlace::Global));
        global.and_then(|limit| limit.amount).or(it.amount)
    };
    let number = |amount| match amount {
        wire::QuotaAmount::Limit(most) => Some(most),
        wire::QuotaAmount::Unlimited => None,
    };
    quota.iter().filter_map(|it| Some((it.name.to_string(), number(amount(it)?)))).collect()
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
