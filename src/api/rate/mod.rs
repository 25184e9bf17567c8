//! The rate of requests: a token bucket that adapts its rate, and slows down when the API asks for it.
//!
//! Fact: no rate limit of IAM is documented, and a refusal carries neither a body nor, as recorded, a `Retry-After`; the
//! lowest burst at which the gateway was seen to refuse was 66 requests in a second. So the rate is found by trying: it
//! starts below that, climbs while requests wait for it, and halves on a refusal.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

/// The rate never falls below this, in requests a second.
const FLOOR: f64 = 1.0;
/// The rate that a bucket starts at, in requests a second, and how many requests may go out at once after a pause.
const START: f64 = 60.0;
/// How much the rate climbs in a second in which requests wait for it.
const CLIMB: f64 = 10.0;
/// Where the maximum lets the rate start and climb faster, these parts of it.
const START_PART: f64 = 0.6;
const CLIMB_PART: f64 = 0.1;
/// What is missing of a token by rounding alone.
const ROUNDING: f64 = 1e-6;

/// The bucket that all requests to one API draw from, in the order of asking.
#[derive(Debug)]
pub(super) struct Limiter {
    /// Held by the request whose turn is next; the others queue for it.
    next: tokio::sync::Mutex<()>,
    state: Mutex<RateState>,
}

#[derive(Debug)]
struct RateState {
    /// The highest rate, in requests a second.
    max: f64,
    /// The rate now.
    rate: f64,
    /// How many requests may go out at once.
    tokens: f64,
    /// Up to when tokens are counted.
    at: Instant,
    /// Whether a request waits for a token, so that the rate is what limits.
    waited_for: bool,
    /// Nothing starts before this.
    closed_until: Option<Instant>,
    wave: Wave,
}

/// The requests between one halving and the next: they meet the same limit, so that their refusals count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wave(u64);

/// The buckets of this process by the address of their API.
static BUCKETS: Mutex<Vec<(String, Weak<Limiter>)>> = Mutex::new(Vec::new());

impl Limiter {
    /// Returns the bucket of the API at this address: one for all clients of the process, since they share one
    /// limit. The lowest of their maxima counts; one below 1 is taken as 1.
    pub(super) fn of(address: &str, max: f64) -> Arc<Self> {
        let mut buckets = BUCKETS.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.retain(|(_, bucket)| bucket.strong_count() > 0);
        let found = buckets.iter().find(|(of, _)| of == address).and_then(|(_, bucket)| bucket.upgrade());
        if let Some(bucket) = found {
            bucket.state().lower(max);
            return bucket;
        }
        let bucket = Arc::new(Self::new(max));
        buckets.push((address.to_owned(), Arc::downgrade(&bucket)));
        bucket
    }

    /// Makes a full bucket.
    fn new(max: f64) -> Self {
        let max = max.max(FLOOR);
        let rate = start(max);
        let state = RateState {
            max,
            rate,
            tokens: rate,
            at: Instant::now(),
            waited_for: false,
            closed_until: None,
            wave: Wave(0),
        };
        Self { next: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// Waits for this request's turn; returns the wave that it goes out with.
    pub(super) async fn turn(&self) -> Wave {
        let _next = self.next.lock().await;
        loop {
            // The rate may have halved meanwhile, so that the wait was too short.
            let wait = match self.state().take(Instant::now()) {
                Ok(wave) => return wave,
                Err(wait) => wait,
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Notes that a request of this wave met a 429 or a 503: starts nothing for `pause`, and halves the rate, unless
    /// another of the wave has done so.
    pub(super) fn refused(&self, wave: Wave, pause: Duration) {
        let now = Instant::now();
        let mut state = self.state();
        state.advance(now);
        state.closed_until = state.closed_until.max(Some(now + pause));
        if wave != state.wave {
            return;
        }
        state.wave = Wave(wave.0 + 1);
        state.rate = (state.rate / 2.0).max(FLOOR);
        state.tokens = state.tokens.min(0.0); // a saved-up burst would meet the same refusal
        tracing::debug!(requests_a_second = state.rate, "the API refuses: the rate is halved");
    }

    fn state(&self) -> MutexGuard<'_, RateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RateState {
    /// Takes a token, or returns how long to wait for one.
    fn take(&mut self, now: Instant) -> Result<Wave, Duration> {
        self.advance(now);
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Err(until.duration_since(now));
        }
        self.waited_for = self.tokens < 1.0 - ROUNDING;
        if self.waited_for {
            return Err(Duration::from_secs_f64((1.0 - self.tokens) / self.rate));
        }
        self.tokens -= 1.0;
        Ok(self.wave)
    }

    /// Brings rate and tokens to `now`. While the bucket is closed neither grows.
    fn advance(&mut self, now: Instant) {
        let from = self.at.max(self.closed_until.unwrap_or(self.at).min(now));
        let passed = now.saturating_duration_since(from).as_secs_f64();
        let before = self.rate;
        if self.waited_for {
            // No faster than doubling in a second: where little passes, ten more would be refused for the most part.
            let climb = CLIMB.max(self.max * CLIMB_PART).min(before);
            self.rate = (before + climb * passed).min(self.max);
        }
        self.tokens = (self.tokens + (before + self.rate) / 2.0 * passed).min(start(self.max));
        self.at = now;
    }

    /// Lets the rate climb no higher than this.
    fn lower(&mut self, max: f64) {
        self.max = self.max.min(max.max(FLOOR));
        self.rate = self.rate.min(self.max);
        self.tokens = self.tokens.min(start(self.max));
    }
}

/// Returns the rate to start at, which is the burst too. A high maximum says that the API takes more.
fn start(max: f64) -> f64 {
    START.max(max * START_PART).min(max)
}

#[cfg(test)]
mod tests;
