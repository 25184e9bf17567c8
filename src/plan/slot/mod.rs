//! API keys by slot: what is due, what is to be finished, what may go, and what has to be left alone.
//!
//! [`assess`] is given what files say of a slot, what is live of it, and the time. It is asked twice: for the plan, and
//! again right before the work is done, so that both have one idea of what a slot needs.

mod deliveries;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use self::deliveries::Deliveries;
pub use self::whole::{KeyFacts, KeysPlan, Stray, StrayKind};
use crate::model::{
    AccessKeyId, Address, CommandLabel, Delivery, KeySlot, KeyStage, LiveKey, LiveKeys, Marking, Place,
    SecretPlace, SlotName, Stack,
};

/// For how long a key that is not finished belongs to the run that made it.
pub const UNDER_WAY: SignedDuration = SignedDuration::from_mins(15);
/// How much shorter than the organization's maximum a key lives, since clocks differ.
pub const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// How many versions a secret can have; those that are scheduled for deletion count.
///
/// Source: the quota of Secret Manager.
pub const MOST_VERSIONS: usize = 20;
/// How many keys of a slot may wait for another one to be delivered, before no more are made.
const MOST_STUCK: usize = 3;

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

/// One thing to do for a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotWork {
    /// A key gets the new name of its slot.
    Rename {
        /// The key.
        key: AccessKeyId,
        /// How far it has come.
        stage: KeyStage,
    },
    /// A key that is there is taken into the slot.
    Adopt {
        /// The key.
        key: AccessKeyId,
    },
    /// Versions of a secret go whose key is gone.
    Sweep {
        /// The secret.
        secret: SecretPlace,
        /// The versions to disable, by number.
        disable: Vec<u32>,
        /// The versions to delete, by number.
        delete: Vec<u32>,
    },
    /// Secrets without a version go that have the place of a delivery beside the one that is used.
    Deduplicate {
        /// The place.
        secret: SecretPlace,
        /// Their ids.
        empty: Vec<String>,
    },
    /// A key that was never delivered is deleted.
    Discard {
        /// The key.
        key: AccessKeyId,
    },
    /// A key that another one has replaced is deleted, with its versions.
    Retire {
        /// The key.
        key: AccessKeyId,
    },
    /// A key whose deliveries an earlier run did not finish is delivered to the end.
    Finish {
        /// The key.
        key: AccessKeyId,
    },
    /// A key is made and delivered.
    Make {
        /// Why.
        why: Due,
    },
}

impl SlotWork {
    /// Returns a word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Rename { .. } => "rename",
            Self::Adopt { .. } => "adopt",
            Self::Sweep { .. } => "sweep",
            Self::Deduplicate { .. } => "deduplicate",
            Self::Discard { .. } => "discard",
            Self::Retire { .. } => "retire",
            Self::Finish { .. } => "finish",
            Self::Make { .. } => "make",
        }
    }

    /// Returns the key that is there already, where it is about one.
    #[must_use]
    pub const fn key(&self) -> Option<&AccessKeyId> {
        match self {
            Self::Rename { key, .. }
            | Self::Adopt { key }
            | Self::Discard { key }
            | Self::Retire { key }
            | Self::Finish { key } => Some(key),
            Self::Sweep { .. } | Self::Deduplicate { .. } | Self::Make { .. } => None,
        }
    }
}

/// Why a slot is due for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// It has no key.
    First,
    /// Its keys are all unfinished.
    NoCurrent,
    /// The current key ends soon, or has ended.
    Expires(Timestamp),
    /// The current key is older than files allow.
    Older(Timestamp),
    /// The current key was made before a time that files name.
    MadeBefore(Timestamp),
    /// A delivery does not have the current key, and nobody knows its secret half any more.
    NotDelivered(Delivery),
    /// A key that was not finished may be held by a delivery: it may only go after another one is delivered.
    Unfinished(AccessKeyId),
    /// Somebody asked for it.
    Asked,
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("the slot has no key"),
            Self::NoCurrent => f.write_str("the slot has no key whose deliveries are confirmed"),
            Self::Expires(at) => write!(f, "the current key expires at {at}"),
            Self::Older(at) => write!(f, "the current key has been older than `expires_after` since {at}"),
            Self::MadeBefore(at) => write!(f, "the current key was made before {at}"),
            Self::NotDelivered(to) => write!(f, "{to} does not have the current key"),
            Self::Unfinished(key) => write!(f, "the unfinished key {key} may be in use"),
            Self::Asked => f.write_str("it was asked for"),
        }
    }
}

impl Due {
    /// Says whether time alone made the slot due.
    const fn by_time(&self) -> bool {
        match self {
            Self::Expires(_) | Self::Older(_) | Self::MadeBefore(_) | Self::Unfinished(_) => true,
            Self::First | Self::NoCurrent | Self::NotDelivered(_) | Self::Asked => false,
        }
    }
}

/// Why something of a slot is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotWait {
    /// Another run is at work on the slot, or was stopped just now.
    UnderWay {
        /// The key that it made.
        key: AccessKeyId,
        /// From when on it is taken for given up.
        until: Timestamp,
    },
    /// The person who starts the apply has not named this delivery.
    Unnamed(Delivery),
    /// Several secrets have the place.
    Several(SecretPlace, usize),
    /// The secret is not this stack's.
    Foreign(SecretPlace, Option<Stack>),
    /// The secret has as many versions as it can.
    Full(SecretPlace),
    /// A key that is replaced stays until this time.
    Overlap {
        /// The key.
        key: AccessKeyId,
        /// When it may go.
        until: Timestamp,
    },
    /// A key stays until another one makes the call.
    OwnKey(AccessKeyId),
    /// A key stays until a delivery has the current one.
    Undelivered {
        /// The key.
        key: AccessKeyId,
        /// The delivery.
        delivery: Delivery,
    },
    /// A key that a product manages, or that cannot be changed.
    NotOrdinary(AccessKeyId),
    /// A scheduled job does not do it: an `apply` of the files does.
    NeedsApply(Due),
    /// A scheduled job does not deliver to a place that has no key of the slot yet.
    NewPlace(Delivery),
    /// The organization's maximum life of keys is shorter than the slot's.
    Shortened {
        /// The maximum.
        longest: SignedDuration,
        /// Where the slot is declared.
        at: Place,
    },
    /// The organization lets no key live long enough to be replaced in time.
    TooShort(SignedDuration),
    /// So many keys wait for another one to be delivered that no more are made.
    Stuck(Vec<AccessKeyId>),
    /// `adopt` names a key that cannot be taken in.
    Adopt(AccessKeyId, BadAdoption),
}

/// Why a key cannot be taken into a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAdoption {
    /// The application has no such key.
    NotThere,
    /// It is a key of another slot, or its description looks like one.
    Marked,
    /// The slot has an older key that is in use.
    SlotTaken,
    /// It cannot be changed.
    NotOrdinary,
}

impl SlotWait {
    /// Says whether the slot is not what the files say until somebody does something.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::Unnamed(_)
            | Self::Several(..)
            | Self::Foreign(..)
            | Self::Full(_)
            | Self::NewPlace(_)
            | Self::TooShort(_)
            | Self::Stuck(_)
            | Self::Adopt(..)
            | Self::NotOrdinary(_) => true,
            Self::UnderWay { .. }
            | Self::Overlap { .. }
            | Self::OwnKey(_)
            | Self::Shortened { .. }
            | Self::Undelivered { .. }
            | Self::NeedsApply(_) => false,
        }
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

/// A look at a slot.
struct Look<'a> {
    case: SlotCase<'a>,
    deliveries: Deliveries<'a>,
    /// The keys of the slot, the oldest first.
    keys: Vec<&'a LiveKey>,
    work: Vec<SlotWork>,
    waits: Vec<SlotWait>,
}

impl<'a> Look<'a> {
    /// Returns the youngest key whose deliveries are confirmed.
    fn current(&self) -> Option<&'a LiveKey> {
        self.keys.iter().rev().copied().find(|key| since(key).is_some())
    }

    /// Returns the secrets that the work delivers to and that hold no key of the slot yet.
    fn new_places(&self) -> Vec<SecretPlace> {
        let delivers = |work: &SlotWork| matches!(work, SlotWork::Make { .. } | SlotWork::Finish { .. });
        if !self.work.iter().any(delivers) {
            return Vec::new();
        }
        let keys: Vec<_> = self.keys.iter().map(|key| &key.access_key).collect();
        self.deliveries.new_to(&keys).filter_map(Delivery::secret).cloned().collect()
    }

    fn judge(&mut self, current: Option<&'a LiveKey>) {
        self.waits.extend(self.deliveries.blocks());
        if !self.waits.is_empty() || self.under_way() {
            return;
        }
        self.shortened();
        if self.case.hands == &Hands::Unasked {
            self.waits.extend(self.deliveries.to_be_named().cloned().map(SlotWait::Unnamed));
        }
        let current = match (current, self.case.occasion) {
            (Some(current), _) => Some(current),
            (None, _) if self.case.slot.adopt.is_none() => None,
            (None, Occasion::Files) => match self.adopt() {
                Some(adopted) => Some(adopted),
                None => return,
            },
            // Which key is the current one is for an apply of the files to settle.
            (None, Occasion::Saved | Occasion::Due | Occasion::Asked) => {
                self.waits.push(SlotWait::NeedsApply(Due::First));
                return;
            }
        };
        if let Some(current) = current {
            self.still_adopts(current);
        }
        match self.case.occasion {
            Occasion::Files => {
                self.rename();
                self.sweep();
                self.clear(current);
                self.renew(current);
            }
            Occasion::Due => {
                self.sweep();
                self.clear(current);
                self.renew(current);
            }
            Occasion::Saved | Occasion::Asked => self.renew(current),
        }
    }

    /// Leaves the slot to a run that may still be at work on it.
    fn under_way(&mut self) -> bool {
        let young = self.keys.iter().filter(|key| since(key).is_none());
        let young = young.map(|key| (key, after(key.created_at, UNDER_WAY)));
        let young = young.filter(|(_, until)| *until > self.case.now).max_by_key(|(_, until)| *until);
        let Some((key, until)) = young else { return false };
        self.waits.push(SlotWait::UnderWay { key: key.access_key.clone(), until });
        true
    }

    /// Takes the key in that `adopt` names, where the slot has none.
    fn adopt(&mut self) -> Option<&'a LiveKey> {
        let wanted = self.case.slot.adopt.as_ref()?;
        let found = self.case.keys.iter().find(|key| key.access_key == *wanted);
        let bad = match found {
            None => BadAdoption::NotThere,
            Some(key) if key.marking != Marking::None => BadAdoption::Marked,
            Some(key) if !key.ordinary => BadAdoption::NotOrdinary,
            Some(key) => {
                self.work.push(SlotWork::Adopt { key: wanted.clone() });
                return Some(key);
            }
        };
        self.waits.push(SlotWait::Adopt(wanted.clone(), bad));
        None
    }

    /// Says of a slot that has a key that it cannot take in another one, unless that one is older: then it had its time.
    fn still_adopts(&mut self, current: &LiveKey) {
        let Some(wanted) = &self.case.slot.adopt else { return };
        let found = self.case.keys.iter().find(|key| key.access_key == *wanted);
        let Some(found) = found.filter(|key| key.age() > current.age()) else { return };
        if !self.case.is_of(found) {
            self.waits.push(SlotWait::Adopt(wanted.clone(), BadAdoption::SlotTaken));
        }
    }

    fn rename(&mut self) {
        for key in &self.keys {
            let Some(mark) = key.marking.mark().filter(|mark| mark.slot != *self.case.name) else { continue };
            self.work.push(SlotWork::Rename { key: key.access_key.clone(), stage: mark.stage });
        }
    }

    /// Takes away versions whose key is gone: nobody can use what they hold.
    fn sweep(&mut self) {
        let dead = |key: &AccessKeyId| !self.case.live.all.contains(key);
        self.work.extend(self.deliveries.sweeps(dead));
        self.work.extend(self.deliveries.twins());
    }

    /// Says which keys may go.
    fn clear(&mut self, current: Option<&'a LiveKey>) {
        let finish = self.to_finish(current);
        for key in self.keys.clone() {
            let name = &key.access_key;
            if current.is_some_and(|it| it.access_key == *name)
                || finish.is_some_and(|it| it.access_key == *name)
            {
                continue;
            }
            let own = self.case.own == Some(name);
            if since(key).is_none() && self.deliveries.never_had(name) {
                self.work.push(SlotWork::Discard { key: name.clone() });
                continue;
            }
            // What nothing has replaced stays.
            let Some(current) = current.filter(|current| current.age() > key.age()) else { continue };
            let successor = self.keys.iter().filter(|it| it.age() > key.age()).find_map(|it| since(it));
            // An adopted key is in use from now on.
            let until = after(successor.unwrap_or(self.case.now), self.case.slot.overlap);
            if until > self.case.now {
                self.waits.push(SlotWait::Overlap { key: name.clone(), until });
            } else if let Some(delivery) = self.deliveries.without(&current.access_key) {
                self.waits.push(SlotWait::Undelivered { key: name.clone(), delivery: delivery.clone() });
            } else if own {
                self.waits.push(SlotWait::OwnKey(name.clone()));
            } else if !key.ordinary {
                self.waits.push(SlotWait::NotOrdinary(name.clone()));
            } else {
                self.work.push(SlotWork::Retire { key: name.clone() });
            }
        }
    }

    /// Returns the key that an earlier run made and did not finish, where its secret half can still be read.
    fn to_finish(&self, current: Option<&LiveKey>) -> Option<&'a LiveKey> {
        let youngest = self.keys.iter().rev().copied().filter(|key| since(key).is_none());
        let mut younger = youngest.filter(|key| current.is_none_or(|current| key.age() > current.age()));
        younger.find(|key| self.due(key).is_none() && self.deliveries.can_give(&key.access_key))
    }

    /// Returns why time asks for another key than this one.
    fn due(&self, key: &LiveKey) -> Option<Due> {
        let (now, slot) = (self.case.now, self.case.slot);
        let expires = key.expires_at.filter(|at| *at <= after(now, slot.rotate_before)).map(Due::Expires);
        let older = Some(after(key.created_at, slot.expires_after)).filter(|at| *at <= now).map(Due::Older);
        let made = slot.made_after.filter(|at| *at <= now && key.created_at < *at).map(Due::MadeBefore);
        expires.or(older).or(made)
    }

    /// Finishes a key, or makes one, where that is due.
    fn renew(&mut self, current: Option<&'a LiveKey>) {
        let occasion = self.case.occasion;
        if let (Some(key), Occasion::Files | Occasion::Due) = (self.to_finish(current), occasion) {
            if current.is_none() && occasion == Occasion::Due {
                self.waits.push(SlotWait::NeedsApply(Due::NoCurrent));
            } else if self.may_deliver(Some(&key.access_key)) {
                self.work.push(SlotWork::Finish { key: key.access_key.clone() });
            }
            return;
        }
        let Some(why) = self.why(current) else { return };
        let done = match occasion {
            Occasion::Files | Occasion::Asked => true,
            Occasion::Saved => why == Due::First,
            Occasion::Due => why.by_time(),
        };
        if !done {
            self.waits.push(SlotWait::NeedsApply(why));
        } else if self.may_deliver(None) && self.lives_long_enough() && !self.is_stuck(current) {
            self.work.push(SlotWork::Make { why });
        }
    }

    fn why(&self, current: Option<&LiveKey>) -> Option<Due> {
        if self.case.occasion == Occasion::Asked {
            return Some(Due::Asked);
        }
        let Some(current) = current else {
            let unfinished = self.keys.iter().any(|key| !self.deliveries.never_had(&key.access_key));
            return Some(if unfinished { Due::NoCurrent } else { Due::First });
        };
        let stuck = || self.stuck(Some(current)).next().map(|key| Due::Unfinished(key.access_key.clone()));
        let lacks = || self.deliveries.without(&current.access_key).cloned().map(Due::NotDelivered);
        self.due(current).or_else(stuck).or_else(lacks)
    }

    /// Returns the unfinished keys that may only go once a younger one is delivered.
    fn stuck(&self, current: Option<&LiveKey>) -> impl Iterator<Item = &'a LiveKey> {
        let younger = move |key: &&LiveKey| current.is_none_or(|current| key.age() > current.age());
        let held = |key: &&LiveKey| since(key).is_none() && !self.deliveries.never_had(&key.access_key);
        self.keys.iter().copied().filter(younger).filter(held).collect::<Vec<_>>().into_iter()
    }

    fn is_stuck(&mut self, current: Option<&LiveKey>) -> bool {
        let stuck: Vec<_> = self.stuck(current).map(|key| key.access_key.clone()).collect();
        let too_many = stuck.len() >= MOST_STUCK;
        if too_many {
            self.waits.push(SlotWait::Stuck(stuck));
        }
        too_many
    }

    /// Says whether all deliveries take another key, or the rest of one that some of them have.
    fn may_deliver(&mut self, key: Option<&AccessKeyId>) -> bool {
        let mut waits: Vec<_> = self.deliveries.full(key).cloned().map(SlotWait::Full).collect();
        if self.case.occasion == Occasion::Due {
            let keys: Vec<_> = self.keys.iter().map(|key| &key.access_key).collect();
            waits.extend(self.deliveries.new_to(&keys).cloned().map(SlotWait::NewPlace));
        }
        let may = waits.is_empty();
        self.waits.extend(waits);
        may
    }

    fn lives_long_enough(&mut self) -> bool {
        let Some(longest) = self.case.live.longest_life else { return true };
        let enough = longest.saturating_sub(MARGIN) > self.case.slot.rotate_before;
        if !enough {
            self.waits.push(SlotWait::TooShort(longest));
        }
        enough
    }

    /// Says that keys live shorter than files say, where the organization does not let them live so long.
    fn shortened(&mut self) {
        let slot = self.case.slot;
        let Some(longest) = self.case.live.longest_life.filter(|longest| *longest < slot.expires_after)
        else {
            return;
        };
        if longest.saturating_sub(MARGIN) > slot.rotate_before {
            self.waits.push(SlotWait::Shortened { longest, at: slot.at.clone() });
        }
    }
}
