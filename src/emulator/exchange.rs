//! One request on its way: limits, faults, latency, and the answer's headers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, SERVER, USER_AGENT,
};
use hyper::http::request::Parts;
use jiff::Timestamp;
use serde_json::{Value, json};
use thiserror::Error;

use super::caller::Token;
use super::fault::{Fault, Target};
use super::http::{Latency, OneWriter, Shared, lock};
use super::organization::Request;
use super::record::Exchange;
use super::reply::{Problem, Reply};
use super::route::{Lock, Route};
use super::time;

/// The header by which a request moves the clock forward. The real API ignores it.
const EMULATED_TIME: &str = "x-emulated-time";
/// The longest request body that is read, in bytes.
const LONGEST_BODY: usize = 4 << 20;
/// How long a client may take for a body.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many pieces a slow body has, and how long there is between two.
const PIECES: usize = 8;
const PIECE: Duration = Duration::from_millis(50);
/// How long the 409 of a second write took, in milliseconds (recorded: group-membership-basic).
const BUSY_MS: u16 = 112;
/// How long the 404 of a get took, in the median.
const MISSING_MS: u16 = 37;

/// Ends a connection without a word.
#[derive(Debug, Error)]
#[error("the connection was cut on purpose")]
pub(super) struct Cut;

type HttpBody = UnsyncBoxBody<Bytes, Cut>;
type Response = hyper::Response<HttpBody>;

/// Answers one request, or cuts its connection.
pub(super) async fn serve(
    shared: Arc<Shared>,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<Response, Cut> {
    let request_id = lock(&shared.request_ids).draw(&[b"request"]).uuid();
    if let Some(at) = emulated_time(request.headers()) {
        shared.advance(at);
    }
    let mut response = answer(Arc::clone(&shared), peer, request, request_id.clone()).await?;
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&shared.now());
    let headers = response.headers_mut();
    for (name, text) in [("x-request-id", Some(request_id)), ("date", date.ok())] {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
}

async fn answer(
    shared: Arc<Shared>,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
    request_id: String,
) -> Result<Response, Cut> {
    let arrived = Instant::now();
    let (head, body) = request.into_parts();
    let route = Route::find(head.method.as_str(), head.uri.path());
    let named =
        route.as_ref().map_or(("", "unknown"), |route| (route.endpoint.method, route.endpoint.template));
    *lock(&shared.requests).entry(named).or_default() += 1;
    if shared.bucket.as_ref().is_some_and(|bucket| !lock(bucket).passes(arrived)) {
        return Ok(rate_limited(shared.retry_after));
    }
    let limited = tokio::time::timeout(PATIENCE, Limited::new(body, LONGEST_BODY).collect()).await;
    let Ok(Ok(body)) = limited else {
        return Ok(respond(&Problem::TooLarge.reply()));
    };
    let received = Received { shared, peer, head, body: body.to_bytes(), route, arrived, request_id };
    let Ok(permit) = Arc::clone(&received.shared.in_flight).acquire_owned().await else {
        return Err(Cut);
    };
    // On its own, so that it takes effect also when the client does not wait for the answer, as it would over there.
    let task = tokio::spawn(async move {
        let response = received.serve().await;
        drop(permit);
        response
    });
    task.await.unwrap_or(Err(Cut))
}

/// A request that has arrived whole.
struct Received {
    shared: Arc<Shared>,
    peer: SocketAddr,
    head: Parts,
    body: Bytes,
    route: Option<Route>,
    arrived: Instant,
    request_id: String,
}

impl Received {
    async fn serve(&self) -> Result<Response, Cut> {
        let shared = &self.shared;
        let fault = lock(&shared.faults).decide(Target {
            method: self.head.method.as_str(),
            path: self.head.uri.path(),
            query: self.head.uri.query().unwrap_or_default(),
            body: &self.body,
        });
        match fault {
            Some(Fault::RateLimited) => return Ok(rate_limited(None)),
            Some(Fault::RateLimitedRetryAfter) => return Ok(rate_limited(Some(1))),
            Some(Fault::CutBefore) => return Err(Cut),
            Some(Fault::ServerError) => return Ok(server_error()),
            Some(Fault::Unavailable) => return Ok(unavailable()),
            Some(Fault::Transient) => return Ok(self.transient().await),
            Some(Fault::ForbiddenAfterGrant) => {
                return Ok(respond(&Problem::Denied(Vec::new()).reply()));
            }
            Some(
                Fault::CutAfter
                | Fault::ServerErrorAfter
                | Fault::SlowBody
                | Fault::Truncated
                | Fault::WrongContentType,
            )
            | None => {}
        }
        let busy = match self.written() {
            Some(id) => match Busy::take(shared, &id) {
                Some(busy) => Some(busy),
                None => return Ok(self.transient().await),
            },
            None => None,
        };
        let reply = self.take_effect().await;
        drop(busy);
        match fault {
            Some(Fault::CutAfter) => Err(Cut),
            Some(Fault::ServerErrorAfter) => Ok(server_error()),
            Some(Fault::SlowBody) => Ok(slow(respond(&reply), &reply)),
            Some(Fault::Truncated) => Ok(truncated(respond(&reply), &reply)),
            Some(Fault::WrongContentType) => {
                let mut response = respond(&reply);
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
                Ok(response)
            }
            _ => Ok(respond(&reply)),
        }
    }

    /// Waits as long as the real API takes, in the median, and has the organization answer.
    ///
    /// A read sees what is there when it arrives; a write takes effect just before its answer.
    async fn take_effect(&self) -> Reply {
        let reads = self.route.as_ref().is_none_or(|route| !route.endpoint.writes());
        let recorded_ms = self.route.as_ref().map_or(MISSING_MS, |route| route.endpoint.recorded_ms);
        if reads {
            let reply = self.answer();
            self.pause(if reply.status == 404 { MISSING_MS } else { recorded_ms }).await;
            return reply;
        }
        self.pause(recorded_ms).await;
        self.answer()
    }

    fn answer(&self) -> Reply {
        let target = self.head.uri.path_and_query().map_or("/", |target| target.as_str());
        let ip = self.peer.ip().to_canonical().to_string();
        let user_agent = self.head.headers.get(USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        let request = Request {
            method: self.head.method.as_str(),
            target,
            body: &self.body,
            token: token(&self.head.headers),
            now: self.shared.now(),
            ip: &ip,
            user_agent: &String::from_utf8_lossy(user_agent),
            request_id: &self.request_id,
        };
        let mut organization = lock(&self.shared.organization);
        let reply = organization.answer(&request);
        // Written down while nothing else can take effect.
        self.record(target, &reply);
        drop(organization);
        if reply.status < 300 && self.route.as_ref().is_some_and(|route| route.endpoint.grants) {
            lock(&self.shared.faults).granted();
        }
        reply
    }

    fn record(&self, target: &str, reply: &Reply) {
        if let Some(recorder) = lock(&self.shared.recorder).as_mut() {
            recorder.write(&Exchange {
                method: self.head.method.as_str(),
                target,
                request: &self.body,
                status: reply.status,
                response: reply.body.as_ref(),
                ms: self.arrived.elapsed().as_secs_f64() * 1000.0,
            });
        }
    }

    /// Returns the object that only one call may write at a time, with its kind.
    fn locks(&self) -> Option<(&'static str, String)> {
        let route = self.route.as_ref()?;
        let (kind, id) = match route.endpoint.lock {
            Lock::Nothing => return None,
            Lock::Group => ("group", route.id().to_ascii_lowercase()),
            Lock::Policy => ("policy", route.id().to_ascii_lowercase()),
            Lock::PolicyOfBody => {
                let body: Value = serde_json::from_slice(&self.body).ok()?;
                ("policy", body.get("policy_id")?.as_str()?.to_ascii_lowercase())
            }
        };
        Some((kind, id))
    }

    /// Returns the object that this write excludes others from: policies only where that was asked for.
    fn written(&self) -> Option<String> {
        let (kind, id) = self.locks()?;
        (kind == "group" || self.shared.one_writer == OneWriter::PerGroupAndPolicy).then_some(id)
    }

    /// Says that the object is being changed by somebody else (recorded: group-membership-basic).
    async fn transient(&self) -> Response {
        self.pause(BUSY_MS).await;
        let (resource, id) = self.locks().unwrap_or_default();
        let reply = Problem::Transient { resource, id }.reply();
        let target = self.head.uri.path_and_query().map_or("/", |target| target.as_str());
        self.record(target, &reply);
        respond(&reply)
    }

    async fn pause(&self, recorded_ms: u16) {
        match self.shared.latency {
            Latency::None => {}
            Latency::Recorded => tokio::time::sleep(Duration::from_millis(recorded_ms.into())).await,
            Latency::Fixed(time) => tokio::time::sleep(time).await,
        }
    }
}

/// Reads the time to which a request moves the clock.
fn emulated_time(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get(EMULATED_TIME)?.to_str().ok().and_then(time::parse)
}

/// Finds what the caller identifies itself with.
fn token(headers: &HeaderMap) -> Option<Token<'_>> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    text("x-auth-token").map(Token::SecretKey).or_else(|| text("x-session-token").map(Token::Session))
}

/// Holds a group or a policy while a write to it is in flight.
struct Busy {
    shared: Arc<Shared>,
    id: String,
}

impl Busy {
    /// Takes hold; nothing when another write has it.
    fn take(shared: &Arc<Shared>, id: &str) -> Option<Self> {
        let taken = lock(&shared.busy).insert(id.to_owned());
        taken.then(|| Self { shared: Arc::clone(shared), id: id.to_owned() })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        lock(&self.shared.busy).remove(&self.id);
    }
}

fn whole(body: impl Into<Bytes>) -> HttpBody {
    Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// Writes an answer, with the headers that were recorded.
fn respond(reply: &Reply) -> Response {
    let mut response = bare(reply.status, reply.body.as_ref().map(Value::to_string).unwrap_or_default());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Writes an answer without a content type.
fn bare(status: u16, body: String) -> Response {
    let mut response = hyper::Response::new(whole(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("Scaleway API Gateway (emulator)"));
    response
}

/// Says that there were too many requests, as the gateway does: an empty body, no content type.
fn rate_limited(retry_after: Option<u16>) -> Response {
    let mut response = bare(429, String::new());
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-envoy-ratelimited"), HeaderValue::from_static("true"));
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn server_error() -> Response {
    respond(&Reply { status: 500, body: Some(json!({"message": "internal error"})) })
}

fn unavailable() -> Response {
    let words =
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
    let mut response = bare(503, words.to_owned());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Sends the body in pieces, with pauses.
fn slow(response: Response, reply: &Reply) -> Response {
    let body = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
    let size = body.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> = body.into_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
    let body = stream::unfold(pieces.into_iter(), |mut pieces| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(PIECE).await;
        Some((Ok(Frame::data(piece)), pieces))
    });
    response.map(|_| StreamBody::new(body).boxed_unsync())
}

/// Promises the whole body, sends half of it, and cuts the connection.
fn truncated(response: Response, reply: &Reply) -> Response {
    let body = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
    if body.is_empty() {
        return response;
    }
    let length = body.len();
    let half = Bytes::from(body.into_bytes()).slice(..length / 2);
    let body = stream::unfold(Some(half), |half| async move {
        if let Some(half) = half {
            return Some((Ok(Frame::data(half)), None));
        }
        // The half must be on its way before the connection goes.
        tokio::time::sleep(PIECE).await;
        Some((Err(Cut), None))
    });
    let mut response = response.map(|_| StreamBody::new(body).boxed_unsync());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}
