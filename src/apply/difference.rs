//! What does not match the outcome of a plan after an apply.

use std::fmt;

use crate::live;
use crate::model::Address;

/// A changed object that does not match the outcome of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub address: Address,
    /// The field, as the API names it; `None` for the object itself.
    pub field: Option<&'static str>,
    /// The outcome of the plan, in words.
    pub wanted: String,
    /// What was found, in words.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, field, wanted, found } = self;
        match field {
            Some(field) => write!(f, "{address}: {field} was to be {wanted} and is {found}"),
            None => write!(f, "{address} was to be {wanted} and is {found}"),
        }
    }
}

impl Difference {
    pub(super) fn whole(address: &Address, wanted: &str, found: impl Into<String>) -> Self {
        Self { address: address.clone(), field: None, wanted: wanted.to_owned(), found: found.into() }
    }

    pub(super) fn unread(address: &Address, wanted: &str, error: &live::Error) -> Self {
        let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
        Self::whole(address, wanted, format!("unreadable: {error}{source}"))
    }
}
