//! The organization in the API's own representation: a state for the emulator.
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::Error;
use crate::api::{self, Client, ErrorKind, List, Listed};

/// Reads everything that the emulator knows, every field as the API serves it, without secrets. API keys, SSH keys and quotas may
/// be refused: `snapshot.lists` says of each list whether it was read, so that an empty one is not taken for none.
///
/// # Errors
/// When something cannot be read whole.
pub async fn snapshot(client: &Client) -> Result<Value, Error> {
    let (users, applications, groups, policies, api_keys, ssh_keys, projects, quota, organization) = tokio::try_join!(
        whole("the users", client.list_users(&api::ListUsers::default())),
        whole("the applications", client.list_applications(&api::ListApplications::default())),
        whole("the groups", client.list_groups(&api::ListGroups::default())),
        whole("the policies", client.list_policies(&api::ListPolicies::default())),
        allowed("the API keys", client.list_api_keys(&api::ListApiKeys::default())),
        allowed("the SSH keys", client.list_ssh_keys(&api::ListSshKeys::default())),
        whole("the projects", client.list_projects(&api::ListProjects::default())),
        allowed("the quotas", client.list_quota(&api::ListQuota::default())),
        async { title(client).await },
    )?;
    let policies: Vec<Value> = stream::iter(policies.into_iter().map(|policy| with_rules(client, policy)))
        .buffered(client.parallelism())
        .try_collect()
        .await?;
    let lists = json!({
        "users": {"read": users.len()},
        "projects": {"read": projects.len()},
        "applications": {"read": applications.len()},
        "groups": {"read": groups.len()},
        "policies": {"read": policies.len()},
        "api_keys": api_keys.record(),
        "ssh_keys": ssh_keys.record(),
        "quota": quota.record(),
    });
    let mut state = json!({
        "snapshot": {"format_version": 1, "lists": lists},
        "organization": {"id": client.organization().as_str(), "name": organization},
        "users": users,
        "projects": projects,
        "applications": applications,
        "groups": groups,
        "policies": policies,
        "api_keys": api_keys.unwrap_or_default(),
        "ssh_keys": ssh_keys.unwrap_or_default(),
        "quota": quota,
    });
    if state["quota"].is_null() {
        // No quotas are not the same as quotas of nothing.
        state.as_object_mut().map(|state| state.remove("quota"));
    }
    drop_secrets(&mut state);
    Ok(state)
}

/// What the name of a field holds, written small and without signs, whose value nobody else may know.
const SECRET: [&str; 6] = ["secret", "password", "passphrase", "token", "privatekey", "credential"];

/// Takes away every field that is named like a secret, of whatever kind its object and its value are.
fn drop_secrets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !is_secret(name));
            fields.values_mut().for_each(drop_secrets);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_secrets),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    SECRET.iter().any(|secret| name.contains(secret))
}

/// What is noted of a list.
trait ListRecord {
    /// How many there are, or that the list was refused.
    fn record(&self) -> Value;
}

impl ListRecord for Option<Vec<Value>> {
    fn record(&self) -> Value {
        self.as_ref().map_or_else(|| json!({"refused": 403}), |items| json!({"read": items.len()}))
    }
}

/// Reads a list that the caller may not be allowed to read: `None` then.
async fn allowed<T: Listed>(what: &'static str, list: List<T>) -> Result<Option<Vec<Value>>, Error> {
    match list.raw().all().await {
        Ok(items) => Ok(Some(items.into_iter().map(api::Raw::into_value).collect())),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(None),
        Err(source) => Err(Error::reading(what)(source)),
    }
}

/// Returns the name of the organization; empty where the caller may not read it.
async fn title(client: &Client) -> Result<String, Error> {
    match client.get_organization().await {
        Ok(organization) => Ok(organization.name),
        Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => Ok(String::new()),
        Err(source) => Err(Error::reading("the organization")(source)),
    }
}

async fn whole<T: Listed>(what: &'static str, list: List<T>) -> Result<Vec<Value>, Error> {
    let items = list.raw().all().await.map_err(Error::reading(what))?;
    Ok(items.into_iter().map(api::Raw::into_value).collect())
}

async fn with_rules(client: &Client, mut policy: Value) -> Result<Value, Error> {
    let id = policy["id"].as_str().unwrap_or_default().to_owned();
    let Ok(known) = id.parse() else {
        return Err(Error::shape("the id of a policy", &"it is no UUID"));
    };
    let rules = client.list_rules(&known).raw().all().await;
    let rules = rules.map_err(Error::reading(format!("the rules of policy {id}")))?;
    policy["rules"] = rules.into_iter().map(api::Raw::into_value).collect();
    Ok(policy)
}
