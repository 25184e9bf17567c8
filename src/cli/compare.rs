//! `scw-iam compare`

use std::collections::BTreeSet;

use clap::ValueHint;

use super::arguments::{ConnectArgs, principal};
use super::failure::Failure;
use super::side::Origin;
use super::{Common, Exit};
use crate::model::Principal;
use crate::render::comparison::ComparisonReport;
use crate::review::{CompareGate, Comparison};

const EXAMPLES: &str = "\
Examples:
  scw-iam compare before.json after.json
  scw-iam compare iam live --fail-on gained,escalation
  scw-iam compare live --principals user:alice@example.com user:bob@example.com";

/// Shows who gained and who lost access between two snapshots, folders of files, or the live organization
///
/// Exits with 2 if there is a difference that --fail-on selects, and with 0 otherwise. If one side does not know something (such as
/// the members of a group that the files only refer to), the difference is a `maybe`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Compare {
    /// `live`, a snapshot, or files
    #[arg(value_name = "BEFORE", value_hint = ValueHint::AnyPath)]
    before: Origin,
    /// `live`, a snapshot, or files; not with --principals
    #[arg(value_name = "AFTER", value_hint = ValueHint::AnyPath, required_unless_present = "principals", conflicts_with = "principals")]
    after: Option<Origin>,
    /// Compare two principals of BEFORE, each user:E-MAIL or application:NAME. JSON, CSV and --fail-on call what only the second one
    /// holds `gained`, and what only the first one holds `lost`
    #[arg(long, num_args = 2, value_name = "PRINCIPAL", value_parser = principal)]
    principals: Vec<Principal>,
    #[command(flatten)]
    connect: ConnectArgs,
    /// Exit with 2 only for these differences: gained, lost, loosened, tightened, escalation, maybe, objects (default: all)
    #[arg(long, value_name = "WHAT,…", value_delimiter = ',')]
    fail_on: Vec<CompareGate>,
}

impl Compare {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let before = self.before.side(&self.connect, common).await?;
        let gates: BTreeSet<CompareGate> = if self.fail_on.is_empty() {
            CompareGate::ALL.into()
        } else {
            self.fail_on.iter().copied().collect()
        };
        let after;
        let (comparison, states, title) = match (&self.after, self.principals.as_slice()) {
            (Some(origin), _) => {
                after = origin.side(&self.connect, common).await?;
                if before.state.organization != after.state.organization {
                    return Err(Failure::usage("these are two different organizations"));
                }
                let comparison = Comparison::of(&before, &after);
                (
                    comparison,
                    vec![&before.state, &after.state],
                    format!("{} compared with {origin}", self.before),
                )
            }
            (None, [first, second]) => {
                if let Some(missing) = [first, second].into_iter().find(|it| !before.state.has(&it.address()))
                {
                    return Err(Failure::usage(format!("there is no {missing} here")));
                }
                let comparison = Comparison::of_principals(&before.state, first, second);
                (comparison, vec![&before.state], format!("{first} and {second}: what only one of them has"))
            }
            (None, _) => return Err(Failure::usage("--principals takes two")),
        };
        common.show(&ComparisonReport { comparison: &comparison, states, title })?;
        Ok(if comparison.fails(&gates) { Exit::Changes } else { Exit::Done })
    }
}
