//! The organization as its callers see it.
#![expect(clippy::needless_pass_by_value, reason = "a test reads better without ampersands")]

mod callers;
mod consequences;
mod lists;
mod property;
mod services;
mod state;
mod validation;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Behaviour, Organization, Request, Token};

pub(super) const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
/// An id that nothing has.
pub(super) const NOBODY: &str = "deadbeef-0000-4000-8000-000000000000";

/// Returns an id for a test's own objects.
pub(super) fn id(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

/// An organization, and a clock that moves a second with each call.
pub(super) struct World {
    pub(super) organization: Organization,
    pub(super) now: Timestamp,
    token: String,
}

impl World {
    /// An owner (1), a member (2), an application (3), a project (4) and the default one.
    pub(super) fn new() -> Self {
        Self::of(json!({
            "organization": {"id": ORGANIZATION},
            "users": [{"id": id(1), "email": "owner@example.com", "type": "owner"}, {"id": id(2), "email": "alice@example.com"}],
            "applications": [{"id": id(3), "name": "ci"}],
            "projects": [{"id": ORGANIZATION, "name": "default"}, {"id": id(4), "name": "prod"}],
        }))
    }

    pub(super) fn of(state: Value) -> Self {
        Self::with(&state, Behaviour::default())
    }

    pub(super) fn with(state: &Value, behaviour: Behaviour) -> Self {
        let organization = Organization::load(state, behaviour, 1).unwrap();
        Self { organization, now: "2026-06-12T15:44:05.645641Z".parse().unwrap(), token: "any".into() }
    }

    /// Goes on with another token.
    pub(super) fn with_token(mut self, token: &str) -> Self {
        self.token = token.into();
        self
    }

    /// Sends a request; a path without a slash is below `/iam/v1alpha1/`. A null body is none.
    pub(super) fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.now += jiff::SignedDuration::from_secs(1);
        let target = if path.starts_with('/') { path.to_owned() } else { format!("/iam/v1alpha1/{path}") };
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.organization.answer(&Request {
            method,
            target: &target,
            body: text.as_bytes(),
            token: Some(Token::SecretKey(&self.token)),
            now: self.now,
            ip: "192.0.2.10",
            user_agent: "test",
            request_id: "",
        });
        (reply.status, reply.body.unwrap_or_default())
    }

    /// Sends a request that succeeds.
    #[track_caller]
    pub(super) fn ok(&mut self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body);
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    #[track_caller]
    pub(super) fn get(&mut self, path: &str) -> Value {
        self.ok("GET", path, Value::Null)
    }

    /// Sends a request that fails, and returns the status and the error.
    #[track_caller]
    pub(super) fn fails(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (status, answer) = self.call(method, path, body);
        assert!(status >= 400, "{method} {path}: {status} {answer}");
        (status, answer)
    }

    /// Sends a request that is refused, and returns each refused argument with the reason.
    #[track_caller]
    pub(super) fn refused(&mut self, method: &str, path: &str, body: Value) -> Vec<String> {
        let (status, answer) = self.fails(method, path, body);
        assert_eq!((status, &answer["type"]), (400, &json!("invalid_arguments")), "{answer}");
        assert!(answer.as_object().unwrap().keys().is_sorted(), "{answer}");
        let details = answer["details"].as_array().unwrap().iter();
        details.map(|one| format!("{} {}", one["argument_name"], one["reason"]).replace('"', "")).collect()
    }

    /// Makes a policy of these rules for nobody, and returns its id.
    pub(super) fn policy(&mut self, name: &str, rules: Value) -> String {
        let body =
            json!({"name": name, "organization_id": ORGANIZATION, "no_principal": true, "rules": rules});
        text(&self.ok("POST", "policies", body)["id"])
    }

    /// Makes a group and returns its id.
    pub(super) fn group(&mut self, name: &str) -> String {
        text(&self.ok("POST", "groups", json!({"name": name, "organization_id": ORGANIZATION}))["id"])
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
