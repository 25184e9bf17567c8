//! What the organization answers, and the API's error bodies.

use serde_json::{Map, Value, json};

/// One answer: a status and a JSON body, or none. No `Debug`: the answer to the making of a key has its secret.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; `None` after a delete.
    pub body: Option<Value>,
}

impl Reply {
    /// An object or a list, 200. A create answers 200 too, never 201 (recorded).
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    /// What a delete answers.
    pub(super) fn gone() -> Self {
        Self { status: 204, body: None }
    }
}

/// What a handler comes to.
pub(super) type Handled = Result<Reply, Problem>;

/// Why an argument is refused: `reason` of `invalid_arguments`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArgumentReason {
    Required,
    Format,
    Constraint,
}

impl ArgumentReason {
    fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Format => "format",
            Self::Constraint => "constraint",
        }
    }
}

/// One refused argument.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) argument: String,
    pub(super) reason: ArgumentReason,
    pub(super) help: String,
}

/// A call that fails, by the API's error types.
///
/// The bodies' keys are in alphabetical order, as recorded.
#[derive(Debug)]
pub(super) enum Problem {
    Invalid(Vec<Refusal>),
    Unauthenticated { method: &'static str, reason: &'static str },
    Denied(Vec<(&'static str, &'static str)>),
    QuotaExceeded { resource: &'static str, quota: u64, current: u64 },
    NotFound { resource: &'static str, id: String },
    AlreadyExists { resource: &'static str, id: String, help: &'static str },
    Transient { resource: &'static str, id: String },
    Precondition { precondition: &'static str, help: &'static str },
    UnknownPath,
    WrongMethod,
    NotEmulated(&'static str),
    TooLarge,
}

impl Problem {
    /// Refuses a single argument.
    pub(super) fn argument(
        argument: impl Into<String>,
        reason: ArgumentReason,
        help: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Refusal { argument: argument.into(), reason, help: help.into() }])
    }

    /// Returns the answer that says so.
    pub(super) fn reply(self) -> Reply {
        let (status, body) = match self {
            Self::Invalid(refused) => {
                let details: Vec<Value> = refused.into_iter().map(detail).collect();
                (
                    400,
                    json!({"details": details, "message": "invalid argument(s)", "type": "invalid_arguments"}),
                )
            }
            Self::Unauthenticated { method, reason } => (
                401,
                json!({"message": "authentication is denied", "method": method, "reason": reason, "type": "denied_authentication"}),
            ),
            Self::Denied(actions) => {
                let details: Vec<Value> = actions
                    .iter()
                    .map(|(action, resource)| json!({"action": action, "resource": resource}))
                    .collect();
                (
                    403,
                    json!({"details": details, "message": "insufficient permissions", "type": "permissions_denied"}),
                )
            }
            Self::QuotaExceeded { resource, quota, current } => (
                403,
                json!({"details": [{"current": current, "quota": quota, "resource": resource}],
                    "message": "quota(s) exceeded for this resource", "type": "quotas_exceeded"}),
            ),
            Self::NotFound { resource, id } => (
                404,
                json!({"message": "resource is not found", "resource": resource, "resource_id": id, "type": "not_found"}),
            ),
            Self::AlreadyExists { resource, id, help } => (
                409,
                json!({"help_message": help, "message": "resource already exists", "resource": resource,
                    "resource_id": id, "type": "already_exists"}),
            ),
            Self::Transient { resource, id } => (
                409,
                json!({"current_state": "updating", "message": "resource is in a transient state",
                    "resource": resource, "resource_id": id, "type": "transient_state"}),
            ),
            Self::Precondition { precondition, help } => (
                412,
                json!({"help_message": help, "message": "precondition is not respected",
                    "precondition": precondition, "type": "precondition_failed"}),
            ),
            Self::UnknownPath => (404, json!({"message": "no such path or method"})),
            Self::WrongMethod => (405, json!({"message": "method not allowed"})),
            Self::NotEmulated(template) => (
                501,
                json!({"message": format!("the emulator does not do {template}"), "type": "not_implemented"}),
            ),
            Self::TooLarge => (413, json!({"message": "request body too large"})),
        };
        Reply { status, body: Some(body) }
    }
}

fn detail(refused: Refusal) -> Value {
    let mut detail = Map::new();
    detail.insert("argument_name".into(), refused.argument.into());
    if !refused.help.is_empty() {
        detail.insert("help_message".into(), refused.help.into());
    }
    detail.insert("reason".into(), refused.reason.word().into());
    Value::Object(detail)
}
