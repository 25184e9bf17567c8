//! What principals may hold on the way, and what they should never be without.

use std::collections::HashMap;

use crate::access::{Grants, PrincipalId};
use crate::plan::diff::Draft;

/// What principals may hold on the way and what they should never be without, as it becomes known.
#[derive(Default)]
pub(in crate::plan) struct Allowed {
    known: HashMap<PrincipalId, (Grants, Grants)>,
}

impl Allowed {
    fn of(&mut self, draft: &Draft, principal: PrincipalId) -> &(Grants, Grants) {
        self.known.entry(principal).or_insert_with(|| {
            let (before, after) = draft.held(principal);
            (before.union(&after), before.meet(&after))
        })
    }

    /// Returns what a principal may hold: what it holds before or after.
    pub(in crate::plan) fn most(&mut self, draft: &Draft, principal: PrincipalId) -> &Grants {
        &self.of(draft, principal).0
    }

    /// Returns all that a principal should never be without: what it holds before and after.
    pub(in crate::plan) fn least(&mut self, draft: &Draft, principal: PrincipalId) -> &Grants {
        &self.of(draft, principal).1
    }
}
