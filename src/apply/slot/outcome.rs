//! What became of each slot.

use super::error::SlotError;
use crate::model::{AccessKeyId, Address, SlotName};
use crate::plan::slot::{KeysPlan, SlotWork, Stray};

/// What became of the keys of a plan.
#[derive(Debug, Default)]
pub struct KeysOutcome {
    /// The slots that had work, in the plan's order.
    pub slots: Vec<SlotOutcome>,
    /// The keys without a slot that were to go.
    pub pruned: Vec<(Stray, Option<SlotError>)>,
}

/// What became of a slot.
#[derive(Debug)]
pub struct SlotOutcome {
    /// The application.
    pub application: Address,
    /// The slot.
    pub slot: SlotName,
    /// What was done, in order.
    pub done: Vec<SlotDone>,
    /// Why the rest was not.
    pub error: Option<SlotError>,
}

/// Something that was done for a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotDone {
    /// Something of the plan.
    Work(SlotWork),
    /// This key was made and delivered, and is in use.
    Delivered(AccessKeyId),
    /// A secret's data could not be read back for want of a permission: that the version is there was all there was to see.
    Unread(String),
}

impl KeysOutcome {
    /// Returns what there is before anything is done.
    pub(super) fn of(plan: &KeysPlan) -> Self {
        let slots = plan.slots.iter().filter(|slot| !slot.work.is_empty()).map(|planned| SlotOutcome {
            application: planned.application.clone(),
            slot: planned.slot.clone(),
            done: Vec::new(),
            error: None,
        });
        Self { slots: slots.collect(), pruned: Vec::new() }
    }

    /// Says whether all is done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.errors().next().is_none()
    }

    /// Returns what went wrong.
    pub fn errors(&self) -> impl Iterator<Item = &SlotError> {
        let pruned = self.pruned.iter().filter_map(|(_, error)| error.as_ref());
        self.slots.iter().filter_map(|slot| slot.error.as_ref()).chain(pruned)
    }

    /// Says whether anything was written, or may have been.
    #[must_use]
    pub fn wrote(&self) -> bool {
        let written = self.slots.iter().any(|slot| !slot.done.is_empty());
        let pruned = self.pruned.iter().any(|(_, error)| error.is_none());
        written || pruned || self.errors().any(SlotError::may_have_happened)
    }
}
