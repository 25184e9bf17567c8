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
mod difference;
mod found;
mod gate;
mod group;
mod journal;
mod lock;
mod look;
mod meaning;
mod meta;
mod options;
mod organization_settings;
mod outcome;
mod policy;
mod progress;
mod reads;
mod requests;
mod run;
mod schedule;
mod send;
mod settle;
pub mod slot;
mod ssh_key;
mod stop;
mod user;
mod words;

pub use self::difference::Difference;
pub use self::journal::Journal;
pub use self::lock::{ApplyLock, Holder, LockError, lock, state_dir};
pub use self::options::RunOptions;
pub use self::outcome::{End, How, Outcome, Receipt, StepEnd, StepError, StepOutcome, WhyNot};
pub use self::progress::{Progress, Unwatched};
pub use self::stop::{Stop, StopSignal, Stopper, stop_signal};
pub use self::words::{ChangedField, FieldMismatch};
use crate::api;
use crate::model::Ids;
use crate::plan::Plan;

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
    let send = |step| send::send(&context, step);
    let settings = run::Pace { parallelism: options.parallelism, settle: options.settle };
    let mut outcome =
        run::run(plan.steps(), send, context.gate(), journal, progress, &mut stop, &settings).await;
    if outcome.end == End::Done && !plan.is_empty() {
        outcome.end = converge::check(&context, progress, &mut stop, options).await;
    }
    *ids = context.into_ids();
    outcome
}
