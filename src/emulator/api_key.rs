//! API keys of users and applications.

use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::caller::Requester;
use super::fields::{BodyFields, read_uuid, read_uuid_or_null, set, yes};
use super::organization::{HandlerRequest, KeyExpiry, Needed, Organization};
use super::page::{Listing, SortKey, Total};
use super::policy::Principal;
use super::query::holds;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::state::Defaults;
use super::table::Row;
use super::time::{as_given, micros, micros_or_null};

/// Who answers to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BearerKeys", into = "BearerKeys")]
pub(super) enum Bearer {
    User(String),
    Application(String),
}

/// The one-of of a bearer as it is written.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct BearerKeys {
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_uuid_or_null")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_uuid_or_null")]
    application_id: Option<String>,
}

impl From<Bearer> for BearerKeys {
    fn from(bearer: Bearer) -> Self {
        match bearer {
            Bearer::User(id) => Self { user_id: Some(id), application_id: None },
            Bearer::Application(id) => Self { user_id: None, application_id: Some(id) },
        }
    }
}

impl TryFrom<BearerKeys> for Bearer {
    type Error = &'static str;

    fn try_from(keys: BearerKeys) -> Result<Self, Self::Error> {
        match (keys.user_id, keys.application_id) {
            (Some(id), None) => Ok(Self::User(id)),
            (None, Some(id)) => Ok(Self::Application(id)),
            _ => Err("precisely one of application_id, user_id must be set"),
        }
    }
}

impl Bearer {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Application(id) => id,
        }
    }

    /// Reads the one-of; `Ok(None)` where neither is set.
    fn read(fields: &mut BodyFields<'_>) -> Result<Option<Self>, Problem> {
        match (fields.id("application_id"), fields.id("user_id")) {
            (Some(id), None) => Ok(Some(Self::Application(id))),
            (None, Some(id)) => Ok(Some(Self::User(id))),
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Problem::argument(
                "bearer",
                ArgumentReason::Constraint,
                "precisely one of application_id, user_id must be set",
            )),
        }
    }
}

/// An API key. No `Debug`: it may hold a secret.
#[derive(Serialize, Deserialize)]
pub(super) struct ApiKey {
    #[serde(deserialize_with = "read_access_key")]
    access_key: String,
    /// The secret of the state file, which `--save` writes back; never one made since.
    #[serde(default, rename = "secret_key", serialize_with = "blank")]
    secret: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    #[serde(default, serialize_with = "given", deserialize_with = "micros_or_null::deserialize")]
    pub(super) expires_at: Option<Timestamp>,
    #[serde(deserialize_with = "read_uuid")]
    default_project_id: String,
    #[serde(default = "yes")]
    editable: bool,
    #[serde(default = "yes")]
    deletable: bool,
    #[serde(default)]
    managed: bool,
    #[serde(default)]
    creation_ip: String,
    #[serde(flatten)]
    pub(super) bearer: Bearer,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Reads an access key: `SCW` and 17 capital letters or digits.
fn read_access_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let key = String::deserialize(deserializer)?;
    let digits = key.strip_prefix("SCW").unwrap_or_default();
    if digits.len() == 17 && digits.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Ok(key);
    }
    Err(D::Error::custom("value must be SCW and 17 capital letters or digits"))
}

/// Writes nothing in the place of the secret, which all answers but that of a create have.
fn blank<S: Serializer>(_: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

fn given<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map_or(Value::Null, as_given).serialize(serializer)
}

impl Row for ApiKey {
    fn id(&self) -> &str {
        &self.access_key
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

const LISTING: Listing<ApiKey> = Listing {
    items: "api_keys",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[
        ("updated_at", |key| SortKey::Time(key.updated_at)),
        ("expires_at", |key| SortKey::time(key.expires_at)),
        ("access_key", |key| SortKey::Text(key.access_key.clone())),
    ],
};

/// The access key of the caller of an open emulator: a get of it answers the owner's key, no list shows it.
pub const EMULATOR_ACCESS_KEY: &str = "SCWEMULATOR000000000";

/// How far in the past the expiry of a new key may lie: recorded traffic that makes keys of an hour is sent again
/// months later, and gets its answers then too.
const REPLAYED: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Says whether this is what recorders write into paths in place of an access key: `SCW` and seventeen `X`.
///
/// In a path it stands for the key made last since the start, so that recorded traffic can be sent again.
fn is_masked(access_key: &str) -> bool {
    access_key.len() == 20
        && access_key.strip_prefix("SCW").is_some_and(|digits| digits.bytes().all(|b| b == b'X'))
}

impl ApiKey {
    /// Adds to one of a state file what it takes from the state.
    pub(super) fn complete(key: &mut Map<String, Value>, defaults: &Defaults) {
        defaults.fill(key, "default_project_id", || defaults.organization.as_str().into());
    }

    pub(super) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// Returns the key as all answers but that of its create have it: without its secret.
    pub(super) fn json(&self) -> Value {
        json!(self)
    }

    /// Returns the key as a state file has it: with the secret that it was loaded with.
    pub(super) fn saved(&self) -> Value {
        self.json_with(self.secret.as_deref())
    }

    fn json_with(&self, secret: Option<&str>) -> Value {
        let mut json = self.json();
        json["secret_key"] = secret.into();
        json
    }
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "access_key", id }
}

impl Organization {
    pub(super) fn list_api_keys(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::No, "api_key")?;
        let now = ask.request.now;
        let query = &mut ask.query;
        let editable = query.flag("editable");
        let expired = query.flag("expired");
        let description = query.text_of("description", 0, 200);
        let mut bearers = vec![query.id("bearer_id"), query.id("application_id"), query.id("user_id")];
        bearers.retain(Option::is_some);
        let kind = query.choice("bearer_type", &["unknown_bearer_type", "user", "application"]);
        let one = query.text("access_key");
        let several = query.texts("access_keys");
        LISTING.answer(
            query,
            &self.api_keys,
            |key| {
                let is_user = matches!(key.bearer, Bearer::User(_));
                editable.is_none_or(|editable| key.editable == editable)
                    && expired.is_none_or(|expired| key.expires_at.is_some_and(|at| at <= now) == expired)
                    && description.as_ref().is_none_or(|text| holds(&key.description, text))
                    && bearers.iter().flatten().all(|id| key.bearer.id() == id)
                    && kind.is_none_or(|kind| (kind == "user") == is_user)
                    && one.as_ref().is_none_or(|one| key.access_key == *one)
                    && several.as_ref().is_none_or(|several| several.contains(&key.access_key))
            },
            ApiKey::json,
        )
    }

    /// Makes a key; its answer is the only one that has the secret.
    pub(super) fn create_api_key(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let bearer = Bearer::read(&mut fields);
        if matches!(bearer, Ok(None)) && !fields.has("application_id") && !fields.has("user_id") {
            fields.refuse(
                "bearer",
                ArgumentReason::Required,
                "precisely one of application_id, user_id must be set",
            );
        }
        let description = fields.description().unwrap_or_default();
        let expires_at = fields.time("expires_at");
        let default_project_id = fields.id("default_project_id");
        self.check_expiry(&mut fields, expires_at, ask.request.now, true);
        fields.done()?;
        let Some(bearer) = bearer? else { return Err(Problem::Invalid(Vec::new())) };
        self.may_bear(&bearer, &ask.caller)?;
        let default_project_id = default_project_id.unwrap_or_else(|| self.id.clone());
        self.known_project(&default_project_id)?;
        self.room("api_key", self.api_keys.len())?;
        let (access_key, secret) = self.new_key(ask.request.body);
        let now = self.stamp(ask);
        let key = ApiKey {
            access_key: access_key.clone(),
            secret: None,
            description,
            created_at: now,
            updated_at: now,
            expires_at,
            default_project_id,
            editable: true,
            deletable: true,
            managed: false,
            creation_ip: ask.request.ip.to_owned(),
            bearer,
            more: Map::new(),
        };
        let reply = Reply::ok(key.json_with(Some(&secret)));
        self.count_keys(&key.bearer, |keys| keys.saturating_add(1));
        self.api_keys.insert(key);
        if let Some(secrets) = &mut self.secrets {
            secrets.insert(secret, access_key.clone());
        }
        self.made_keys.push(access_key);
        Ok(reply)
    }

    fn new_key(&mut self, body: &[u8]) -> (String, String) {
        loop {
            let mut draw = self.rng.draw(&[b"api-key", body]);
            let access_key = draw.access_key();
            if !self.api_keys.contains(&access_key) {
                return (access_key, draw.uuid());
            }
        }
    }

    /// Checks whose key it is to be: any application's, or the caller's own.
    fn may_bear(&self, bearer: &Bearer, caller: &Requester) -> Result<(), Problem> {
        match bearer {
            Bearer::Application(id) if !self.applications.contains(id) => {
                Err(Problem::NotFound { resource: "application", id: id.clone() })
            }
            Bearer::User(id) if !self.knows_user(id) => {
                Err(Problem::NotFound { resource: "user", id: id.clone() })
            }
            Bearer::User(id) if !caller.may_be(id) => Err(Problem::Denied(vec![("write", "api_key")])),
            Bearer::User(_) | Bearer::Application(_) => Ok(()),
        }
    }

    /// Refuses an expiry long past, none where the organization asks for one, and one beyond its maximum.
    fn check_expiry(&self, fields: &mut BodyFields<'_>, at: Option<Timestamp>, now: Timestamp, needed: bool) {
        if at.is_some_and(|at| at <= now - REPLAYED) {
            fields.refuse("expires_at", ArgumentReason::Constraint, "value must be greater than now");
        }
        let Some(longest) = self.longest_key_life() else { return };
        if at.is_none() && needed && !fields.has("expires_at") {
            fields.refuse(
                "expires_at",
                ArgumentReason::Constraint,
                "the organization's security settings require an expiration date",
            );
        }
        if at.is_some_and(|at| at.duration_since(now) > longest) {
            fields.refuse(
                "expires_at",
                ArgumentReason::Constraint,
                "value is beyond the maximum of the organization",
            );
        }
    }

    pub(super) fn get_api_key(&self, ask: &HandlerRequest<'_>) -> Handled {
        if let Some(owner) =
            self.owner_id().filter(|_| self.secrets.is_none() && ask.id == EMULATOR_ACCESS_KEY)
        {
            return Ok(Reply::ok(self.emulator_key(owner)));
        }
        let key = self.named_key(ask.id);
        self.api_keys.get(&key).map(|key| Reply::ok(key.json())).ok_or_else(|| not_found(key))
    }

    /// Returns the key that every caller of an open emulator holds.
    fn emulator_key(&self, owner: String) -> Value {
        let made = Defaults::epoch();
        ApiKey {
            access_key: EMULATOR_ACCESS_KEY.into(),
            secret: None,
            description: "the caller of the emulator".into(),
            created_at: made,
            updated_at: made,
            expires_at: None,
            default_project_id: self.id.clone(),
            editable: true,
            deletable: true,
            managed: false,
            creation_ip: String::new(),
            bearer: Bearer::User(owner),
            more: Map::new(),
        }
        .json()
    }

    pub(super) fn update_api_key(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = self.named_key(ask.id);
        let mut fields = BodyFields::new(&ask.body);
        let description = fields.description();
        let expires_at = fields.time("expires_at");
        let project = fields.id("default_project_id");
        self.check_expiry(&mut fields, expires_at, ask.request.now, false);
        fields.done()?;
        let key = self.api_keys.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(key.editable)?;
        let changes = expires_at.zip(key.expires_at).is_some_and(|(new, old)| new != old);
        if changes && self.behaviour.expiry == KeyExpiry::Fixed {
            let help = "the expiration date of an API key cannot be changed";
            return Err(Problem::argument("expires_at", ArgumentReason::Constraint, help));
        }
        if let Some(project) = &project {
            self.known_project(project)?;
        }
        let changed = description.is_some() || expires_at.is_some() || project.is_some();
        let now = if changed { Some(self.stamp(ask)) } else { None };
        let key = self.api_keys.get_mut(&id).ok_or_else(|| not_found(id))?;
        set(&mut key.description, description);
        set(&mut key.default_project_id, project);
        key.expires_at = expires_at.or(key.expires_at);
        set(&mut key.updated_at, now);
        Ok(Reply::ok(key.json()))
    }

    pub(super) fn delete_api_key(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = self.named_key(ask.id);
        let key = self.api_keys.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(key.deletable)?;
        self.drop_key(&id);
        Ok(Reply::gone())
    }

    /// Deletes the keys of a principal that goes.
    pub(super) fn forget_keys_of(&mut self, principal: &Principal) {
        let bearer = match principal {
            Principal::User(id) => Bearer::User(id.clone()),
            Principal::Application(id) => Bearer::Application(id.clone()),
            Principal::Group(_) | Principal::Nobody => return,
        };
        let keys: Vec<String> = self
            .api_keys
            .iter()
            .filter(|key| key.bearer == bearer)
            .map(|key| key.access_key.clone())
            .collect();
        for key in keys {
            self.drop_key(&key);
        }
    }

    fn drop_key(&mut self, access_key: &str) {
        if let Some(key) = self.api_keys.remove(access_key) {
            self.count_keys(&key.bearer, |keys| keys.saturating_sub(1));
        }
        if let Some(secrets) = &mut self.secrets {
            secrets.retain(|_, key| key != access_key);
        }
    }

    /// Keeps `nb_api_keys`; it does not move `updated_at` (recorded: api-key-with-application).
    fn count_keys(&mut self, bearer: &Bearer, change: impl Fn(u64) -> u64) {
        if let Bearer::Application(id) = bearer
            && let Some(application) = self.applications.get_mut(id)
        {
            application.nb_api_keys = change(application.nb_api_keys);
        }
    }

    /// Resolves what recorders write in place of an access key: the last one made that still is, else the last one made.
    pub(super) fn named_key(&self, id: &str) -> String {
        let masked = is_masked(id) && !self.api_keys.contains(id);
        let made = || {
            let alive = self.made_keys.iter().rev().find(|key| self.api_keys.contains(key));
            alive.or(self.made_keys.last()).cloned()
        };
        if masked { made() } else { None }.unwrap_or_else(|| id.to_owned())
    }
}
