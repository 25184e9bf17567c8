//! What is to be done about a slot, and what it is judged from.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::model::{
    AccessKeyId, Address, CommandLabel, Delivery, KeySlot, KeyStage, LiveKey, LiveKeys, Place, SecretPlace,
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
    pub(super) const fn by_time(&self) -> bool {
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
    /// A scheduled job delivers nowhere that has no key of the slot.
    NewPlace(Delivery),
    /// The organization lets keys live so long, which is shorter than the slot says.
    Shortened {
        /// How long.
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
        // A mark cannot be older than its key, whoever wrote it.
        KeyStage::Ok(since) => Some(since.max(key.created_at)),
        KeyStage::New => None,
    }
}

pub(super) fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
