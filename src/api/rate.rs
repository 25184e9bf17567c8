//! How many requests a second: a token bucket that gives way when the API says so.
//!
//! Fact: no rate limit of IAM is documented, and a refusal carries neither a body nor, as recorded, a `Retry-After`.
//! So the rate is found by trying: it starts at the maximum, halves on a refusal and climbs back by time.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The rate never falls below this, in requests a second.
const FLOOR: f64 = 1.0;
/// A rate of nearly nothing climbs back to the maximum in this time.
const RECOVERY: Duration = Duration::from_secs(20);
/// Refusals that arrive this close together are one event: the requests were in flight at the same time.
const ONE_EVENT: Duration = Duration::from_millis(500);

/// The bucket that every request of a client draws from, in the order of asking.
#[derive(Debug)]
pub(super) struct Limiter {
    /// The highest rate, in requests a second.
    max: f64,
    /// How many requests may go out at once after a pause.
    burst: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What is left; below zero when requests wait for their turn.
    tokens: f64,
    /// The rate at `at`; it climbs from there.
    rate: f64,
    at: Instant,
    last_refusal: Option<Instant>,
    /// Nothing starts before this: the API named a time.
    closed_until: Option<Instant>,
}

impl Limiter {
    /// Makes a full bucket. A rate or burst below 1 is taken as 1.
    pub(super) fn new(max: f64, burst: f64) -> Self {
        let (max, burst) = (max.max(FLOOR), burst.max(1.0));
        let state =
            State { tokens: burst, rate: max, at: Instant::now(), last_refusal: None, closed_until: None };
        Self { max, burst, state: Mutex::new(state) }
    }

    /// Waits for this request's turn.
    pub(super) async fn turn(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes one token, now or in advance, and returns how long to wait for it.
    fn reserve(&self) -> Duration {
        let now = Instant::now();
        let mut state = self.advance(now);
        state.tokens -= 1.0;
        let own = Duration::from_secs_f64((-state.tokens).max(0.0) / state.rate);
        let closed = state.closed_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        own.max(closed)
    }

    /// Notes a 429 or 503: halves the rate, once per event, and starts nothing for `pause`, if a time was named.
    pub(super) fn refused(&self, pause: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.advance(now);
        if let Some(pause) = pause {
            state.closed_until = state.closed_until.max(Some(now + pause));
        }
        if state.last_refusal.is_some_and(|last| now.duration_since(last) < ONE_EVENT) {
            return;
        }
        state.last_refusal = Some(now);
        state.rate = (state.rate / 2.0).max(FLOOR);
        state.tokens = state.tokens.min(0.0); // a saved-up burst would meet the same refusal
    }

    /// Brings rate and tokens to `now`.
    fn advance(&self, now: Instant) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        let climbed = (state.rate + self.max / RECOVERY.as_secs_f64() * passed).min(self.max);
        state.tokens = (state.tokens + (state.rate + climbed) / 2.0 * passed).min(self.burst);
        state.rate = climbed;
        state.at = now;
        state
    }

    #[cfg(test)]
    fn rate(&self) -> f64 {
        self.advance(Instant::now()).rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn spent(limiter: &Limiter, requests: usize) -> Duration {
        let start = Instant::now();
        for _ in 0..requests {
            limiter.turn().await;
        }
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_out_at_once_and_the_rest_at_the_rate() {
        let limiter = Limiter::new(30.0, 60.0);
        assert_eq!(spent(&limiter, 60).await, Duration::ZERO);
        let rest = spent(&limiter, 30).await.as_secs_f64();
        assert!((0.95..1.1).contains(&rest), "{rest}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_halves_the_rate_once_per_event_and_time_brings_it_back() {
        let limiter = Limiter::new(40.0, 60.0);
        limiter.refused(None);
        limiter.refused(None); // in flight at the same time: the same event
        assert!((19.0..21.0).contains(&limiter.rate()));
        assert!(spent(&limiter, 1).await > Duration::ZERO, "the burst is gone");
        tokio::time::advance(Duration::from_secs(1)).await;
        limiter.refused(None);
        assert!(limiter.rate() < 13.0, "{}", limiter.rate());
        tokio::time::advance(RECOVERY).await;
        assert!((limiter.rate() - 40.0).abs() < f64::EPSILON);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_without_end_leave_one_request_a_second() {
        let limiter = Limiter::new(30.0, 60.0);
        for _ in 0..20 {
            limiter.refused(None);
            tokio::time::advance(ONE_EVENT).await;
        }
        assert!(limiter.rate() >= FLOOR);
        assert!(limiter.rate() < 4.0, "{}", limiter.rate());
    }

    #[tokio::test(start_paused = true)]
    async fn a_named_time_closes_the_bucket_for_everybody() {
        let limiter = Limiter::new(30.0, 60.0);
        limiter.refused(Some(Duration::from_secs(7)));
        assert!(spent(&limiter, 1).await >= Duration::from_secs(7));
    }
}
