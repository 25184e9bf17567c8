//! `scw-iam drift`

use super::Exit;
use super::arguments::{Common, Judge, Paths, Reach};
use super::failure::Failure;
use super::prepare::{self, Prepared};
use crate::render::plan::{PlanReport, Reading};

const EXAMPLES: &str = "\
Examples:
  scw-iam drift iam
  scw-iam drift iam -o json=drift.json || notify";

/// Says whether live is what the files say, for a job that runs now and then
///
/// Shows the same as `plan`, and ends with 2 when live differs. Guards do not matter here.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Drift {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    reach: Reach,
}

impl Drift {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let judge = Judge { allow: Vec::new(), caller: None };
        let prepared = prepare::prepare(common, &self.paths, &self.reach, &judge).await?;
        common.show(&PlanReport { reading: Reading::Drift, ..PlanReport::new(&prepared.plan) })?;
        let Prepared { plan, .. } = &prepared;
        let differs = !plan.is_empty() || !plan.conflicts().is_empty() || !plan.blocked().is_empty();
        prepared.session.close().await?;
        Ok(if differs { Exit::Changes } else { Exit::Done })
    }
}
