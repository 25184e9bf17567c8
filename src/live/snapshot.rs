//! The organization in the API's own representation: a state for the emulator.
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Error;
use crate::api::{self, Client, ErrorKind, List, Listed, wire};

/// Reads everything that the emulator knows, every field as the API serves it, without secrets. API keys, SSH keys, quotas and the
/// organization's settings may be refused: `snapshot.lists` says of each list whether it was read, so that an empty one is not taken for none.
///
/// # Errors
/// When something cannot be read whole.
pub async fn snapshot(client: &Client) -> Result<Value, Error> {
    let (users, applications, groups, policies, api_keys, ssh_keys, projects, quota, settings) = tokio::try_join!(
        whole("the users", client.list_users(&api::ListUsers::default())),
        whole("the applications", client.list_applications(&api::ListApplications::default())),
        whole("the groups", client.list_groups(&api::ListGroups::default())),
        whole("the policies", client.list_policies(&api::ListPolicies::default())),
        allowed("the API keys", client.list_api_keys(&api::ListApiKeys::default())),
        allowed("the SSH keys", client.list_ssh_keys(&api::ListSshKeys::default())),
        whole("the projects", client.list_projects(&api::ListProjects::default())),
        allowed("the quotas", client.list_quota(&api::ListQuota::default())),
        settings(client),
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
        "organization": record(settings.organization.as_ref()),
        "security_settings": record(settings.security.as_ref()),
    });
    let mut state = json!({
        "snapshot": {"format_version": 1, "lists": lists},
        "organization": settings.of(client),
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

/// Removes every field whose name looks like a secret's, whatever its object and its value are.
fn drop_secrets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // Whether a secret exists is not itself secret.
            fields.retain(|name, value| value.is_boolean() || !is_secret(name));
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

/// The settings of the organization, as far as the caller may read them.
struct SettingsAnswers {
    organization: Option<wire::Organization>,
    security: Option<wire::SecuritySettings>,
}

async fn settings(client: &Client) -> Result<SettingsAnswers, Error> {
    fn read<T>(what: &'static str, read: Result<T, api::Error>) -> Result<Option<T>, Error> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => Ok(None),
            Err(source) => Err(Error::reading(what)(source)),
        }
    }
    let (organization, security) = tokio::join!(client.get_organization(), client.get_security_settings());
    Ok(SettingsAnswers {
        organization: read("the organization", organization)?,
        security: read("the security settings", security)?,
    })
}

impl SettingsAnswers {
    /// Returns the organization as the API serves it, with its security settings.
    fn of(&self, client: &Client) -> Value {
        let span = |span: Option<SignedDuration>| span.map(|span| format!("{}s", span.as_secs()));
        let mut all = json!({"id": client.organization().as_str(), "name": ""});
        if let Some(it) = &self.organization {
            all["name"] = it.name.as_str().into();
            all["alias"] = it.alias.as_str().into();
            all["login_password_enabled"] = it.login_password_enabled.into();
            all["login_magic_code_enabled"] = it.login_magic_code_enabled.into();
            all["login_oauth2_enabled"] = it.login_oauth2_enabled.into();
            all["login_saml_enabled"] = it.login_saml_enabled.into();
        }
        if let Some(it) = &self.security {
            let settings = &mut all["security_settings"];
            settings["enforce_password_renewal"] = it.enforce_password_renewal.into();
            settings["grace_period_duration"] = span(it.grace_period_duration).into();
            settings["login_attempts_before_locked"] = it.login_attempts_before_locked.into();
            settings["max_login_session_duration"] = span(it.max_login_session_duration).into();
            settings["max_api_key_expiration_duration"] = span(it.max_api_key_expiration_duration).into();
        }
        drop_null(&mut all);
        all
    }
}

/// Removes what the API did not serve.
fn drop_null(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, value| !value.is_null());
        fields.values_mut().for_each(drop_null);
    }
}

/// The note about something of which there is only one.
fn record<T>(read: Option<&T>) -> Value {
    if read.is_some() { json!({"read": 1}) } else { json!({"refused": 403}) }
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
