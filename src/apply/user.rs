//! The requests of the steps that write a person.

use std::convert::Infallible;

use super::StepError;
use super::context::ApplyContext;
use super::create::Naming;
use super::send::SentByKind;
use crate::api::{self, Client, wire};
use crate::live::api_id;
use crate::model::{Address, Id, Key, User};

impl SentByKind for User {
    const NAMING: Naming = Naming::Unique;
    type Create = Infallible;
    type Created = wire::User;
    type Update = Infallible;

    /// No file makes a person.
    fn create(_: &ApplyContext<'_>, address: &Address, _: &Self) -> Result<Self::Create, StepError> {
        Err(StepError::Unwritable(address.clone()))
    }

    async fn post(_: &Client, body: &Self::Create) -> Result<Self::Created, api::Error> {
        match *body {}
    }

    /// No file changes a person.
    fn update(
        _: &ApplyContext<'_>,
        (address, _): (&Address, Option<&Key>),
        _: (&Self, &Self),
    ) -> Result<Self::Update, StepError> {
        Err(StepError::Unwritable(address.clone()))
    }

    async fn patch(_: &Client, _: Id, body: &Self::Update) -> Result<(), api::Error> {
        match *body {}
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_user(&api_id(id)).await
    }
}
