//! Who calls, and what they may do.

use super::api_key::{ApiKey, Bearer};
use super::condition::{Resource, Situation};
use super::fields::uuid;
use super::grant::{CallAction, ResourceWord, Within};
use super::organization::{HandlerRequest, Organization, Request};
use super::reply::Problem;
use super::state::Defaults;
use super::table::Row;
use super::user::User;

/// What a caller identifies itself with. No `Debug`: it is a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// The secret key in `X-Auth-Token`.
    SecretKey(&'a str),
    /// The JWT of a browser session in `X-Session-Token`.
    Session(&'a str),
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Requester {
    /// Anybody, for an open emulator: the owner, and any other caller that is needed.
    Anybody,
    /// The owner of the key.
    Bearer(Bearer),
}

/// A secret that a call is about.
struct SecretAskedFor {
    project: Option<String>,
    resource: Resource,
}

impl Requester {
    /// Says whether the caller may be this user.
    pub(super) fn may_be(&self, user: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Bearer(bearer) => *bearer == Bearer::User(user.to_owned()),
        }
    }
}

impl Organization {
    /// Finds out who calls. Without a key with a secret in the state the emulator is open: any token will do.
    pub(super) fn caller(&self, request: &Request<'_>) -> Result<Requester, Problem> {
        let denied = |method, reason| Err(Problem::Unauthenticated { method, reason });
        let secret = match (request.token, &self.secrets) {
            (None, _) => return denied("api_key", "invalid_argument"),
            (Some(_), None) => return Ok(Requester::Anybody),
            (Some(Token::Session(_)), Some(_)) => return denied("jwt", "not_found"),
            (Some(Token::SecretKey(secret)), Some(_)) => secret,
        };
        let Some(key) = self.key_with(secret) else { return denied("api_key", "not_found") };
        if key.expires_at.is_some_and(|at| at <= request.now) {
            return denied("api_key", "expired");
        }
        if matches!(&key.bearer, Bearer::User(id) if self.users.get(id).is_some_and(|user| user.locked)) {
            return denied("api_key", "unknown_reason");
        }
        Ok(Requester::Bearer(key.bearer.clone()))
    }

    fn key_with(&self, secret: &str) -> Option<&ApiKey> {
        let access_key = self.secrets.as_ref()?.get(secret)?;
        self.api_keys.get(access_key)
    }

    /// Refuses what the caller's grants do not allow.
    pub(super) fn permit(
        &self,
        action: CallAction,
        kind: ResourceWord,
        ask: &HandlerRequest<'_>,
    ) -> Result<(), Problem> {
        let Requester::Bearer(bearer) = &ask.caller else { return Ok(()) };
        let request = ask.request;
        let secret = if kind == ResourceWord::Secret { self.secret_asked_for(ask) } else { None };
        let situation = Situation {
            now: request.now,
            ip: request.ip,
            user_agent: request.user_agent,
            resource: secret.as_ref().map(|secret| &secret.resource),
        };
        let project = match kind {
            ResourceWord::SshKey => self.ssh_project(ask),
            ResourceWord::Secret => secret.as_ref().and_then(|secret| secret.project.clone()),
            _ => None,
        };
        let within = match &project {
            Some(project) => Within::Project(project),
            None if kind == ResourceWord::SshKey && action == CallAction::Read && ask.id.is_empty() => {
                Within::Organization
            }
            None => Within::Anything,
        };
        if self.may(bearer, action, kind, within, situation) {
            return Ok(());
        }
        Err(Problem::Denied(vec![(action.word(), kind.word())]))
    }

    /// Returns the project that a call about SSH keys is about, if it is about one.
    fn ssh_project(&self, ask: &HandlerRequest<'_>) -> Option<String> {
        let of_key = || self.ssh_keys.get(&uuid(ask.id)?).map(|key| key.project_id.clone());
        let of_body = || uuid(ask.body.get("project_id")?.as_str()?);
        of_key().or_else(of_body).or_else(|| uuid(&ask.query.text("project_id")?))
    }

    /// Returns which secret a call is about, and where it is; for a list what it is limited to.
    fn secret_asked_for(&self, ask: &HandlerRequest<'_>) -> Option<SecretAskedFor> {
        let locality = ask.parameters.first().cloned().unwrap_or_default();
        if let Ok(secret) = self.secret(ask) {
            let (id, name) = (Some(secret.id.clone()), Some(secret.full_name()));
            return Some(SecretAskedFor {
                project: Some(secret.project_id.clone()),
                resource: Resource { id, name, locality },
            });
        }
        let text = |key: &str| ask.body.get(key).and_then(serde_json::Value::as_str);
        let asked = |key: &str| text(key).map(str::to_owned).or_else(|| ask.query.text(key));
        let folder = asked("path").or_else(|| asked("secret_path")).unwrap_or_default();
        let name = text("name").map(str::to_owned).or_else(|| ask.query.text("secret_name"));
        let name = name.map(|name| format!("{}/{name}", folder.trim_end_matches('/')));
        let project = asked("project_id").and_then(|id| uuid(&id));
        Some(SecretAskedFor { project, resource: Resource { id: None, name, locality } })
    }

    /// Returns the id of who calls: of an open emulator, of the owner.
    pub(super) fn principal_of(&self, caller: &Requester) -> Option<String> {
        match caller {
            Requester::Anybody => self.owner_id(),
            Requester::Bearer(bearer) => Some(bearer.id().to_owned()),
        }
    }

    /// Returns the owner's id: that of the state, or one made up.
    pub(super) fn owner_id(&self) -> Option<String> {
        let owner = self.users.iter().find(|user| user.is_owner()).map(|user| user.id().to_owned());
        owner.or_else(|| self.unlisted_owner().map(|owner| owner.id().to_owned()))
    }

    /// Returns the owner of a state without one, whom no list shows; a closed emulator has no need of one.
    pub(super) fn unlisted_owner(&self) -> Option<User> {
        if self.secrets.is_some() || self.users.iter().any(User::is_owner) {
            return None;
        }
        // As an id of its own, and always the same: the organization's with other first digits.
        let id = uuid(&format!("0e77e700{}", self.id.get(8..)?))?;
        Some(User::owner_of(&self.id, id, Defaults::epoch()))
    }
}
