//! The requests of the steps that write an SSH key.

use super::StepError;
use super::context::ApplyContext;
use super::requests::{Naming, SentByKind};
use crate::api::{self, Client, wire};
use crate::live::api_id;
use crate::model::{Address, Id, Key, SshKey};

impl SentByKind for SshKey {
    const NAMING: Naming = Naming::Shared;
    type Create = wire::CreateSshKey;
    type Created = wire::SshKey;
    type Update = wire::UpdateSshKey;

    fn create(_: &ApplyContext<'_>, address: &Address, key: &Self) -> Result<Self::Create, StepError> {
        Ok(wire::CreateSshKey {
            name: address.key().title().unwrap_or_default().to_owned(),
            public_key: key.public_key.clone(),
            project_id: api_id(key.project),
        })
    }

    async fn post(client: &Client, body: &Self::Create) -> Result<Self::Created, api::Error> {
        client.create_ssh_key(body).await
    }

    fn update(
        _: &ApplyContext<'_>,
        (address, from): (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<Self::Update, StepError> {
        Ok(wire::UpdateSshKey {
            name: from.and_then(|_| address.key().title()).map(str::to_owned),
            disabled: (before.disabled != after.disabled).then_some(after.disabled),
        })
    }

    async fn patch(client: &Client, id: Id, body: &Self::Update) -> Result<(), api::Error> {
        client.update_ssh_key(&api_id(id), body).await.map(drop)
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_ssh_key(&api_id(id)).await
    }
}
