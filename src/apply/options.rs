//! How a plan is applied.

use std::time::Duration;

use crate::api;
use crate::model::Principal;

/// How a plan is applied.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The maximum number of steps that run at once; at least 1.
    pub parallelism: usize,
    /// How long to wait along each edge that keeps a law of access, so that the law also holds for the API's evaluation.
    /// Fact: the evaluation of access lags behind its storage by up to a minute.
    pub settle: Duration,
    /// Who applies: a 403 shortly after a grant to them is retried, because the grant may still be propagating.
    pub caller: Option<Principal>,
    /// How long after such a grant. Fact: the official provider waits two minutes.
    pub propagation: Duration,
    /// How long the changed objects are read again until they match the outcome of the plan.
    pub converge_within: Duration,
    /// How long to wait before each look for an object whose creation was not answered. When none of them finds it,
    /// the request is sent again.
    pub look_after: Vec<Duration>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            parallelism: api::DEFAULT_PARALLELISM,
            settle: Duration::ZERO,
            caller: None,
            propagation: Duration::from_secs(120),
            converge_within: Duration::from_secs(120),
            look_after: vec![Duration::from_millis(250), Duration::from_secs(3)],
        }
    }
}
