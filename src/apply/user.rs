//! The requests of the steps that write a person.

use super::context::ApplyContext;
use super::send::SentByKind;
use super::{How, StepError};
use crate::api::{self, Client};
use crate::live::api_id;
use crate::model::{Address, Id, Key, User};
use crate::plan::Step;

impl SentByKind for User {
    /// No file makes a person.
    async fn create(_: &ApplyContext<'_>, _: &Client, step: &Step, _: &Self) -> Result<How, StepError> {
        Err(StepError::Unwritable(step.action.address()))
    }

    /// No file changes a person.
    async fn update(
        _: &ApplyContext<'_>,
        _: &Client,
        _: &Step,
        (address, _): (&Address, Option<&Key>),
        _: (&Self, &Self),
    ) -> Result<How, StepError> {
        Err(StepError::Unwritable(address.clone()))
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_user(&api_id(id)).await
    }
}
