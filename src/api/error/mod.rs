//! Errors of calls, in the API's words if it gives any.
mod show;

use std::error::Error as StdError;
use std::time::Duration;

use serde_json::Value;

/// A text from the API is cut after this many characters.
const LONGEST_TEXT: usize = 500;
/// At most this many details of one error are kept.
const MOST_DETAILS: usize = 20;

/// The kind of an error, as far as a caller handles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 400: the request is not well formed. The details say which argument.
    InvalidArguments,
    /// 401: the secret key is unknown, expired or deleted.
    Unauthorized,
    /// 403: the caller lacks a permission.
    Forbidden,
    /// 403 `quotas_exceeded`: the organization may have no more of this kind.
    QuotaExceeded,
    /// 404: there is no such object, or not for this caller.
    NotFound,
    /// 409 `transient_state`, still after the retries: another change of the object is running.
    TransientState,
    /// Any other 409: the object exists already, or is in use.
    Conflict,
    /// 410: the object has expired.
    Gone,
    /// 412: a precondition is not met.
    PreconditionFailed,
    /// 423: the object is locked.
    Locked,
    /// 429, still after the retries.
    TooManyRequests,
    /// 5xx, still after the retries.
    Server,
    /// Another status, redirects included: they are never followed, since the token would go along.
    UnexpectedStatus,
    /// The connection was not established, so nothing was sent.
    Connect,
    /// The server's certificate is not trusted, so nothing was sent.
    Certificate,
    /// The connection broke or timed out before the answer was complete.
    Interrupted,
    /// A successful answer in a form that the API does not document.
    InvalidAnswer,
    /// An answer, or a list, that is implausibly large.
    TooLarge,
    /// A list that was different each time it was read.
    ListChanged,
    /// A create that may or may not have been executed: read the list before sending it again.
    OutcomeUnknown,
}

/// A failed call of the API.
#[derive(Debug)]
pub struct Error(Box<ErrorInner>);

#[derive(Debug)]
struct ErrorInner {
    method: String,
    path: String,
    kind: ErrorKind,
    status: Option<u16>,
    body: ApiBody,
    /// Our own message, if the API gives none.
    note: Option<String>,
    request_id: Option<String>,
    may_have_happened: bool,
    attempts: u32,
    again_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What an error body of the API may say. Every field is optional, since gateways answer in other shapes.
///
/// Source: recorded error bodies, and the types of the official clients.
#[derive(Debug, Default, Clone)]
struct ApiBody {
    kind: Option<String>,
    message: Option<String>,
    help: Option<String>,
    resource: Option<String>,
    resource_id: Option<String>,
    current_state: Option<String>,
    precondition: Option<String>,
    reason: Option<String>,
    details: Vec<Detail>,
}

/// One entry of the `details` of an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// The argument of a 400, by its JSON name.
    pub argument_name: Option<String>,
    /// Why the argument of a 400 is refused: `unknown`, `required`, `format` or `constraint`.
    pub reason: Option<String>,
    /// The API's words about the argument of a 400.
    pub help_message: Option<String>,
    /// The action that a 403 is about, `read` for example.
    pub action: Option<String>,
    /// The kind of object that a 403 is about.
    pub resource: Option<String>,
    /// How many there may be; a number.
    pub quota: Option<String>,
    /// How many there are; a number.
    pub current: Option<String>,
}

impl Error {
    /// Makes an error without an answer of the API.
    pub(super) fn new(method: &reqwest::Method, path: &str, kind: ErrorKind) -> Self {
        Self(Box::new(ErrorInner {
            method: method.to_string(),
            path: path.to_owned(),
            kind,
            status: None,
            body: ApiBody::default(),
            note: None,
            request_id: None,
            may_have_happened: false,
            attempts: 1,
            again_after: None,
            source: None,
        }))
    }

    /// Makes the error of a failed answer. Of the body only the known fields are kept, escaped and cut.
    pub(super) fn refused(
        method: &reqwest::Method,
        path: &str,
        status: u16,
        json: bool,
        body: &[u8],
    ) -> Self {
        let body = if json { ApiBody::read(body) } else { ApiBody::default() };
        let kind = kind_of(status, body.kind.as_deref());
        let mut error = Self::new(method, path, kind);
        error.0.status = Some(status);
        error.0.body = body;
        error
    }

    /// Drops all that the API may have copied from the request; what went wrong stays.
    pub(super) fn without_quotes(mut self) -> Self {
        let body = std::mem::take(&mut self.0.body);
        let known = |text: &String| {
            text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        self.0.body = ApiBody { kind: body.kind.filter(known), ..ApiBody::default() };
        self
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(super) fn with_note(mut self, note: &str) -> Self {
        self.0.note = Some(escaped(note));
        self
    }

    pub(super) fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id.or(self.0.request_id);
        self
    }

    pub(super) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Notes how often the request was sent, and whether one of the tries may have been executed.
    pub(super) fn after(mut self, attempts: u32, may_have_happened: bool) -> Self {
        self.0.attempts = attempts;
        self.0.may_have_happened = may_have_happened;
        self
    }

    /// Notes that the retry policy would send the request again, and when.
    pub(super) fn again_in(mut self, wait: Duration) -> Self {
        self.0.again_after = Some(wait);
        self
    }

    /// Marks that it is not known whether a create was executed; status and message stay.
    pub(super) fn outcome_unknown(mut self) -> Self {
        self.0.kind = ErrorKind::OutcomeUnknown;
        self
    }

    /// Returns what may help, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        self.0.hint()
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the method of the request, `GET` for example.
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// Returns the path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Returns the status of the answer; `None` when none came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the `type` of the error body, `not_found` for example.
    pub fn api_type(&self) -> Option<&str> {
        self.0.body.kind.as_deref()
    }

    /// Returns the API's message.
    pub fn message(&self) -> Option<&str> {
        self.0.body.message.as_deref()
    }

    /// Returns the API's further explanation.
    pub fn help_message(&self) -> Option<&str> {
        self.0.body.help.as_deref()
    }

    /// Returns the kind of object that the error is about. Fact: it is empty when somebody who is no member is removed
    /// from a group.
    pub fn resource(&self) -> Option<&str> {
        self.0.body.resource.as_deref()
    }

    /// Returns the id of the object that the error is about.
    pub fn resource_id(&self) -> Option<&str> {
        self.0.body.resource_id.as_deref()
    }

    /// Returns the state of the object that a 409 `transient_state` is about.
    pub fn current_state(&self) -> Option<&str> {
        self.0.body.current_state.as_deref()
    }

    /// Returns what a 412 asks for first.
    pub fn precondition(&self) -> Option<&str> {
        self.0.body.precondition.as_deref()
    }

    /// Returns why a 401 was answered: `not_found` or `expired`, for example.
    pub fn reason(&self) -> Option<&str> {
        self.0.body.reason.as_deref()
    }

    /// Returns the details: the arguments of a 400, the permissions of a 403.
    pub fn details(&self) -> &[Detail] {
        &self.0.body.details
    }

    /// Returns the `X-Request-Id` of the answer, which Scaleway's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns how often the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns how long to wait before the request may be sent again, when it was one of the caller's own tries.
    pub fn again_after(&self) -> Option<Duration> {
        self.0.again_after
    }

    /// Says whether the API may have executed the request, in one of the tries, although no success came back.
    pub fn may_have_happened(&self) -> bool {
        self.0.may_have_happened
    }
}

/// Tells the kind from the status and, where several share one, from the `type`.
fn kind_of(status: u16, api_type: Option<&str>) -> ErrorKind {
    match (status, api_type) {
        (400, _) => ErrorKind::InvalidArguments,
        (401, _) => ErrorKind::Unauthorized,
        (403, Some("quotas_exceeded")) => ErrorKind::QuotaExceeded,
        (403, _) => ErrorKind::Forbidden,
        (404, _) => ErrorKind::NotFound,
        (409, Some("transient_state")) => ErrorKind::TransientState,
        (409, _) => ErrorKind::Conflict,
        (410, _) => ErrorKind::Gone,
        (412, _) => ErrorKind::PreconditionFailed,
        (423, _) => ErrorKind::Locked,
        (429, _) => ErrorKind::TooManyRequests,
        (500..=599, _) => ErrorKind::Server,
        _ => ErrorKind::UnexpectedStatus,
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl ApiBody {
    /// Reads what can be read; another shape, or no JSON at all, gives nothing.
    fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let text = |key| text_of(&value, key);
        let details = value.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            kind: text("type"),
            message: text("message"),
            help: text("help_message"),
            resource: text("resource"),
            resource_id: text("resource_id"),
            current_state: text("current_state"),
            precondition: text("precondition"),
            reason: text("reason"),
            details: details.iter().take(MOST_DETAILS).map(Detail::read).collect(),
        }
    }
}

impl Detail {
    fn read(value: &Value) -> Self {
        let text = |key| text_of(value, key);
        let number = |key| value.get(key).and_then(Value::as_number).map(ToString::to_string);
        Self {
            argument_name: text("argument_name"),
            reason: text("reason"),
            help_message: text("help_message"),
            action: text("action"),
            resource: text("resource"),
            quota: number("quota"),
            current: number("current"),
        }
    }
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(escaped)
}

/// Returns a text that cannot steer a terminal, cut to a bounded length.
///
/// Besides control characters this escapes those that change the direction of text or break a line.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST_TEXT {
            out.push('…');
            break;
        }
        let steers = matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}');
        if c.is_control() || steers {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;

    fn answer(status: u16, body: &str) -> Error {
        Error::refused(&Method::POST, "/iam/v1alpha1/x", status, true, body.as_bytes())
    }

    #[test]
    fn the_recorded_bodies_are_told_in_the_apis_words() {
        let shown = |status, body| answer(status, body).to_string();
        insta::assert_snapshot!(shown(404, r#"{"message":"resource is not found","resource":"policy","resource_id":"48455ff1","type":"not_found"}"#),
            @"`POST /iam/v1alpha1/x` answered 404 not_found: resource is not found (policy `48455ff1`)");
        insta::assert_snapshot!(shown(404, r#"{"message":"resource is not found","resource":"","resource_id":"01a09c7c","type":"not_found"}"#),
            @"`POST /iam/v1alpha1/x` answered 404 not_found: resource is not found (`01a09c7c`)");
        insta::assert_snapshot!(shown(400, r#"{"details":[{"argument_name":"project_id","help_message":"value must be a valid UUID","reason":"format"}],"message":"invalid argument(s)","type":"invalid_arguments"}"#),
            @"`POST /iam/v1alpha1/x` answered 400 invalid_arguments: invalid argument(s); argument `project_id`, format, value must be a valid UUID");
        insta::assert_snapshot!(shown(403, r#"{"details":[{"action":"read","resource":"api_key"}],"message":"insufficient permissions","type":"permissions_denied"}"#),
            @"`POST /iam/v1alpha1/x` answered 403 permissions_denied: insufficient permissions; read on api_key");
        insta::assert_snapshot!(shown(403, r#"{"details":[{"current":10,"quota":10,"resource":"human"}],"message":"quota(s) exceeded for this resource","type":"quotas_exceeded"}"#),
            @"`POST /iam/v1alpha1/x` answered 403 quotas_exceeded: quota(s) exceeded for this resource; human, quota 10, current 10");
        insta::assert_snapshot!(shown(409, r#"{"current_state":"updating","message":"resource is in a transient state","resource":"group","resource_id":"127d163c","type":"transient_state"}"#), @"`POST /iam/v1alpha1/x` answered 409 transient_state: resource is in a transient state (group `127d163c`, state updating)");
        insta::assert_snapshot!(shown(401, r#"{"message":"authentication is denied","method":"api_key","reason":"not_found","type":"denied_authentication"}"#), @"`POST /iam/v1alpha1/x` answered 401 denied_authentication: authentication is denied (reason not_found)");
    }

    #[test]
    fn a_json_answer_that_is_none_keeps_its_status() {
        for body in ["", "{", "[]", "null", r#"{"message":7,"details":"x"}"#] {
            let error = answer(503, body);
            assert_eq!((error.kind(), error.status()), (ErrorKind::Server, Some(503)), "{body}");
        }
    }

    #[test]
    fn what_the_server_says_cannot_steer_a_terminal_or_flood_it() {
        let error = answer(400, r#"{"message":"a\u001b[2Jb\nc\u202e"}"#);
        assert_eq!(error.message(), Some("a\\u{1b}[2Jb\\u{a}c\\u{202e}"));
        let long = answer(400, &format!(r#"{{"message":"{}"}}"#, "x".repeat(100_000)));
        assert_eq!(long.message().unwrap().chars().count(), LONGEST_TEXT + 1);
        let many = format!(r#"{{"details":[{}{{}}]}}"#, r#"{"action":"a"},"#.repeat(10_000));
        assert_eq!(answer(403, &many).details().len(), MOST_DETAILS);
    }
}
