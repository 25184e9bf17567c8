//! The permission sets that the API knows.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::chance::Chance;
use super::organization::{Ask, Needed, Organization};
use super::page::{Key, Listing, Total};
use super::reply::Answer;
use super::table::{Row, Table};

/// A permission set as the documentation of March 2026 lists it.
struct PermissionSet {
    id: String,
    name: &'static str,
    scope_type: &'static str,
    category: &'static str,
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
    orders: &[("name", |set| Key::text(set.name))],
};

/// Name, scope type and category of each, a line for each.
fn published() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = include_str!("permission_sets.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.split('\t');
        Some((words.next()?, words.next()?, words.next()?))
    })
}

/// All sets; their ids are made up, but always the same.
static SETS: LazyLock<Table<PermissionSet>> = LazyLock::new(|| {
    let mut table = Table::default();
    let mut chance = Chance::new(0);
    for (name, scope_type, category) in published() {
        let id = chance.draw(&[b"permission-set", name.as_bytes()]).uuid();
        table.insert(PermissionSet { id, name, scope_type, category });
    }
    table
});

static SCOPE_TYPES: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| published().map(|(name, scope_type, _)| (name, scope_type)).collect());

/// Returns the scope type of a set: `projects` or `organization`; `None` for an unknown set.
pub(super) fn scope_type(name: &str) -> Option<&'static str> {
    SCOPE_TYPES.get(name).copied()
}

impl Organization {
    pub(super) fn list_permission_sets(&self, ask: &mut Ask<'_>) -> Answer {
        self.own_list(ask, Needed::Yes, "permission_set")?;
        LISTING.answer(&mut ask.query, &SETS, |_| true, |set: &PermissionSet| -> Value {
            json!({"id": set.id, "name": set.name, "scope_type": set.scope_type, "description": "", "categories": [set.category]})
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
        assert!(SETS.len() > 150, "{}", SETS.len());
        assert!(published().all(|(_, scope_type, _)| ["projects", "organization"].contains(&scope_type)));
    }
}
