//! `scw-iam drift`

use super::Exit;
use super::arguments::{Common, ConnectArgs, Paths};
use super::failure::Failure;
use super::session::Connection;
use crate::config;
use crate::plan::Options;
use crate::reconcile::PlanOptions;
use crate::render::plan::{PlanReport, Reading};

const EXAMPLES: &str = "\
Examples:
  scw-iam drift iam
  scw-iam drift iam -o json=drift.json || notify";

/// Reports where the live organization differs from the files, for a scheduled job
///
/// Shows the same as `plan`, and exits with 2 when they differ. Guards do not apply.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Drift {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl Drift {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let guards = Options { strict: common.strict, ..Options::default() };
        let options = PlanOptions { now: common.now(), guards, ..PlanOptions::default() };
        let files = config::read(&self.paths.sources(), options.now)?;
        let connection = Connection::open(&self.connect, Some(files.organization())).await?;
        let drift = connection.session.drift(&files, &options).await?;
        common.show(&PlanReport { reading: Reading::Drift, ..PlanReport::new(&drift.plan) })?;
        connection.close().await?;
        Ok(if drift.found() { Exit::Changes } else { Exit::Done })
    }
}
