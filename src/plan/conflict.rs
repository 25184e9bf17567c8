//! Declared objects that no plan may change.

use crate::model::{Address, Owner, Place};

/// A declared object that the plan must not change, so the plan is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The object.
    pub address: Address,
    /// Why.
    pub kind: ConflictKind,
    /// Where it is declared.
    pub at: Option<Place>,
}

/// Why a declared object must not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictKind {
    /// It belongs to somebody else.
    Owned(Owner),
    /// A Scaleway product manages it, or it is built in.
    Managed,
    /// It is listed as external, and this stack owns it.
    ExternalButOwned,
    /// The new and the old name are both live and owned.
    BothLive {
        /// The one that has the old name.
        previously: Address,
    },
}
