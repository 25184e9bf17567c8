//! What an apply does with a plan that was shown.

use std::path::PathBuf;
use std::time::Duration;

use super::arguments::duration;
use super::common::Common;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{style_on_stderr, talk_with};
use super::progress::StepLines;
use super::session::Connection;
use crate::apply::{ApplyLock, Journal};
use crate::reconcile::{Again, ApplyOptions, Planned};
use crate::render::outcome::{self, OutcomeReport};

/// How the steps of a plan are sent.
#[derive(Debug, clap::Args)]
pub(super) struct CarryOutArgs {
    /// Append a JSON line to this file before and after each write
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Wait this long between removing access and granting access that depends on the removal, because the
    /// API caches access: 60s, 1m
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    settle: Duration,
}

impl CarryOutArgs {
    /// Sends the steps of a plan that was shown, if there are any and no guard refuses them.
    pub(super) async fn finish(
        &self,
        common: &Common,
        connection: Connection,
        again: &Again,
        lock: &mut Option<ApplyLock>,
    ) -> Result<Exit, Failure> {
        let exit = match again {
            Again::Same(planned) if !planned.plan.refused() && !planned.plan.is_empty() => {
                self.send(common, &connection, planned, lock).await?
            }
            Again::Same(Planned { plan, .. }) | Again::Applied(plan) => {
                common.rest().show(&OutcomeReport { plan, outcome: None })?;
                if plan.refused() { Exit::Refused } else { Exit::of_rest(plan) }
            }
        };
        connection.close().await?;
        Ok(exit)
    }

    async fn send(
        &self,
        common: &Common,
        connection: &Connection,
        planned: &Planned,
        lock: &mut Option<ApplyLock>,
    ) -> Result<Exit, Failure> {
        let plan = &planned.plan;
        // A file that cannot be written is better known before anything changes.
        common.only_files().show(&OutcomeReport { plan, outcome: None })?;
        let journal = self.journal.as_ref().map(|path| connection.session.journal(path, planned));
        let options = ApplyOptions {
            journal: journal.transpose()?.unwrap_or_else(Journal::none),
            settle: self.settle,
            progress: &StepLines::of(plan),
            stop: common.interrupts.stop_signal(),
            lock: lock.as_mut(),
        };
        let outcome = connection.session.apply(planned, options).await?;
        talk_with(|out| outcome::text(out, plan, &outcome, style_on_stderr()));
        common.rest().show(&OutcomeReport { plan, outcome: Some(&outcome) })?;
        Ok(match Exit::of(&outcome) {
            Exit::Done => Exit::of_rest(plan),
            other => other,
        })
    }
}
