//! What files call what objects hold by id.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::model::Id;

/// What files call what objects hold by id.
pub(in crate::config) struct Names {
    pub(super) aliases: HashMap<Id, String>,
    /// An end that is past by then stays in the condition's text.
    pub(in crate::config) now: Timestamp,
}

impl Names {
    /// Returns the name of a project.
    pub(in crate::config) fn project(&self, id: Id) -> Option<&str> {
        self.aliases.get(&id).map(String::as_str)
    }

    /// Returns the names of projects, sorted.
    pub(in crate::config) fn projects(&self, ids: &BTreeSet<Id>) -> BTreeSet<&str> {
        ids.iter().filter_map(|id| self.project(*id)).collect()
    }
}
