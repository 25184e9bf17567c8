//! The requests of the steps that write an SSH key.

use super::context::ApplyContext;
use super::create::{Naming, create as create_one};
use super::look::look_and_send;
use super::send::SentByKind;
use super::{How, StepError};
use crate::api::{self, Client, SshKeyId, wire};
use crate::live::api_id;
use crate::model::{Address, Id, Key, SshKey};
use crate::plan::Step;

impl SentByKind for SshKey {
    async fn create(
        run: &ApplyContext<'_>,
        client: &Client,
        step: &Step,
        key: &Self,
    ) -> Result<How, StepError> {
        let body = wire::CreateSshKey {
            name: step.action.address().key().title().unwrap_or_default().to_owned(),
            public_key: key.public_key.clone(),
            project_id: api_id(key.project),
        };
        create_one(run, client, step, Naming::Shared, &key.clone().into(), || client.create_ssh_key(&body))
            .await
    }

    async fn update(
        run: &ApplyContext<'_>,
        client: &Client,
        step: &Step,
        (address, from): (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<How, StepError> {
        let id: SshKeyId = run.id(address)?;
        let change = wire::UpdateSshKey {
            name: from.and_then(|_| address.key().title()).map(str::to_owned),
            disabled: (before.disabled != after.disabled).then_some(after.disabled),
        };
        look_and_send(run, client, step, |client| {
            let (id, change) = (id.clone(), change.clone());
            async move { client.update_ssh_key(&id, &change).await.map(drop) }
        })
        .await
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_ssh_key(&api_id(id)).await
    }
}
