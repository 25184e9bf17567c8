use jiff::Timestamp;

use super::Error;
use super::id::api_id;
use super::meta::{flags, meta};
use super::seen::{Known, ObjectAnswer};
use crate::api::{self, Client, ListPolicies, OrganizationId, wire};
use crate::model::{Attachment, Id, Kind, Object, Policy, Rules};

impl ObjectAnswer for wire::Policy {
    const KIND: Kind = Kind::Policy;
    const DELETED_BY: Option<&'static str> = Some("DeletePolicy");

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

    /// The rules are left out: they have a list of their own.
    fn object(&self, known: &Known<'_>) -> Result<Object, Error> {
        let attachment = self.principal.as_ref().map(|principal| known.attachment(principal)).transpose()?;
        let policy = Policy {
            meta: meta(&self.description, &self.tags),
            flags: flags(self.editable, self.deletable, self.managed),
            attachment: attachment.unwrap_or(Attachment::None),
            rules: Rules::default(),
        };
        Ok(policy.into())
    }

    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        client.list_policies(&ListPolicies::default()).all().await
    }

    async fn get(client: &Client, id: Id) -> Result<Self, api::Error> {
        client.get_policy(&api_id(id)).await
    }
}
