//! One answer → one object, the same for everybody who compares.
use std::future::Future;

use jiff::Timestamp;

use super::Error;
use super::id::{api_id, id_of, own};
use super::rule::rule;
use crate::api::{self, Client, OrganizationId, PolicyId, wire};
use crate::model::{Address, Attachment, Catalogue, Id, Key, Kind, Object, Principal, Rules};

/// A live object, as one answer shows it. The rules of a policy have a list of their own and are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveObject {
    /// Its id.
    pub id: Id,
    /// Its name; of a user, the e-mail address.
    pub title: String,
    /// What it holds.
    pub object: Object,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, as far as the API counts: setting the rules of a policy does, a change of its principal or
    /// of the members of a group does not.
    pub updated_at: Option<Timestamp>,
}

/// What is known when an answer is read.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The organization that every object has to belong to.
    pub organization: Id,
    /// What permission sets can be granted on, where an answer does not say it.
    pub catalogue: &'a Catalogue,
    /// Returns the key of the object with an id.
    pub address_of: &'a (dyn Fn(Id) -> Option<Address> + Sync),
}

impl Known<'_> {
    /// Returns the key of an object. An object that the API does not list is keyed by its id.
    pub(super) fn key(&self, kind: Kind, id: &str) -> Result<Key, Error> {
        let id = id_of(id)?;
        let known = (self.address_of)(id).filter(|address| address.kind() == kind);
        Ok(known.map_or(Key::Id(id), |address| address.key().clone()))
    }

    pub(super) fn user(&self, id: &api::UserId) -> Result<Principal, Error> {
        self.key(Kind::User, id.as_str()).map(Principal::User)
    }

    pub(super) fn application(&self, id: &api::ApplicationId) -> Result<Principal, Error> {
        self.key(Kind::Application, id.as_str()).map(Principal::Application)
    }

    /// Returns what a policy is attached to.
    pub(super) fn attachment(&self, principal: &wire::Principal) -> Result<Attachment, Error> {
        Ok(match principal {
            wire::Principal::User(id) => Attachment::Principal(self.user(id)?),
            wire::Principal::Application(id) => Attachment::Principal(self.application(id)?),
            wire::Principal::Group(id) => Attachment::Group(self.key(Kind::Group, id.as_str())?),
            wire::Principal::Nobody => Attachment::None,
        })
    }
}

/// An answer that is an object of one kind.
pub trait ObjectAnswer: Send + Sync + Sized {
    /// The kind.
    const KIND: Kind;

    /// The method of Audit Trail that deletes one; `None` where nothing deletes it.
    const DELETED_BY: Option<&'static str> = None;

    /// Returns the id, as the API writes it.
    fn id(&self) -> &str;

    /// Returns the name; of a user, the e-mail address.
    fn title(&self) -> &str;

    /// Returns what it is within, of a kind whose objects are within something.
    fn parent(&self) -> Option<Key> {
        None
    }

    /// Returns what else tells it from others, where its name does not.
    fn second_key(&self) -> Option<Key> {
        None
    }

    /// Returns the organization that it says it belongs to.
    fn organization(&self) -> &OrganizationId;

    /// Returns when it was made, and when it was last changed.
    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>);

    /// Returns what it holds, without what has a list of its own.
    ///
    /// # Errors
    /// [`Error::Shape`] when the model cannot take it.
    fn object(&self, known: &Known<'_>) -> Result<Object, Error>;

    /// Reads all of the kind, without any filter: what the filters match is not documented.
    fn all(client: &Client) -> impl Future<Output = Result<Vec<Self>, api::Error>> + Send;

    /// Reads all of the kind, also where the caller may only list parts of it.
    ///
    /// # Errors
    /// [`Error::Read`] when any part cannot be read.
    fn every(client: &Client) -> impl Future<Output = Result<Vec<Self>, Error>> + Send {
        async move { Self::all(client).await.map_err(Error::reading(format!("the {}", Self::KIND.nouns()))) }
    }

    /// Reads one.
    fn get(client: &Client, id: Id) -> impl Future<Output = Result<Self, api::Error>> + Send;

    /// Returns the object that it shows.
    ///
    /// # Errors
    /// [`Error::Foreign`] for an object of another organization: it would be changed, or granted something, in the wrong
    /// place. [`Error::Shape`] when the model cannot take it.
    fn seen(&self, known: &Known<'_>) -> Result<LiveObject, Error> {
        own(known.organization, self.organization(), || format!("{} `{}`", Self::KIND, self.title()))?;
        let (created_at, updated_at) = self.times();
        let (id, title) = (id_of(self.id())?, self.title().to_owned());
        Ok(LiveObject { id, title, object: self.object(known)?, created_at, updated_at })
    }
}

pub(super) async fn list_of<T: ObjectAnswer>(
    client: &Client,
    known: &Known<'_>,
) -> Result<Vec<LiveObject>, Error> {
    let answers = T::every(client).await?;
    answers.iter().map(|answer| answer.seen(known)).collect()
}

pub(super) async fn get_of<T: ObjectAnswer>(
    client: &Client,
    id: Id,
    known: &Known<'_>,
) -> Result<Option<LiveObject>, Error> {
    match T::get(client, id).await {
        Ok(answer) => answer.seen(known).map(Some),
        Err(error) if error.kind() == api::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::reading(format!("{} {id}", T::KIND))(source)),
    }
}

/// Reads the rules of a policy.
///
/// # Errors
/// When they cannot be read whole, or one is not what the model can take.
pub async fn rules(client: &Client, policy: Id, known: &Known<'_>) -> Result<Rules, Error> {
    let what = format!("the rules of policy {policy}");
    let rules = client.list_rules(&api_id::<PolicyId>(policy)).all().await.map_err(Error::reading(what))?;
    rules_of(&policy.to_string(), &rules, known)
}

/// Makes sense of the rules of a policy.
pub(super) fn rules_of(policy: &str, rules: &[wire::Rule], known: &Known<'_>) -> Result<Rules, Error> {
    let rules = rules.iter().map(|it| rule(known.organization, known.catalogue, policy, it));
    rules.collect::<Result<_, _>>().map(Rules)
}
