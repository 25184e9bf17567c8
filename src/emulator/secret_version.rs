//! Versions of secrets: the data, and what becomes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::BodyFields;
use super::organization::{HandlerRequest, Organization};
use super::page::PageRequest;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::secret::{EphemeralAction, EphemeralPolicy, RETENTION, StoredSecret, action_in, data_in};
use super::state::Defaults;
use super::time::{self, just_after, micros, micros_or_null};

/// How many versions a secret may have; those that are scheduled for deletion count.
const MOST: u64 = 20;

/// A version of a secret. No `Debug`: it may hold data.
#[derive(Serialize, Deserialize)]
pub(super) struct SecretVersion {
    pub(super) revision: u32,
    #[serde(default)]
    secret_id: String,
    #[serde(default)]
    status: VersionStatus,
    #[serde(with = "micros", default = "Defaults::epoch")]
    created_at: Timestamp,
    #[serde(with = "micros", default = "Defaults::epoch")]
    updated_at: Timestamp,
    #[serde(default, with = "micros_or_null")]
    deleted_at: Option<Timestamp>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    latest: bool,
    #[serde(default)]
    ephemeral_properties: Option<EphemeralProperties>,
    #[serde(default, with = "micros_or_null")]
    deletion_requested_at: Option<Timestamp>,
    #[serde(default)]
    region: String,
    #[serde(default, skip_serializing)]
    data: Data,
    #[serde(default, skip_serializing)]
    data_crc32: Option<u32>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// The data of a version, in base64.
#[derive(Default, Deserialize)]
#[serde(from = "Option<String>")]
struct Data {
    base64: String,
    /// Whether the state had it, and so gets it back; never what was made since.
    of_state: bool,
}

impl From<Option<String>> for Data {
    fn from(text: Option<String>) -> Self {
        Self { of_state: text.is_some(), base64: text.unwrap_or_default() }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VersionStatus {
    #[default]
    Enabled,
    Disabled,
    ScheduledForDeletion,
    Deleted,
}

/// What becomes of a version by itself.
#[derive(Clone, Serialize, Deserialize)]
struct EphemeralProperties {
    #[serde(default, with = "micros_or_null")]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    expires_once_accessed: Option<bool>,
    action: EphemeralAction,
}

impl EphemeralProperties {
    fn of(policy: &EphemeralPolicy, now: Timestamp) -> Self {
        let life = policy.time_to_live.as_deref().and_then(time::duration);
        Self {
            expires_at: life.and_then(|life| now.checked_add(life).ok()),
            expires_once_accessed: policy.expires_once_accessed,
            action: policy.action,
        }
    }
}

impl SecretVersion {
    /// Sets what follows from the secret in a state file, and from which version is the newest.
    pub(super) fn belong(&mut self, secret: &str, region: &str, newest: Option<u32>) {
        secret.clone_into(&mut self.secret_id);
        region.clone_into(&mut self.region);
        self.latest = Some(self.revision) == newest;
    }

    pub(super) fn latest_change(&self) -> Timestamp {
        self.updated_at.max(self.created_at)
    }

    fn json(&self) -> Value {
        json!(self)
    }

    /// Returns the version as a state file has it: with the data that it was loaded with.
    pub(super) fn saved(&self) -> Value {
        let mut json = self.json();
        if self.data.of_state {
            json["data"] = self.data.base64.as_str().into();
            json["data_crc32"] = self.data_crc32.into();
        }
        json
    }

    /// Lets pass what time does.
    pub(super) fn age(&mut self, now: Timestamp) {
        let ends = self.ephemeral_properties.as_ref().and_then(|properties| properties.expires_at);
        if self.status == VersionStatus::Enabled && ends.is_some_and(|at| at <= now) {
            self.expire(now);
        }
        let gone_at = self.deletion_requested_at.and_then(|at| at.checked_add(RETENTION).ok());
        if self.status == VersionStatus::ScheduledForDeletion
            && let Some(at) = gone_at.filter(|at| *at <= now)
        {
            self.status = VersionStatus::Deleted;
            self.deleted_at = Some(at);
            self.data = Data::default();
        }
    }

    /// Does what the version's properties say happens at its end.
    fn expire(&mut self, now: Timestamp) {
        match self.ephemeral_properties.as_ref().map(|properties| properties.action) {
            Some(EphemeralAction::Delete) => self.schedule(now),
            Some(EphemeralAction::Disable) => self.become_status(VersionStatus::Disabled, now),
            None => {}
        }
    }

    fn schedule(&mut self, now: Timestamp) {
        self.deletion_requested_at = Some(now);
        self.become_status(VersionStatus::ScheduledForDeletion, now);
    }

    fn become_status(&mut self, status: VersionStatus, now: Timestamp) {
        self.status = status;
        self.updated_at = now;
    }

    /// Says whether it counts for how many versions a secret may have.
    fn counts(&self) -> bool {
        self.status != VersionStatus::Deleted
    }
}

impl StoredSecret {
    /// Finds the version that a path names: a number, `latest` or `latest_enabled`.
    fn version(&self, revision: &str) -> Result<&SecretVersion, Problem> {
        let mut there = self.versions.iter().rev().filter(|version| version.counts());
        let found = match revision {
            "latest" => there.find(|version| version.latest),
            "latest_enabled" => there.find(|version| version.status == VersionStatus::Enabled),
            number => number.parse().ok().and_then(|number: u32| there.find(|it| it.revision == number)),
        };
        found.ok_or_else(|| Problem::NotFound { resource: "secret_version", id: self.id.clone() })
    }

    fn version_mut(&mut self, revision: &str) -> Result<&mut SecretVersion, Problem> {
        let number = self.version(revision)?.revision;
        let found = self.versions.iter_mut().find(|version| version.revision == number);
        found.ok_or_else(|| Problem::NotFound { resource: "secret_version", id: self.id.clone() })
    }
}

impl Organization {
    /// Adds a version, the latest from now on. Revisions are never used again; the secret's `updated_at` stays.
    ///
    /// Recorded: secret-version-basic, secret-data-source-version-basic.
    pub(super) fn create_secret_version(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let secret = self.secret(ask)?;
        let mut fields = BodyFields::new(&ask.body);
        let data = data_in(&mut fields, &secret.kind).unwrap_or_default();
        let description = fields.text_up_to("description", 255).unwrap_or_default();
        let disable_previous = fields.flag("disable_previous").unwrap_or(false);
        let sum = fields.count("data_crc32");
        if sum.is_some_and(|sum| sum != u64::from(crc32fast::hash(&data))) {
            fields.refuse("data_crc32", ArgumentReason::Constraint, "value must be the CRC32 of the data");
        }
        fields.done()?;
        if secret.deletion_requested_at.is_some() {
            return Err(scheduled());
        }
        let current = secret.versions.iter().filter(|version| version.counts()).count() as u64;
        if current >= MOST {
            return Err(Problem::QuotaExceeded { resource: "secret_version", quota: MOST, current });
        }
        let now = self.stamp(ask);
        let secret = self.secret_mut(ask)?;
        for version in &mut secret.versions {
            version.latest = false;
            if disable_previous && version.status == VersionStatus::Enabled {
                version.become_status(VersionStatus::Disabled, now);
            }
        }
        let version = SecretVersion {
            revision: secret.versions.last().map_or(0, |version| version.revision).saturating_add(1),
            secret_id: secret.id.clone(),
            status: VersionStatus::Enabled,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            description,
            latest: true,
            ephemeral_properties: secret.ephemeral_policy.as_ref().map(|it| EphemeralProperties::of(it, now)),
            deletion_requested_at: None,
            region: secret.region.clone(),
            data: Data { base64: STANDARD.encode(data), of_state: false },
            data_crc32: sum.and_then(|sum| u32::try_from(sum).ok()),
            more: Map::new(),
        };
        let reply = Reply::ok(version.json());
        secret.version_count += 1;
        secret.versions.push(version);
        Ok(reply)
    }

    /// Lists versions, the newest first (recorded: secret-list-versions-by-status). Those that are deleted for good are
    /// shown only when they are asked for.
    pub(super) fn list_secret_versions(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let statuses = ask.query.texts("status").unwrap_or_default();
        let mut wanted = Vec::new();
        for status in statuses.iter().filter(|status| *status != "unknown_status") {
            match serde_json::from_value::<VersionStatus>(Value::from(status.as_str())) {
                Ok(status) => wanted.push(status),
                Err(_) => ask.query.refuse("status", ArgumentReason::Format, "value must be a known status"),
            }
        }
        let page = PageRequest::read(&mut ask.query, 20);
        ask.query.done()?;
        let secret = self.secret(ask)?;
        let shown = |version: &&SecretVersion| {
            if wanted.is_empty() { version.counts() } else { wanted.contains(&version.status) }
        };
        Ok(page.of("versions", secret.versions.iter().rev().filter(shown), SecretVersion::json))
    }

    pub(super) fn get_secret_version(&self, ask: &HandlerRequest<'_>) -> Handled {
        Ok(Reply::ok(self.secret(ask)?.version(ask.id)?.json()))
    }

    pub(super) fn update_secret_version(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let description = fields.text_up_to("description", 255);
        let properties = fields.object("ephemeral_properties").and_then(|map| {
            let mut inner = BodyFields::below(map, "ephemeral_properties.".into());
            let (expires_at, once) = (inner.time("expires_at"), inner.flag("expires_once_accessed"));
            let action = action_in(&mut inner);
            fields.absorb(inner);
            Some(EphemeralProperties { expires_at, expires_once_accessed: once, action: action? })
        });
        fields.done()?;
        self.secret(ask)?.version(ask.id)?;
        let changed = description.is_some() || properties.is_some();
        let now = if changed { Some(self.stamp(ask)) } else { None };
        let version = self.secret_mut(ask)?.version_mut(ask.id)?;
        super::fields::set(&mut version.description, description);
        version.ephemeral_properties = properties.or(version.ephemeral_properties.take());
        super::fields::set(&mut version.updated_at, now);
        Ok(Reply::ok(version.json()))
    }

    /// Gives the data of a version: the only call that does.
    pub(super) fn access_secret_version(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = self.secret(ask)?.id.clone();
        self.access(ask, &id, ask.id)
    }

    /// Gives the data of a version of a secret that the query names by its place.
    pub(super) fn access_secret_by_path(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = self.secret_by_path(ask)?.id.clone();
        self.access(ask, &id, ask.id)
    }

    fn access(&mut self, ask: &HandlerRequest<'_>, id: &str, revision: &str) -> Handled {
        let now = just_after(time::to_microsecond(ask.request.now));
        let secret = self.stored_secrets.get_mut(id).ok_or_else(|| super::secret::not_found(id))?;
        let kind = secret.kind.clone();
        let version = secret.version_mut(revision)?;
        if version.status != VersionStatus::Enabled {
            return Err(Problem::Precondition {
                precondition: "resource_not_usable",
                help: "the secret version is not enabled",
            });
        }
        let body = json!({
            "secret_id": version.secret_id, "revision": version.revision, "data": version.data.base64,
            "data_crc32": version.data_crc32, "type": kind,
        });
        let once = version.ephemeral_properties.as_ref().and_then(|it| it.expires_once_accessed);
        if once == Some(true) {
            version.expire(now);
        }
        Ok(Reply::ok(body))
    }

    /// Enables or disables a version; the second time changes nothing.
    pub(super) fn enable_secret_version(&mut self, ask: &mut HandlerRequest<'_>, enabled: bool) -> Handled {
        let wanted = if enabled { VersionStatus::Enabled } else { VersionStatus::Disabled };
        let status = self.secret(ask)?.version(ask.id)?.status;
        if !matches!(status, VersionStatus::Enabled | VersionStatus::Disabled) {
            return Err(scheduled());
        }
        let now = if status == wanted { None } else { Some(self.stamp(ask)) };
        let version = self.secret_mut(ask)?.version_mut(ask.id)?;
        if let Some(now) = now {
            version.become_status(wanted, now);
        }
        Ok(Reply::ok(version.json()))
    }

    /// Schedules a version for deletion in seven days; it is still listed and counted.
    ///
    /// Recorded: secret-data-source-version-basic.
    pub(super) fn delete_secret_version(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let status = self.secret(ask)?.version(ask.id)?.status;
        if matches!(status, VersionStatus::Enabled | VersionStatus::Disabled) {
            let now = self.stamp(ask);
            self.secret_mut(ask)?.version_mut(ask.id)?.schedule(now);
        }
        Ok(Reply::gone())
    }

    /// Takes a version back from its deletion, enabled.
    pub(super) fn restore_secret_version(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.secret(ask)?.version(ask.id)?;
        let now = self.stamp(ask);
        let version = self.secret_mut(ask)?.version_mut(ask.id)?;
        if version.status == VersionStatus::ScheduledForDeletion {
            version.deletion_requested_at = None;
            version.become_status(VersionStatus::Enabled, now);
        }
        Ok(Reply::ok(version.json()))
    }
}

fn scheduled() -> Problem {
    Problem::Precondition {
        precondition: "resource_not_usable",
        help: "what is scheduled for deletion cannot be changed",
    }
}
