//! What each live object goes by: its name where that is a good one and nobody else's, its id otherwise.
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::str::FromStr;

use super::Error;
use super::answers::Answers;
use crate::model::{Address, Attachment, Email, Id, Ids, Key, Kind, Name, Principal};

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
        let users = answers.users.iter().map(|it| (it.id.as_str(), it.email.as_str()));
        keys.kind::<Email>(Kind::User, users)?;
        let applications = answers.applications.iter().map(|it| (it.id.as_str(), it.name.as_str()));
        keys.kind::<Name>(Kind::Application, applications)?;
        let groups = answers.groups.iter().map(|it| (it.id.as_str(), it.name.as_str()));
        keys.kind::<Name>(Kind::Group, groups)?;
        let policies = answers.policies.iter().map(|it| (it.policy.id.as_str(), it.policy.name.as_str()));
        keys.kind::<Name>(Kind::Policy, policies)?;
        Ok(keys)
    }

    /// Gives the objects of one kind, as id and name, their keys.
    fn kind<'a, N: FromStr + Clone + Eq + Hash + Into<Key>>(
        &mut self,
        kind: Kind,
        objects: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), Error> {
        let mut found = Vec::new();
        let mut bearers: HashMap<N, Vec<Id>> = HashMap::new();
        for (id, title) in objects {
            let id = id_of(id)?;
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
            self.note(Address::new(kind, own.map_or(Key::Id(id), Into::into)), id)?;
        }
        let shared = bearers.into_iter().filter(|(_, ids)| ids.len() > 1);
        self.duplicates.extend(shared.map(|(name, ids)| (Address::new(kind, name), ids)));
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

    /// Returns what an object goes by. One that no list shows goes by its id.
    pub(super) fn key(&self, kind: Kind, id: &str) -> Result<Key, Error> {
        let id = id_of(id)?;
        let known = self.ids.address_of(id).filter(|address| address.kind() == kind);
        Ok(known.map_or(Key::Id(id), |address| address.key().clone()))
    }

    pub(super) fn as_principal(&self, principal: &crate::api::wire::Principal) -> Result<Attachment, Error> {
        use crate::api::wire;
        Ok(match principal {
            wire::Principal::User(id) => {
                Attachment::Principal(Principal::User(self.key(Kind::User, id.as_str())?))
            }
            wire::Principal::Application(id) => {
                Attachment::Principal(Principal::Application(self.key(Kind::Application, id.as_str())?))
            }
            wire::Principal::Group(id) => Attachment::Group(self.key(Kind::Group, id.as_str())?),
            wire::Principal::Nobody => Attachment::None,
        })
    }
}

/// Reads an id, which is a UUID in every recording.
pub(super) fn id_of(text: &str) -> Result<Id, Error> {
    text.parse().map_err(|why| Error::shape(format!("the id `{text}`"), &why))
}
