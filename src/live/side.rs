//! The live side of an organization, and what is read of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::notice::Notice;
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
    /// When the oldest API key of each application with keys was made; empty until [`oldest_keys()`](super::oldest_keys()) reads it.
    pub oldest_keys: HashMap<Address, Timestamp>,
    /// How many API keys each person has; `None` until [`oldest_keys()`](super::oldest_keys()) reads it.
    pub people_keys: Option<HashMap<Address, u32>>,
    /// Whether an identity provider provisions people, where it was asked for.
    pub scim: Scim,
    /// The permission sets that the organization can grant; `None` unless asked for.
    pub catalogue: Option<Catalogue>,
    /// The quotas that are one number for the whole organization.
    /// Empty unless asked for.
    pub quotas: Vec<Quota>,
    /// What a report knows beside access; keys and settings are unread until [`inventory()`](super::inventory()) reads them.
    pub inventory: Inventory,
    /// Warnings about the answers, each once.
    pub notices: Vec<Notice>,
}
