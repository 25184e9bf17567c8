//! The requests of a kind.

use std::future::Future;

use super::StepError;
use super::context::ApplyContext;
use crate::api::{self, Client};
use crate::live::ObjectAnswer;
use crate::model::{Address, Id, Key, Object, OfKind};

/// The requests that make, change and delete an object of one kind: their bodies and the calls that send them. When they are
/// sent, and after which look, is the same for every kind.
pub(super) trait SentByKind: OfKind + Clone + Into<Object> + Sync {
    /// Whether several objects of the kind may have one name.
    const NAMING: Naming;
    /// What creates one.
    type Create: Send + Sync;
    /// The answer to that.
    type Created: ObjectAnswer;
    /// What changes one.
    type Update: Send + Sync;

    /// Returns what creates an object.
    fn create(run: &ApplyContext<'_>, address: &Address, object: &Self) -> Result<Self::Create, StepError>;

    /// Creates one.
    fn post(
        client: &Client,
        body: &Self::Create,
    ) -> impl Future<Output = Result<Self::Created, api::Error>> + Send;

    /// Returns what changes an object, from one key and content to another.
    fn update(
        run: &ApplyContext<'_>,
        of: (&Address, Option<&Key>),
        change: (&Self, &Self),
    ) -> Result<Self::Update, StepError>;

    /// Changes the object of an id.
    fn patch(
        client: &Client,
        id: Id,
        body: &Self::Update,
    ) -> impl Future<Output = Result<(), api::Error>> + Send;

    /// Deletes the object of an id.
    fn remove(client: &Client, id: Id) -> impl Future<Output = Result<(), api::Error>> + Send;
}

/// Whether several objects of a kind may have one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// They may, so only a list tells whether a name is free.
    Shared,
    /// The API refuses a name that is taken.
    Unique,
}
