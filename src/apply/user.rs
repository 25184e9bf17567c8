//! The requests of the steps that write a person.

use super::context::ApplyContext;
use super::look::look_and_send;
use super::{How, StepError};
use crate::api::{Client, UserId};
use crate::model::Address;
use crate::plan::Step;

/// No file makes a person.
pub(super) fn create(address: &Address) -> Result<How, StepError> {
    Err(StepError::Unwritable(address.clone()))
}

/// No file changes a person.
pub(super) fn update(address: &Address) -> Result<How, StepError> {
    Err(StepError::Unwritable(address.clone()))
}

pub(super) async fn delete(run: &ApplyContext<'_>, client: &Client, step: &Step) -> Result<How, StepError> {
    let id: UserId = run.id(&step.action.address())?;
    look_and_send(run, client, step, |client| {
        let id = id.clone();
        async move { client.delete_user(&id).await }
    })
    .await
}
