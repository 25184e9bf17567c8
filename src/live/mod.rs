//! API → [`State`] and [`Ids`]: the complete live side, or an error.
//!
//! [`refresh()`] asks for all lists at once, and for the rules of each policy as soon as the policies are there. What comes
//! is then turned into the model by pure functions: names if they are valid and unique, ids otherwise.
//!
//! ```text
//! users ────────────┐
//! applications ─────┤
//! groups ───────────┼─▶ Answers ─assemble─▶ Live { state, ids, titles, duplicates, … }
//! policies ─▶ rules ┤
//! projects, … ──────┘
//! ```
mod access_keys;
mod activity;
mod answers;
mod any;
mod api_keys;
mod application;
mod caller;
mod delivered_keys;
mod diagnosis;
mod error;
mod group;
mod guard_facts;
mod inventory;
mod keys;
mod meta;
mod oldest_keys;
mod organization_settings;
mod policy;
mod projects;
mod provisioning;
mod refresh;
mod rule;
mod seen;
mod snapshot;
mod ssh_key;
mod state;
mod user;
mod writes;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use jiff::Timestamp;

pub use self::access_keys::access_keys;
pub use self::activity::{ActivityQuery, principal_activity};
pub use self::any::{get, list};
pub use self::api_keys::{key_of, live_keys, live_secret};
pub use self::caller::{ApiCaller, Unresolved, caller};
pub use self::delivered_keys::REGIONS;
pub use self::diagnosis::{Diagnosis, Part, Readability};
pub use self::error::Error;
pub use self::guard_facts::guard_facts;
pub use self::inventory::inventory;
pub use self::oldest_keys::{HeldKeys, held_keys, oldest_keys};
pub use self::projects::projects;
pub use self::provisioning::{SamlSwitch, saml};
pub use self::refresh::{may_read, refresh};
pub use self::seen::{Known, LiveObject, ObjectAnswer, api_id, rules};
pub use self::snapshot::snapshot;
pub use self::writes::{WriteQuery, logged_writes, recorded_writes};
use crate::model::{Address, Catalogue, Id, Ids, Inventory, Kind, Quota, Scim, State};

/// What to read besides users, applications, groups, policies and rules, which the access of anybody depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveNeeds {
    /// Further kinds of objects.
    pub kinds: BTreeSet<Kind>,
    /// The projects, for their names. It is the slowest list.
    pub projects: bool,
    /// The permission sets that the organization can grant.
    pub permission_sets: bool,
    /// The quotas.
    pub quota: bool,
    /// Whether an identity provider provisions people.
    pub scim: bool,
}

/// The live side of an organization.
#[derive(Debug, Clone)]
pub struct Live {
    /// Everything that access depends on.
    pub state: State,
    /// The id of every object.
    pub ids: Ids,
    /// The live name of an object that is keyed by its id, because the name is not unique or not valid. For users, the
    /// e-mail address.
    pub titles: HashMap<Id, String>,
    /// The valid names that several live objects of a kind have, with their ids, the oldest object first.
    pub duplicates: BTreeMap<Address, Vec<Id>>,
    /// When the oldest API key of each application with keys was made; empty until [`oldest_keys()`] reads it.
    pub oldest_keys: HashMap<Address, Timestamp>,
    /// How many API keys each person has; `None` until [`oldest_keys()`] reads it.
    pub people_keys: Option<HashMap<Address, u32>>,
    /// Whether an identity provider provisions people, where it was asked for.
    pub scim: Scim,
    /// The permission sets that the organization can grant; `None` unless asked for.
    pub catalogue: Option<Catalogue>,
    /// The quotas that are one number for the whole organization.
    /// Empty unless asked for.
    pub quotas: Vec<Quota>,
    /// What a report knows beside access; keys and settings are unread until [`inventory()`] reads them.
    pub inventory: Inventory,
    /// Warnings about the answers, each once.
    pub notices: Vec<Notice>,
}

/// A note about the API's answers: something that this version does not know and does not compare, or that could not be read
/// although that is not an error.
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
    /// The key may not read whether SCIM is on.
    ScimUnread,
    /// A username changes while SAML is on, or may be on because the key may not read that.
    NewUsername {
        /// Whose.
        person: String,
        /// Whether it is known to be on.
        saml: SamlSwitch,
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
            Self::ScimUnread => f.write_str(
                "cannot tell whether SCIM provisions people: the key may not read `/scim` of the organization \
                 (OrganizationReadOnly is enough)",
            ),
            Self::NewUsername { person, saml: SamlSwitch::On } => write!(
                f,
                "the username of {person} changes, and SAML is on: its log-in goes by the username, so that it has to \
                 change at the identity provider too"
            ),
            Self::NewUsername { person, saml: SamlSwitch::Unread | SamlSwitch::Off } => write!(
                f,
                "the username of {person} changes, and the key may not read whether SAML is on (OrganizationReadOnly is \
                 enough): its log-in goes by the username"
            ),
        }
    }
}
