//! The slots of all applications, and the keys that belong to none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::SlotWork;
use super::assess::{SlotPlan, assess};
use super::case::{Hands, Occasion, SlotCase, UNDER_WAY, after, since};
use crate::access::Grant;
use crate::model::{
    AccessKeyId, Address, ApplicationKeys, Desired, Id, LiveKey, LiveKeys, Marking, Membership, Prune,
    SlotName, Stack,
};
use crate::model::{Principal, SecretPlace};

/// What planning knows of API keys.
#[derive(Debug, Clone, Copy)]
pub struct KeyFacts<'a> {
    /// What is live, where files declare keys.
    pub live: Option<&'a LiveKeys>,
    /// The key that makes the calls.
    pub own: Option<&'a AccessKeyId>,
    /// Which deliveries are named.
    pub hands: &'a Hands,
    /// Why keys are looked at.
    pub occasion: Occasion,
}

impl KeyFacts<'static> {
    /// Nothing is known of keys, and nothing is asked of them.
    pub const NONE: Self = Self { live: None, own: None, hands: &Hands::Unasked, occasion: Occasion::Files };
}

/// What is to be done about API keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeysPlan {
    /// The slots, by application and name.
    pub slots: Vec<SlotPlan>,
    /// The keys that go because they have no slot.
    pub pruned: Vec<Stray>,
    /// The keys of the applications that have no slot and stay.
    pub strays: Vec<Stray>,
    /// Who can read a key where it is delivered for the first time, and gains by it.
    pub readers: Vec<KeyReader>,
    /// The stack that the files are of.
    pub stack: Option<Stack>,
    /// What the files declare.
    pub declared: BTreeMap<Address, ApplicationKeys>,
}

/// A key of an application whose keys files declare, without a slot there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The application.
    pub application: Address,
    /// The key.
    pub key: LiveKey,
    /// What it is.
    pub kind: StrayKind,
}

/// What a key without a slot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StrayKind {
    /// It had this slot, which is no longer declared.
    Slot(SlotName),
    /// It never had one.
    Unmarked,
    /// Its description begins as a mark and is none.
    Unclear,
    /// It makes the calls.
    OwnKey,
}

impl KeysPlan {
    /// Says what all slots need.
    pub(in crate::plan) fn of(
        facts: &KeyFacts<'_>,
        desired: &Desired,
        id: impl Fn(&Address) -> Option<Id>,
        now: Timestamp,
    ) -> Self {
        let (Some(live), Some(stack)) = (facts.live, &desired.stack) else { return Self::default() };
        let mut plan =
            Self { stack: Some(stack.clone()), declared: desired.api_keys.clone(), ..Self::default() };
        for (application, declared) in &desired.api_keys {
            let keys =
                id(application).and_then(|id| live.applications.get(&id)).map_or(&[][..], Vec::as_slice);
            let KeyFacts { live: _, own, hands, occasion } = *facts;
            let case = |name, slot| SlotCase { name, slot, stack, keys, live, own, hands, occasion, now };
            let slots =
                declared.slots.iter().map(|(name, slot)| (name, slot, assess(application, case(name, slot))));
            let slots: Vec<_> = slots.collect();
            let mut adopted = BTreeSet::new();
            for (_, slot, looked) in &slots {
                adopted.extend(slot.adopt.iter().filter(|_| looked.current.is_none()).cloned());
                adopted.extend(looked.keys.iter().map(|key| key.access_key.clone()));
            }
            for key in keys.iter().filter(|key| !adopted.contains(&key.access_key)) {
                let own = own == Some(&key.access_key);
                let (kind, goes) = match &key.marking {
                    Marking::None => (StrayKind::Unmarked, declared.membership == Membership::Exact),
                    // A run with other files may be at work on it.
                    Marking::Mark(mark) => {
                        let done = since(key).is_some() || after(key.created_at, UNDER_WAY) <= now;
                        (StrayKind::Slot(mark.slot.clone()), done)
                    }
                    Marking::Unclear => (StrayKind::Unclear, false),
                };
                let prunes = desired.settings.prune == Prune::Owned
                    && matches!(occasion, Occasion::Files | Occasion::Saved);
                let goes = goes && key.ordinary && prunes;
                let kind = if own && goes { StrayKind::OwnKey } else { kind };
                let list = if goes && !own { &mut plan.pruned } else { &mut plan.strays };
                list.push(Stray { application: application.clone(), key: key.clone(), kind });
            }
            plan.slots.extend(slots.into_iter().map(|(_, _, looked)| looked));
        }
        plan
    }

    /// Says whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pruned.is_empty() && self.slots.iter().all(|slot| slot.work.is_empty())
    }

    /// Returns how many keys end because nothing declares them any more.
    pub fn pruned_of(&self, application: &Address) -> usize {
        self.pruned.iter().filter(|stray| stray.application == *application).count()
    }

    /// Returns the slots whose first key is made: what a saved plan holds.
    pub fn first_keys(&self) -> impl Iterator<Item = &SlotPlan> {
        let first = |work: &SlotWork| matches!(work, SlotWork::Make { why: super::Due::First });
        self.slots.iter().filter(move |slot| slot.work.iter().any(first))
    }

    /// Says whether every slot that the files declare has a key, or will have one.
    #[must_use]
    pub fn in_trouble(&self) -> bool {
        self.slots.iter().flat_map(|slot| &slot.waits).any(super::SlotWait::is_trouble)
    }

    /// Says whether a slot is not what the files say, and nothing is done about it now.
    #[must_use]
    pub fn lacks_any(&self) -> bool {
        self.in_trouble() || self.slots.iter().any(SlotPlan::lacks_a_key)
    }
}

/// Somebody who can read a key that is delivered to a new place, and gains by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyReader {
    /// The application whose key it is.
    pub application: Address,
    /// Its slot.
    pub slot: SlotName,
    /// Where it is delivered.
    pub secret: SecretPlace,
    /// What the application holds and the reader does not.
    pub gains: Vec<Grant>,
    /// Whether it can be read only under a condition.
    pub conditional: bool,
    /// Who reads it.
    pub principal: Principal,
}
