//! Steps → requests, as parallel as their order allows; the journal; the outcome.
//!
//! [`apply`] sends every step of a plan whose predecessors are done. The scheduler knows steps, edges and which of
//! them revoke; what a step is on the wire is one match in `send`. Before a call overwrites an object, it reads the object
//! again. Before a create without an answer is sent again, its object is looked for. At the end, the changed objects
//! are read until they match the outcome of the plan.

mod application;
mod believed;
mod caller;
mod context;
mod converge;
mod create;
mod group;
mod journal;
mod lock;
mod look;
mod meta;
mod organization_settings;
mod outcome;
mod policy;
mod reads;
mod run;
mod schedule;
mod send;
pub mod slot;
mod ssh_key;
mod stop;
mod user;
mod words;

use std::time::Duration;

pub use self::converge::Difference;
pub use self::journal::Journal;
pub use self::lock::{ApplyLock, Holder, LockError, lock, state_dir};
pub use self::outcome::{End, How, Outcome, Receipt, StepEnd, StepError, StepOutcome, WhyNot};
pub use self::stop::{Stop, StopSignal, Stopper, stop_signal};
pub use self::words::{ChangedField, FieldMismatch};
use crate::api;
use crate::model::{Ids, Principal};
use crate::plan::{Plan, Step};

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

/// Watches an apply. Its methods must return quickly.
pub trait Progress: Sync {
    /// A step is about to be sent.
    fn started(&self, step: &Step) {
        let _ = step;
    }

    /// A step has ended.
    fn finished(&self, step: &Step, end: &StepEnd) {
        let _ = (step, end);
    }

    /// All steps are done, and this many objects are read again.
    fn checking(&self, objects: usize) {
        let _ = objects;
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {}

/// Sends every step whose predecessors are done, a few at a time; after a failure only revocations still start.
///
/// `ids` has the ids of the live objects under the names that the plan leads to ([`Plan::ids`]); those of the objects
/// that are made join them. Nothing is retried here but creates, which are looked for first: the client does the rest.
///
/// The journal's last line is for the caller to write ([`Journal::end`]), once all is done.
/// Dropping the future stops at once; only the journal then tells what was in flight.
pub async fn apply(
    plan: &Plan,
    client: &api::Client,
    ids: &mut Ids,
    journal: &mut Journal,
    progress: &dyn Progress,
    mut stop: StopSignal,
    options: &RunOptions,
) -> Outcome {
    let context = context::ApplyContext::new(plan, client, std::mem::take(ids), options);
    let send = |step| context.send(step);
    let settings = run::Pace { parallelism: options.parallelism, settle: options.settle };
    let mut outcome = run::run(plan.steps(), send, journal, progress, &mut stop, &settings).await;
    if outcome.end == End::Done && !plan.is_empty() {
        outcome.end = converge::check(&context, progress, &mut stop, options).await;
    }
    *ids = context.into_ids();
    outcome
}
