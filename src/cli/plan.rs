//! `scw-iam plan`

use std::path::PathBuf;

use super::arguments::{ConnectArgs, Paths, PlanArgs};
use super::deliveries::PlannedDeliveryArgs;
use super::failure::Failure;
use super::plan_file;
use super::session::Connection;
use super::{Common, Exit};
use crate::config::{self, Files, Source};
use crate::model::Catalogue;
use crate::plan;
use crate::reconcile::{KeyOptions, PlanOptions};
use crate::render::plan::PlanReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam plan iam
  scw-iam plan iam --emulate state.json
  scw-iam plan iam --out plan.json -o markdown=plan.md
  scw-iam plan iam --allow deletes=7
  scw-iam plan iam --only group:developers --only policy:developers-run
  scw-iam plan iam --base iam-before";

/// Shows what would change, who gains and who loses access, and in which order
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PlanCommand {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    deliver: PlannedDeliveryArgs,
    /// Save the plan to a file and print its SHA-256; `scw-iam apply plan.json` applies exactly this plan
    #[arg(long, value_name = "plan.json")]
    out: Option<PathBuf>,
    /// The files as they were before the change. The plan then begins with what the change weakens in settings, `allow`, assertions and
    /// guardrails
    #[arg(long, value_name = "FOLDER")]
    base: Option<PathBuf>,
    /// Exit with 2 if there are changes
    #[arg(long)]
    detailed_exitcode: bool,
}

/// What is weaker in the files than in those at a base. Both are taken by themselves, without the organization.
fn weaker(base: &[Source], common: &Common, files: &Files) -> Result<Vec<String>, Failure> {
    let alone = |files: &Files| files.resolve(None, Catalogue::published(), false);
    let before = config::read(base, common.now()).and_then(|base| alone(&base))?;
    Ok(plan::weaker(&before.desired, &alone(files)?.desired))
}

impl PlanCommand {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let earlier = self.out.as_deref().filter(|path| path.is_file()).map(plan_file::still_there);
        let planned = self.planned(common).await.map_err(|failure| failure.hints(earlier));
        let (connection, exit) = planned?;
        connection.close().await?;
        Ok(exit)
    }

    /// Plans, and writes the plan everywhere that was asked for.
    async fn planned(&self, common: &Common) -> Result<(Connection, Exit), Failure> {
        // A delivery whose option is missing here is not planned, as it is not made by an `apply` without the option.
        let keys = KeyOptions { tools: Some(self.deliver.tools()), ..KeyOptions::default() };
        let options = PlanOptions { keys, ..self.plan.options(common) };
        let files = config::read(&self.paths.sources(), options.now)?;
        let connection = Connection::open(&self.connect, Some(files.organization())).await?;
        let mut planned = connection.session.plan(&files, &options).await?;
        if let Some(base) = &self.base {
            planned = planned.beside(weaker(&self.paths.sources_of(base), common, &files)?);
        }
        let (plan, document) = (&planned.plan, planned.document());
        let home = files.home();
        common.show(&PlanReport {
            document: Some(&document),
            home: home.as_ref(),
            ..PlanReport::new(plan)
        })?;
        if let Some(path) = &self.out {
            plan_file::write(path, &document, plan.refused())?;
        }
        let exit = match (plan.refused(), plan.is_empty() && plan.blocked().is_empty()) {
            (true, _) => Exit::Refused,
            (false, false) if self.detailed_exitcode => Exit::Changes,
            (false, _) => Exit::Done,
        };
        Ok((connection, exit))
    }
}
