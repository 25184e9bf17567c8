//! Both laws of access, for states that were reached.

use std::collections::{BTreeMap, BTreeSet};

use scw_iam::access::Grant;
use scw_iam::model::{Principal, State};
use scw_iam::plan::Plan;

use super::oracle::{Held, covered, held, kept};

/// What may and what must be held between two states.
pub(crate) struct Laws {
    before: Held,
    after: Held,
    kept: BTreeMap<Principal, BTreeSet<Grant>>,
    /// What plans said would be missing for a while.
    interrupted: BTreeMap<Principal, BTreeSet<Grant>>,
}

impl Laws {
    /// Returns the laws of a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let (before, after) = (held(plan.before()), held(plan.outcome()));
        let none = BTreeSet::new();
        let kept = before
            .iter()
            .map(|(who, held)| (who.clone(), kept(held, after.get(who).unwrap_or(&none))))
            .collect();
        let mut laws = Self { kept, before, after, interrupted: BTreeMap::new() };
        laws.excuse(plan);
        laws
    }

    /// Takes in the interruptions of a further plan between the same states.
    pub(crate) fn excuse(&mut self, plan: &Plan) {
        for interruption in plan.interruptions() {
            let of = self.interrupted.entry(interruption.principal.clone()).or_default();
            of.insert(interruption.grant.clone());
        }
    }

    /// Says what is wrong with a state on the way.
    pub(crate) fn judge(&self, state: &State) -> Result<(), String> {
        let now = held(state);
        let none = BTreeSet::new();
        for (who, grants) in &now {
            let (before, after) =
                (self.before.get(who).unwrap_or(&none), self.after.get(who).unwrap_or(&none));
            let most: BTreeSet<_> = before.union(after).cloned().collect();
            if let Some(grant) = grants.iter().find(|grant| !covered(grant, &most)) {
                return Err(format!("a leak: {who} holds {grant:?}"));
            }
        }
        for (who, kept) in &self.kept {
            let holds = now.get(who).unwrap_or(&none);
            let excused = self.interrupted.get(who).unwrap_or(&none);
            let missing = kept.iter().find(|grant| !covered(grant, holds) && !covered(grant, excused));
            if let Some(grant) = missing {
                return Err(format!("a gap: {who} lacks {grant:?}"));
            }
        }
        Ok(())
    }
}
