//! The state file: an organization in the API's own representation.

use std::cell::Cell;
use std::collections::HashMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::api_key::{ApiKey, Bearer};
use super::application::Application;
use super::fields::{BodyFields, uuid};
use super::group::Group;
use super::organization::{Behaviour, Organization};
use super::permission_set::PermissionSets;
use super::policy::Policy;
use super::project::Project;
use super::quota::Quotas;
use super::reply::ArgumentReason;
use super::rng::Rng;
use super::secret::StoredSecret;
use super::ssh_key::SshKey;
use super::table::{Row, Table};
use super::time;
use super::user::User;

/// Why a state cannot be loaded; names the object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StateError {
    /// The state, or a kind in it, has the wrong shape.
    #[error("the state's {what} is not {wanted}")]
    Shape {
        /// Which part.
        what: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The state has a key that it cannot have.
    #[error("the state has the key `{key}`, and may have only {}", known())]
    UnknownKey {
        /// Which.
        key: String,
    },
    /// A field of an object is wrong.
    #[error("{object}: `{field}`: {why}")]
    Field {
        /// The kind, the place in its list, and the name or id where there is one.
        object: String,
        /// Which field.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// An object is wrong as a whole.
    #[error("{object}: {why}")]
    Object {
        /// The kind, the place in its list, and the name or id where there is one.
        object: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two objects of a kind have one id.
    #[error("{object}: the id `{id}` was there before")]
    Twice {
        /// The second one.
        object: String,
        /// The id or access key.
        id: String,
    },
}

/// What objects of a state take from it where they say nothing themselves.
pub(super) struct Defaults {
    pub(super) organization: String,
    /// When objects without a `created_at` were made.
    pub(super) epoch: Timestamp,
    made_up: Cell<u64>,
}

impl Defaults {
    fn new(organization: String) -> Self {
        Self { organization, epoch: Self::epoch(), made_up: Cell::new(0) }
    }

    /// Gives an object of a state what it does not say: when it was made and changed.
    fn fill_times(&self, object: &mut Map<String, Value>) {
        self.fill(object, "created_at", || format!("{:.6}", self.epoch).into());
        let created_at = object.get("created_at").cloned().unwrap_or_default();
        self.fill(object, "updated_at", || created_at);
    }

    /// Gives an object of a state the organization, which it does not say.
    pub(super) fn fill_organization(&self, object: &mut Map<String, Value>) {
        self.fill(object, "organization_id", || self.organization.as_str().into());
    }

    /// Gives an object of a state a value that it does not say.
    pub(super) fn fill(&self, object: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) {
        if !object.contains_key(key) {
            object.insert(key.to_owned(), value());
        }
    }

    /// Returns the beginning of 2020.
    pub(super) fn epoch() -> Timestamp {
        Timestamp::from_second(1_577_836_800).unwrap_or_default()
    }

    /// Returns an id for a rule that has none.
    pub(super) fn made_up_id(&self) -> String {
        let number = self.made_up.get() + 1;
        self.made_up.set(number);
        format!("00000000-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff)
    }
}

/// The kinds that [`Organization::load`] knows.
const KINDS: [&str; 10] = [
    "organization",
    "users",
    "projects",
    "applications",
    "groups",
    "policies",
    "api_keys",
    "ssh_keys",
    "quota",
    "secrets",
];

fn known() -> String {
    let keys: Vec<String> = KINDS.iter().map(|kind| format!("`{kind}`")).collect();
    keys.join(", ")
}

/// The id of an organization whose state names none.
const UNNAMED: &str = "00000000-0000-4000-8000-000000000000";

impl Organization {
    /// Returns an organization that has nothing but its owner and its default project.
    ///
    /// `seed` decides the ids of all that is made later.
    #[must_use]
    pub fn empty(behaviour: Behaviour, seed: u64) -> Self {
        let id = Rng::new(seed).draw(&[b"organization"]).uuid();
        let mut organization = Self::bare(id.clone(), behaviour, seed);
        let at = Defaults::new(id.clone()).epoch;
        let owner = Rng::new(seed).draw(&[b"owner"]).uuid();
        organization.object.insert("name".into(), "emulated".into());
        organization.users.insert(User::owner_of(&id, owner, at));
        organization.projects.insert(Project::default_of(&id, at));
        organization.imply_groups();
        organization
    }

    fn bare(id: String, behaviour: Behaviour, seed: u64) -> Self {
        let mut object = Map::new();
        object.insert("id".into(), id.as_str().into());
        Self {
            id,
            object,
            users: Table::default(),
            projects: Table::default(),
            applications: Table::default(),
            groups: Table::default(),
            policies: Table::default(),
            api_keys: Table::default(),
            ssh_keys: Table::default(),
            stored_secrets: Table::default(),
            secrets_of_state: false,
            saml: None,
            scim: None,
            events: std::collections::VecDeque::new(),
            permission_sets: PermissionSets::published(),
            quotas: Quotas::new(None, behaviour.quota),
            behaviour,
            rng: Rng::new(seed),
            last: Timestamp::UNIX_EPOCH,
            secrets: None,
            made_keys: Vec::new(),
        }
    }

    /// Loads a state. Absent kinds are empty, absent fields have their defaults, unknown fields of objects are kept.
    ///
    /// # Errors
    /// [`StateError`] names the first object that is not what the API has.
    pub fn load(state: &Value, behaviour: Behaviour, seed: u64) -> Result<Self, StateError> {
        let Value::Object(state) = state else {
            return Err(StateError::Shape { what: "top".into(), wanted: "an object" });
        };
        if let Some(key) = state.keys().find(|key| !KINDS.contains(&key.as_str())) {
            let key = key.chars().filter(|c| !c.is_control()).take(80).collect();
            return Err(StateError::UnknownKey { key });
        }
        let object = organization_object(state)?;
        let id = object.get("id").and_then(Value::as_str).and_then(uuid).unwrap_or_default();
        let defaults = Defaults::new(id.clone());
        let mut organization = Self::bare(id, behaviour, seed);
        organization.object = object;
        let owned = |object: &mut Map<String, Value>, defaults: &Defaults| defaults.fill_organization(object);
        organization.users = rows(state, "users", &defaults, User::complete)?;
        organization.projects = rows(state, "projects", &defaults, owned)?;
        organization.applications = rows(state, "applications", &defaults, owned)?;
        organization.groups = rows(state, "groups", &defaults, Group::complete)?;
        organization.policies = rows(state, "policies", &defaults, Policy::complete)?;
        organization.policies.each_mut().for_each(Policy::settle);
        organization.api_keys = rows(state, "api_keys", &defaults, ApiKey::complete)?;
        organization.ssh_keys = rows(state, "ssh_keys", &defaults, SshKey::complete)?;
        organization.quotas = Quotas::new(quota(state)?, behaviour.quota);
        organization.stored_secrets = rows(state, "secrets", &defaults, StoredSecret::complete)?;
        organization.stored_secrets.each_mut().for_each(StoredSecret::settle);
        organization.secrets_of_state = state.get("secrets").is_some_and(Value::is_array);
        organization.saml = part(&mut organization.object, "saml")?;
        organization.scim = part(&mut organization.object, "scim")?;
        organization.imply_groups();
        organization.settle();
        Ok(organization)
    }

    /// Works out what follows from the objects: the sets that their rules know, the counts of keys, who may call, and the latest time.
    fn settle(&mut self) {
        for rule in self.policies.iter().flat_map(|policy| &policy.rules) {
            for name in &rule.permission_sets {
                self.permission_sets.learn(name, &rule.scope_type);
            }
        }
        let mut keys: HashMap<&str, u64> = HashMap::new();
        for key in self.api_keys.iter() {
            if let Bearer::Application(id) = &key.bearer {
                *keys.entry(id).or_default() += 1;
            }
        }
        // A given count may speak of keys that the state does not have; a state made by hand need not count.
        let counts: Vec<(String, u64)> = keys.into_iter().map(|(id, count)| (id.to_owned(), count)).collect();
        for (id, count) in counts {
            if let Some(application) = self.applications.get_mut(&id) {
                application.nb_api_keys = application.nb_api_keys.max(count);
            }
        }
        let secrets =
            self.api_keys.iter().filter_map(|key| Some((key.secret()?.to_owned(), key.id().to_owned())));
        let secrets: HashMap<String, String> = secrets.collect();
        self.secrets = (!secrets.is_empty()).then_some(secrets);
        let times = [
            self.users.latest(),
            self.projects.latest(),
            self.applications.latest(),
            self.groups.latest(),
            self.policies.latest(),
            self.api_keys.latest(),
            self.ssh_keys.latest(),
            self.stored_secrets.latest(),
        ];
        self.last = times.into_iter().flatten().max().map_or(Timestamp::UNIX_EPOCH, time::to_microsecond);
    }

    /// Returns the organization as a state file: secrets only where the state had them.
    #[must_use]
    pub fn state(&self) -> Value {
        let mut state = Map::new();
        let mut object = self.object.clone();
        object.extend(self.saml.as_ref().map(|saml| ("saml".to_owned(), json!(saml))));
        object.extend(self.scim.as_ref().map(|scim| ("scim".to_owned(), scim.saved())));
        state.insert("organization".into(), Value::Object(object));
        state.insert("users".into(), self.users.iter().map(User::saved).collect());
        state.insert("projects".into(), self.projects.iter().map(Project::json).collect());
        state.insert("applications".into(), self.applications.iter().map(Application::json).collect());
        state.insert(
            "groups".into(),
            self.groups.iter().filter(|group| !group.implied).map(Group::saved).collect(),
        );
        state.insert("policies".into(), self.policies.iter().map(Policy::saved).collect());
        state.insert("api_keys".into(), self.api_keys.iter().map(ApiKey::saved).collect());
        state.insert("ssh_keys".into(), self.ssh_keys.iter().map(SshKey::json).collect());
        if self.secrets_of_state || self.stored_secrets.len() > 0 {
            state.insert("secrets".into(), self.stored_secrets.iter().map(StoredSecret::saved).collect());
        }
        if self.quotas.of_state {
            state.insert("quota".into(), self.quotas.saved());
        }
        Value::Object(state)
    }
}

/// Reads `organization`; where it is absent, the first object that names one decides.
fn organization_object(state: &Map<String, Value>) -> Result<Map<String, Value>, StateError> {
    let field =
        |why: &str| StateError::Field { object: "organization".into(), field: "id".into(), why: why.into() };
    match state.get("organization") {
        None | Some(Value::Null) => {
            let mut objects = state.values().filter_map(Value::as_array).flatten();
            let named = objects.find_map(|object| uuid(object.get("organization_id")?.as_str()?));
            let id = named.unwrap_or_else(|| UNNAMED.to_owned());
            Ok(Map::from_iter([("id".to_owned(), Value::from(id))]))
        }
        Some(Value::Object(object)) => match object.get("id").and_then(Value::as_str).map(uuid) {
            Some(Some(_)) => {
                let wrong = |(field, why)| StateError::Field { object: "organization".into(), field, why };
                super::settings::check(object).map_err(wrong)?;
                Ok(object.clone())
            }
            Some(None) => Err(field("value must be a valid UUID")),
            None => Err(field("required key not provided")),
        },
        Some(_) => Err(StateError::Shape { what: "organization".into(), wanted: "an object" }),
    }
}

fn list<'a>(state: &'a Map<String, Value>, kind: &str) -> Result<&'a [Value], StateError> {
    match state.get(kind) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(StateError::Shape { what: format!("`{kind}`"), wanted: "a list" }),
    }
}

/// Reads the rows of a kind by their declaration; `complete` adds what they take from the state.
fn rows<T: Row + DeserializeOwned>(
    state: &Map<String, Value>,
    kind: &str,
    defaults: &Defaults,
    complete: impl Fn(&mut Map<String, Value>, &Defaults),
) -> Result<Table<T>, StateError> {
    let mut table = Table::default();
    for (at, value) in list(state, kind)?.iter().enumerate() {
        let given = entry(kind, at, value)?;
        let mut map = given.clone();
        map.retain(|_, value| !value.is_null());
        defaults.fill_times(&mut map);
        complete(&mut map, defaults);
        let object = || label(kind, at, given);
        let id = if kind == "api_keys" { "access_key" } else { "id" };
        if !map.contains_key(id) {
            return Err(StateError::Field { object: object(), field: id.into(), why: "is missing".into() });
        }
        let row: T = declared(&map).map_err(|(field, why)| match field.as_str() {
            "." => StateError::Object { object: object(), why },
            _ => StateError::Field { object: object(), field, why },
        })?;
        if table.contains(row.id()) {
            return Err(StateError::Twice { object: label(kind, at, given), id: row.id().to_owned() });
        }
        table.insert(row);
    }
    Ok(table)
}

/// Reads an object by its declaration.
///
/// # Errors
/// The field, `.` for the object itself, and what is wrong with it.
pub(super) fn declared<T: DeserializeOwned>(map: &Map<String, Value>) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(Value::Object(map.clone())).map_err(|error| {
        // It may quote the value, whatever its length.
        let missing: String = error.inner().to_string().chars().take(200).collect();
        match missing.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(field) => (field.to_owned(), "is missing".to_owned()),
            None => (error.path().to_string(), missing),
        }
    })
}

/// Takes a part of the organization out of its object, if it is there.
fn part<T: DeserializeOwned>(
    organization: &mut Map<String, Value>,
    key: &'static str,
) -> Result<Option<T>, StateError> {
    let wrong = |field: String, why| StateError::Field { object: "organization".into(), field, why };
    match organization.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => {
            declared(&map).map(Some).map_err(|(field, why)| wrong(format!("{key}.{field}"), why))
        }
        Some(_) => Err(wrong(key.to_owned(), "value must be an object".to_owned())),
    }
}

fn quota(state: &Map<String, Value>) -> Result<Option<Vec<Map<String, Value>>>, StateError> {
    if state.get("quota").is_none_or(Value::is_null) {
        return Ok(None);
    }
    let mut quota = Vec::new();
    for (at, value) in list(state, "quota")?.iter().enumerate() {
        let map = entry("quota", at, value)?;
        let mut fields = BodyFields::new(map);
        Quotas::check(&mut fields);
        refused(&fields, "quota", at, map)?;
        quota.push(map.clone());
    }
    Ok(Some(quota))
}

fn entry<'a>(kind: &str, at: usize, value: &'a Value) -> Result<&'a Map<String, Value>, StateError> {
    value
        .as_object()
        .ok_or_else(|| StateError::Shape { what: format!("`{kind}[{at}]`"), wanted: "an object" })
}

fn refused(
    fields: &BodyFields<'_>,
    kind: &str,
    at: usize,
    map: &Map<String, Value>,
) -> Result<(), StateError> {
    let Some(refusal) = fields.first_refusal() else { return Ok(()) };
    let missing = refusal.reason == ArgumentReason::Required;
    let why = if missing { "is missing".to_owned() } else { refusal.help.clone() };
    Err(StateError::Field { object: label(kind, at, map), field: refusal.argument.clone(), why })
}

/// Names an object of a state: its place, and its name or id where it has one.
fn label(kind: &str, at: usize, map: &Map<String, Value>) -> String {
    let named = ["name", "email", "access_key", "id"].iter().find_map(|key| map.get(*key)?.as_str());
    named.map_or_else(
        || format!("{kind}[{at}]"),
        |name| {
            let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
            format!("{kind}[{at}] `{name}`")
        },
    )
}
