//! A limit to the rate of requests, as the API's gateway has one.

use std::time::Instant;

/// A token bucket: as many at once as a second allows.
pub(super) struct TokenBucket {
    per_second: f64,
    tokens: f64,
    last: Instant,
}

impl TokenBucket {
    pub(super) fn new(per_second: f64, now: Instant) -> Self {
        Self { per_second, tokens: per_second.max(1.0), last: now }
    }

    /// Says whether one more request may pass now.
    pub(super) fn passes(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.last).as_secs_f64();
        self.last = now;
        self.tokens = (self.tokens + passed * self.per_second).min(self.per_second.max(1.0));
        let passes = self.tokens >= 1.0;
        if passes {
            self.tokens -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_second_allows_so_many_and_no_more() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(5.0, start);
        let passed = |bucket: &mut TokenBucket, at| {
            (0..100).filter(|_| bucket.passes(start + Duration::from_millis(at))).count()
        };
        assert_eq!(passed(&mut bucket, 0), 5);
        assert_eq!(passed(&mut bucket, 400), 2);
        assert_eq!(passed(&mut bucket, 10_000), 5);
    }
}
