//! Retries of a call whose caller reads the object again before each try.

use std::time::Duration;

use tokio::time::Instant;

use super::error::Error;

/// How often a call has been sent, for a caller that decides anew before each try.
///
/// The client retries blindly: it would overwrite what somebody else wrote while it waited. A caller that must not do
/// that sends each try through [`Client::single`](super::Client::single), looks, and waits as [`RetryState::again`] says.
#[derive(Debug, Clone)]
pub struct RetryState {
    began: Instant,
    made: u32,
    may_have_happened: bool,
}

impl RetryState {
    /// Begins the tries of one call.
    #[must_use]
    pub fn start() -> Self {
        Self { began: Instant::now(), made: 0, may_have_happened: false }
    }

    /// Counts a failed try; returns how long to wait before the next, or `None` when the retry policy gives up.
    pub fn again(&mut self, error: &Error) -> Option<Duration> {
        self.made = error.attempts();
        self.may_have_happened = error.may_have_happened();
        error.again_after()
    }

    /// Returns how many tries have failed.
    #[must_use]
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Says whether one of them may have been executed.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.may_have_happened
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }
}
