//! Answers → [`Live`]: pure, and either the whole or an error.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use super::answers::Answers;
use super::keys::{Keys, id_of};
use super::rule::rule;
use super::{Error, Live};
use crate::api::OrganizationId;
use crate::api::wire;
use crate::model::{
    Application, Attachment, Builtin, Catalogue, Flags, Group, Id, Kind, Meta, Owner, PermissionSet, Policy,
    Principal, ProjectName, Rules, ScopeType, State, User, UserStatus, UserType,
};

/// Makes sense of what the API said about an organization.
pub(super) fn assemble(organization: Id, answers: &Answers) -> Result<Live, Error> {
    let keys = Keys::of(answers)?;
    let catalogue = answers.permission_sets.as_deref().map(catalogue).transpose()?;
    let mut state = State::empty(organization);
    state.projects = projects(organization, &answers.projects)?;
    for it in &answers.users {
        own(organization, &it.organization_id, || format!("user `{}`", it.email))?;
        state.insert(keys.key(Kind::User, it.id.as_str())?, user(it));
    }
    for it in &answers.applications {
        own(organization, &it.organization_id, || format!("application `{}`", it.name))?;
        state.insert(keys.key(Kind::Application, it.id.as_str())?, application(it));
    }
    for it in &answers.groups {
        own(organization, &it.organization_id, || format!("group `{}`", it.name))?;
        state.insert(keys.key(Kind::Group, it.id.as_str())?, group(&keys, it)?);
    }
    for it in &answers.policies {
        own(organization, &it.policy.organization_id, || format!("policy `{}`", it.policy.name))?;
        let sets = catalogue.as_ref().unwrap_or(Catalogue::published());
        let policy = policy(organization, sets, &keys, &it.policy, &it.rules)?;
        state.insert(keys.key(Kind::Policy, it.policy.id.as_str())?, policy);
    }
    let Keys { ids, titles, duplicates, .. } = keys;
    let (quotas, notices) = (quotas(&answers.quota), answers.notices());
    Ok(Live { state, ids, titles, duplicates, oldest_keys: HashMap::new(), catalogue, quotas, notices })
}

/// Refuses an object of another organization: it would be changed, or granted something, in the wrong place.
fn own(wanted: Id, found: &OrganizationId, what: impl Fn() -> String) -> Result<(), Error> {
    if found.as_str().parse() == Ok(wanted) {
        return Ok(());
    }
    Err(Error::Foreign { what: what(), found: found.to_string(), wanted })
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

fn user(user: &wire::User) -> User {
    let kind = match user.kind {
        wire::UserType::Owner => UserType::Owner,
        wire::UserType::Member | wire::UserType::Guest => UserType::Member,
        wire::UserType::Unspecified | wire::UserType::Unknown(_) => UserType::Other,
    };
    // Source: IAM API v1alpha1, `status` of a user: deprecated, and `unknown_status` where it is not said.
    let status = match user.status {
        Some(wire::UserStatus::InvitationPending) => UserStatus::Invited,
        Some(wire::UserStatus::Activated | wire::UserStatus::Unspecified | wire::UserStatus::Unknown(_))
        | None => UserStatus::Activated,
    };
    User { username: user.username.clone(), kind, locked: user.locked, status }
}

fn application(application: &wire::Application) -> Application {
    Application {
        meta: meta(&application.description, &application.tags),
        flags: flags(application.editable, application.deletable, application.managed),
        api_keys: u32::try_from(application.nb_api_keys).unwrap_or(u32::MAX),
    }
}

fn group(keys: &Keys, group: &wire::Group) -> Result<Group, Error> {
    let builtin = match (group.all_users, group.all_applications) {
        (false, false) => None,
        (true, false) => Some(Builtin::AllUsers),
        (false, true) => Some(Builtin::AllApplications),
        (true, true) => {
            return Err(Error::shape(
                format!("group `{}`", group.name),
                &"of all users and of all applications",
            ));
        }
    };
    let users = group.user_ids.iter().map(|id| keys.key(Kind::User, id.as_str()).map(Principal::User));
    let applications = group
        .application_ids
        .iter()
        .map(|id| keys.key(Kind::Application, id.as_str()).map(Principal::Application));
    let members = users.chain(applications).collect::<Result<_, _>>()?;
    // Who is in a group that the service computes follows from its kind, whatever ids are served.
    let members = if builtin.is_none() { members } else { BTreeSet::new() };
    Ok(Group {
        meta: meta(&group.description, &group.tags),
        flags: flags(group.editable, group.deletable, group.managed),
        builtin,
        members,
    })
}

fn policy(
    organization: Id,
    catalogue: &Catalogue,
    keys: &Keys,
    policy: &wire::Policy,
    rules: &[wire::Rule],
) -> Result<Policy, Error> {
    let attachment = policy.principal.as_ref().map(|principal| keys.as_principal(principal)).transpose()?;
    let rules = rules.iter().map(|it| rule(organization, catalogue, &policy.name, it));
    Ok(Policy {
        meta: meta(&policy.description, &policy.tags),
        flags: flags(policy.editable, policy.deletable, policy.managed),
        attachment: attachment.unwrap_or(Attachment::None),
        rules: Rules(rules.collect::<Result<_, _>>()?),
    })
}

fn meta(description: &str, tags: &[String]) -> Meta {
    let (owner, tags) = Owner::of_tags(tags.iter().cloned());
    Meta { description: description.to_owned(), tags, owner }
}

fn flags(editable: bool, deletable: bool, managed: bool) -> Flags {
    Flags { editable, deletable, managed }
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
