//! `scw-iam apply`

use std::time::Duration;

use super::arguments::{ConnectArgs, Paths, PlanArgs, duration};
use super::carry_out::CarryOutArgs;
use super::deliveries::DeliveryArgs;
use super::failure::Failure;
use super::output::talk;
use super::plan_file::PlanFile;
use super::prompt;
use super::session::Connection;
use super::{Common, Exit};
use crate::config;
use crate::reconcile::{AbsentObject, Again, KeyOptions, PlanOptions};
use crate::render::plan::PlanReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam apply iam
  scw-iam apply iam --yes --journal journal.jsonl
  scw-iam apply iam --only group:developers
  scw-iam apply plan.json
  scw-iam apply iam --yes --emulate state.json --save after.json";

/// Plans, asks for confirmation, and applies in an order that never widens access on the way
///
/// A plan file (`plan --out plan.json`) is applied without asking, exactly as it was reviewed, or not at all: the files
/// in it are planned again, and nothing is written unless the plan is the same.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Apply {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    plan: PlanArgs,
    /// Refuse a plan file that is older than this
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "24h")]
    max_age: Duration,
    /// Refuse a plan file with any other SHA-256, so that exactly the reviewed plan is applied
    #[arg(long, value_name = "SHA256")]
    expect_sha: Option<String>,
    /// For scheduled jobs: do only what is due. Removes members and rules that have ended, replaces keys that are due, and never
    /// gives access
    #[arg(long, requires = "yes", conflicts_with = "only")]
    due: bool,
    /// Apply without asking for confirmation (a plan file never asks)
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    deliver: DeliveryArgs,
    #[command(flatten)]
    carry_out: CarryOutArgs,
}

impl Apply {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let saved = PlanFile::find(&self.paths, common.now())?;
        let hint =
            "`scw-iam plan --only KIND:NAME --out FILE` saves a partial plan; apply FILE without --only";
        match saved {
            None if self.expect_sha.is_some() => Err(Failure::usage("--expect-sha needs a plan file")),
            None => self.run_files(common).await,
            Some(_) if !self.plan.only.is_empty() => {
                Err(Failure::usage("--only cannot be used with a plan file").hint(hint))
            }
            Some(_) if self.due => Err(Failure::usage("--due cannot be used with a plan file")),
            Some(file) => self.run_saved(common, &file).await,
        }
    }

    fn options(&self, common: &Common) -> Result<PlanOptions, Failure> {
        let keys = KeyOptions { tools: Some(self.deliver.tools()?), ..KeyOptions::default() };
        // An object that is gone already is a warning here: there is nothing left to apply.
        Ok(PlanOptions { keys, absent: AbsentObject::Warned, ..self.plan.options(common) })
    }

    async fn run_files(&self, common: &Common) -> Result<Exit, Failure> {
        let options = self.options(common)?;
        if !self.yes {
            prompt::no_standard_input(&self.paths)?;
        }
        let files = config::read(&self.paths.sources(), options.now)?;
        if !self.yes {
            prompt::possible()?;
        }
        let connection = Connection::open_at(&self.connect, Some(files.organization()), common.now).await?;
        let mut lock = connection.lock(files.stack()).await?;
        let planned = if self.due {
            connection.session.plan_due(&files, &options).await?
        } else {
            connection.session.plan(&files, &options).await?
        };
        common.preview(&PlanReport::new(&planned.plan))?;
        let again = if self.yes || planned.plan.refused() || planned.plan.is_empty() {
            Again::Same(planned)
        } else if prompt::confirmed(&connection, planned.plan.organization_name())? {
            connection.session.plan_again(&files, planned, &options).await?
        } else {
            talk("Nothing was changed.");
            return Ok(Exit::Error);
        };
        if let Again::Applied(_) = again {
            talk("Already applied: somebody else has made these changes in the meantime.");
        }
        self.carry_out.finish(common, connection, &again, &mut lock).await
    }

    /// Applies a saved plan, if planning again gives the same one.
    async fn run_saved(&self, common: &Common, file: &PlanFile) -> Result<Exit, Failure> {
        file.expect(self.expect_sha.as_deref())?;
        let saved = file.open(common.now(), self.max_age)?;
        let connection = Connection::open_at(&self.connect, Some(saved.organization()), common.now).await?;
        let mut lock = connection.lock(saved.stack()).await?;
        let again = connection.session.plan_saved(&saved, &self.options(common)?).await?;
        match &again {
            Again::Same(planned) => common.only_text().show(&PlanReport::new(&planned.plan))?,
            Again::Applied(_) => {
                let words = format!("Already applied: the organization matches {}.\n", file.name());
                common.only_text().write(words.as_bytes())?;
            }
        }
        self.carry_out.finish(common, connection, &again, &mut lock).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_never_negative_and_has_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("1h30m", 5400), ("PT2M", 120), ("24h", 86_400)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "-5s", "-PT1H", "5s ago", "1 fortnight", "99999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
