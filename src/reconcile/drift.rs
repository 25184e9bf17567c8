//! What differs on the live side and nobody asked for, and what no apply mends.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::needs;
use super::{Error, PlanOptions, Session};
use crate::access::self_escalating;
use crate::config::Files;
use crate::live::{self, Live, LiveNeeds};
use crate::model::{Address, DriftKind, Object};
use crate::plan::{Findings, Plan};

/// How the live organization stands to files that nobody is applying.
#[derive(Debug)]
pub struct Drift {
    /// What an apply would do about it.
    pub plan: Plan,
    /// What was found, that no apply mends included.
    pub findings: Findings,
    /// What counts, as the files say in `settings.drift.fail_on`.
    pub fail_on: BTreeSet<DriftKind>,
}

impl Drift {
    /// Says whether something was found that counts.
    #[must_use]
    pub fn found(&self) -> bool {
        // What cannot be rewritten differs from the files all the same.
        let blocked = self.fail_on.contains(&DriftKind::Changed) && !self.plan.blocked().is_empty();
        blocked || self.findings.fails(&self.fail_on)
    }
}

impl Session {
    /// Compares files with the live organization to find what nobody asked for.
    ///
    /// # Errors
    /// As [`Session::plan`]: what cannot be read is never called clean.
    pub async fn drift(&self, files: &Files, options: &PlanOptions) -> Result<Drift, Error> {
        let needs = needs(files);
        // What is gone from these lists is drift too.
        let projects = needs.projects || files.pins_projects();
        let needs = LiveNeeds { projects, permission_sets: true, ..needs };
        let mut reading = self.read_as(&needs, options).await?;
        let desired = self.resolve_for(files, &reading.live, options)?;
        let plan = reading.compare(&desired, options)?;
        let plan = self.with_key_ages(&mut reading, &desired, options, plan).await?;
        let keys = if keys_matter(&plan) { self.access_keys(&reading.live).await? } else { BTreeMap::new() };
        let findings = Findings::of(&plan, &desired, &keys);
        Ok(Drift { plan, findings, fail_on: desired.settings.drift.fail_on })
    }

    /// Reads the access keys of the applications.
    async fn access_keys(&self, live: &Live) -> Result<BTreeMap<Address, Vec<String>>, Error> {
        let read = live::access_keys(&self.client, live).await;
        let (keys, notices) = read.map_err(|source| self.unread(source))?;
        notices.iter().for_each(|notice| self.watch.notice(notice));
        Ok(keys)
    }
}

/// Says whether an application has keys, and anybody a permission set that can escalate.
fn keys_matter(plan: &Plan) -> bool {
    let before = plan.before();
    let rules = before.policies().flat_map(|(_, policy)| &policy.rules.0);
    let mut sets = rules.flat_map(|rule| &rule.permission_sets);
    let keys = |address: &Address| before.get(address).map_or(0, Object::api_keys) > 0;
    sets.any(self_escalating) && before.objects.keys().any(keys)
}
