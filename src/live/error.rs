//! Why the live side could not be read.
use crate::api;
use crate::model::{Address, Id};

/// Why the live side could not be read. A partial result is never used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call failed.
    #[error("could not read {what}")]
    Read {
        /// What was to be read, `the policies` for example.
        what: String,
        /// How the call failed.
        source: api::Error,
    },
    /// An object of another organization.
    #[error("{what} belongs to the organization {found}, not to {wanted}")]
    Foreign {
        /// The object.
        what: String,
        /// The organization that it names.
        found: String,
        /// The organization that was to be read.
        wanted: Id,
    },
    /// An answer that the model cannot take.
    #[error("{what}: {why}")]
    Shape {
        /// The object, or the field of it.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A policy of which fewer rules are listed than it counts itself, also when read again.
    #[error("{policy} has {counted} rules, of which only {listed} could be read")]
    MissingRules {
        /// The policy.
        policy: String,
        /// How many rules it counts itself.
        counted: u64,
        /// How many are listed.
        listed: usize,
    },
    /// Two objects of one id.
    #[error("{first} and {second} have the same id")]
    SameId {
        /// The one that came first.
        first: Address,
        /// The other one.
        second: Address,
    },
}

impl Error {
    /// Returns the id of the answered request that it is about, where there is one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Read { source, .. } => source.request_id(),
            Self::Foreign { .. } | Self::Shape { .. } | Self::MissingRules { .. } | Self::SameId { .. } => {
                None
            }
        }
    }

    /// Returns what makes the error of a failed call, for `map_err`.
    pub(super) fn reading(what: impl Into<String>) -> impl FnOnce(api::Error) -> Self {
        |source| Self::Read { what: what.into(), source }
    }

    pub(super) fn shape(what: impl Into<String>, why: &impl ToString) -> Self {
        Self::Shape { what: what.into(), why: why.to_string() }
    }
}
