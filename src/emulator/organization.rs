//! The organization: a request in, an answer out. No socket, no clock, no randomness but the seed's.

use std::collections::{HashMap, VecDeque};
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::api_key::ApiKey;
use super::application::Application;
use super::caller::{Requester, Token};
use super::event::Event;
use super::fields::{NOT_A_UUID, uuid};
use super::grant::ResourceWord;
use super::group::Group;
use super::permission_set::PermissionSets;
use super::policy::Policy;
use super::project::Project;
use super::query::QueryParameters;
use super::quota::Quotas;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::rng::Rng;
use super::route::{AnsweredBy, Route};
use super::saml::Saml;
use super::scim::Scim;
use super::secret::StoredSecret;
use super::ssh_key::SshKey;
use super::table::{Row, Table};
use super::time;
use super::user::User;

/// Behaviour that the recordings do not settle, and that a user can choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// Whether two applications, or two policies, may have the same name.
    pub names: NameRule,
    /// The answer to a write to a managed, not editable or not deletable object.
    pub protected: Protected,
    /// Which quotas hold.
    pub quota: Quota,
    /// Whether a key's expiry can be changed once it is set.
    pub expiry: KeyExpiry,
    /// What a group shows of a member who was deleted.
    pub leftovers: Leftovers,
    /// How long after a write its event can be read.
    pub audit_delay: AuditDelay,
}

/// How long after a write its event can be read in Audit Trail and in the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditDelay(pub SignedDuration);

impl FromStr for AuditDelay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = text.strip_suffix('s').unwrap_or(text).parse::<u32>();
        let wrong = |_| "expected a number of seconds such as 0 or 2s".to_owned();
        seconds.map(|seconds| Self(SignedDuration::from_secs(seconds.into()))).map_err(wrong)
    }
}

impl Default for AuditDelay {
    /// Returns two seconds: after one an event was not there yet (recorded: audit-events-of-a-secret).
    fn default() -> Self {
        Self(SignedDuration::from_secs(2))
    }
}

/// What a group shows of a member who was deleted. No recording shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Leftovers {
    /// Nothing.
    #[default]
    None,
    /// The id, until somebody removes it.
    Ids,
}

/// Whether the expiry of an API key can be changed once it is set. It can be added to a key without one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyExpiry {
    /// It cannot, as the documentation says: 400.
    #[default]
    Fixed,
    /// It can, as the clients' types suggest.
    Changeable,
}

/// Whether names of applications and policies repeat. Those of groups never do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NameRule {
    /// They may; nothing is known of a refusal.
    #[default]
    Repeat,
    /// A second one answers 409 `already_exists`.
    Unique,
}

/// Status of the answer to a write to an object that a product manages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protected {
    /// 403 `permissions_denied` without details.
    #[default]
    Forbidden,
    /// 412 `precondition_failed`.
    Precondition,
}

/// Which quotas hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quota {
    /// Those of the state; without any, all are unlimited.
    #[default]
    OfState,
    /// The documented defaults of an organization, where the state has none.
    Documented,
}

/// A request, with all that the answer may depend on.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// In capitals.
    pub method: &'a str,
    /// The path and, after a `?`, the query.
    pub target: &'a str,
    /// The body; empty where there is none.
    pub body: &'a [u8],
    /// What the caller identifies itself with.
    pub token: Option<Token<'a>>,
    /// When it happens.
    pub now: Timestamp,
    /// From where.
    pub ip: &'a str,
    /// With what.
    pub user_agent: &'a str,
    /// The `X-Request-Id` of the answer.
    pub request_id: &'a str,
}

/// A request on its way to a handler.
pub(super) struct HandlerRequest<'a> {
    pub(super) request: &'a Request<'a>,
    /// The last parameter of the path: the id of what most calls are about.
    pub(super) id: &'a str,
    pub(super) parameters: &'a [String],
    pub(super) query: QueryParameters,
    pub(super) body: Map<String, Value>,
    pub(super) caller: Requester,
}

impl HandlerRequest<'_> {
    /// Returns the id of the path, which must be a UUID.
    pub(super) fn uuid(&self, argument: &'static str) -> Result<String, Problem> {
        uuid(self.id).ok_or_else(|| Problem::argument(argument, ArgumentReason::Format, NOT_A_UUID))
    }

    /// Returns the region of the path; new ones open, so that any of their form will do.
    pub(super) fn region(&self) -> Result<String, Problem> {
        let region = self.parameters.first().map_or("", String::as_str);
        let shaped = region.split_once('-').is_some_and(|(country, city)| {
            let small = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
            country.len() == 2 && small(country) && (3..=7).contains(&city.len()) && small(city)
        });
        if shaped { Ok(region.to_owned()) } else { Err(Problem::UnknownPath) }
    }

    /// Returns the id of the secret of the path.
    pub(super) fn secret_id(&self) -> Result<String, Problem> {
        let id = self.parameters.get(1).and_then(|id| uuid(id));
        id.ok_or_else(|| Problem::argument("secret_id", ArgumentReason::Format, NOT_A_UUID))
    }
}

/// An organization and everything in it.
pub struct Organization {
    pub(super) id: String,
    pub(super) object: Map<String, Value>,
    pub(super) users: Table<User>,
    pub(super) projects: Table<Project>,
    pub(super) applications: Table<Application>,
    pub(super) groups: Table<Group>,
    pub(super) policies: Table<Policy>,
    pub(super) api_keys: Table<ApiKey>,
    pub(super) ssh_keys: Table<SshKey>,
    pub(super) stored_secrets: Table<StoredSecret>,
    /// Whether the state has a list of secrets, and so gets one back.
    pub(super) secrets_of_state: bool,
    pub(super) saml: Option<Saml>,
    pub(super) scim: Option<Scim>,
    /// What was written since the start, oldest first.
    pub(super) events: VecDeque<Event>,
    pub(super) permission_sets: PermissionSets,
    pub(super) quotas: Quotas,
    pub(super) behaviour: Behaviour,
    pub(super) rng: Rng,
    /// The latest time in the state: what is made now comes after it, whatever the clock says.
    pub(super) last: Timestamp,
    /// Access keys by secret, where the emulator is closed.
    pub(super) secrets: Option<HashMap<String, String>>,
    /// The access keys made since the start, oldest first.
    pub(super) made_keys: Vec<String>,
}

impl Organization {
    /// Returns the organization's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Answers a request, and changes what it changes.
    pub fn answer(&mut self, request: &Request<'_>) -> Reply {
        self.handle(request).unwrap_or_else(Problem::reply)
    }

    fn handle(&mut self, request: &Request<'_>) -> Handled {
        let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
        let Some(route) = Route::find(request.method, path) else {
            return Err(if Route::is_known(path) { Problem::WrongMethod } else { Problem::UnknownPath });
        };
        let endpoint = route.endpoint;
        let (action, kind, handler) = match endpoint.answers {
            AnsweredBy::Anybody(answer) => return Ok(Reply::ok(answer())),
            AnsweredBy::NotEmulated => return Err(Problem::NotEmulated(endpoint.template)),
            AnsweredBy::Permitted(action, kind, handler) => (action, kind, handler),
        };
        let caller = self.caller(request)?;
        let body = if endpoint.takes_body() { object_in(request.body)? } else { Map::new() };
        let (id, parameters) = (route.id(), &route.parameters[..]);
        let mut ask =
            HandlerRequest { request, id, parameters, query: QueryParameters::parse(query), body, caller };
        if kind == ResourceWord::Secret {
            self.age_secrets(request.now);
        }
        let pending = endpoint.event.map(|name| self.before_event(name, kind, &ask));
        let permitted = self.permit(action, kind, &ask);
        let answer = permitted.and_then(|()| handler(self, &mut ask));
        if let Some(pending) = pending {
            self.keep_event(pending, &ask, &answer);
        }
        answer
    }

    /// Returns the time of a change: now, but later than all changes before it.
    pub(super) fn stamp(&mut self, ask: &HandlerRequest<'_>) -> Timestamp {
        self.last = time::to_microsecond(ask.request.now).max(time::just_after(self.last));
        self.last
    }

    /// Reads `organization_id` of a list.
    ///
    /// The schema leaves it out of what is required, the clients' comments say that the API asks for it.
    pub(super) fn own_list(
        &self,
        ask: &mut HandlerRequest<'_>,
        needed: Needed,
        resource: &'static str,
    ) -> Result<(), Problem> {
        let id = ask.query.id("organization_id");
        if id.is_none() && needed == Needed::Yes && ask.query.text("organization_id").is_none() {
            ask.query.refuse("organization_id", ArgumentReason::Required, "required key not provided");
        }
        match id {
            Some(id) if id != self.id => {
                ask.query.done()?;
                Err(Problem::Denied(vec![("read", resource)]))
            }
            _ => Ok(()),
        }
    }

    /// Checks the organization of something to be made; the caller's own where none is given.
    pub(super) fn own(&self, id: Option<String>, resource: &'static str) -> Result<String, Problem> {
        match id {
            Some(id) if id != self.id => Err(Problem::Denied(vec![("write", resource)])),
            _ => Ok(self.id.clone()),
        }
    }

    /// Refuses a change of what a product manages.
    pub(super) fn unprotected(&self, may: bool) -> Result<(), Problem> {
        match (may, self.behaviour.protected) {
            (true, _) => Ok(()),
            (false, Protected::Forbidden) => Err(Problem::Denied(Vec::new())),
            (false, Protected::Precondition) => Err(Problem::Precondition {
                precondition: "resource_not_usable",
                help: "this object is managed by a product",
            }),
        }
    }
}

/// Whether a parameter must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needed {
    Yes,
    No,
}

/// Returns an id that no row has yet.
pub(super) fn unused_id<T: Row>(rng: &mut Rng, table: &Table<T>, words: &[&[u8]]) -> String {
    loop {
        let id = rng.rising_id(words);
        if !table.contains(&id) {
            return id;
        }
    }
}

/// Reads a body; an empty one counts as `{}` (the clients send either for an action without fields).
fn object_in(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Problem::argument("body", ArgumentReason::Format, "value must be an object")),
        Err(_) => Err(Problem::argument("body", ArgumentReason::Format, "value must be valid JSON")),
    }
}
