//! Plans that are sent.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::session::Session;
use super::{Error, Planned};
use crate::apply::{self, ApplyLock, End, Journal, Outcome, Progress, RunOptions, StopSignal, Unwatched};
use crate::model::Stack;
use crate::plan::Caller;

/// How a plan is applied.
pub struct ApplyOptions<'a> {
    /// The journal, which records each write.
    pub journal: Journal,
    /// How long to wait between a loss and a gain that depends on it, for the API's caches.
    pub settle: Duration,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// What stops the apply.
    pub stop: StopSignal,
    /// The lock, which notes that the apply writes.
    pub lock: Option<&'a mut ApplyLock>,
}

impl Default for ApplyOptions<'_> {
    /// Returns the options of an apply without journal, lock and watcher, that runs to its end.
    fn default() -> Self {
        Self {
            journal: Journal::none(),
            settle: Duration::ZERO,
            progress: &Unwatched,
            stop: StopSignal::never(),
            lock: None,
        }
    }
}

/// How long to wait for the last requests of a killed apply. Fact: the slowest recorded write took
/// three seconds.
const AFTERMATH: Duration = Duration::from_secs(5);

/// How many steps are under way for each request in flight: a step also waits for readings that it shares with others, and the
/// more of them wait together, the fewer requests the readings take.
const STEPS_PER_REQUEST: usize = 3;

/// Returns how many steps run at once. Where one request at a time is asked for, it is one step after another.
const fn steps_at_once(requests: usize) -> usize {
    match requests {
        1 => 1,
        requests => requests.saturating_mul(STEPS_PER_REQUEST),
    }
}

impl Session {
    /// Locks the organization and stack on this machine, and waits for the last requests of a killed apply.
    /// It is taken before the plan is made: what another apply does meanwhile would not be in the plan.
    ///
    /// # Errors
    /// [`Error::Lock`].
    pub async fn lock(&self, stack: Option<&Stack>) -> Result<ApplyLock, Error> {
        let lock = apply::lock(&apply::state_dir()?, self.organization, stack)?;
        if let Some(holder) = lock.crashed() {
            self.watch.killed(holder, AFTERMATH);
            tokio::time::sleep(AFTERMATH).await;
        }
        Ok(lock)
    }

    /// Opens a journal for a plan, to append to.
    ///
    /// # Errors
    /// [`Error::Journal`] when it cannot be opened, written or synced.
    pub fn journal(&self, path: &Path, planned: &Planned) -> Result<Journal, Error> {
        let Planned { plan, caller, .. } = planned;
        self.open_journal(path, plan.created_at(), caller)
    }

    /// Opens a journal for a run that is planned at a time.
    pub(super) fn open_journal(&self, path: &Path, at: Timestamp, caller: &Caller) -> Result<Journal, Error> {
        let name = format!("{} {at}", self.organization);
        let caller = match caller {
            Caller::Known(principal) => principal.to_string(),
            Caller::Unresolved(why) => format!("unknown: {why}"),
        };
        let opened = Journal::open(path, &self.run_id, &name, &caller);
        opened.map_err(|source| Error::Journal { path: path.to_owned(), source })
    }

    /// Sends the steps of a plan, as parallel as their order allows, and reads back what they wrote.
    ///
    /// # Errors
    /// [`Error::Refused`] when a guard or a conflict refuses the plan: nothing is sent then. What goes wrong on the way is
    /// told by the outcome.
    pub async fn apply(&self, planned: &Planned, options: ApplyOptions<'_>) -> Result<Outcome, Error> {
        let Planned { plan, caller, .. } = planned;
        if plan.refused() {
            return Err(Error::Refused);
        }
        if !plan.keys().is_empty() || plan.expiries().iter().any(|expiry| expiry.expired) {
            self.clocks_agree()?;
        }
        let ApplyOptions { mut journal, settle, progress, stop, lock } = options;
        let settings = RunOptions {
            parallelism: steps_at_once(self.client.parallelism()),
            settle,
            caller: match caller {
                Caller::Known(principal) => Some(principal.clone()),
                Caller::Unresolved(_) => None,
            },
            ..RunOptions::default()
        };
        if let Some(lock) = lock {
            lock.writing().map_err(Error::LockFile)?;
        }
        let mut ids = plan.ids().clone();
        let mut outcome =
            apply::apply(plan, &self.client, &mut ids, &mut journal, progress, stop.clone(), &settings).await;
        // A key gives access, so none is made where the rest failed.
        if outcome.end == End::Done {
            self.work_on_keys(planned, &ids, &mut journal, &mut outcome, &stop).await;
        }
        journal.end(&outcome);
        Ok(outcome)
    }
}
