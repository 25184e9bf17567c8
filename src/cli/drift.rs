//! `scw-iam drift`

use super::Exit;
use super::arguments::{Common, ConnectArgs, Paths};
use super::failure::Failure;
use super::session::Connection;
use crate::config;
use crate::model::DriftKind;
use crate::plan::GuardOptions;
use crate::reconcile::PlanOptions;
use crate::render::plan::{PlanReading, PlanReport};

const EXAMPLES: &str = "\
Examples:
  scw-iam drift iam
  scw-iam drift iam --fail-on broken,escalation
  scw-iam drift iam -o json=drift.json || notify";

/// Reports where the live organization differs from the files, for a scheduled job
///
/// Shows what an apply would change, and what no apply mends: broken assertions and guardrails, people who are gone, access
/// that can escalate and that no file declares, members that no list shows. Exits with 2 when a finding counts. Guards do not
/// apply.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DriftCommand {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
    /// The findings that count: broken, escalation, gone, missing, extra, changed, unmanaged; without it, those of
    /// `settings.drift.fail_on`, or else all but unmanaged
    #[arg(long, value_name = "FINDING,…", value_delimiter = ',')]
    fail_on: Vec<DriftKind>,
}

impl DriftCommand {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let guards = GuardOptions { strict: common.strict, ..GuardOptions::default() };
        let options = PlanOptions { now: common.now(), guards, ..PlanOptions::default() };
        let files = config::read(&self.paths.sources(), options.now)?;
        let connection = Connection::open(&self.connect, Some(files.organization())).await?;
        let mut drift = connection.session.drift(&files, &options).await?;
        if !self.fail_on.is_empty() {
            drift.fail_on = self.fail_on.into_iter().collect();
        }
        let found = Some(&drift.findings);
        common.show(&PlanReport {
            reading: PlanReading::Drift,
            drift: found,
            home: files.home().as_ref(),
            ..PlanReport::new(&drift.plan)
        })?;
        connection.close().await?;
        Ok(if drift.found() { Exit::Changes } else { Exit::Done })
    }
}
