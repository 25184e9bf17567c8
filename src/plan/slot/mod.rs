//! API keys by slot: what is due, what is to be finished, what may go, and what has to be left alone.
//!
//! [`assess`] is given what files say of a slot, what is live of it, and the time. It is asked twice: for the plan, and
//! again right before the work is done, so that both have one idea of what a slot needs.

mod deliveries;
mod look;
#[cfg(test)]
mod tests;
mod wait;
mod whole;
mod work;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use self::deliveries::Deliveries;
use self::look::Look;
pub use self::wait::{BadAdoption, SlotWait};
pub use self::whole::{KeyFacts, KeysPlan, Stray, StrayKind};
pub use self::work::{Due, SlotWork};
use crate::model::{
    AccessKeyId, Address, CommandLabel, Delivery, KeySlot, KeyStage, LiveKey, LiveKeys, SecretPlace,
    SlotName, Stack,
};

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

/// What a slot needs, and what it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotPlan {
    /// The application.
    pub application: Address,
    /// The slot.
    pub slot: SlotName,
    /// The key that is in use: the youngest whose deliveries are confirmed.
    pub current: Option<AccessKeyId>,
    /// All keys of the slot, the oldest first.
    pub keys: Vec<LiveKey>,
    /// The key that makes the calls, where it is of this slot or is taken into it.
    pub own: Option<AccessKeyId>,
    /// Where a key is delivered.
    pub deliver: Vec<Delivery>,
    /// The secrets among these that get a key of the slot for the first time.
    pub new_places: Vec<SecretPlace>,
    /// What is to be done, in this order.
    pub work: Vec<SlotWork>,
    /// What is left alone, and why.
    pub waits: Vec<SlotWait>,
}

impl SlotPlan {
    /// Says whether it has no key in use while another run may be making one, or could not deliver one.
    #[must_use]
    pub fn lacks_a_key(&self) -> bool {
        self.current.is_none() && self.waits.iter().any(|wait| matches!(wait, SlotWait::UnderWay { .. }))
    }
}

/// Says what a slot needs.
#[must_use]
pub fn assess(application: &Address, case: SlotCase<'_>) -> SlotPlan {
    let mut keys: Vec<&LiveKey> = case.keys.iter().filter(|key| case.is_of(key)).collect();
    keys.sort_by(|a, b| a.age().cmp(&b.age()));
    let mut look =
        Look { case, deliveries: Deliveries::of(&case), keys, work: Vec::new(), waits: Vec::new() };
    let current = look.current();
    look.judge(current);
    let new_places = look.new_places();
    SlotPlan {
        application: application.clone(),
        slot: case.name.clone(),
        current: current.map(|key| key.access_key.clone()),
        own: case.own.filter(|own| case.holds(own)).cloned(),
        keys: look.keys.into_iter().cloned().collect(),
        deliver: case.slot.deliver.clone(),
        new_places,
        work: look.work,
        waits: look.waits,
    }
}

impl SlotCase<'_> {
    /// Says whether a key is one of this slot.
    #[must_use]
    pub fn is_of(&self, key: &LiveKey) -> bool {
        let mark = key.marking.mark();
        mark.is_some_and(|mark| mark.slot == *self.name || Some(&mark.slot) == self.slot.previously.as_ref())
    }

    /// Says whether a key is one of this slot, or is to be.
    fn holds(&self, key: &AccessKeyId) -> bool {
        let mut known = self.keys.iter().filter(|it| it.access_key == *key);
        self.slot.adopt.as_ref() == Some(key) || known.any(|it| self.is_of(it))
    }
}

/// Returns since when a key is in use.
fn since(key: &LiveKey) -> Option<Timestamp> {
    match key.marking.mark()?.stage {
        // A mark cannot be older than its key, whoever wrote it.
        KeyStage::Ok(since) => Some(since.max(key.created_at)),
        KeyStage::New => None,
    }
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
