//! The input of guards.

use std::collections::BTreeSet;

use super::finding::GuardOptions;
use crate::access::{AccessChange, Everything, PrincipalId};
use crate::model::{Address, Desired, GuardName, Principal};
use crate::plan::align::Alignment;
use crate::plan::diff::Draft;
use crate::plan::facts::{Caller, Facts};
use crate::plan::rehearse::Rehearsal;
use crate::plan::slot::KeysPlan;
use crate::plan::step::Step;

/// The input of guards.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Case<'a> {
    pub(in crate::plan) facts: &'a Facts<'a>,
    pub(in crate::plan) desired: &'a Desired,
    pub(in crate::plan) options: &'a GuardOptions,
    /// Who runs the plan, by the name that they have in it.
    pub(in crate::plan) caller: &'a Caller,
    pub(in crate::plan) alignment: &'a Alignment,
    pub(in crate::plan) draft: &'a Draft,
    pub(in crate::plan) steps: &'a [Step],
    pub(in crate::plan) access: &'a [AccessChange],
    pub(in crate::plan) rehearsal: &'a Rehearsal,
    /// What is to be done about API keys.
    pub(in crate::plan) keys: &'a KeysPlan,
    /// The exceptions in the files for this guard.
    pub(in crate::plan) pardoned: &'a BTreeSet<Address>,
}

impl<'a> Case<'a> {
    /// All that is held on the live side.
    pub(super) fn before(&self) -> Everything<'a> {
        Everything::known(&self.alignment.before, &self.draft.world, &self.draft.before)
    }

    /// Returns true when the files let this pass, by its current or its new name.
    pub(super) fn pardons(&self, address: &Address) -> bool {
        !self.pardoned.is_empty() && self.alignment.names(address).any(|name| self.pardoned.contains(&name))
    }

    /// Returns true for somebody whom no list of the API shows: what is left of somebody deleted, as far as anybody knows.
    pub(super) fn hidden(&self, principal: &Principal) -> bool {
        !self.alignment.before.has(&principal.address())
    }

    /// Returns the existing principals that held access and are locked out. The computed access still includes their grants.
    pub(super) fn locked(&self) -> impl Iterator<Item = PrincipalId> {
        let before = &self.draft.before;
        let locked = self.draft.locks.keys().copied();
        locked.filter(|id| before.exists(*id) && before.ways(*id).any(|(_, _, grants)| !grants.is_empty()))
    }

    pub(super) fn principal(&self, id: PrincipalId) -> Option<&'a Principal> {
        self.draft.world.name(id)
    }

    /// All that is held in the end.
    pub(super) fn after(&self) -> Everything<'a> {
        Everything::known(&self.alignment.outcome, &self.draft.world, &self.draft.after)
    }
}

/// The number that the files set for a guard.
pub(super) fn limit(case: &Case<'_>, guard: GuardName) -> Option<u32> {
    case.desired.settings.limits.get(&guard).copied()
}
