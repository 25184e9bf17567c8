//! What planning knows of the live side.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::slot::KeyFacts;
use crate::model::{Address, GuardFacts, Id, Ids, Principal, Scim, State};

/// Facts about the live side, for planning.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The live state.
    pub live: &'a State,
    /// The ids of its objects.
    pub ids: &'a Ids,
    /// The live names of objects that are keyed by their ids.
    pub titles: &'a HashMap<Id, String>,
    /// Names that several live objects have, with the objects' ids.
    pub duplicates: &'a BTreeMap<Address, Vec<Id>>,
    /// When the oldest API key of an application was made, where it was read.
    pub oldest_keys: &'a HashMap<Address, Timestamp>,
    /// What is known of the API keys of applications whose keys files declare.
    pub keys: KeyFacts<'a>,
    /// What is known about people beyond their list.
    pub people: PeopleFacts<'a>,
    /// The additional facts that guards need, if they were read.
    pub guards: Option<&'a GuardFacts>,
    /// Who runs the plan.
    pub caller: &'a Caller,
    /// What time it is.
    pub now: Timestamp,
}

/// What is known about people beyond their list.
#[derive(Debug, Clone, Copy)]
pub struct PeopleFacts<'a> {
    /// How many API keys each person has, where they were read.
    pub keys: Option<&'a HashMap<Address, u32>>,
    /// Whether an identity provider provisions people.
    pub scim: Scim,
}

impl PeopleFacts<'_> {
    /// Nothing is known.
    pub const NONE: Self = Self { keys: None, scim: Scim::Unread };
}

/// Who runs a plan, so that they do not lock themselves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The holder of the API key that is used.
    Known(Principal),
    /// An unknown caller, and why they are unknown.
    Unresolved(String),
}

impl Caller {
    /// Returns the caller by the name that the plan has for what is live at an address.
    pub(super) fn renamed<'a>(&self, plans: impl Fn(&Address) -> Option<&'a Address>) -> Self {
        match self {
            Self::Known(principal) => {
                let moved = plans(&principal.address()).and_then(Address::principal);
                Self::Known(moved.unwrap_or_else(|| principal.clone()))
            }
            Self::Unresolved(_) => self.clone(),
        }
    }
}
