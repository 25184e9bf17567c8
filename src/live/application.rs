use jiff::Timestamp;

use super::Error;
use super::id::api_id;
use super::meta::{flags, meta};
use super::seen::{Known, ObjectAnswer};
use crate::api::{self, Client, ListApplications, OrganizationId, wire};
use crate::model::{Application, Id, Kind, Object};

impl ObjectAnswer for wire::Application {
    const KIND: Kind = Kind::Application;
    const DELETED_BY: Option<&'static str> = Some("DeleteApplication");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn title(&self) -> &str {
        &self.name
    }

    fn organization(&self) -> &OrganizationId {
        &self.organization_id
    }

    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.created_at, self.updated_at)
    }

    fn object(&self, _: &Known<'_>) -> Result<Object, Error> {
        let application = Application {
            meta: meta(&self.description, &self.tags),
            flags: flags(self.editable, self.deletable, self.managed),
            api_keys: u32::try_from(self.nb_api_keys).unwrap_or(u32::MAX),
        };
        Ok(application.into())
    }

    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        client.list_applications(&ListApplications::default()).all().await
    }

    async fn get(client: &Client, id: Id) -> Result<Self, api::Error> {
        client.get_application(&api_id(id)).await
    }
}
