//! The socket: HTTP/1.1 on a port, an organization behind it.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::exchange::serve;
use super::fault::{FaultPicker, Faults};
use super::organization::{Behaviour, Organization};
use super::rate::TokenBucket;
use super::record::Recorder;
use super::rng::Rng;
use super::state::StateError;

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
/// How long a client may take for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many connections there may be at once; more wait.
const MOST_CONNECTIONS: usize = 512;
/// How many requests there may be under way at once; more wait.
const MOST_IN_FLIGHT: u32 = 4096;
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

impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "recorded" {
            return Ok(Self::Recorded);
        }
        let wrong = |_| "expected `recorded` or a number of milliseconds".to_owned();
        text.parse::<u32>().map(|ms| Self::Fixed(Duration::from_millis(ms.into()))).map_err(wrong)
    }
}

/// Which writes exclude each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OneWriter {
    /// Two to one group, as recorded.
    #[default]
    PerGroup,
    /// Two to one group or to one policy.
    PerGroupAndPolicy,
}

/// How an emulator is started.
pub struct EmulatorOptions {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The organization; `None` for an empty one with an owner.
    pub state: Option<Value>,
    /// How long answers take.
    pub latency: Latency,
    /// How many requests a second pass, and how many at once; `None` for all. More get 429.
    pub rate_limit: Option<f64>,
    /// The seconds that such a 429 names as `Retry-After`; `None` for no such header, as recorded.
    pub retry_after: Option<u16>,
    /// The faults to inject.
    pub faults: Faults,
    /// Decides ids and faults; `None` for a random one.
    pub seed: Option<u64>,
    /// The time at the start, from where it goes on; `None` for the system's.
    pub now: Option<Timestamp>,
    /// An open file to write the traffic to, as JSON lines.
    pub record: Option<File>,
    /// Which writes exclude each other while they are in flight.
    pub one_writer: OneWriter,
    /// What the API's answers do not settle.
    pub behaviour: Behaviour,
}

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            state: None,
            latency: Latency::None,
            rate_limit: None,
            retry_after: None,
            faults: Faults::default(),
            seed: None,
            now: None,
            record: None,
            one_writer: OneWriter::PerGroup,
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
    /// The traffic cannot be written down.
    #[error("cannot record all of the traffic")]
    Record {
        /// Why not.
        source: std::io::Error,
    },
    /// The system gives no random numbers.
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
        lock(&self.shared.organization).state()
    }

    /// Returns how many requests came for each method and path, its parameters by name.
    ///
    /// What is no call of the API counts for `("", "unknown")`.
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
    /// [`Error::Record`] when some of the traffic could not be written down.
    pub async fn shutdown(mut self) -> Result<Value, Error> {
        self.stop.send_replace(true);
        let ended = async {
            let _ = (&mut self.server).await;
            // A client that went away leaves its request behind, which takes effect all the same.
            let _ = self.shared.in_flight.acquire_many(MOST_IN_FLIGHT).await;
        };
        let _ = tokio::time::timeout(FAREWELL, ended).await;
        let failed = lock(&self.shared.recorder).as_mut().and_then(|recorder| recorder.failed.take());
        match failed {
            Some(source) => Err(Error::Record { source }),
            None => Ok(self.state()),
        }
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
/// An [`enum@Error`] when the state cannot be loaded, or the address not be listened on.
pub async fn start(options: EmulatorOptions) -> Result<Emulator, Error> {
    let seed = match options.seed {
        Some(seed) => seed,
        None => getrandom::u64().map_err(Error::Seed)?,
    };
    let organization = match &options.state {
        Some(state) => Organization::load(state, options.behaviour, seed)?,
        None => Organization::empty(options.behaviour, seed),
    };
    let recorder = options.record.map(Recorder::new);
    let failed = |source| Error::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let started = Instant::now();
    let shared = Arc::new(Shared {
        organization: Mutex::new(organization),
        recorder: Mutex::new(recorder),
        request_ids: Mutex::new(Rng::new(seed)),
        faults: Mutex::new(FaultPicker::new(options.faults, seed)),
        bucket: options.rate_limit.map(|limit| Mutex::new(TokenBucket::new(limit, started))),
        retry_after: options.retry_after,
        requests: Mutex::new(BTreeMap::new()),
        busy: Mutex::new(HashSet::new()),
        in_flight: Arc::new(Semaphore::new(MOST_IN_FLIGHT as usize)),
        latency: options.latency,
        one_writer: options.one_writer,
        clock: Mutex::new(options.now.map(|now| (now, started))),
    });
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(accept(listener, Arc::clone(&shared), stopped));
    Ok(Emulator { address, shared, stop, server })
}

/// What all connections share.
pub(super) struct Shared {
    pub(super) organization: Mutex<Organization>,
    pub(super) recorder: Mutex<Option<Recorder>>,
    pub(super) request_ids: Mutex<Rng>,
    pub(super) faults: Mutex<FaultPicker>,
    pub(super) bucket: Option<Mutex<TokenBucket>>,
    pub(super) retry_after: Option<u16>,
    pub(super) requests: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    /// The groups and policies that a write in flight changes.
    pub(super) busy: Mutex<HashSet<String>>,
    pub(super) in_flight: Arc<Semaphore>,
    pub(super) latency: Latency,
    pub(super) one_writer: OneWriter,
    clock: Mutex<Option<(Timestamp, Instant)>>,
}

impl Shared {
    /// Returns the emulator's time.
    pub(super) fn now(&self) -> Timestamp {
        let Some((start, started)) = *lock(&self.clock) else { return Timestamp::now() };
        start.checked_add(started.elapsed()).unwrap_or(start)
    }

    /// Moves the emulator's time forward, never back.
    pub(super) fn advance(&self, at: Timestamp) {
        if at > self.now() {
            *lock(&self.clock) = Some((at, Instant::now()));
        }
    }
}

/// Locks; what a panic left behind is still an organization.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopped.changed() => break,
            accepted = next(&listener, &slots) => accepted,
        };
        let Some((stream, peer, slot)) = accepted else {
            // Out of files, most likely: wait for connections to end.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
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

/// Waits for room, and then for a connection.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    let (stream, peer) = listener.accept().await.ok()?;
    Some((stream, peer, slot))
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    // Small answers, one after another: waiting to fill a packet would only add latency.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| serve(Arc::clone(&shared), peer, request));
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
