//! What people may be called beside what they go by.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::{Address, Ids, Key, State};

/// Whether an identity provider provisions people and groups by SCIM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Scim {
    /// Nobody asked, or the key may not read it.
    #[default]
    Unread,
    /// It does not.
    Off,
    /// It does. No field of a person or a group says which of them it provisions.
    On,
}

/// Finds what somebody goes by who is called by a username or an id.
#[derive(Debug)]
pub struct People<'a> {
    state: &'a State,
    ids: Option<&'a Ids>,
    usernames: OnceCell<HashMap<&'a str, &'a Key>>,
}

impl<'a> People<'a> {
    /// Returns the people of a state; ids are found where the table of them is given.
    #[must_use]
    pub const fn of(state: &'a State, ids: Option<&'a Ids>) -> Self {
        Self { state, ids, usernames: OnceCell::new() }
    }

    /// Returns what the object goes by that is called so by its username or its id; `None` for one that is called by
    /// something else, that goes by this itself, or that is not there.
    #[must_use]
    pub fn known(&self, address: &Address) -> Option<Address> {
        let found = match address.key() {
            Key::Username(username) => address.sibling((*self.usernames().get(username.as_str())?).clone()),
            Key::Id(id) => self.ids?.address_of(*id)?.clone(),
            Key::Named(_) | Key::Email(_) | Key::Project(_) | Key::Child(_) | Key::Only => return None,
        };
        (found.kind() == address.kind() && found != *address).then_some(found)
    }

    fn usernames(&self) -> &HashMap<&'a str, &'a Key> {
        let by_username = || self.state.users().map(|(key, user)| (user.username.as_str(), key)).collect();
        self.usernames.get_or_init(by_username)
    }
}
