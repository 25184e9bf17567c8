//! What has to be left alone in a slot, and why.

use jiff::{SignedDuration, Timestamp};

use super::Due;
use crate::model::{AccessKeyId, Delivery, Place, SecretPlace, Stack};

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
