//! What there is to do for a slot, and why.

use std::fmt;

use jiff::Timestamp;

use crate::model::{AccessKeyId, Delivery, KeyStage, SecretPlace};

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
