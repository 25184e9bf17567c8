//! Everything that decides what a slot needs.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::{AccessKeyId, CommandLabel, KeySlot, KeyStage, LiveKey, LiveKeys, SlotName, Stack};

/// For how long a key that is not finished belongs to the run that made it.
pub const UNDER_WAY: SignedDuration = SignedDuration::from_mins(15);

/// How much shorter than the organization's maximum a key lives, since clocks differ.
pub const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How many versions a secret can have; those that are scheduled for deletion count.
///
/// Source: the quota of Secret Manager.
pub const MOST_VERSIONS: usize = 20;

/// Why slots are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Files are planned or applied: everything is done.
    Files,
    /// A saved plan is applied: first keys are made, nothing rotates.
    Saved,
    /// A scheduled job: only what time makes due, and nobody is given access.
    Due,
    /// Somebody asks for a new key now.
    Asked,
}

/// Which deliveries the person who starts the apply has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hands {
    /// Nobody is asked yet: a plan is made.
    Unasked,
    /// These.
    Named {
        /// Whether there is a folder for files.
        files: bool,
        /// The labels of commands.
        commands: BTreeSet<CommandLabel>,
    },
}

/// Everything that decides what a slot needs.
#[derive(Debug, Clone, Copy)]
pub struct SlotCase<'a> {
    /// The name of the slot.
    pub name: &'a SlotName,
    /// What files say of it.
    pub slot: &'a KeySlot,
    /// The stack that the files are of.
    pub stack: &'a Stack,
    /// The keys of the slot's application.
    pub keys: &'a [LiveKey],
    /// What is live.
    pub live: &'a LiveKeys,
    /// The key that makes the calls.
    pub own: Option<&'a AccessKeyId>,
    /// Which deliveries are named.
    pub hands: &'a Hands,
    /// Why it is looked at.
    pub occasion: Occasion,
    /// What time it is.
    pub now: Timestamp,
}

impl SlotCase<'_> {
    /// Says whether a key is one of this slot.
    #[must_use]
    pub fn is_of(&self, key: &LiveKey) -> bool {
        let mark = key.marking.mark();
        mark.is_some_and(|mark| mark.slot == *self.name || Some(&mark.slot) == self.slot.previously.as_ref())
    }

    /// Says whether a key is one of this slot, or is to be.
    pub(super) fn holds(&self, key: &AccessKeyId) -> bool {
        let mut known = self.keys.iter().filter(|it| it.access_key == *key);
        self.slot.adopt.as_ref() == Some(key) || known.any(|it| self.is_of(it))
    }
}

/// Returns since when a key is in use.
pub(super) fn since(key: &LiveKey) -> Option<Timestamp> {
    match key.marking.mark()?.stage {
        // No mark is older than its key: an earlier time was written by somebody else.
        KeyStage::Ok(since) => Some(since.max(key.created_at)),
        KeyStage::New => None,
    }
}

pub(super) fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
