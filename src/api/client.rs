//! The client: what every request has in common.
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::id::OrganizationId;
use super::rate::{Limiter, Wave};
use super::redact::Redactor;
use super::retry::RetryPolicy;
use super::retry_state::RetryState;
use super::secret::Secret;

/// The address of the API. Source: the official clients.
pub const API_URL: &str = "https://api.scaleway.com";

/// The longest User-Agent that is sent, in characters. Source: the limit of the official Go client.
const LONGEST_USER_AGENT: usize = 512;

/// The default of the maximum number of requests in flight. At usual latencies, the highest rate keeps it below that.
pub const DEFAULT_PARALLELISM: usize = 20;
/// The default of the maximum number of requests per second.
pub const DEFAULT_MAX_RPS: f64 = 100.0;

/// A client of the IAM and Account APIs for one organization.
///
/// Cheap to clone: the clones share connections and the limit of parallel requests. All clients of a process that talk to
/// one API share its rate.
#[derive(Clone)]
pub struct Client {
    inner: Arc<ClientInner>,
    propagation: Option<Propagation>,
    write_log: Option<Arc<WriteLog>>,
    /// Where the caller itself decides about each try.
    retry_state: Option<RetryState>,
    /// What the next request goes out with.
    turn: Option<Arc<Mutex<Option<Turn>>>>,
}

/// The right to send a request at once: a place among those in flight, and a token of the rate.
pub(crate) struct Turn {
    _place: OwnedSemaphorePermit,
    pub(super) wave: Wave,
}

struct ClientInner {
    http: reqwest::Client,
    api_url: String,
    organization: OrganizationId,
    limiter: Arc<Limiter>,
    places: Arc<Semaphore>,
    parallelism: usize,
    retry: RetryPolicy,
    redactor: Redactor,
    /// How far the API's clock was ahead of this machine's, by the last answer that told it it.
    clock_ahead: Mutex<Option<SignedDuration>>,
    /// Whether the requests set the clock of an emulator.
    emulated_time: bool,
}

/// The time that a permission may take to reach the servers that evaluate it.
#[derive(Debug, Clone, Copy)]
struct Propagation {
    granted_at: Instant,
    window: Duration,
}

/// The results of the writes that were sent through one client, to report a single step.
#[derive(Debug, Default)]
pub struct WriteLog(Mutex<LastWrite>);

/// What a [`WriteLog`] shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastWrite {
    /// How often a writing request was sent, each try counted.
    pub writes: u32,
    /// The `X-Request-Id` of the last writing request's answer; `None` when it got none.
    pub request_id: Option<String>,
    /// The status of the last writing request's answer; `None` when it got none.
    pub status: Option<u16>,
}

impl WriteLog {
    /// Returns what came of the writes so far.
    pub fn last_write(&self) -> LastWrite {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, status: Option<u16>, request_id: Option<&str>) {
        let mut last_write = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let request_id = request_id.map(str::to_owned);
        *last_write = LastWrite { writes: last_write.writes + 1, request_id, status };
    }
}

/// How long the client waits for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For the next byte of an answer.
    pub silence: Duration,
    /// For one whole try, from its first byte to the last byte of its answer.
    pub total: Duration,
}

impl Default for Timeouts {
    /// Returns 10, 30 and 60 seconds. Fact: the slowest recorded answer took three, the official Go client waits 30.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            total: Duration::from_secs(60),
        }
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The secret key has characters that no HTTP header can hold.
    #[error("the secret key holds a character that cannot be sent")]
    SecretKey,
    /// The URL of the API is invalid.
    #[error("`{0}` is not the address of an API: it has to be http:// or https://, and must not end in `/`")]
    ApiUrl(String),
    /// A time was set for an API that is not on this machine.
    #[error("the time of the API can only be set for an emulator on this machine")]
    EmulatedTime,
    /// The machine's certificates or proxies could not be read.
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}

/// Gathers the settings of a [`Client`].
#[must_use = "a builder does nothing until `build`"]
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    secret_key: Secret,
    organization: OrganizationId,
    api_url: String,
    verify: Verify,
    run_id: Option<String>,
    extra_user_agent: Option<String>,
    max_rps: f64,
    parallelism: usize,
    retry: RetryPolicy,
    timeouts: Timeouts,
    emulated_time: Option<Timestamp>,
}

/// Whether the server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verify {
    Certificates,
    Nothing,
}

impl Client {
    /// Starts a client for one organization, authenticated by the secret half of an API key.
    ///
    /// ```
    /// use scw_iam::api::{Client, Secret};
    ///
    /// let secret = Secret::new("11111111-1111-1111-1111-111111111111");
    /// let organization = "105bdce1-64c0-48ab-899d-868455867ecf".parse()?;
    /// let client = Client::builder(secret, organization).run_id("run-1").parallelism(4).build()?;
    /// # assert_eq!(client.organization().as_str(), "105bdce1-64c0-48ab-899d-868455867ecf");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(secret_key: Secret, organization: OrganizationId) -> ClientBuilder {
        ClientBuilder {
            secret_key,
            organization,
            api_url: API_URL.to_owned(),
            verify: Verify::Certificates,
            run_id: None,
            extra_user_agent: None,
            max_rps: DEFAULT_MAX_RPS,
            parallelism: DEFAULT_PARALLELISM,
            retry: RetryPolicy::default(),
            timeouts: Timeouts::default(),
            emulated_time: None,
        }
    }

    /// Returns the organization that lists and creates refer to.
    pub fn organization(&self) -> &OrganizationId {
        &self.inner.organization
    }

    /// Returns a client that shares everything with this one, and retries a 403 while a new permission is still propagating.
    ///
    /// For a caller who has just granted something to itself at `granted_at`: until `window` has passed, a 403
    /// `permissions_denied` is tried again every two seconds at most. A 403 is never executed, so this holds for every
    /// method. Fact: IAM's writes are visible at once, but their evaluation lags by up to two minutes, because each server has its
    /// own cache.
    #[must_use = "the client itself is left as it was"]
    pub fn with_propagation_window(&self, granted_at: Instant, window: Duration) -> Self {
        Self { propagation: Some(Propagation { granted_at, window }), ..self.clone() }
    }

    /// Returns a client, sharing everything with this one, that notes what comes of its writes.
    #[must_use = "the client itself is left as it was"]
    pub fn with_write_log(&self, write_log: Arc<WriteLog>) -> Self {
        Self { write_log: Some(write_log), ..self.clone() }
    }

    /// Returns a client that shares everything with this one, and sends a call once, as the next of these tries.
    #[must_use = "the client itself is left as it was"]
    pub fn single(&self, retry_state: &RetryState) -> Self {
        Self { retry_state: Some(retry_state.clone()), ..self.clone() }
    }

    /// Returns how far the API's clock is ahead of this machine's, to a second, by the `Date` of the last answer; `None` before
    /// the first one. Negative where it is behind.
    pub fn clock_ahead(&self) -> Option<SignedDuration> {
        *self.inner.clock_ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what time it is where the API is.
    pub(super) fn heard_time(&self, date: Timestamp) {
        let ahead = date.duration_since(Timestamp::now());
        *self.inner.clock_ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
    }

    /// Notes a writing request that was sent, and its answer.
    pub(super) fn note(&self, status: Option<u16>, request_id: Option<&str>) {
        if let Some(write_log) = &self.write_log {
            write_log.note(status, request_id);
        }
    }

    /// Says whether the requests set the clock of an emulator.
    pub fn has_emulated_time(&self) -> bool {
        self.inner.emulated_time
    }

    pub(super) fn retry_state(&self) -> Option<&RetryState> {
        self.retry_state.as_ref()
    }

    pub(super) fn propagation_left(&self) -> Duration {
        self.propagation.map_or(Duration::ZERO, |p| p.window.saturating_sub(p.granted_at.elapsed()))
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }

    pub(super) fn api_url(&self) -> &str {
        &self.inner.api_url
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.inner.redactor
    }

    pub(super) fn limiter(&self) -> &Limiter {
        &self.inner.limiter
    }

    pub(super) fn retry_policy(&self) -> &RetryPolicy {
        &self.inner.retry
    }

    /// Returns how many requests may be in flight at once.
    pub fn parallelism(&self) -> usize {
        self.inner.parallelism
    }

    /// Waits until a request may be sent: until fewer than allowed are in flight, and the rate has a token. For whoever decides
    /// as late as that whether to send it.
    pub(crate) async fn turn(&self) -> Turn {
        let place = Arc::clone(&self.inner.places).acquire_owned().await;
        let place = place.expect("the semaphore lives as long as the client and is never closed");
        Turn { _place: place, wave: self.inner.limiter.turn().await }
    }

    /// Returns a client that shares everything with this one, and sends its first request without waiting for another turn.
    #[must_use = "the client itself is left as it was"]
    pub(crate) fn with_turn(&self, turn: Turn) -> Self {
        Self { turn: Some(Arc::new(Mutex::new(Some(turn)))), ..self.clone() }
    }

    /// Returns the turn of the next request.
    pub(super) async fn next_turn(&self) -> Turn {
        let kept = self.turn.as_ref();
        let kept = kept.and_then(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner).take());
        match kept {
            Some(turn) => turn,
            None => self.turn().await,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClientInner { api_url, organization, .. } = &*self.inner;
        f.debug_struct("Client")
            .field("api_url", api_url)
            .field("organization", organization)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Sets the address of the API, without a slash at the end.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = url.into();
        self
    }

    /// Disables the verification of certificates, as `SCW_INSECURE` does.
    pub fn insecure(mut self) -> Self {
        self.verify = Verify::Nothing;
        self
    }

    /// Sets the id of this run, which the User-Agent carries into the audit log of every write.
    pub fn run_id(mut self, id: impl Into<String>) -> Self {
        self.run_id = Some(id.into());
        self
    }

    /// Sets what is appended to the User-Agent, as `SCW_USER_AGENT` asks for.
    pub fn user_agent(mut self, extra: impl Into<String>) -> Self {
        self.extra_user_agent = Some(extra.into());
        self
    }

    /// Sets how many requests a second go out at most (100 unless set, not below 1).
    ///
    /// The rate adapts: it starts at 60 (or at 60 % of this maximum, if that is more), climbs by 10 per second while
    /// requests wait for it, and halves when the API answers 429 or 503. Clients of this process that talk to the same
    /// API share one rate, and the lowest of their maxima counts.
    pub fn max_rps(mut self, rate: f64) -> Self {
        self.max_rps = rate;
        self
    }

    /// Sets how many requests are in flight at most (20 unless set, not below 1).
    pub fn parallelism(mut self, requests: usize) -> Self {
        self.parallelism = requests.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Sets how long and how often requests are tried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets how long to wait for the network.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the time to which each request moves an emulator's clock forward. For an API on this machine only.
    pub fn emulated_time(mut self, at: Timestamp) -> Self {
        self.emulated_time = Some(at);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// Proxies are taken from the environment, except for an API on this machine (an emulator), which a proxy cannot
    /// reach.
    ///
    /// # Errors
    /// A secret key that no header can hold, an invalid URL, certificates that cannot be loaded, a time for an API
    /// that is not on this machine.
    pub fn build(self) -> Result<Client, BuildError> {
        let url =
            api_url(&self.api_url).ok_or_else(|| BuildError::ApiUrl(super::error::escaped(&self.api_url)))?;
        // Of rustls's providers only ring is compiled in. An error says that one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if self.emulated_time.is_some() && !is_this_machine(&url) {
            return Err(BuildError::EmulatedTime);
        }
        let redactor = Redactor::new(&self.secret_key);
        let mut http = reqwest::Client::builder()
            .user_agent(self.user_agent_text())
            .default_headers(self.headers()?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(self.timeouts.connect)
            .read_timeout(self.timeouts.silence)
            .timeout(self.timeouts.total);
        if self.verify == Verify::Nothing {
            http = http.tls_danger_accept_invalid_certs(true);
        }
        if is_this_machine(&url) {
            http = http.no_proxy();
        }
        let inner = ClientInner {
            http: http.build().map_err(BuildError::Http)?,
            limiter: Limiter::of(&self.api_url, self.max_rps),
            api_url: self.api_url,
            organization: self.organization,
            places: Arc::new(Semaphore::new(self.parallelism)),
            parallelism: self.parallelism,
            retry: self.retry,
            redactor,
            clock_ahead: Mutex::new(None),
            emulated_time: self.emulated_time.is_some(),
        };
        let inner = Arc::new(inner);
        Ok(Client { inner, propagation: None, write_log: None, retry_state: None, turn: None })
    }

    fn headers(&self) -> Result<HeaderMap, BuildError> {
        let mut token = HeaderValue::from_str(self.secret_key.expose()).map_err(|_| BuildError::SecretKey)?;
        token.set_sensitive(true);
        let mut headers = HeaderMap::from_iter([
            (reqwest::header::HeaderName::from_static("x-auth-token"), token),
            (reqwest::header::ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        if let Some(at) = self.emulated_time {
            let at = HeaderValue::from_str(&at.to_string()).expect("a time is written in ASCII");
            headers.insert(reqwest::header::HeaderName::from_static("x-emulated-time"), at);
        }
        Ok(headers)
    }

    /// Writes the User-Agent: printable ASCII, and no longer than the API's own clients send.
    fn user_agent_text(&self) -> String {
        let mut text = format!("scw-iam/{}", env!("CARGO_PKG_VERSION"));
        if let Some(id) = &self.run_id {
            text.push_str(&format!(" (run {id})"));
        }
        if let Some(extra) = &self.extra_user_agent {
            text.push_str(&format!(" {extra}"));
        }
        text.chars().filter(|c| matches!(c, ' '..='~')).take(LONGEST_USER_AGENT).collect()
    }
}

/// Returns the URL if it can be that of an API: HTTP, without slash at the end, query or fragment.
pub(super) fn api_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && !text.ends_with('/')
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    fits.then_some(url)
}

/// Whether an address is on the loopback interface.
pub(super) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> ClientBuilder {
        let organization = "105bdce1-64c0-48ab-899d-868455867ecf".parse().unwrap();
        Client::builder(Secret::new("5ec7e7-not-to-be-seen"), organization)
    }

    #[test]
    fn the_user_agent_names_the_run_and_stays_within_bounds() {
        let text = builder().run_id("r\n7é").user_agent("ci/1").user_agent_text();
        assert_eq!(text, format!("scw-iam/{} (run r7) ci/1", env!("CARGO_PKG_VERSION")));
        assert_eq!(builder().user_agent("x".repeat(9000)).user_agent_text().len(), LONGEST_USER_AGENT);
    }

    #[test]
    fn neither_the_client_nor_its_builder_shows_the_secret() {
        let shown = format!("{:?} {:?}", builder(), builder().build().unwrap());
        assert!(!shown.contains("5ec7e7"), "{shown}");
    }

    #[test]
    fn only_an_emulator_on_this_machine_is_told_the_time() {
        let built = |url: &str| builder().api_url(url).emulated_time(Timestamp::UNIX_EPOCH).build();
        assert!(built("http://127.0.0.1:8080").is_ok());
        assert!(matches!(built(API_URL), Err(BuildError::EmulatedTime)));
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for bad in [
            "",
            "api.scaleway.com",
            "https://a/",
            "ftp://a",
            "https://a?x=1",
            "https://me:pw@a",
            "https://a#b",
        ] {
            assert!(matches!(builder().api_url(bad).build(), Err(BuildError::ApiUrl(_))), "{bad}");
        }
        assert!(builder().api_url("http://[::1]:8080/prefix").build().is_ok());
    }
}
