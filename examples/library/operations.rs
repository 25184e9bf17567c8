//! The calls that programs make most often. `docs/library.md` shows this file, and a test runs it on the emulator.

use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use scw_iam::api::wire::{
    ApiKey, Bearer, CreateApiKey, Group, Member, Policy, Quotum, Rule, RuleSpec, SpecScope,
};
use scw_iam::api::{
    AccessKey, ApplicationId, Client, Error, GroupId, ListGroups, ListPolicies, ListQuota, PolicyId,
    PolicyOrder, ProjectId, QuotumName, Secret, UserId,
};

/// Create an API key
///
/// Scaleway returns the secret key only once, in this response. `Secret` never prints its value; `secret.expose()` returns it.
pub async fn create_api_key(client: &Client, application: ApplicationId) -> Result<(ApiKey, Secret), Error> {
    let key = CreateApiKey {
        bearer: Bearer::Application(application),
        description: "deploys".to_owned(),
        expires_at: Some(Timestamp::now() + SignedDuration::from_hours(90 * 24)),
        default_project_id: None,
    };
    let created = client.create_api_key(&key).await?;
    Ok((created.key, created.secret))
}

/// Get an API key
///
/// The access key is the public half of an API key, and identifies it.
pub async fn get_api_key(client: &Client, key: &AccessKey) -> Result<ApiKey, Error> {
    client.get_api_key(key).await
}

/// Delete a user, member or guest
///
/// Their API keys are deleted too, and policies attached to them lose their principal.
pub async fn delete_user(client: &Client, user: &UserId) -> Result<(), Error> {
    client.delete_user(user).await
}

/// List groups
///
/// `.all()` returns the items of all pages or an error, never a partial list. It reads the pages after the first concurrently.
pub async fn list_groups(client: &Client, with: UserId) -> Result<Vec<Group>, Error> {
    let list = ListGroups { user_ids: vec![with], ..ListGroups::default() };
    client.list_groups(&list).all().await
}

/// List policies
///
/// A list is also a stream of items. It reads the next page once the current one is used up.
pub async fn list_policies(client: &Client) -> Result<Vec<String>, Error> {
    let list =
        ListPolicies { order_by: PolicyOrder::NameAsc, no_principal: Some(false), ..ListPolicies::default() };
    let mut policies = client.list_policies(&list);
    let mut names = Vec::new();
    while let Some(Policy { name, .. }) = policies.try_next().await? {
        names.push(name);
    }
    Ok(names)
}

/// List quotas
pub async fn list_quotas(client: &Client, name: QuotumName) -> Result<Vec<Quotum>, Error> {
    let list = ListQuota { quotum_names: vec![name], ..ListQuota::default() };
    client.list_quota(&list).all().await
}

/// List the rules of a policy
///
/// The rules come in the order in which they were set. No call lists the rules of several policies.
pub async fn list_rules(client: &Client, policy: &PolicyId) -> Result<Vec<Rule>, Error> {
    client.list_rules(policy).all().await
}

/// Remove a user or an application from a group
///
/// The other members stay. The call returns the group without the member.
pub async fn remove_members(
    client: &Client,
    group: &GroupId,
    user: UserId,
    application: ApplicationId,
) -> Result<Group, Error> {
    client.remove_member(group, &Member::User(user)).await?;
    client.remove_member(group, &Member::Application(application)).await
}

/// Set the rules of a policy, in order
///
/// One call replaces the whole list atomically. Every rule gets a new id, even if it did not change.
pub async fn set_rules(client: &Client, policy: &PolicyId, project: ProjectId) -> Result<Vec<Rule>, Error> {
    let look = RuleSpec {
        permission_set_names: vec!["AllProductsReadOnly".to_owned()],
        condition: String::new(),
        scope: SpecScope::Projects(vec![project]),
    };
    let read_iam = RuleSpec {
        permission_set_names: vec!["IAMReadOnly".to_owned()],
        condition: "request.ip == \"192.0.2.1\"".to_owned(),
        scope: SpecScope::Organization(client.organization().clone()),
    };
    client.set_rules(policy, &[look, read_iam]).await
}
