//! `scw-iam plan`

use std::path::PathBuf;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{Common, Judge, Paths, Reach};
use super::failure::Failure;
use super::output::{json, write_whole};
use super::prepare;
use crate::render::plan::PlanReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam plan iam
  scw-iam plan iam --emulate state.json
  scw-iam plan iam --out plan.json -o markdown=plan.md
  scw-iam plan iam --allow deletes=7";

/// Shows what would change, who gains and who loses, and in which order
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Plan {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    judge: Judge,
    /// Also write the plan to a file, to apply exactly it: `scw-iam apply plan.json`
    #[arg(long, value_name = "plan.json")]
    out: Option<PathBuf>,
    /// End with 2 when there are changes
    #[arg(long)]
    detailed_exitcode: bool,
}

impl Plan {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let prepared = prepare::prepare(common, &self.paths, &self.reach, &self.judge).await?;
        common.show(&PlanReport::new(&prepared.plan))?;
        if let Some(path) = &self.out {
            let text =
                serde_json::to_string_pretty(&prepared.plan.document()).context("cannot write JSON")?;
            write_whole(path, &json(format!("{text}\n").as_bytes()))?;
        }
        let plan = prepared.plan;
        prepared.session.close().await?;
        Ok(match (plan.refused(), plan.is_empty()) {
            (true, _) => Exit::Refused,
            (false, false) if self.detailed_exitcode => Exit::Changes,
            (false, _) => Exit::Done,
        })
    }
}
