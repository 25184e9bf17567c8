//! Why no plan can be made.

use super::step::Reason;
use crate::model::{Address, Id, Place};

/// Why no plan can be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A declared or owned name that two live objects have.
    #[error("{address} is the name of {} live objects: {}", ids.len(), list(ids))]
    Duplicate {
        /// The name.
        address: Address,
        /// The objects.
        ids: Vec<Id>,
        /// Where the name is declared.
        at: Option<Box<Place>>,
    },
    /// An `id` that no live object has.
    #[error("{address} is declared with the id {id}, which no live object has")]
    UnknownId {
        /// What is declared.
        address: Address,
        /// The id.
        id: Id,
        /// Where it is declared.
        at: Option<Box<Place>>,
    },
    /// An `id` of an object of another kind.
    #[error("{address} is declared with the id {id}, which is that of {live}")]
    IdOfOther {
        /// What is declared.
        address: Address,
        /// The id.
        id: Id,
        /// What has the id.
        live: Box<Address>,
        /// Where it is declared.
        at: Option<Box<Place>>,
    },
    /// Two declared objects that are one live object.
    #[error("{first} and {second} are both the live {live}")]
    MatchedTwice {
        /// The live object.
        live: Box<Address>,
        /// The one that is declared first.
        first: Box<Address>,
        /// The other one.
        second: Box<Address>,
    },
    /// A name that another live object still has.
    #[error("{address} cannot take its name: another live object has it{}", id.map(|id| format!(" ({id})")).unwrap_or_default())]
    NameTaken {
        /// Who is to take the name.
        address: Address,
        /// The object that has it.
        id: Option<Id>,
    },
    /// Renames that wait for each other.
    #[error("the renames around {0} wait for each other")]
    NamesInACircle(Address),
    /// Dependencies that close a cycle: a bug.
    #[error("planner bug: edges of the kind {0:?} close a cycle; please report it with the input")]
    Cycle(Reason),
    /// A rehearsal that failed: a bug.
    #[error("planner bug: {}; please report it with the input", .0.0)]
    Bug(Bug),
}

impl Error {
    /// Returns what may help, where that is known.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Duplicate { .. } => Some("say which one is meant with `id:`, or rename the others"),
            Self::MatchedTwice { .. } => Some("declare each live object once"),
            Self::NamesInACircle(_) => Some(
                "rename one of them to a third name first, apply, and then to the name that it is to have",
            ),
            Self::UnknownId { .. }
            | Self::IdOfOther { .. }
            | Self::NameTaken { .. }
            | Self::Cycle(_)
            | Self::Bug(_) => None,
        }
    }

    /// Returns where in the files the reason stands, where it stands in one.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Duplicate { at, .. } | Self::UnknownId { at, .. } | Self::IdOfOther { at, .. } => {
                at.as_deref()
            }
            Self::MatchedTwice { .. }
            | Self::NameTaken { .. }
            | Self::NamesInACircle(_)
            | Self::Cycle(_)
            | Self::Bug(_) => None,
        }
    }
}

pub(super) fn list(ids: &[Id]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A plan that does not do what it shows, found before anybody saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bug(pub(super) String);
