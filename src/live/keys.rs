//! What each live object goes by: its name where that is a good one and nobody else's, its id otherwise.
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::str::FromStr;

use super::Error;
use super::answers::Answers;
use crate::model::{Address, Attachment, Email, Id, Ids, Key, Name, Principal};

/// The keys of all objects, and what a person wants to know about those that have no name of their own.
#[derive(Debug, Default)]
pub(super) struct Keys {
    users: HashMap<Id, Key<Email>>,
    applications: HashMap<Id, Key<Name>>,
    groups: HashMap<Id, Key<Name>>,
    policies: HashMap<Id, Key<Name>>,
    pub(super) ids: Ids,
    pub(super) titles: HashMap<Id, String>,
    pub(super) duplicates: BTreeMap<Address, Vec<Id>>,
}

impl Keys {
    /// Gives every object its key.
    pub(super) fn of(answers: &Answers) -> Result<Self, Error> {
        let mut keys = Self::default();
        let users = answers.users.iter().map(|it| (it.id.as_str(), it.email.as_str()));
        keys.users = keys.kind(Address::User, users)?;
        let applications = answers.applications.iter().map(|it| (it.id.as_str(), it.name.as_str()));
        keys.applications = keys.kind(Address::Application, applications)?;
        let groups = answers.groups.iter().map(|it| (it.id.as_str(), it.name.as_str()));
        keys.groups = keys.kind(Address::Group, groups)?;
        let policies = answers.policies.iter().map(|it| (it.policy.id.as_str(), it.policy.name.as_str()));
        keys.policies = keys.kind(Address::Policy, policies)?;
        Ok(keys)
    }

    /// Gives the objects of one kind, as id and name, their keys.
    fn kind<'a, N: FromStr + Clone + Eq + Hash>(
        &mut self,
        address: fn(Key<N>) -> Address,
        objects: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<HashMap<Id, Key<N>>, Error> {
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
        let mut keys = HashMap::new();
        for (id, title, name) in found {
            let own = name.filter(|name| bearers[name].len() == 1);
            if own.is_none() {
                self.titles.insert(id, title.to_owned());
            }
            let key = own.map_or(Key::Id(id), Key::Named);
            self.note(address(key.clone()), id)?;
            keys.insert(id, key);
        }
        let shared = bearers.into_iter().filter(|(_, ids)| ids.len() > 1);
        self.duplicates.extend(shared.map(|(name, ids)| (address(Key::Named(name)), ids)));
        Ok(keys)
    }

    /// Notes an address and its id, each of which may come once.
    fn note(&mut self, address: Address, id: Id) -> Result<(), Error> {
        if let Some(first) = self.ids.address_of(id) {
            return Err(Error::SameId { first: first.clone(), second: address });
        }
        self.ids.insert(address, id);
        Ok(())
    }

    /// Returns a user's key. One that no list shows goes by its id.
    pub(super) fn user(&self, id: &str) -> Result<Key<Email>, Error> {
        key(&self.users, id)
    }

    /// Returns an application's key. One that no list shows goes by its id.
    pub(super) fn application(&self, id: &str) -> Result<Key<Name>, Error> {
        key(&self.applications, id)
    }

    /// Returns a group's key. One that no list shows goes by its id.
    pub(super) fn group(&self, id: &str) -> Result<Key<Name>, Error> {
        key(&self.groups, id)
    }

    /// Returns a policy's key.
    pub(super) fn policy(&self, id: &str) -> Result<Key<Name>, Error> {
        key(&self.policies, id)
    }

    pub(super) fn as_principal(&self, principal: &crate::api::wire::Principal) -> Result<Attachment, Error> {
        use crate::api::wire;
        Ok(match principal {
            wire::Principal::User(id) => Attachment::Principal(Principal::User(self.user(id.as_str())?)),
            wire::Principal::Application(id) => {
                Attachment::Principal(Principal::Application(self.application(id.as_str())?))
            }
            wire::Principal::Group(id) => Attachment::Group(self.group(id.as_str())?),
            wire::Principal::Nobody => Attachment::None,
        })
    }
}

fn key<N: Clone>(keys: &HashMap<Id, Key<N>>, id: &str) -> Result<Key<N>, Error> {
    let id = id_of(id)?;
    Ok(keys.get(&id).cloned().unwrap_or(Key::Id(id)))
}

/// Reads an id, which is a UUID in every recording.
pub(super) fn id_of(text: &str) -> Result<Id, Error> {
    text.parse().map_err(|why| Error::shape(format!("the id `{text}`"), &why))
}
