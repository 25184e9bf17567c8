//! The requests of the steps that write an application.

use super::StepError;
use super::context::ApplyContext;
use super::meta::MetaChange;
use super::requests::{Naming, SentByKind};
use crate::api::{self, Client, wire};
use crate::live::api_id;
use crate::model::{Address, Application, Id, Key};

impl SentByKind for Application {
    const NAMING: Naming = Naming::Shared;
    type Create = wire::CreateApplication;
    type Created = wire::Application;
    type Update = wire::UpdateApplication;

    fn create(
        _: &ApplyContext<'_>,
        address: &Address,
        application: &Self,
    ) -> Result<Self::Create, StepError> {
        Ok(wire::CreateApplication {
            name: address.key_text(),
            description: application.meta.description.clone(),
            tags: application.meta.wire_tags(),
        })
    }

    async fn post(client: &Client, body: &Self::Create) -> Result<Self::Created, api::Error> {
        client.create_application(body).await
    }

    fn update(
        _: &ApplyContext<'_>,
        (address, from): (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<Self::Update, StepError> {
        let MetaChange { name, description, tags } =
            MetaChange::between(address, from, &before.meta, &after.meta);
        Ok(wire::UpdateApplication { name, description, tags })
    }

    async fn patch(client: &Client, id: Id, body: &Self::Update) -> Result<(), api::Error> {
        client.update_application(&api_id(id), body).await.map(drop)
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_application(&api_id(id)).await
    }
}
