//! Secrets of Secret Manager (v1beta1), in the regions of projects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{self, BodyFields, set};
use super::organization::{HandlerRequest, Organization, unused_id};
use super::page::{Listing, PageRequest, SortKey, Total};
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::secret_version::SecretVersion;
use super::state::Defaults;
use super::table::Row;
use super::time::{self, micros, micros_or_null};

/// How long what is deleted can be had back.
pub(super) const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A secret with its versions, which are served apart from it. No `Debug`: its versions may hold data.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredSecret {
    #[serde(deserialize_with = "fields::read_uuid")]
    pub(super) id: String,
    #[serde(deserialize_with = "fields::read_uuid")]
    pub(super) project_id: String,
    name: String,
    #[serde(default = "ready")]
    status: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    pub(super) version_count: usize,
    #[serde(default)]
    description: String,
    #[serde(default)]
    managed: bool,
    #[serde(rename = "type", default = "opaque")]
    pub(super) kind: String,
    #[serde(default)]
    protected: bool,
    #[serde(default = "root")]
    path: String,
    #[serde(default)]
    pub(super) ephemeral_policy: Option<EphemeralPolicy>,
    #[serde(default)]
    used_by: Vec<String>,
    #[serde(default, with = "micros_or_null")]
    pub(super) deletion_requested_at: Option<Timestamp>,
    #[serde(default)]
    key_id: Option<String>,
    #[serde(default = "first_region")]
    pub(super) region: String,
    /// By revision, oldest first.
    #[serde(default, skip_serializing)]
    pub(super) versions: Vec<SecretVersion>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

fn ready() -> String {
    "ready".to_owned()
}

fn opaque() -> String {
    KINDS[0].1.to_owned()
}

fn root() -> String {
    "/".to_owned()
}

fn first_region() -> String {
    "fr-par".to_owned()
}

/// What becomes of versions by themselves.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct EphemeralPolicy {
    /// How long a version lives; as it is served.
    #[serde(default)]
    pub(super) time_to_live: Option<String>,
    #[serde(default)]
    pub(super) expires_once_accessed: Option<bool>,
    pub(super) action: EphemeralAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EphemeralAction {
    Delete,
    Disable,
}

/// The types of secrets: as they are asked for, and as they are served.
const KINDS: [(&str, &str); 7] = [
    ("unknown_type", "opaque"),
    ("opaque", "opaque"),
    ("certificate", "certificate"),
    ("key_value", "key_value"),
    ("basic_credentials", "basic_credentials"),
    ("database_credentials", "database_credentials"),
    ("ssh_key", "ssh_key"),
];

impl Row for StoredSecret {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// Returns when the secret or one of its versions was last changed.
    fn updated_at(&self) -> Timestamp {
        self.versions.iter().map(SecretVersion::latest_change).fold(self.updated_at, Timestamp::max)
    }
}

const LISTING: Listing<StoredSecret> = Listing {
    items: "secrets",
    total: Total::Last,
    size: 20,
    default: "name_asc",
    orders: &[
        ("name", |secret| SortKey::text(&secret.name)),
        ("updated_at", |secret| SortKey::Time(secret.updated_at)),
    ],
};

impl StoredSecret {
    /// Adds to one of a state file what it takes from the state.
    pub(super) fn complete(secret: &mut Map<String, Value>, defaults: &Defaults) {
        defaults.fill(secret, "project_id", || defaults.organization.as_str().into());
    }

    /// Sets what follows from the versions of a state file. Versions may be missing from one that recorded traffic gave.
    pub(super) fn settle(&mut self) {
        self.versions.sort_by_key(|version| version.revision);
        self.version_count = self.version_count.max(self.versions.len());
        let newest = self.versions.last().map(|version| version.revision);
        for version in &mut self.versions {
            version.belong(&self.id, &self.region, newest);
        }
    }

    pub(super) fn json(&self) -> Value {
        json!(self)
    }

    /// Returns the secret as a state file has it: with its versions.
    pub(super) fn saved(&self) -> Value {
        let mut json = self.json();
        json["versions"] = self.versions.iter().map(SecretVersion::saved).collect();
        json
    }

    /// Returns the name that conditions see: the folder and the name.
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.path.trim_end_matches('/'), self.name)
    }

    /// Lets pass what time does to the versions: data whose time has come goes.
    fn age(&mut self, now: Timestamp) {
        for version in &mut self.versions {
            version.age(now);
        }
    }

    /// Says whether nobody can have it back any more.
    fn is_gone(&self, now: Timestamp) -> bool {
        self.deletion_requested_at.is_some_and(|at| now.duration_since(at) >= RETENTION)
    }
}

pub(super) fn not_found(id: &str) -> Problem {
    Problem::NotFound { resource: "secret", id: id.to_owned() }
}

/// Reads a name: 1 to 255 of ASCII letters, digits, `_`, `-` and `.`.
fn name_in(fields: &mut BodyFields<'_>) -> Option<String> {
    let name = fields.text("name")?;
    if !is_element(&name) {
        fields.refuse(
            "name",
            ArgumentReason::Constraint,
            r#"value does not match regex pattern "^[_a-zA-Z0-9]([-_.a-zA-Z0-9]{0,254})$""#,
        );
    }
    Some(name)
}

fn is_element(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Reads a folder; a slash at its end goes.
fn path_in(fields: &mut BodyFields<'_>) -> Option<String> {
    let path = fields.text("path")?;
    let Some(path) = folder(&path) else {
        fields.refuse("path", ArgumentReason::Constraint, "value must be a path as in /folder/other");
        return None;
    };
    Some(path)
}

/// Returns a folder as it is served.
fn folder(path: &str) -> Option<String> {
    let inner = path.strip_prefix('/')?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    (inner.is_empty() || inner.split('/').all(is_element)).then(|| format!("/{inner}"))
}

/// Reads the tags of a secret. Their rules are not known to be those of IAM, so only their form is checked.
fn tags_in(fields: &mut BodyFields<'_>) -> Option<Vec<String>> {
    fields.texts("tags")
}

fn kind_in(fields: &mut BodyFields<'_>) -> Option<&'static str> {
    let kind = fields.text("type")?;
    let known = KINDS.iter().find(|(asked, _)| *asked == kind);
    if known.is_none() {
        fields.refuse("type", ArgumentReason::Format, "value must be a known type");
    }
    known.map(|(_, served)| *served)
}

fn policy_in(fields: &mut BodyFields<'_>) -> Option<EphemeralPolicy> {
    let map = fields.object("ephemeral_policy")?;
    let mut inner = BodyFields::below(map, "ephemeral_policy.".into());
    let time_to_live = inner.text("time_to_live").map(|text| {
        let life = time::duration(&text);
        let year = SignedDuration::from_hours(366 * 24);
        if !life.is_some_and(|life| life >= SignedDuration::from_secs(1) && life <= year) {
            inner.refuse("time_to_live", ArgumentReason::Constraint, "value must be between 1s and one year");
        }
        time::whole_seconds(life.unwrap_or_default())
    });
    let expires_once_accessed = inner.flag("expires_once_accessed");
    let action = action_in(&mut inner);
    fields.absorb(inner);
    Some(EphemeralPolicy { time_to_live, expires_once_accessed, action: action? })
}

pub(super) fn action_in(fields: &mut BodyFields<'_>) -> Option<EphemeralAction> {
    match fields.text("action").as_deref() {
        Some("delete") => Some(EphemeralAction::Delete),
        Some("disable") => Some(EphemeralAction::Disable),
        _ => {
            fields.refuse("action", ArgumentReason::Constraint, "value must be one of delete, disable");
            None
        }
    }
}

impl Organization {
    /// Removes the secrets, and the data of versions, whose time has come.
    pub(super) fn age_secrets(&mut self, now: Timestamp) {
        let gone: Vec<String> =
            self.stored_secrets.iter().filter(|secret| secret.is_gone(now)).map(|it| it.id.clone()).collect();
        for id in gone {
            self.stored_secrets.remove(&id);
        }
        for secret in self.stored_secrets.each_mut() {
            secret.age(now);
        }
    }

    pub(super) fn list_secrets(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, super::organization::Needed::No, "secret")?;
        let region = ask.region()?;
        let query = &mut ask.query;
        let project = query.id("project_id");
        let name = query.text("name");
        let path = query.text("path").map(|path| folder(&path).unwrap_or(path));
        let tags = query.texts("tags");
        let ephemeral = query.flag("ephemeral");
        let kind = query.choice("type", &KINDS.map(|(asked, _)| asked));
        let scheduled = query.flag("scheduled_for_deletion").unwrap_or(false);
        LISTING.answer(
            query,
            &self.stored_secrets,
            |secret| {
                secret.region == region
                    && secret.deletion_requested_at.is_some() == scheduled
                    && project.as_ref().is_none_or(|project| secret.project_id == *project)
                    && name.as_ref().is_none_or(|name| secret.name == *name)
                    && path.as_ref().is_none_or(|path| secret.path == *path)
                    && tags.as_ref().is_none_or(|tags| tags.iter().all(|tag| secret.tags.contains(tag)))
                    && ephemeral.is_none_or(|asked| secret.ephemeral_policy.is_some() == asked)
                    && kind.is_none_or(|kind| secret.kind == kind)
            },
            StoredSecret::json,
        )
    }

    /// Lists a folder: what stands in it, secrets and folders, by name.
    pub(super) fn browse_secrets(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let region = ask.region()?;
        let query = &mut ask.query;
        let project = query.id("project_id");
        let prefix = query.text("prefix").unwrap_or_else(root);
        let tags = query.texts("tags");
        let Some(current) = folder(&prefix) else {
            query.refuse("prefix", ArgumentReason::Constraint, "value must be a path as in /folder/other");
            query.done()?;
            return Err(Problem::Invalid(Vec::new()));
        };
        let page = PageRequest::read(query, 20);
        query.done()?;
        let below = if current == "/" { current.clone() } else { format!("{current}/") };
        let mut items: std::collections::BTreeMap<(String, bool), Value> = std::collections::BTreeMap::new();
        for secret in self.stored_secrets.iter().filter(|secret| {
            secret.region == region
                && secret.deletion_requested_at.is_none()
                && project.as_ref().is_none_or(|project| secret.project_id == *project)
                && tags.as_ref().is_none_or(|tags| tags.iter().all(|tag| secret.tags.contains(tag)))
        }) {
            if secret.path == current {
                let item = json!({
                    "name": secret.name, "created_at": time::six_decimals(secret.created_at),
                    "updated_at": time::six_decimals(secret.updated_at),
                    "secret": {
                        "id": secret.id, "tags": secret.tags, "version_count": secret.version_count,
                        "protected": secret.protected, "ephemeral_policy": secret.ephemeral_policy, "type": secret.kind,
                    },
                });
                items.insert((secret.name.clone(), true), item);
            } else if let Some(inner) = secret.path.strip_prefix(&below) {
                let name = inner.split('/').next().unwrap_or_default().to_owned();
                let item = json!({"name": name, "created_at": null, "updated_at": null, "folder": {}});
                items.entry((name, false)).or_insert(item);
            }
        }
        let mut reply = page.of("items", items.values(), Value::clone);
        if let Some(body) = &mut reply.body {
            body["current_path"] = current.into();
        }
        Ok(reply)
    }

    /// Lists the tags that secrets have, sorted.
    pub(super) fn list_secret_tags(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let region = ask.region()?;
        let project = ask.query.id("project_id");
        let page = PageRequest::read(&mut ask.query, 50);
        ask.query.done()?;
        let secrets = self.stored_secrets.iter().filter(|secret| {
            secret.region == region && project.as_ref().is_none_or(|project| secret.project_id == *project)
        });
        let tags: std::collections::BTreeSet<&String> = secrets.flat_map(|secret| &secret.tags).collect();
        Ok(page.of("tags", tags.into_iter(), |tag| Value::from(tag.as_str())))
    }

    /// Makes a secret without versions. Names may repeat in a folder (reported of the API).
    pub(super) fn create_secret(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let region = ask.region()?;
        let mut fields = BodyFields::new(&ask.body);
        let project_id = fields.id("project_id");
        let project_id = fields.require("project_id", project_id).unwrap_or_default();
        let name = name_in(&mut fields);
        let name = fields.require("name", name).unwrap_or_default();
        let secret = (
            tags_in(&mut fields).unwrap_or_default(),
            fields.text_up_to("description", 255).unwrap_or_default(),
            kind_in(&mut fields).unwrap_or("opaque"),
            path_in(&mut fields).unwrap_or_else(root),
            policy_in(&mut fields),
            fields.flag("protected").unwrap_or(false),
            fields.id("key_id"),
        );
        fields.done()?;
        self.known_project(&project_id)?;
        self.room("secret", self.stored_secrets.len())?;
        let id = unused_id(&mut self.rng, &self.stored_secrets, &[b"secret", ask.request.body]);
        let now = self.stamp(ask);
        let (tags, description, kind, path, ephemeral_policy, protected, key_id) = secret;
        let secret = StoredSecret {
            id,
            project_id,
            name,
            status: ready(),
            created_at: now,
            updated_at: now,
            tags,
            version_count: 0,
            description,
            managed: false,
            kind: kind.to_owned(),
            protected,
            path,
            ephemeral_policy,
            used_by: Vec::new(),
            deletion_requested_at: None,
            key_id,
            region,
            versions: Vec::new(),
            more: Map::new(),
        };
        let reply = Reply::ok(secret.json());
        self.stored_secrets.insert(secret);
        Ok(reply)
    }

    /// Finds the secret of a path, in its region.
    pub(super) fn secret(&self, ask: &HandlerRequest<'_>) -> Result<&StoredSecret, Problem> {
        let id = ask.secret_id()?;
        let region = ask.region()?;
        self.stored_secrets.get(&id).filter(|secret| secret.region == region).ok_or_else(|| not_found(&id))
    }

    /// Finds the secret of a path to change it.
    pub(super) fn secret_mut(&mut self, ask: &HandlerRequest<'_>) -> Result<&mut StoredSecret, Problem> {
        let id = self.secret(ask)?.id.clone();
        self.stored_secrets.get_mut(&id).ok_or_else(|| not_found(&id))
    }

    pub(super) fn get_secret(&self, ask: &HandlerRequest<'_>) -> Handled {
        Ok(Reply::ok(self.secret(ask)?.json()))
    }

    pub(super) fn update_secret(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let name = name_in(&mut fields);
        let tags = tags_in(&mut fields);
        let description = fields.text_up_to("description", 255);
        let path = path_in(&mut fields);
        let policy = policy_in(&mut fields);
        fields.done()?;
        let changed =
            name.is_some() || tags.is_some() || description.is_some() || path.is_some() || policy.is_some();
        self.secret(ask)?;
        let now = if changed { Some(self.stamp(ask)) } else { None };
        let secret = self.secret_mut(ask)?;
        set(&mut secret.name, name);
        set(&mut secret.tags, tags);
        set(&mut secret.description, description);
        set(&mut secret.path, path);
        secret.ephemeral_policy = policy.or(secret.ephemeral_policy.take());
        set(&mut secret.updated_at, now);
        Ok(Reply::ok(secret.json()))
    }

    /// Protects a secret from deletion, or ends that; does not move `updated_at` (recorded: secret-protected).
    pub(super) fn protect_secret(&mut self, ask: &mut HandlerRequest<'_>, protected: bool) -> Handled {
        let secret = self.secret_mut(ask)?;
        secret.protected = protected;
        Ok(Reply::ok(secret.json()))
    }

    /// Schedules a secret for deletion in seven days; an ephemeral one is gone at once (recorded: secret-ephemeral-policy).
    pub(super) fn delete_secret(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let secret = self.secret(ask)?;
        if secret.protected {
            return Err(Problem::Precondition {
                precondition: "protected_resource",
                help: "cannot delete a protected secret",
            });
        }
        if secret.ephemeral_policy.is_some() {
            let id = secret.id.clone();
            self.stored_secrets.remove(&id);
            return Ok(Reply::gone());
        }
        let now = self.stamp(ask);
        let secret = self.secret_mut(ask)?;
        secret.deletion_requested_at.get_or_insert(now);
        secret.updated_at = now;
        Ok(Reply::gone())
    }

    /// Takes a secret back from its deletion.
    pub(super) fn restore_secret(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.secret(ask)?;
        let now = self.stamp(ask);
        let secret = self.secret_mut(ask)?;
        secret.deletion_requested_at = None;
        secret.updated_at = now;
        Ok(Reply::ok(secret.json()))
    }

    /// Notes a product that uses a secret.
    pub(super) fn add_secret_owner(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let product = fields.text("product");
        let product = fields.require("product", product).unwrap_or_default();
        if !["edge_services", "s2s_vpn"].contains(&product.as_str()) {
            fields.refuse("product", ArgumentReason::Format, "value must be one of edge_services, s2s_vpn");
        }
        fields.done()?;
        let secret = self.secret_mut(ask)?;
        if !secret.used_by.contains(&product) {
            secret.used_by.push(product);
        }
        Ok(Reply::gone())
    }

    /// Finds the secret that a query names by its place.
    pub(super) fn secret_by_path(&self, ask: &mut HandlerRequest<'_>) -> Result<&StoredSecret, Problem> {
        let region = ask.region()?;
        let query = &mut ask.query;
        let project = query.id("project_id");
        let mut needed = |key: &str| {
            let text = query.text(key);
            if text.is_none() {
                query.refuse(key, ArgumentReason::Required, "required key not provided");
            }
            text.unwrap_or_default()
        };
        let (path, name) = (needed("secret_path"), needed("secret_name"));
        query.done()?;
        let path = folder(&path).unwrap_or(path);
        let found = self.stored_secrets.iter().find(|secret| {
            secret.region == region
                && secret.path == path
                && secret.name == name
                && secret.deletion_requested_at.is_none()
                && project.as_ref().is_none_or(|project| secret.project_id == *project)
        });
        found.ok_or_else(|| not_found(&name))
    }
}

/// Reads the data of a new version: base64 of 1 byte to 64 KiB, of the form that the secret's type asks for.
pub(super) fn data_in(fields: &mut BodyFields<'_>, kind: &str) -> Option<Vec<u8>> {
    const LONGEST: usize = 64 << 10;
    let text = fields.text("data");
    let text = fields.require("data", text)?;
    let Ok(data) = STANDARD.decode(text) else {
        fields.refuse("data", ArgumentReason::Format, "value must be base64");
        return None;
    };
    if !(1..=LONGEST).contains(&data.len()) {
        let help = format!("value length must be between 1 and {LONGEST} bytes, inclusive");
        fields.refuse("data", ArgumentReason::Constraint, help);
    } else if kind == "key_value" {
        flat_texts(fields, &data);
    }
    Some(data)
}

/// Checks that data is a flat object of texts (recorded: secret-version-type).
fn flat_texts(fields: &mut BodyFields<'_>, data: &[u8]) {
    let help = match serde_json::from_slice(data) {
        Ok(Value::Object(map)) => map
            .iter()
            .filter(|(_, value)| !value.is_string())
            .map(|(key, value)| {
                format!("- {key}: Invalid type. Expected: string, given: {}\n", type_of(value))
            })
            .collect(),
        Ok(other) => format!("- (root): Invalid type. Expected: object, given: {}\n", type_of(&other)),
        Err(_) => "value must be valid JSON".to_owned(),
    };
    if !help.is_empty() {
        fields.refuse("data", ArgumentReason::Format, help);
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
