//! The permission sets that the API knows.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::organization::{HandlerRequest, Needed, Organization};
use super::page::{Listing, SortKey, Total};
use super::reply::Handled;
use super::rng::Rng;
use super::table::{Row, Table};

/// A permission set, as the documentation of November 2026 lists it or as a rule of the state shows it.
struct PermissionSet {
    id: String,
    name: String,
    scope_type: String,
    categories: Vec<&'static str>,
}

impl Row for PermissionSet {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

const LISTING: Listing<PermissionSet> = Listing {
    items: "permission_sets",
    total: Total::Last,
    size: 20,
    // The published schema's default.
    default: "name_asc",
    orders: &[("name", |set| SortKey::text(&set.name))],
};

/// Name, scope type and category of each, a line for each.
fn published() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = include_str!("permission_sets.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.split('\t');
        Some((words.next()?, words.next()?, words.next()?))
    })
}

/// The sets that an organization knows: those published, and those that the rules of its state have.
#[derive(Default)]
pub(super) struct PermissionSets {
    table: Table<PermissionSet>,
    scope_types: HashMap<String, String>,
}

impl PermissionSets {
    pub(super) fn published() -> Self {
        let mut sets = Self::default();
        for (name, scope_type, category) in published() {
            sets.insert(name, scope_type, vec![category]);
        }
        sets
    }

    /// Takes a set from a rule: one newer than the published list is one that its rule may keep.
    pub(super) fn learn(&mut self, name: &str, scope_type: &str) {
        if ["projects", "organization"].contains(&scope_type) && self.scope_type(name).is_none() {
            self.insert(name, scope_type, Vec::new());
        }
    }

    /// Adds a set; its id is made up, but always the same.
    fn insert(&mut self, name: &str, scope_type: &str, categories: Vec<&'static str>) {
        let id = Rng::new(0).draw(&[b"permission-set", name.as_bytes()]).uuid();
        let (name, scope_type) = (name.to_owned(), scope_type.to_owned());
        self.scope_types.insert(name.clone(), scope_type.clone());
        self.table.insert(PermissionSet { id, name, scope_type, categories });
    }

    /// Returns the scope type of a set: `projects` or `organization`; `None` for an unknown set.
    pub(super) fn scope_type(&self, name: &str) -> Option<&str> {
        self.scope_types.get(name).map(String::as_str)
    }
}

/// Returns the scope type of a published set.
pub(super) fn scope_type(name: &str) -> Option<&'static str> {
    static SCOPE_TYPES: LazyLock<HashMap<&'static str, &'static str>> =
        LazyLock::new(|| published().map(|(name, scope_type, _)| (name, scope_type)).collect());
    SCOPE_TYPES.get(name).copied()
}

impl Organization {
    pub(super) fn list_permission_sets(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "permission_set")?;
        LISTING.answer(&mut ask.query, &self.permission_sets.table, |_| true, |set: &PermissionSet| -> Value {
            json!({"id": set.id, "name": set.name, "scope_type": set.scope_type, "description": "", "categories": set.categories})
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_sets_have_their_scope_types() {
        assert_eq!(scope_type("IAMManager"), Some("organization"));
        assert_eq!(scope_type("AllProductsFullAccess"), Some("projects"));
        assert_eq!(scope_type("InstanceFullAccess"), None);
        let mut sets = PermissionSets::published();
        assert!(sets.table.len() > 202, "{}", sets.table.len());
        assert!(published().all(|(_, scope_type, _)| ["projects", "organization"].contains(&scope_type)));
        sets.learn("NewerFullAccess", "projects");
        sets.learn("IAMManager", "projects");
        sets.learn("OrphanedFullAccess", "unknown_scope_type");
        assert_eq!(sets.scope_type("NewerFullAccess"), Some("projects"));
        assert_eq!(sets.scope_type("IAMManager"), Some("organization"), "what is published stands");
        assert_eq!(sets.scope_type("OrphanedFullAccess"), None);
    }
}
