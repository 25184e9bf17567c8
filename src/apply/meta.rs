//! What every kind that files declare has, as the requests take it.

use crate::model::{Address, Key, Meta};

/// What a PATCH changes of it; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub(super) struct MetaChange {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) tags: Option<Vec<String>>,
}

impl MetaChange {
    /// Returns what differs between both, and the name where the object is renamed.
    pub(super) fn between(address: &Address, from: Option<&Key>, before: &Meta, after: &Meta) -> Self {
        let tags_differ = (&before.tags, &before.owner) != (&after.tags, &after.owner);
        Self {
            name: from.and_then(|_| address.key().title()).map(str::to_owned),
            description: (before.description != after.description).then(|| after.description.clone()),
            tags: tags_differ.then(|| after.wire_tags()),
        }
    }
}
