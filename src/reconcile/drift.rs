//! Differences on the live side that nobody asked for, and problems that no apply can fix.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::resolve::{needs, resolve_to};
use super::session::Session;
use super::{Error, PlanOptions};
use crate::access::self_escalating;
use crate::config::{Files, ResolvePurpose};
use crate::live::{self, Live, LiveNeeds};
use crate::model::{Address, DriftKind, Id, Object};
use crate::plan::{Findings, Plan};

/// The drift of the live organization from the files.
#[derive(Debug)]
pub struct Drift {
    /// The plan that an apply would carry out.
    pub plan: Plan,
    /// All findings, including those that no apply can fix.
    pub findings: Findings,
    /// The findings that count, from `settings.drift.fail_on`.
    pub fail_on: BTreeSet<DriftKind>,
    /// When objects were made, by id.
    pub(super) created: HashMap<Id, Timestamp>,
}

impl Drift {
    /// Returns true if a finding counts.
    #[must_use]
    pub fn found(&self) -> bool {
        self.findings.fails(&self.fail_on)
    }
}

impl Session {
    /// Compares files with the live organization to find changes that nobody asked for.
    ///
    /// # Errors
    /// As [`Session::plan`]. A part that cannot be read is an error, never clean.
    pub async fn drift(&self, files: &Files, options: &PlanOptions) -> Result<Drift, Error> {
        let needs = needs(files);
        // What is gone from these lists is drift too, and what is found is shown with the names of projects.
        let needs = LiveNeeds { projects: true, permission_sets: true, ..needs };
        let (reading, name) = futures::join!(self.read_as(&needs, options), self.organization_name());
        let mut reading = reading?;
        let desired = self.accepted(resolve_to(files, &reading.live, ResolvePurpose::Look)?, options)?;
        self.keys_for(&mut reading, &desired).await?;
        let plan = reading.compare(&desired, options)?;
        let plan = self.completed(&mut reading, &desired, options, plan).await?.named(name);
        let keys = if keys_matter(&plan) { self.access_keys(&reading.live).await? } else { BTreeMap::new() };
        let findings = Findings::of(&plan, &desired, &keys);
        let created = reading.live.inventory.created;
        Ok(Drift { plan, findings, fail_on: desired.settings.drift.fail_on, created })
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
