//! The socket: HTTP/1.1 on a port, an organization behind it.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, SERVER, USER_AGENT};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::caller::Token;
use super::chance::Chance;
use super::organization::{Behaviour, Organization, Request};
use super::reply::{Problem, Reply};
use super::route::Route;
use super::state::StateError;

/// The longest request body that is read, in bytes.
const LONGEST_BODY: usize = 4 << 20;
/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
/// How long a client may take for the head of a request, or for its body.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many connections there may be at once; more wait.
const MOST_CONNECTIONS: usize = 512;
/// How long a shutdown waits for what is in flight.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long answers take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Latency {
    /// No longer than they must.
    #[default]
    None,
    /// The median of what was recorded for each call.
    Recorded,
    /// The same for all.
    Fixed(Duration),
}

/// How an emulator is started.
pub struct Options {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The organization; `None` for an empty one with an owner.
    pub state: Option<Value>,
    /// How long answers take.
    pub latency: Latency,
    /// Decides ids and faults; `None` for a random one.
    pub seed: Option<u64>,
    /// What the API's answers do not settle.
    pub behaviour: Behaviour,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            state: None,
            latency: Latency::None,
            seed: None,
            behaviour: Behaviour::default(),
        }
    }
}

/// Why an emulator does not start, or did not end well.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The state cannot be loaded.
    #[error("cannot load the state")]
    State(#[from] StateError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no randomness to be had.
    #[error("cannot draw a seed: {0}")]
    Seed(getrandom::Error),
}

/// A running emulator. Dropping it ends it at once; [`Emulator::shutdown`] lets what is in flight finish.
#[must_use = "an emulator ends when it is dropped"]
pub struct Emulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Emulator {
    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the organization as a state file has it; secrets only where the given state had them.
    #[must_use]
    pub fn state(&self) -> Value {
        self.shared.organization().state()
    }

    /// Returns how many requests came for each method and path, its parameters by name.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<(String, String), u64> {
        let counted = lock(&self.shared.requests);
        counted
            .iter()
            .map(|((method, path), count)| (((*method).to_owned(), (*path).to_owned()), *count))
            .collect()
    }

    /// Stops taking connections, waits a few seconds for what is in flight, and returns the state.
    ///
    /// # Errors
    /// None yet.
    pub async fn shutdown(mut self) -> Result<Value, Error> {
        self.stop.send_replace(true);
        if tokio::time::timeout(FAREWELL, &mut self.server).await.is_err() {
            self.server.abort();
        }
        Ok(self.state())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Starts an emulator on the current runtime.
///
/// # Errors
/// [`Error`] when the state cannot be loaded or the address not be listened on.
pub async fn start(options: Options) -> Result<Emulator, Error> {
    let seed = match options.seed {
        Some(seed) => seed,
        None => getrandom::u64().map_err(Error::Seed)?,
    };
    let organization = match &options.state {
        Some(state) => Organization::load(state, options.behaviour, seed)?,
        None => Organization::empty(options.behaviour, seed),
    };
    let failed = |source| Error::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let shared = Arc::new(Shared {
        organization: Mutex::new(organization),
        ids: Mutex::new(Chance::new(seed)),
        requests: Mutex::new(BTreeMap::new()),
        busy: Mutex::new(HashSet::new()),
        latency: options.latency,
    });
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(accept(listener, Arc::clone(&shared), stopped));
    Ok(Emulator { address, shared, stop, server })
}

/// What all connections share.
struct Shared {
    organization: Mutex<Organization>,
    ids: Mutex<Chance>,
    requests: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    busy: Mutex<HashSet<String>>,
    latency: Latency,
}

/// Locks; what a panic left behind is still an organization.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn organization(&self) -> MutexGuard<'_, Organization> {
        lock(&self.organization)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    // Out of files, most likely: wait for connections to end.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
        connections.spawn(async move {
            connection(stream, peer, shared, stopped).await;
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    // Small answers, one after another: waiting to fill a packet would only add latency.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(serve(&shared, peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

type Response = hyper::Response<Full<Bytes>>;

async fn serve(shared: &Shared, peer: SocketAddr, request: hyper::Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str).to_owned();
    let method = head.method.as_str();
    let route = Route::find(method, head.uri.path());
    let named = route.as_ref().map_or(("", "unknown"), |route| (route.method, route.template));
    *lock(&shared.requests).entry(named).or_default() += 1;
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let token = text("x-auth-token").map(Token::SecretKey).or(text("x-session-token").map(Token::Session));
    let user_agent = head
        .headers
        .get(USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .unwrap_or_default();
    let ip = peer.ip().to_string();
    let limited = tokio::time::timeout(PATIENCE, Limited::new(body, LONGEST_BODY).collect()).await;
    let Ok(Ok(body)) = limited else {
        return respond(shared, &Problem::TooLarge.reply());
    };
    let body = body.to_bytes();
    let _busy = match route.as_ref().and_then(Route::written_group) {
        Some(id) => match Busy::take(shared, id) {
            Some(busy) => Some(busy),
            None => {
                pause(shared.latency, 112).await;
                let id = id.to_ascii_lowercase();
                return respond(shared, &Problem::Transient { resource: "group", id }.reply());
            }
        },
        None => None,
    };
    if let Some(route) = route.as_ref() {
        pause(shared.latency, route.recorded_ms).await;
    }
    let reply = shared.organization().answer(&Request {
        method,
        target: &target,
        body: &body,
        token,
        now: Timestamp::now(),
        ip: &ip,
        user_agent: &user_agent,
    });
    respond(shared, &reply)
}

/// Waits as long as the real API takes, in the median.
async fn pause(latency: Latency, recorded_ms: u16) {
    match latency {
        Latency::None => {}
        Latency::Recorded => tokio::time::sleep(Duration::from_millis(recorded_ms.into())).await,
        Latency::Fixed(time) => tokio::time::sleep(time).await,
    }
}

/// Holds a group while a write to it is in flight.
struct Busy<'a> {
    shared: &'a Shared,
    id: String,
}

impl<'a> Busy<'a> {
    /// Takes hold; nothing when another write has it.
    fn take(shared: &'a Shared, id: &str) -> Option<Self> {
        let id = id.to_ascii_lowercase();
        lock(&shared.busy).insert(id.clone()).then_some(Self { shared, id })
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        lock(&self.shared.busy).remove(&self.id);
    }
}

/// Writes an answer, with the headers that were recorded.
fn respond(shared: &Shared, reply: &Reply) -> Response {
    let body = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
    let mut response = hyper::Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(SERVER, HeaderValue::from_static("Scaleway API Gateway (emulated)"));
    let request_id = lock(&shared.ids).draw(&[b"request"]).uuid();
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        headers.insert("x-request-id", request_id);
    }
    response
}
