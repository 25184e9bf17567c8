//! `scw-iam test`

use super::arguments::{ConnectArgs, Paths};
use super::failure::Failure;
use super::session::Connection;
use super::{Common, Exit};
use crate::config::{self, Files};
use crate::live;
use crate::reconcile::resolve;
use crate::render::test::TestReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam test iam
  scw-iam test iam -o json
  scw-iam test iam --live";

/// Checks the assertions and guardrails against the access that the files give, or against the live organization
///
/// Without --live, no credentials are needed. With it, everything live is checked, including what no file declares.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Test {
    #[command(flatten)]
    paths: Paths,
    /// Check the live organization
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl Test {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let files = config::read(&self.paths.sources(), common.now())?;
        let report = if self.live || self.connect.emulate.is_some() {
            self.live(common, &files).await?
        } else {
            TestReport::of(&common.resolve(&files)?)
        };
        common.show(&report)?;
        Ok(if report.failed() == 0 { Exit::Done } else { Exit::Refused })
    }

    async fn live(&self, common: &Common, files: &Files) -> Result<TestReport, Failure> {
        let connection = Connection::open(&self.connect, Some(files.organization())).await?;
        let needs = live::LiveNeeds {
            projects: true,
            permission_sets: files.needs().permission_sets,
            ..live::LiveNeeds::default()
        };
        let read = connection.session.read(&needs).await?;
        connection.close().await?;
        Ok(TestReport::on(&read.state, &common.resolved(resolve(files, &read)?)?))
    }
}
