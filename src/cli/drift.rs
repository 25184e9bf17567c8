//! `scw-iam drift`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use super::arguments::{ConnectArgs, Paths};
use super::failure::Failure;
use super::output::talk;
use super::session::Connection;
use super::{Common, Exit};
use crate::config;
use crate::files::{self, Links};
use crate::model::DriftKind;
use crate::plan::GuardOptions;
use crate::reconcile::PlanOptions;
use crate::render::plan::{PlanReading, PlanReport};

const EXAMPLES: &str = "\
Examples:
  scw-iam drift iam
  scw-iam drift iam --fail-on broken,escalation
  scw-iam drift iam -o json=drift.json || notify
  scw-iam drift iam --baseline drift.json";

/// Reports where the live organization differs from the files, for use in a scheduled job
///
/// Shows what an apply would change, and what no apply can fix: broken assertions and guardrails, people who are gone,
/// undeclared access that can escalate, and members that the API does not list. Also shows who made a change, if Audit Trail
/// recorded it. Exits with 2 if --fail-on selects any of the findings. Guards never change the exit code.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DriftCommand {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
    /// Exit with 2 for these findings: broken, escalation, gone, missing, extra, changed, locked, due, stale-ignore, unmanaged. The
    /// default is `settings.drift.fail_on`, or all but locked, due, stale-ignore and unmanaged
    #[arg(long, value_name = "FINDING,…", value_delimiter = ',')]
    fail_on: Vec<DriftKind>,
    /// Ignore the findings in this earlier result of `drift -o json`: they are not listed and do not count. The steps still show
    /// everything that an apply would change
    #[arg(long, value_name = "DRIFT.json")]
    baseline: Option<PathBuf>,
}

/// The largest earlier result that is read, in bytes.
const BASELINE_MOST: u64 = 512 << 20;

/// Returns the fingerprints that an earlier result lists.
fn known(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let name = path.display();
    let text =
        files::read(path, BASELINE_MOST, Links::Refused).with_context(|| format!("cannot read {name}"))?;
    let earlier: Value =
        serde_json::from_slice(&text).with_context(|| format!("{name} is not valid JSON"))?;
    let Some(findings) = earlier["drift"].as_array() else {
        let failure = Failure::error(anyhow::anyhow!("{name} is no result of drift"));
        return Err(failure.hint("`scw-iam drift -o json=FILE` writes one"));
    };
    let fingerprint = |finding: &Value| finding["fingerprint"].as_str().map(ToOwned::to_owned);
    Ok(findings.iter().filter_map(fingerprint).collect())
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
        if let Some(path) = &self.baseline {
            let (known, before) = (known(path)?, drift.findings.findings.len());
            drift.findings.findings.retain(|finding| !known.contains(&finding.fingerprint));
            let left = before - drift.findings.findings.len();
            let findings = if left == 1 { "finding" } else { "findings" };
            let new = match drift.findings.findings.len() {
                0 => "none is new".to_owned(),
                1 => "1 is new".to_owned(),
                more => format!("{more} are new"),
            };
            talk(&format!("left out: {left} {findings} already in {}; {new}", path.display()));
        }
        connection.session.attribute(&mut drift).await;
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
