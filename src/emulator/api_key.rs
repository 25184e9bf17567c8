//! API keys of users and applications.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::caller::Caller;
use super::fields::{Fields, set};
use super::organization::{Ask, Expiry, Needed, Organization};
use super::page::{Key, Listing, Total};
use super::policy::Principal;
use super::query::holds;
use super::reply::{Answer, Problem, Reason, Reply, object};
use super::state::Defaults;
use super::table::Row;
use super::time::{as_given, six_decimals};

/// Who answers to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bearer {
    User(String),
    Application(String),
}

impl Bearer {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Application(id) => id,
        }
    }

    /// Reads the one-of; `Ok(None)` where neither is set.
    fn read(fields: &mut Fields<'_>) -> Result<Option<Self>, Problem> {
        match (fields.id("application_id"), fields.id("user_id")) {
            (Some(id), None) => Ok(Some(Self::Application(id))),
            (None, Some(id)) => Ok(Some(Self::User(id))),
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Problem::argument(
                "bearer",
                Reason::Constraint,
                "precisely one of application_id, user_id must be set",
            )),
        }
    }
}

/// An API key. No `Debug`: it may hold a secret.
pub(super) struct ApiKey {
    access_key: String,
    /// The secret of the state file, which `--save` writes back; never one made since.
    secret: Option<String>,
    description: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    default_project_id: String,
    editable: bool,
    deletable: bool,
    managed: bool,
    creation_ip: String,
    pub(super) bearer: Bearer,
    more: Map<String, Value>,
}

impl Row for ApiKey {
    fn id(&self) -> &str {
        &self.access_key
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

const LISTING: Listing<ApiKey> = Listing {
    items: "api_keys",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[
        ("updated_at", |key| Key::Time(key.updated_at)),
        ("expires_at", |key| Key::time(key.expires_at)),
        ("access_key", |key| Key::Text(key.access_key.clone())),
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
    /// Reads one of a state file.
    pub(super) fn load(fields: &mut Fields<'_>, defaults: &Defaults) -> Self {
        let created_at = fields.time("created_at").unwrap_or(defaults.epoch);
        let bearer = Bearer::read(fields).ok().flatten();
        let access_key = fields.text("access_key").unwrap_or_default();
        let digits = access_key.strip_prefix("SCW").unwrap_or_default();
        if digits.len() != 17 || !digits.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            fields.refuse("access_key", Reason::Format, "value must be SCW and 17 capital letters or digits");
        }
        if bearer.is_none() {
            fields.refuse("bearer", Reason::Required, "precisely one of application_id, user_id must be set");
        }
        let mut key = Self {
            access_key,
            secret: fields.text("secret_key"),
            description: fields.text("description").unwrap_or_default(),
            created_at,
            updated_at: fields.time("updated_at").unwrap_or(created_at),
            expires_at: fields.time("expires_at"),
            default_project_id: fields
                .id("default_project_id")
                .unwrap_or_else(|| defaults.organization.clone()),
            editable: fields.flag("editable").unwrap_or(true),
            deletable: fields.flag("deletable").unwrap_or(true),
            managed: fields.flag("managed").unwrap_or(false),
            creation_ip: fields.text("creation_ip").unwrap_or_default(),
            bearer: bearer.unwrap_or(Bearer::User(String::new())),
            more: Map::new(),
        };
        key.more = fields.rest();
        key
    }

    pub(super) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    pub(super) fn latest(&self) -> Timestamp {
        self.updated_at.max(self.created_at)
    }

    /// Returns the key as all answers but that of its create have it: without its secret.
    pub(super) fn json(&self) -> Value {
        self.json_with(Value::Null)
    }

    /// Returns the key as a state file has it: with the secret that it was loaded with.
    pub(super) fn saved(&self) -> Value {
        self.json_with(self.secret.as_deref().map_or(Value::Null, Value::from))
    }

    fn json_with(&self, secret: Value) -> Value {
        let mut json = object(
            [
                ("access_key", self.access_key.as_str().into()),
                ("secret_key", secret),
                ("description", self.description.as_str().into()),
                ("created_at", six_decimals(self.created_at)),
                ("updated_at", six_decimals(self.updated_at)),
                ("expires_at", self.expires_at.map_or(Value::Null, as_given)),
                ("default_project_id", self.default_project_id.as_str().into()),
                ("editable", self.editable.into()),
                ("deletable", self.deletable.into()),
                ("managed", self.managed.into()),
                ("creation_ip", self.creation_ip.as_str().into()),
            ],
            &Map::new(),
        );
        let (field, id) = match &self.bearer {
            Bearer::User(id) => ("user_id", id),
            Bearer::Application(id) => ("application_id", id),
        };
        json.insert(field.into(), id.as_str().into());
        json.extend(self.more.clone());
        Value::Object(json)
    }
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "access_key", id }
}

impl Organization {
    pub(super) fn list_api_keys(&self, ask: &mut Ask<'_>) -> Answer {
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
    pub(super) fn create_api_key(&mut self, ask: &mut Ask<'_>) -> Answer {
        let mut fields = Fields::new(&ask.body);
        let bearer = Bearer::read(&mut fields);
        if matches!(bearer, Ok(None)) && !fields.has("application_id") && !fields.has("user_id") {
            fields.refuse("bearer", Reason::Required, "precisely one of application_id, user_id must be set");
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
        let reply = Reply::ok(key.json_with(secret.as_str().into()));
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
    fn may_bear(&self, bearer: &Bearer, caller: &Caller) -> Result<(), Problem> {
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
    fn check_expiry(&self, fields: &mut Fields<'_>, at: Option<Timestamp>, now: Timestamp, needed: bool) {
        if at.is_some_and(|at| at <= now - REPLAYED) {
            fields.refuse("expires_at", Reason::Constraint, "value must be greater than now");
        }
        let Some(longest) = self.longest_key_life() else { return };
        if at.is_none() && needed && !fields.has("expires_at") {
            fields.refuse(
                "expires_at",
                Reason::Constraint,
                "the organization's security settings require an expiration date",
            );
        }
        if at.is_some_and(|at| at.duration_since(now) > longest) {
            fields.refuse(
                "expires_at",
                Reason::Constraint,
                "value is beyond the maximum of the organization",
            );
        }
    }

    pub(super) fn get_api_key(&self, ask: &Ask<'_>) -> Answer {
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

    pub(super) fn update_api_key(&mut self, ask: &mut Ask<'_>) -> Answer {
        let id = self.named_key(ask.id);
        let mut fields = Fields::new(&ask.body);
        let description = fields.description();
        let expires_at = fields.time("expires_at");
        let project = fields.id("default_project_id");
        self.check_expiry(&mut fields, expires_at, ask.request.now, false);
        fields.done()?;
        let key = self.api_keys.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(key.editable)?;
        let changes = expires_at.zip(key.expires_at).is_some_and(|(new, old)| new != old);
        if changes && self.behaviour.expiry == Expiry::Fixed {
            let help = "the expiration date of an API key cannot be changed";
            return Err(Problem::argument("expires_at", Reason::Constraint, help));
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

    pub(super) fn delete_api_key(&mut self, ask: &mut Ask<'_>) -> Answer {
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
