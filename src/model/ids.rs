use std::collections::HashMap;

use jiff::Timestamp;

use super::{Address, Id};

/// Which id each live object has: the side table where names and ids meet.
///
/// `live` fills it, `plan` finds declared ids with it, `apply` turns addresses into ids with it.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    ids: HashMap<Address, Id>,
    addresses: HashMap<Id, Address>,
    changed_at: HashMap<Id, Timestamp>,
}

impl Ids {
    /// Returns the id of an object, or `None` when no live object has this address.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<Id> {
        self.ids.get(address).copied()
    }

    /// Returns the address of the object with this id, or `None` when no object has it.
    #[must_use]
    pub fn address_of(&self, id: Id) -> Option<&Address> {
        self.addresses.get(&id)
    }

    /// Notes the id of an object, in place of what was noted of either.
    pub fn insert(&mut self, address: Address, id: Id) {
        self.remove(&address);
        if let Some(before) = self.addresses.insert(id, address.clone()) {
            self.ids.remove(&before);
        }
        self.ids.insert(address, id);
    }

    /// Forgets an object and returns the id that it had.
    pub fn remove(&mut self, address: &Address) -> Option<Id> {
        let id = self.ids.remove(address)?;
        self.addresses.remove(&id);
        Some(id)
    }

    /// Notes when an object was last changed, as the API counts, when it was read.
    pub fn note_change(&mut self, id: Id, at: Timestamp) {
        self.changed_at.insert(id, at);
    }

    /// Returns when an object had last been changed when it was read, or `None` if that is not known. If the
    /// time has changed, the object may have changed too.
    #[must_use]
    pub fn changed_at(&self, id: Id) -> Option<Timestamp> {
        self.changed_at.get(&id).copied()
    }

    /// Returns every object with its id, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, Id)> {
        self.ids.iter().map(|(address, id)| (address, *id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;

    #[test]
    fn a_renamed_object_leaves_no_second_address() {
        let group = |name: &str| Address::group(name.parse::<Name>().unwrap());
        let mut ids = Ids::default();
        ids.insert(group("devs"), Id::from_bits(1));
        ids.insert(group("developers"), Id::from_bits(1));
        assert_eq!(ids.get(&group("devs")), None);
        assert_eq!(ids.address_of(Id::from_bits(1)), Some(&group("developers")));
        ids.insert(group("developers"), Id::from_bits(2));
        assert_eq!(ids.address_of(Id::from_bits(1)), None);
    }
}
