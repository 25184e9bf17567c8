//! What a slot needs, and what it waits for.

use super::case::SlotCase;
use super::deliveries::Deliveries;
use super::look::Look;
use super::wait::SlotWait;
use super::work::SlotWork;
use crate::model::{AccessKeyId, Address, Delivery, LiveKey, SecretPlace, SlotName};

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
