//! The objects of one kind: found by id, walked in the order of their creation.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

/// What a table keeps.
pub(super) trait Row {
    /// The id, or the access key.
    fn id(&self) -> &str;
    fn created_at(&self) -> Timestamp;
    fn updated_at(&self) -> Timestamp {
        self.created_at()
    }
}

/// Makes a type with the fields `id`, `created_at` and `updated_at` a row.
macro_rules! row {
    ($row:ty) => {
        impl $crate::emulator::table::Row for $row {
            fn id(&self) -> &str {
                &self.id
            }
            fn created_at(&self) -> jiff::Timestamp {
                self.created_at
            }
            fn updated_at(&self) -> jiff::Timestamp {
                self.updated_at
            }
        }
    };
}
pub(super) use row;

/// The objects of one kind. Ties in the order of creation are broken by id.
pub(super) struct Table<T> {
    rows: HashMap<String, T>,
    order: BTreeSet<(Timestamp, String)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: HashMap::new(), order: BTreeSet::new() }
    }
}

impl<T: Row> Table<T> {
    /// Adds an object; one of the same id is replaced.
    pub(super) fn insert(&mut self, row: T) {
        self.remove(row.id());
        self.order.insert((row.created_at(), row.id().to_owned()));
        self.rows.insert(row.id().to_owned(), row);
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        let row = self.rows.remove(id)?;
        self.order.remove(&(row.created_at(), id.to_owned()));
        Some(row)
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(id)
    }

    /// Gives an object to change; its id and `created_at` must stay.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.rows.get_mut(id)
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the latest time at which an object was made or changed.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.rows.values().map(|row| row.updated_at().max(row.created_at())).max()
    }

    /// Walks the objects, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.order.iter().filter_map(|(_, id)| self.rows.get(id))
    }

    /// Walks the objects to change them, in no order.
    pub(super) fn each_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.values_mut()
    }
}
