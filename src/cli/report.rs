//! `scw-iam report`

use super::Exit;
use super::arguments::{Common, ConnectArgs};
use super::failure::Failure;
use super::side::{Origin, Taken};
use crate::render::dossier::DossierReport;
use crate::review::{Dossier, Examined, FindingSeverity, ReportSettings, default_questions};

const EXAMPLES: &str = "\
Examples:
  scw-iam report
  scw-iam report snapshot.json -o html=report.html -o csv=review.csv
  scw-iam report --fail-on high -o junit=report.xml";

/// Shows who has what: questions, findings, who can escalate, people, applications and keys, what ends, what nobody owns
///
/// Of the live organization, or of a snapshot. The same snapshot gives the same report, byte for byte. What could not be judged
/// is said first.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportCommand {
    /// `live`, or a snapshot
    #[arg(value_name = "live|SNAPSHOT.json", default_value = "live")]
    of: Origin,
    #[command(flatten)]
    connect: ConnectArgs,
    /// End with 2 when a finding is at least so severe: critical, high, medium, low, info; with 1 when one of these could not
    /// be looked for
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FindingSeverity>,
}

impl ReportCommand {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let Taken { live, evidence, now } = self.of.take(&self.connect, common).await?;
        let settings = ReportSettings::default();
        let of = Examined {
            state: &live.state,
            ids: &live.ids,
            titles: &live.titles,
            inventory: &live.inventory,
            settings: &settings,
            now,
        };
        let dossier = Dossier::of(&of, default_questions(&of));
        let (state, inventory) = (&live.state, &live.inventory);
        common.show(&DossierReport { dossier: &dossier, state, inventory, evidence })?;
        let Some(least) = self.fail_on else { return Ok(Exit::Done) };
        if dossier.outline.not_judged().any(|(id, _)| id.text().severity >= least) {
            return Ok(Exit::Error);
        }
        let found = dossier.outline.counting().any(|finding| finding.severity >= least);
        Ok(if found { Exit::Changes } else { Exit::Done })
    }
}
