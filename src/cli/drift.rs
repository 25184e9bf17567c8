//! `scw-iam drift`

use std::collections::{BTreeMap, BTreeSet};

use super::Exit;
use super::arguments::{Common, Judge, Paths, Reach};
use super::failure::Failure;
use super::prepare;
use crate::access::self_escalating;
use crate::live;
use crate::model::{Address, DriftKind, Object};
use crate::plan::{Drift as Found, Plan};
use crate::render::plan::{PlanReport, Reading};

const EXAMPLES: &str = "\
Examples:
  scw-iam drift iam
  scw-iam drift iam --fail-on broken,escalation
  scw-iam drift iam -o json=drift.json || notify";

/// Says whether the live organization is what the files say, for a scheduled job
///
/// Shows what an apply would change, and what no apply mends: broken assertions and guardrails, people who are gone, access
/// that can escalate and that no file declares, members that no list shows. Ends with 2 when something is found that
/// --fail-on, or else `settings.drift.fail_on`, lists. Guards do not matter here.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Drift {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    reach: Reach,
    /// The findings that end with 2: broken, escalation, gone, missing, extra, changed, unmanaged; all but the last unless
    /// `settings.drift.fail_on` lists others
    #[arg(long, value_name = "FINDING,…", value_delimiter = ',')]
    fail_on: Vec<DriftKind>,
}

impl Drift {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let judge = Judge { allow: Vec::new(), caller: None };
        let (files, session) = prepare::open(common, &self.paths, &self.reach).await?;
        let needs = prepare::needs(&files);
        // What is gone from these lists is drift too.
        let needs =
            live::Needs { projects: needs.projects || files.pins_projects(), permission_sets: true, ..needs };
        let (mut live, caller) = prepare::read_as(&session, &needs, &judge).await?;
        let desired = prepare::resolve(common, &files, &live)?;
        let options = judge.options(common.strict);
        let plan =
            prepare::plan_with_key_ages(common, &options, &session, &mut live, &caller, &desired).await?;
        let keys = if keys_matter(&plan) {
            prepare::read_access_keys(&session, &live).await?
        } else {
            BTreeMap::new()
        };
        let found = Found::of(&plan, &desired, &keys);
        let report = PlanReport { reading: Reading::Drift, drift: Some(&found), ..PlanReport::new(&plan) };
        common.show(&report)?;
        session.close().await?;
        let asked: BTreeSet<DriftKind> = self.fail_on.iter().copied().collect();
        let on = if asked.is_empty() { &desired.settings.drift.fail_on } else { &asked };
        Ok(if found.fails(on) { Exit::Changes } else { Exit::Done })
    }
}

/// Whether an application has keys, and anybody a set that can escalate.
fn keys_matter(plan: &Plan) -> bool {
    let before = plan.before();
    let mut sets =
        before.policies().flat_map(|(_, policy)| &policy.rules.0).flat_map(|it| &it.permission_sets);
    let keys = |address: &&Address| before.get(address).map_or(0, Object::api_keys) > 0;
    sets.any(self_escalating) && before.objects.keys().any(|address| keys(&address))
}
