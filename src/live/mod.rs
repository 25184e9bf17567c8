//! API → [`State`] and [`Ids`]: the live side, whole or not at all.
//!
//! [`refresh()`] asks for all lists at once, and for the rules of each policy as soon as the policies are there. What comes
//! is then turned into the model by pure functions: names where they are good and unique, ids otherwise.
//!
//! ```text
//! users ────────────┐
//! applications ─────┤
//! groups ───────────┼─▶ Answers ─assemble─▶ Live { state, ids, titles, duplicates, … }
//! policies ─▶ rules ┤
//! projects, … ──────┘
//! ```
mod access_keys;
mod answers;
mod application;
mod caller;
mod error;
mod group;
mod keys;
mod meta;
mod oldest_keys;
mod policy;
mod refresh;
mod rule;
mod seen;
mod snapshot;
mod state;
mod user;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jiff::Timestamp;

pub use self::access_keys::access_keys;
pub use self::caller::{ApiCaller, Unresolved, caller};
pub use self::error::Error;
pub use self::oldest_keys::oldest_keys;
pub use self::refresh::refresh;
pub use self::seen::{Known, LiveObject, ObjectAnswer, api_id, get, list, rules};
pub use self::snapshot::snapshot;
use crate::model::{Address, Catalogue, Id, Ids, State};

/// What to read besides users, applications, groups, policies and rules, which the access of anybody depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveNeeds {
    /// The projects, for their names. It is the slowest list.
    pub projects: bool,
    /// The permission sets that the organization can grant.
    pub permission_sets: bool,
    /// The quotas.
    pub quota: bool,
}

/// The live side of an organization.
#[derive(Debug, Clone)]
pub struct Live {
    /// Everything that access depends on.
    pub state: State,
    /// The id of every user, application, group and policy.
    pub ids: Ids,
    /// The live name of what goes by its id, because the name is not unique or no good one. For users the e-mail address.
    pub titles: HashMap<Id, String>,
    /// The good names that several live objects of a kind bear, with their ids, the one that was made first at the head.
    pub duplicates: BTreeMap<Address, Vec<Id>>,
    /// When the oldest API key of each application with keys was made; empty until [`oldest_keys()`] reads it.
    pub oldest_keys: HashMap<Address, Timestamp>,
    /// The permission sets that the organization can grant; `None` unless asked for.
    pub catalogue: Option<Catalogue>,
    /// How many there may be of what each quota counts, by the quota's name, where the quota is one number for the whole
    /// organization; `None` for no limit. Empty unless asked for.
    pub quotas: BTreeMap<String, Option<u64>>,
    /// What to tell about the answers, each once.
    pub notices: Vec<Notice>,
}

/// Something in the API's answers that this version does not know, and does not compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// A field.
    UnknownField {
        /// The kind of object, `policy` for example.
        kind: &'static str,
        /// The field's JSON name, escaped.
        field: String,
    },
    /// A value of a field with known values.
    UnknownValue {
        /// The kind of object.
        kind: &'static str,
        /// The field's JSON name.
        field: String,
        /// The value, escaped.
        value: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { kind, field } => {
                write!(f, "the API serves the field `{field}` in {kind}, which this version does not know")
            }
            Self::UnknownValue { kind, field, value } => {
                write!(f, "the API serves `{value}` as `{field}` in {kind}, which this version does not know")
            }
        }
    }
}
