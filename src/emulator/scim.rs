//! SCIM: the provisioning of people and groups by an identity provider, and its tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields;
use super::organization::{HandlerRequest, Organization};
use super::page::{Listing, Total};
use super::reply::{Handled, Problem, Reply};
use super::state::Defaults;
use super::table::{Row, Table};
use super::time::micros;

/// How long a token lives: a year, less the three milliseconds that it takes to make it (recorded: scim-token).
const LIFE: SignedDuration = SignedDuration::from_millis(365 * 24 * 3_600_000 - 3);

/// The most tokens that there may be (documented).
const MOST: u64 = 2;

/// That an identity provider provisions people here.
#[derive(Serialize, Deserialize)]
pub(super) struct Scim {
    #[serde(deserialize_with = "fields::read_uuid")]
    id: String,
    #[serde(with = "micros", default = "Defaults::epoch")]
    created_at: Timestamp,
    #[serde(default, skip_serializing)]
    tokens: Vec<ScimToken>,
}

/// What of a token is served after its creation.
#[derive(Clone, Serialize, Deserialize)]
struct ScimToken {
    #[serde(deserialize_with = "fields::read_uuid")]
    id: String,
    #[serde(default)]
    scim_id: String,
    #[serde(with = "micros", default = "Defaults::epoch")]
    created_at: Timestamp,
    #[serde(with = "micros", default = "Defaults::epoch")]
    expires_at: Timestamp,
}

impl Row for ScimToken {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

const LISTING: Listing<ScimToken> =
    Listing { items: "scim_tokens", total: Total::Last, size: 20, default: "created_at_asc", orders: &[] };

impl Scim {
    /// Returns it as a state file has it: with its tokens.
    pub(super) fn saved(&self) -> Value {
        let mut json = json!(self);
        json["tokens"] = json!(self.tokens);
        json
    }
}

fn token_not_found(id: String) -> Problem {
    Problem::NotFound { resource: "scim_token", id }
}

impl Organization {
    fn scim_mut(&mut self, ask: &HandlerRequest<'_>) -> Result<&mut Scim, Problem> {
        let id = ask.uuid("scim_id")?;
        self.scim.as_mut().filter(|scim| scim.id == id).ok_or(Problem::NotFound { resource: "scim", id })
    }

    pub(super) fn get_scim(&self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        let off = || Problem::NotFound { resource: "organization_scim", id: self.id.clone() };
        self.scim.as_ref().map(|scim| Reply::ok(json!(scim))).ok_or_else(off)
    }

    /// Switches SCIM on.
    pub(super) fn enable_scim(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        if let Some(scim) = &self.scim {
            return Err(Problem::AlreadyExists {
                resource: "organization_scim",
                id: scim.id.clone(),
                help: "SCIM is enabled already",
            });
        }
        let id = self.rng.draw(&[b"scim"]).uuid();
        let created_at = self.stamp(ask);
        Ok(Reply::ok(json!(self.scim.insert(Scim { id, created_at, tokens: Vec::new() }))))
    }

    /// Switches SCIM off; its tokens end.
    pub(super) fn delete_scim(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.scim_mut(ask)?;
        self.scim = None;
        Ok(Reply::gone())
    }

    pub(super) fn list_scim_tokens(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let tokens = self.scim_mut(ask)?.tokens.clone();
        let mut table = Table::default();
        tokens.into_iter().for_each(|token| table.insert(token));
        LISTING.answer(&mut ask.query, &table, |_| true, |token| json!(token))
    }

    /// Makes a token; its answer is the only one that has the bearer token.
    pub(super) fn create_scim_token(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        let current = self.scim_mut(ask)?.tokens.len() as u64;
        if current >= MOST {
            return Err(Problem::QuotaExceeded { resource: "scim_token", quota: MOST, current });
        }
        let mut draw = self.rng.draw(&[b"scim-token"]);
        let (id, secret) = (draw.uuid(), draw.uuid());
        let now = self.stamp(ask);
        let scim = self.scim_mut(ask)?;
        let expires_at = now.checked_add(LIFE).unwrap_or(now);
        let token = ScimToken { id, scim_id: scim.id.clone(), created_at: now, expires_at };
        let bearer_token = [&token.id, &secret].map(|half| URL_SAFE_NO_PAD.encode(half)).join(".");
        let reply = Reply::ok(json!({"token": token, "bearer_token": bearer_token}));
        scim.tokens.push(token);
        Ok(reply)
    }

    pub(super) fn get_scim_token(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("scim_token_id")?;
        let mut all = self.scim.iter().flat_map(|scim| &scim.tokens);
        let found = all.find(|token| token.id == id);
        found.map(|token| Reply::ok(json!(token))).ok_or_else(|| token_not_found(id))
    }

    pub(super) fn delete_scim_token(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("scim_token_id")?;
        let all = self.scim.as_mut().map(|scim| &mut scim.tokens);
        let found = all.and_then(|all| Some((all.iter().position(|token| token.id == id)?, all)));
        let (at, all) = found.ok_or_else(|| token_not_found(id))?;
        all.remove(at);
        Ok(Reply::gone())
    }
}
