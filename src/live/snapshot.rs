//! The organization in the API's own representation: a state for the emulator.
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::Error;
use crate::api::{self, Client, List, Listed};

/// Reads everything that the emulator knows, every field as the API serves it, without secrets.
///
/// # Errors
/// When something cannot be read whole.
pub async fn snapshot(client: &Client) -> Result<Value, Error> {
    let (users, applications, groups, policies, api_keys, ssh_keys, projects, quota) = tokio::try_join!(
        whole("the users", client.list_users(&api::ListUsers::default())),
        whole("the applications", client.list_applications(&api::ListApplications::default())),
        whole("the groups", client.list_groups(&api::ListGroups::default())),
        whole("the policies", client.list_policies(&api::ListPolicies::default())),
        whole("the API keys", client.list_api_keys(&api::ListApiKeys::default())),
        whole("the SSH keys", client.list_ssh_keys(&api::ListSshKeys::default())),
        whole("the projects", client.list_projects(&api::ListProjects::default())),
        whole("the quotas", client.list_quota(&api::ListQuota::default())),
    )?;
    let policies: Vec<Value> = stream::iter(policies.into_iter().map(|policy| with_rules(client, policy)))
        .buffered(client.parallelism())
        .try_collect()
        .await?;
    let mut state = json!({
        "organization": {"id": client.organization().as_str(), "name": ""},
        "users": users,
        "projects": projects,
        "applications": applications,
        "groups": groups,
        "policies": policies,
        "api_keys": api_keys,
        "ssh_keys": ssh_keys,
        "quota": quota,
    });
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
