//! What each live object goes by: its name where that is a good one and nobody else's, its id otherwise.
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::str::FromStr;

use jiff::Timestamp;

use super::Error;
use super::answers::RefreshAnswers;
use super::seen::{ObjectAnswer, id_of};
use crate::api::wire;
use crate::model::{Address, Email, Id, Ids, Key, Name, Username};

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
        keys.kind::<Email, _>(answers.users.iter(), &second_names(&answers.users))?;
        keys.kind::<Name, _>(answers.applications.iter(), &HashMap::new())?;
        keys.kind::<Name, _>(answers.groups.iter(), &HashMap::new())?;
        keys.kind::<Name, _>(answers.policies.iter().map(|it| &it.policy), &HashMap::new())?;
        Ok(keys)
    }

    /// Gives the objects of one kind their keys: the name, a second name, by id, where somebody else has it too, or the id.
    fn kind<'a, N: FromStr + Clone + Eq + Hash + Into<Key>, T: ObjectAnswer + 'a>(
        &mut self,
        answers: impl Iterator<Item = &'a T>,
        second: &HashMap<&str, Key>,
    ) -> Result<(), Error> {
        let mut found = Vec::new();
        let mut bearers: HashMap<N, Vec<(Option<Timestamp>, Id)>> = HashMap::new();
        for answer in answers {
            let (id, title) = (id_of(answer.id())?, answer.title());
            let (created_at, changed_at) = answer.times();
            if let Some(changed_at) = changed_at {
                self.ids.note_change(id, changed_at);
            }
            let name = title.parse::<N>().ok();
            if let Some(name) = &name {
                bearers.entry(name.clone()).or_default().push((created_at, id));
            }
            found.push((id, title, name, second.get(answer.id())));
        }
        for (id, title, name, second) in found {
            let own = name.filter(|name| bearers[name].len() == 1);
            if own.is_none() {
                self.titles.insert(id, title.to_owned());
            }
            let otherwise = || second.cloned().unwrap_or(Key::Id(id));
            self.note(Address::new(T::KIND, own.map_or_else(otherwise, Into::into)), id)?;
        }
        for (name, mut bearers) in bearers.into_iter().filter(|(_, bearers)| bearers.len() > 1) {
            bearers.sort_unstable();
            let ids = bearers.into_iter().map(|(_, id)| id).collect();
            self.duplicates.insert(Address::new(T::KIND, name), ids);
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

/// Returns the usernames of people by their ids: unique in an organization, as long as the API keeps its word.
fn second_names(users: &[wire::User]) -> HashMap<&str, Key> {
    let mut bearers: HashMap<&str, usize> = HashMap::new();
    users.iter().for_each(|user| *bearers.entry(&user.username).or_default() += 1);
    let own = users.iter().filter(|user| bearers[user.username.as_str()] == 1);
    own.filter_map(|user| Some((user.id.as_str(), Key::Username(user.username.parse::<Username>().ok()?))))
        .collect()
}
