//! `scw-iam test`

use super::Exit;
use super::arguments::{Common, Paths};
use super::failure::Failure;
use crate::config;
use crate::render::test::TestReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam test iam
  scw-iam test iam -o json";

/// Judges the assertions and guardrails on what the files give, without credentials
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Test {
    #[command(flatten)]
    paths: Paths,
}

impl Test {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let files = config::read(&self.paths.sources(), common.now())?;
        let report = TestReport::of(&common.resolve(&files)?);
        common.show(&report)?;
        Ok(if report.failed() == 0 { Exit::Done } else { Exit::Refused })
    }
}
