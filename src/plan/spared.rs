//! Objects that stay as they are.

use crate::model::{Address, Stack};

/// An object that stays as it is: one that no file declares, or one that is declared and that no plan changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spared {
    /// The object.
    pub address: Address,
    /// Why it stays.
    pub reason: SparedReason,
}

/// Why an object stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SparedReason {
    /// The files have no section for its kind.
    SectionAbsent,
    /// The files name no stack, so nothing is ever deleted.
    NoStack,
    /// No stack owns it.
    NotOwned,
    /// This stack owns it.
    Other(Stack),
    /// Its tags name several owners, or none that can be.
    Unclear,
    /// `settings.prune` is `none`.
    PruneNone,
    /// A Scaleway product manages it, or it is built in.
    Managed,
    /// The API does not let it be deleted.
    NotDeletable,
    /// It is listed as external.
    External,
    /// It is what a declared object was named before.
    Renamed,
    /// It is the owner of the organization, whom no plan changes; with the fields in which the files differ, where they
    /// declare them.
    Owner(Vec<&'static str>),
    /// It is the caller, whom no plan changes; with the same fields.
    Caller(Vec<&'static str>),
    /// An identity provider provisions it by SCIM; with the same fields.
    Provisioned(Vec<&'static str>),
}

impl SparedReason {
    /// Returns the fields in which a declared object differs from the files and is left as it is.
    #[must_use]
    pub fn differs(&self) -> &[&'static str] {
        match self {
            Self::Owner(fields) | Self::Caller(fields) | Self::Provisioned(fields) => fields,
            Self::SectionAbsent
            | Self::NoStack
            | Self::NotOwned
            | Self::Other(_)
            | Self::Unclear
            | Self::PruneNone
            | Self::Managed
            | Self::NotDeletable
            | Self::External
            | Self::Renamed => &[],
        }
    }
}
