//! The one retry policy: which requests are sent again, when, and which never are.
//!
//! [`RetryPolicy::decide`] is a pure function of what happened, so that a test can ask it anything. It knows no
//! resource: a method says by its [`Replay`] what a second sending would mean.
use std::time::Duration;

/// How long and how often the client tries. The default suits people and CI; tests use shorter times.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// The first wait is up to this, and each further one up to twice the one before (full jitter).
    pub base: Duration,
    /// No wait is longer than this, a `Retry-After` excepted.
    pub cap: Duration,
    /// Nothing is sent again later than this after the first try.
    pub deadline: Duration,
    /// How often one request is sent at most, unless it met nothing but 429: then the deadline alone counts.
    pub attempts: u32,
    /// How often a connection is tried that cannot even be opened, so that a wrong address is reported soon.
    pub connect_attempts: u32,
    /// A longer `Retry-After` counts as this.
    pub longest_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            cap: Duration::from_secs(10),
            deadline: Duration::from_secs(90),
            attempts: 9,
            connect_attempts: 4,
            longest_retry_after: Duration::from_secs(60),
        }
    }
}

/// What a second sending of the same request means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replay {
    /// The same as the first: GET, PUT, PATCH, DELETE, and the actions that lead to a named state.
    Safe,
    /// A second object, say. So it is sent again only when the first was surely not executed.
    Never,
}

/// What became of one try, as far as sending again depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TryFailure {
    /// The connection was not established, so the request was not sent.
    NotSent,
    /// The certificate was refused: trying again changes nothing.
    Certificate,
    /// The request was sent, at least in part, and no complete answer was received.
    Interrupted,
    /// The answer is an error.
    Status(u16, RetryReason),
    /// A 2xx answer that cannot be read. It was executed, and would be answered like this again.
    Unreadable,
}

/// What the `type` of an error body says, as far as sending again depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryReason {
    /// Another change of the same object is running.
    TransientState,
    /// The caller lacks a permission.
    PermissionsDenied,
    /// Anything else.
    Other,
}

impl TryFailure {
    /// Whether the API may have executed the request nevertheless.
    pub(super) fn may_have_happened(self) -> bool {
        match self {
            Self::Interrupted | Self::Unreadable => true,
            Self::Status(status, _) => status >= 500,
            Self::NotSent | Self::Certificate => false,
        }
    }
}

/// One try and its surroundings.
#[derive(Debug, Clone)]
pub(super) struct Try {
    pub(super) replay: Replay,
    pub(super) failure: TryFailure,
    /// The number of this try, from 1.
    pub(super) attempt: u32,
    /// The time since the first try began.
    pub(super) elapsed: Duration,
    /// The wait that the API asked for.
    pub(super) retry_after: Option<Duration>,
    /// How long a permission granted by the caller may still be on its way; zero when none is.
    pub(super) propagation_left: Duration,
    /// A random number from 0 to 1.
    pub(super) jitter: f64,
}

/// The decision after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Send it again after this time.
    Again(Duration),
    /// Report the failure.
    GiveUp,
}

/// A 403 just after a grant is tried again at least this often; caches expire on their own time, not on ours.
const PROPAGATION_STEP: Duration = Duration::from_secs(2);

impl RetryPolicy {
    /// Says whether to send a request again, and when.
    pub(super) fn decide(&self, t: &Try) -> Decision {
        if let TryFailure::Status(403, RetryReason::PermissionsDenied) = t.failure {
            return self.after_a_grant(t);
        }
        let most = match t.failure {
            TryFailure::NotSent => self.connect_attempts,
            // Not executed, and only too early: the deadline alone ends it.
            TryFailure::Status(429, _) => u32::MAX,
            TryFailure::Certificate
            | TryFailure::Interrupted
            | TryFailure::Status(..)
            | TryFailure::Unreadable => self.attempts,
        };
        if t.attempt >= most || !is_worth_it(t.failure) {
            return Decision::GiveUp;
        }
        if t.replay == Replay::Never && t.failure.may_have_happened() {
            return Decision::GiveUp;
        }
        let asked = self.asked(t.retry_after);
        let wait = self.backoff(t.attempt, self.cap, t.jitter).max(asked);
        if t.elapsed + wait > self.deadline { Decision::GiveUp } else { Decision::Again(wait) }
    }

    /// Returns how long nothing at all is sent after a refusal for too many requests: as long as the API asks, and where it
    /// does not say, long enough for a limit that counts by the second to have somewhat passed.
    pub(super) fn pause(&self, retry_after: Option<Duration>) -> Duration {
        self.asked(retry_after).max(self.base)
    }

    fn asked(&self, retry_after: Option<Duration>) -> Duration {
        retry_after.unwrap_or_default().min(self.longest_retry_after)
    }

    /// A 403 is final, unless a permission that the caller has just granted is still propagating.
    fn after_a_grant(&self, t: &Try) -> Decision {
        let wait = self.backoff(t.attempt, PROPAGATION_STEP, t.jitter).max(self.base / 2);
        if wait < t.propagation_left { Decision::Again(wait) } else { Decision::GiveUp }
    }

    fn backoff(&self, attempt: u32, cap: Duration, jitter: f64) -> Duration {
        let doubled = self.base.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
        doubled.min(cap).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// Whether the same request may succeed later.
fn is_worth_it(failure: TryFailure) -> bool {
    match failure {
        TryFailure::NotSent | TryFailure::Interrupted => true,
        TryFailure::Certificate | TryFailure::Unreadable => false,
        TryFailure::Status(501, _) => false, // not implemented: it will not be in a minute
        TryFailure::Status(409, reason) => reason == RetryReason::TransientState,
        TryFailure::Status(status, _) => status == 429 || status >= 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_try(replay: Replay, failure: TryFailure) -> Try {
        Try {
            replay,
            failure,
            attempt: 1,
            elapsed: Duration::ZERO,
            retry_after: None,
            propagation_left: Duration::ZERO,
            jitter: 1.0,
        }
    }

    fn again(replay: Replay, failure: TryFailure) -> bool {
        matches!(RetryPolicy::default().decide(&a_try(replay, failure)), Decision::Again(_))
    }

    const fn status(status: u16) -> TryFailure {
        TryFailure::Status(status, RetryReason::Other)
    }

    #[test]
    fn what_is_safe_to_repeat_is_repeated_on_everything_that_passes() {
        let transient = TryFailure::Status(409, RetryReason::TransientState);
        for failure in [TryFailure::NotSent, TryFailure::Interrupted, transient] {
            assert!(again(Replay::Safe, failure), "{failure:?}");
        }
        for code in [429, 500, 502, 503, 504] {
            assert!(again(Replay::Safe, status(code)), "{code}");
        }
        for code in [301, 400, 401, 403, 404, 409, 410, 412, 423, 501] {
            assert!(!again(Replay::Safe, status(code)), "{code}");
        }
        assert!(!again(Replay::Safe, TryFailure::Certificate));
        assert!(!again(Replay::Safe, TryFailure::Unreadable));
    }

    #[test]
    fn a_create_is_sent_again_only_when_it_was_surely_not_executed() {
        for failure in
            [TryFailure::NotSent, status(429), TryFailure::Status(409, RetryReason::TransientState)]
        {
            assert!(again(Replay::Never, failure), "{failure:?}");
        }
        for failure in [
            TryFailure::Interrupted,
            TryFailure::Unreadable,
            status(500),
            status(502),
            status(503),
            status(409),
        ] {
            assert!(!again(Replay::Never, failure), "{failure:?}");
        }
    }

    #[test]
    fn waits_double_up_to_the_cap_and_jitter_makes_them_shorter() {
        let policy = RetryPolicy::default();
        let wait =
            |attempt, jitter| policy.decide(&Try { attempt, jitter, ..a_try(Replay::Safe, status(500)) });
        assert_eq!(wait(1, 1.0), Decision::Again(Duration::from_millis(250)));
        assert_eq!(wait(3, 1.0), Decision::Again(Duration::from_secs(1)));
        assert_eq!(wait(3, 0.5), Decision::Again(Duration::from_millis(500)));
        assert_eq!(wait(8, 1.0), Decision::Again(policy.cap));
        assert_eq!(wait(9, 0.0), Decision::GiveUp, "nine tries are enough");
        let too_early = Try { attempt: 9, jitter: 0.0, ..a_try(Replay::Never, status(429)) };
        assert_eq!(policy.decide(&too_early), Decision::Again(Duration::ZERO));
    }

    #[test]
    fn nothing_is_sent_after_the_deadline() {
        let policy = RetryPolicy::default();
        let late = Try { elapsed: policy.deadline, ..a_try(Replay::Safe, status(500)) };
        assert_eq!(policy.decide(&late), Decision::GiveUp);
        let asked = Some(Duration::from_secs(3600));
        let patient = Try { retry_after: asked, ..a_try(Replay::Safe, status(429)) };
        assert_eq!(policy.decide(&patient), Decision::Again(policy.longest_retry_after));
        let too_late = Try { elapsed: Duration::from_secs(40), ..patient };
        assert_eq!(policy.decide(&too_late), Decision::GiveUp);
    }

    #[test]
    fn a_refusal_pauses_everybody_as_long_as_it_asks_within_bounds() {
        let policy = RetryPolicy::default();
        let asked = |seconds| policy.pause(Some(Duration::from_secs(seconds)));
        assert_eq!((policy.pause(None), asked(0)), (policy.base, policy.base));
        assert_eq!((asked(7), asked(3600)), (Duration::from_secs(7), policy.longest_retry_after));
    }

    #[test]
    fn an_address_where_nobody_listens_is_reported_soon() {
        let policy = RetryPolicy::default();
        let t = Try { attempt: policy.connect_attempts, ..a_try(Replay::Safe, TryFailure::NotSent) };
        assert_eq!(policy.decide(&t), Decision::GiveUp);
    }

    #[test]
    fn a_403_is_final_unless_a_grant_is_on_its_way() {
        let policy = RetryPolicy::default();
        let denied = a_try(Replay::Never, TryFailure::Status(403, RetryReason::PermissionsDenied));
        assert_eq!(policy.decide(&denied), Decision::GiveUp);
        let fresh = Try { propagation_left: Duration::from_secs(120), attempt: 50, ..denied.clone() };
        assert_eq!(policy.decide(&fresh), Decision::Again(PROPAGATION_STEP));
        let gone = Try { propagation_left: Duration::from_millis(100), ..denied };
        assert_eq!(policy.decide(&gone), Decision::GiveUp);
        let quota = Try { propagation_left: Duration::from_secs(120), ..a_try(Replay::Safe, status(403)) };
        assert_eq!(policy.decide(&quota), Decision::GiveUp, "a 403 of another type is no lack of permission");
    }
}
