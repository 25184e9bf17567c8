//! `scw-iam report`

use std::path::PathBuf;

use jiff::Timestamp;

use super::arguments::ConnectArgs;
use super::failure::Failure;
use super::side::{Origin, Taken, side_of};
use super::{Common, Exit};
use crate::config::{self, Source};
use crate::live::Live;
use crate::model::{ActivityScope, second};
use crate::reconcile::resolve;
use crate::render::dossier::DossierReport;
use crate::review::{Dossier, Examined, FindingSeverity, ReportSettings, Since};

const EXAMPLES: &str = "\
Examples:
  scw-iam report
  scw-iam report snapshot.json -o html=report.html -o csv=review.csv
  scw-iam report --fail-on high -o junit=report.xml
  scw-iam report --files iam --since last-month.json
  scw-iam report --activity=applications";

/// Shows who has what: questions, findings, who can escalate, people, applications and keys, what ends, what nobody owns
///
/// The report is about the live organization or a snapshot, and begins with what could not be judged. The same snapshot always
/// gives the same report, byte for byte.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportCommand {
    /// `live`, or a snapshot
    #[arg(value_name = "live|SNAPSHOT.json", default_value = "live", value_hint = clap::ValueHint::AnyPath)]
    of: Origin,
    #[command(flatten)]
    connect: ConnectArgs,
    /// Exit with 2 if a finding is at least this severe (critical, high, medium, low, info), or with 1 if a check for such a finding
    /// could not be made
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FindingSeverity>,
    /// Take the severities, the questions and the grace period of `settings.report` from these files
    #[arg(long, value_name = "PATH")]
    files: Option<PathBuf>,
    /// Look up in Audit Trail what people and applications, or only `applications`, did in the last 90 days. This needs
    /// `AuditTrailReadOnly`, and at least one request for each of them in each region
    #[arg(long, value_name = "WHOSE", num_args = 0..=1, require_equals = true, default_missing_value = "everybody")]
    activity: Option<Whose>,
    /// Mark what is new since this earlier snapshot, and list what is gone
    #[arg(long, value_name = "SNAPSHOT.json")]
    since: Option<PathBuf>,
}

/// Whose activity is looked up.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Whose {
    Everybody,
    Applications,
}

impl Whose {
    const fn scope(self) -> ActivityScope {
        match self {
            Self::Everybody => ActivityScope::Everybody,
            Self::Applications => ActivityScope::Applications,
        }
    }
}

impl ReportCommand {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let activity = self.activity.map(Whose::scope);
        let Taken { live, mut evidence, now } = self.of.take(&self.connect, common, activity).await?;
        let settings = self.settings(common, &live)?;
        let dossier = Dossier::of(&examined(&live, &settings, now));
        let since = self.since(common, &live, &settings).await?;
        evidence.extend(since.as_ref().map(|since| ("compared with", second(since.at))));
        let (state, inventory) = (&live.state, &live.inventory);
        let since = since.as_ref();
        common.show(&DossierReport { dossier: &dossier, state, inventory, evidence, since })?;
        let Some(least) = self.fail_on else { return Ok(Exit::Done) };
        if dossier.outline.not_judged().any(|(id, _)| settings.severity_of(id) >= least) {
            return Ok(Exit::Error);
        }
        let found = dossier.outline.counting().any(|finding| finding.severity >= least);
        Ok(if found { Exit::Changes } else { Exit::Done })
    }

    /// Returns what the files say that a report finds and answers.
    fn settings(&self, common: &Common, live: &Live) -> Result<ReportSettings, Failure> {
        let Some(path) = &self.files else { return Ok(ReportSettings::default()) };
        let files = config::read(&[Source::of_argument(path.as_os_str())], common.now())?;
        let (of, organization) = (files.organization(), live.state.organization);
        if of != organization {
            let words =
                format!("the files are for organization {of}, but the report is about {organization}");
            return Err(Failure::usage(words));
        }
        let resolved = resolve(&files, live)?;
        common.accept(&resolved.warnings)?;
        Ok(resolved.desired.settings.report)
    }

    /// Reads an earlier snapshot, and judges it as of then.
    async fn since(
        &self,
        common: &Common,
        live: &Live,
        settings: &ReportSettings,
    ) -> Result<Option<Since>, Failure> {
        let Some(path) = &self.since else { return Ok(None) };
        // The time of the snapshot counts, not the current time.
        let then = Common { now: None, ..common.clone() };
        let earlier = Origin::Snapshot(path.clone()).take(&self.connect, &then, None).await?;
        if earlier.live.state.organization != live.state.organization {
            return Err(Failure::usage("these are two different organizations"));
        }
        let dossier = Dossier::of(&examined(&earlier.live, settings, earlier.now));
        let (before, after) = (side_of(&earlier.live), side_of(live));
        Ok(Some(Since::of(earlier.now, dossier, (&before, &after))))
    }
}

const fn examined<'a>(live: &'a Live, settings: &'a ReportSettings, now: Timestamp) -> Examined<'a> {
    Examined {
        state: &live.state,
        ids: &live.ids,
        titles: &live.titles,
        inventory: &live.inventory,
        settings,
        now,
    }
}
