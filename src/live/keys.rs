//! The key of each live object: its name if that is valid and unique, otherwise its id.
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::Error;
use super::answers::RefreshAnswers;
use super::any::AnyAnswer;
use super::id::id_of;
use crate::model::{Address, Id, Ids, Key};

/// The keys of all objects, and what a person wants to know about those that have no name of their own.
#[derive(Debug, Default)]
pub(super) struct ObjectKeys {
    pub(super) ids: Ids,
    pub(super) titles: HashMap<Id, String>,
    pub(super) duplicates: BTreeMap<Address, Vec<Id>>,
}

impl ObjectKeys {
    /// Gives every object its key.
    pub(super) fn of(answers: &RefreshAnswers) -> Result<Self, Error> {
        let mut keys = Self::default();
        for of_kind in answers.objects.chunk_by(|a, b| a.answer.kind() == b.answer.kind()) {
            keys.kind(of_kind.iter().map(|it| &it.answer))?;
        }
        Ok(keys)
    }

    /// Gives the objects of one kind their keys: the name, a second name where somebody else has it too, or the id.
    fn kind<'a>(&mut self, answers: impl Iterator<Item = &'a AnyAnswer>) -> Result<(), Error> {
        let mut seconds: HashMap<Key, usize> = HashMap::new();
        let mut found = Vec::new();
        let mut bearers: HashMap<Address, Vec<(Option<Timestamp>, Id)>> = HashMap::new();
        for answer in answers {
            let (id, title) = (id_of(answer.id())?, answer.title());
            let (created_at, changed_at) = answer.times();
            if let Some(changed_at) = changed_at {
                self.ids.note_change(id, changed_at);
            }
            let address = answer.key().ok().map(|key| Address::new(answer.kind(), key));
            if let Some(address) = &address {
                bearers.entry(address.clone()).or_default().push((created_at, id));
            }
            let second = answer.second_key();
            if let Some(second) = &second {
                *seconds.entry(second.clone()).or_default() += 1;
            }
            found.push((id, answer.kind(), title, address, second));
        }
        for (id, kind, title, address, second) in found {
            let own = address.filter(|address| bearers[address].len() == 1);
            if own.is_none() {
                self.titles.insert(id, title.to_owned());
            }
            // Unique in an organization, as long as the API keeps its word.
            let second = second.filter(|second| seconds[second] == 1);
            let otherwise = || Address::new(kind, second.unwrap_or(Key::Id(id)));
            self.note(own.unwrap_or_else(otherwise), id)?;
        }
        for (address, mut bearers) in bearers.into_iter().filter(|(_, bearers)| bearers.len() > 1) {
            bearers.sort_unstable();
            self.duplicates.insert(address, bearers.into_iter().map(|(_, id)| id).collect());
        }
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
