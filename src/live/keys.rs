//! What each live object goes by: its name where that is a good one and nobody else's, its id otherwise.
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::str::FromStr;

use super::Error;
use super::answers::Answers;
use super::seen::{Answer, id_of};
use crate::model::{Address, Email, Id, Ids, Key, Name};

/// The keys of all objects, and what a person wants to know about those that have no name of their own.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) ids: Ids,
    pub(super) titles: HashMap<Id, String>,
    pub(super) duplicates: BTreeMap<Address, Vec<Id>>,
}

impl Keys {
    /// Gives every object its key.
    pub(super) fn of(answers: &Answers) -> Result<Self, Error> {
        let mut keys = Self::default();
        keys.kind::<Email, _>(answers.users.iter())?;
        keys.kind::<Name, _>(answers.applications.iter())?;
        keys.kind::<Name, _>(answers.groups.iter())?;
        keys.kind::<Name, _>(answers.policies.iter().map(|it| &it.policy))?;
        Ok(keys)
    }

    /// Gives the objects of one kind their keys.
    fn kind<'a, N: FromStr + Clone + Eq + Hash + Into<Key>, T: Answer + 'a>(
        &mut self,
        answers: impl Iterator<Item = &'a T>,
    ) -> Result<(), Error> {
        let mut found = Vec::new();
        let mut bearers: HashMap<N, Vec<Id>> = HashMap::new();
        for answer in answers {
            let (id, title) = (id_of(answer.id())?, answer.title());
            if let (_, Some(changed_at)) = answer.times() {
                self.ids.note_change(id, changed_at);
            }
            let name = title.parse::<N>().ok();
            if let Some(name) = &name {
                bearers.entry(name.clone()).or_default().push(id);
            }
            found.push((id, title, name));
        }
        for (id, title, name) in found {
            let own = name.filter(|name| bearers[name].len() == 1);
            if own.is_none() {
                self.titles.insert(id, title.to_owned());
            }
            self.note(Address::new(T::KIND, own.map_or(Key::Id(id), Into::into)), id)?;
        }
        let shared = bearers.into_iter().filter(|(_, ids)| ids.len() > 1);
        self.duplicates.extend(shared.map(|(name, ids)| (Address::new(T::KIND, name), ids)));
        Ok(())
    }

    /// Notes an address and its id, each of which may come once.
    fn note(&mut self, address: Address, id: Id) -> Result<(), Error> {
        if let Some(first) = self.ids.address_of(id) {
            return Err(Error::SameId { first: first.clone(), second: address });
        }
        self.ids.insert(address, id);
        Ok(())
    }
}
