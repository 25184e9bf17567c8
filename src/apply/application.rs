//! The requests of the steps that write an application.

use super::context::ApplyContext;
use super::create::{Naming, create as create_one};
use super::look::look_and_send;
use super::meta::MetaChange;
use super::send::SentByKind;
use super::{How, StepError};
use crate::api::{self, ApplicationId, Client, wire};
use crate::live::api_id;
use crate::model::{Address, Application, Id, Key};
use crate::plan::Step;

impl SentByKind for Application {
    async fn create(
        run: &ApplyContext<'_>,
        client: &Client,
        step: &Step,
        application: &Self,
    ) -> Result<How, StepError> {
        let body = wire::CreateApplication {
            name: step.action.address().key_text(),
            description: application.meta.description.clone(),
            tags: application.meta.wire_tags(),
        };
        create_one(run, client, step, Naming::Shared, &application.clone().into(), || {
            client.create_application(&body)
        })
        .await
    }

    async fn update(
        run: &ApplyContext<'_>,
        client: &Client,
        step: &Step,
        (address, from): (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<How, StepError> {
        let id: ApplicationId = run.id(address)?;
        let MetaChange { name, description, tags } =
            MetaChange::between(address, from, &before.meta, &after.meta);
        let change = wire::UpdateApplication { name, description, tags };
        look_and_send(run, client, step, |client| {
            let (id, change) = (id.clone(), change.clone());
            async move { client.update_application(&id, &change).await.map(drop) }
        })
        .await
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_application(&api_id(id)).await
    }
}
