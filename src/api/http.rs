//! One request and its answer: sending, waiting for a turn, trying again, reading.
use std::error::Error as StdError;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::client::Client;
use super::error::{Error, ErrorKind, escaped};
use super::retry::{Decision, Replay, RetryReason, Try, TryFailure};
use super::retry_state::RetryState;

/// A body longer than this is not read: a page of the longest real objects has a hundredth of it.
const LONGEST_BODY: usize = 64 << 20;

/// A request, before it is sent: everything that stays the same from try to try.
#[derive(Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    replay: Replay,
    secret_answer: bool,
    secret_request: bool,
}

impl Call {
    fn new(method: Method, path: impl Into<String>) -> Self {
        let replay = if method == Method::POST { Replay::Never } else { Replay::Safe };
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            replay,
            secret_answer: false,
            secret_request: false,
        }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Makes a POST, which is sent again only when it was surely not executed.
    pub(super) fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::new(Method::POST, path).json(body)
    }

    /// Makes a POST that leads to a named state, so that sending it twice is as good as once.
    pub(super) fn action(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { replay: Replay::Safe, ..Self::post(path, body) }
    }

    pub(super) fn put(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::new(Method::PUT, path).json(body)
    }

    pub(super) fn patch(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::new(Method::PATCH, path).json(body)
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(super) fn query(mut self, pairs: Vec<(&'static str, String)>) -> Self {
        self.query.extend(pairs);
        self
    }

    /// Marks the answer as one that holds a secret, so that no error quotes from it.
    pub(super) fn secret_answer(mut self) -> Self {
        self.secret_answer = true;
        self
    }

    /// Marks the body as one that holds a secret, so that no error quotes the API: it might quote the body.
    pub(super) fn secret_request(mut self) -> Self {
        self.secret_request = true;
        self
    }

    fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).expect("the request bodies are maps with text keys"));
        self
    }

    /// Returns the query for a log, without values that may be secret or name a person.
    fn shown_query(&self) -> String {
        let shown = self.query.iter().map(|(name, value)| match *name {
            "page" | "page_size" | "order_by" | "organization_id" | "project_id" | "policy_id"
            | "resource_id" | "resource_type" | "method_name" | "product_name" | "recorded_after"
            | "recorded_before" => {
                format!("{name}={value}")
            }
            _ => format!("{name}=…"),
        });
        let shown: Vec<String> = shown.collect();
        if shown.is_empty() { String::new() } else { format!("?{}", shown.join("&")) }
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(&self.method, &self.path, kind)
    }
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct WholeAnswer {
    status: u16,
    json: bool,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// A failed try: how the retry policy sees it, and how a person does.
struct Failed {
    failure: TryFailure,
    retry_after: Option<Duration>,
    error: Error,
}

/// Reads the body of a successful answer.
type Reader<'a, T> = &'a (dyn Fn(&WholeAnswer) -> Result<T, UnreadableAnswer> + Sync);

/// Why a successful answer could not be read.
enum UnreadableAnswer {
    /// It is no JSON by its own account.
    ContentType,
    Json(serde_json::Error),
}

impl Client {
    /// Sends a call and reads its answer as JSON.
    pub(super) async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        self.send_read(&call, |body| serde_json::from_slice(body)).await
    }

    /// Sends a call and reads its answer by `read`.
    pub(super) async fn send_read<T>(
        &self,
        call: &Call,
        read: impl Fn(&[u8]) -> serde_json::Result<T> + Sync,
    ) -> Result<T, Error> {
        self.send_until_done(call, &|answer| {
            if answer.json {
                read(&answer.body).map_err(UnreadableAnswer::Json)
            } else {
                Err(UnreadableAnswer::ContentType)
            }
        })
        .await
    }

    /// Sends a call whose answer has no content.
    ///
    /// A 404 to a DELETE that is sent again is success: the first try, or somebody else, has done it.
    pub(super) async fn send_empty(&self, call: Call) -> Result<(), Error> {
        let done = self.send_until_done(&call, &|answer| {
            // Not any 2xx will do: a page of a captive portal, say, must not pass for a deletion.
            if answer.status == 204 || answer.json { Ok(()) } else { Err(UnreadableAnswer::ContentType) }
        });
        match done.await {
            Err(error) if error.kind() == ErrorKind::NotFound && error.attempts() > 1 => Ok(()),
            other => other,
        }
    }

    /// Sends a call until it is done, or the retry policy gives up.
    async fn send_until_done<T>(&self, call: &Call, read: Reader<'_, T>) -> Result<T, Error> {
        let start = self.retry_state().map_or_else(Instant::now, RetryState::began);
        let mut attempt = self.retry_state().map_or(0, RetryState::made);
        let mut may_have_happened = self.retry_state().is_some_and(RetryState::may_have_happened);
        loop {
            attempt += 1;
            let failed = match self.send_once(call, attempt).await.and_then(|answer| answer.read(call, read))
            {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            may_have_happened |= failed.failure.may_have_happened();
            let decision = self.retry_policy().decide(&Try {
                replay: call.replay,
                failure: failed.failure,
                attempt,
                elapsed: start.elapsed(),
                retry_after: failed.retry_after,
                propagation_left: self.propagation_left(),
                jitter: jitter(),
            });
            match decision {
                Decision::Again(wait) if self.retry_state().is_some() => {
                    return Err(failed.error.after(attempt, may_have_happened).again_in(wait));
                }
                Decision::Again(wait) => tokio::time::sleep(wait).await,
                Decision::GiveUp => {
                    let error = failed.error.after(attempt, may_have_happened);
                    let open = call.replay == Replay::Never && failed.failure.may_have_happened();
                    return Err(if open { error.outcome_unknown() } else { error });
                }
            }
        }
    }

    /// Sends a call once, when a place and its turn have come, and reads the whole answer.
    async fn send_once(&self, call: &Call, attempt: u32) -> Result<WholeAnswer, Failed> {
        let turn = self.next_turn().await;
        let start = Instant::now();
        let result = self.exchange(call).await;
        let (status, request_id) = match &result {
            Ok(answer) => (Some(answer.status), answer.request_id.as_deref()),
            Err(failed) => (failed.error.status(), failed.error.request_id()),
        };
        if call.method != Method::GET {
            self.note(status, request_id);
        }
        let ms = start.elapsed().as_millis();
        let query = call.shown_query();
        tracing::debug!(method = %call.method, path = call.path, query, status, ms, request_id, attempt, "request");
        if let Some(429 | 503) = status {
            let asked = result.as_ref().ok().and_then(|answer| answer.retry_after);
            self.limiter().refused(turn.wave, self.retry_policy().pause(asked));
        }
        result
    }

    async fn exchange(&self, call: &Call) -> Result<WholeAnswer, Failed> {
        let mut response = self.request(call).send().await.map_err(|error| Failed::transport(call, error))?;
        let headers = response.headers();
        if let Some(date) = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?)) {
            self.heard_time(date);
        }
        let mut answer = WholeAnswer {
            status: response.status().as_u16(),
            json: is_json(headers),
            request_id: headers
                .get("x-request-id")
                .and_then(|id| id.to_str().ok())
                .map(|id| escaped(&self.redactor().cleaned(id))),
            retry_after: retry_after(headers),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.body.len() + chunk.len() > LONGEST_BODY => {
                    return Err(Failed::too_large(call, &answer));
                }
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Ok(None) => {
                    self.redactor().clean(&mut answer.body);
                    return Ok(answer);
                }
                // An answer that says no has said it, also without the rest of its body.
                Err(_) if !answer.is_success() => {
                    answer.body.clear();
                    return Ok(answer);
                }
                Err(error) => {
                    let mut failed = Failed::transport(call, error);
                    failed.error = failed.error.with_request_id(answer.request_id);
                    return Err(failed);
                }
            }
        }
    }

    fn request(&self, call: &Call) -> reqwest::RequestBuilder {
        let url = Url::parse(&format!("{}{}", self.api_url(), call.path));
        let mut url = url.expect("the address was parsed before, and paths are of constants and ids");
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let request = self.http().request(call.method.clone(), url);
        match &call.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            None => request,
        }
    }
}

impl WholeAnswer {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Turns a success into its value, and anything else into a failure.
    fn read<T>(self, call: &Call, read: Reader<'_, T>) -> Result<T, Failed> {
        if !self.is_success() {
            return Err(Failed::status(call, self));
        }
        read(&self).map_err(|why| Failed::unreadable(call, self, &why))
    }
}

impl Failed {
    fn transport(call: &Call, error: reqwest::Error) -> Self {
        let (failure, kind) = match &error {
            error if is_about_certificates(error) => (TryFailure::Certificate, ErrorKind::Certificate),
            error if error.is_connect() => (TryFailure::NotSent, ErrorKind::Connect),
            _ => (TryFailure::Interrupted, ErrorKind::Interrupted),
        };
        // The address is in our own message; the query would be repeated in each link of the chain.
        Self { failure, retry_after: None, error: call.error(kind).with_source(error.without_url()) }
    }

    fn too_large(call: &Call, answer: &WholeAnswer) -> Self {
        let note = format!("the answer has more than {} MiB", LONGEST_BODY >> 20);
        let error =
            call.error(ErrorKind::TooLarge).with_note(&note).with_request_id(answer.request_id.clone());
        Self { failure: TryFailure::Unreadable, retry_after: None, error: error.with_status(answer.status) }
    }

    fn status(call: &Call, answer: WholeAnswer) -> Self {
        let error = Error::refused(&call.method, &call.path, answer.status, answer.json, &answer.body);
        let error = if call.secret_request { error.without_quotes() } else { error };
        let reason = match error.api_type() {
            Some("transient_state") => RetryReason::TransientState,
            Some("permissions_denied") => RetryReason::PermissionsDenied,
            _ => RetryReason::Other,
        };
        Self {
            failure: TryFailure::Status(answer.status, reason),
            retry_after: answer.retry_after,
            error: error.with_request_id(answer.request_id),
        }
    }

    fn unreadable(call: &Call, answer: WholeAnswer, why: &UnreadableAnswer) -> Self {
        let note = match why {
            UnreadableAnswer::ContentType => "its content type is not JSON".to_owned(),
            // The parser quotes the values that it stumbles over.
            UnreadableAnswer::Json(error) if call.secret_answer => {
                format!("line {}, column {}", error.line(), error.column())
            }
            UnreadableAnswer::Json(error) => error.to_string(),
        };
        let error = call.error(ErrorKind::InvalidAnswer).with_status(answer.status).with_note(&note);
        Self {
            failure: TryFailure::Unreadable,
            retry_after: None,
            error: error.with_request_id(answer.request_id),
        }
    }
}

/// Looks through the causes for a certificate that was refused; trying again would not make it a better one.
fn is_about_certificates(error: &(dyn StdError + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
        return true;
    }
    // An `io::Error` does not count its content among its causes, and one can be in another.
    let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inside.is_some_and(|inside| is_about_certificates(inside))
        || error.source().is_some_and(is_about_certificates)
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type
        .get(.."application/json".len())
        .is_some_and(|start| start.eq_ignore_ascii_case("application/json"))
}

/// Reads `Retry-After`, in seconds or as a date. A date counts from the answer's own `Date`, since clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(value)?;
    let now =
        headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?)).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Returns a random number from 0 to 1. Without a source of randomness the wait is the longest, which is safe.
fn jitter() -> f64 {
    getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_log_has_no_value_of_a_query_that_could_be_a_secret() {
        let query =
            vec![("page", "1".to_owned()), ("search", "5ec7e7".to_owned()), ("order_by", "x".to_owned())];
        assert_eq!(Call::get("/logs").query(query).shown_query(), "?page=1&search=…&order_by=x");
        assert_eq!(Call::get("/logs").shown_query(), "");
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_by_the_servers_clock() {
        let read = |retry_after: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
            headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
            super::retry_after(&headers)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:57 GMT"), Some(Duration::from_secs(20)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:07 GMT"), Some(Duration::ZERO), "a time gone by");
        for odd in ["", "-1", "soon", "99999999999999999999999"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
