use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Error;
use super::id::api_id;
use super::meta::{flags, meta};
use super::seen::{Known, ObjectAnswer};
use crate::api::{self, Client, ListGroups, OrganizationId, wire};
use crate::model::{Builtin, Group, Id, Kind, Object};

impl ObjectAnswer for wire::Group {
    const KIND: Kind = Kind::Group;
    const DELETED_BY: Option<&'static str> = Some("DeleteGroup");

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

    fn object(&self, known: &Known<'_>) -> Result<Object, Error> {
        let builtin = match (self.all_users, self.all_applications) {
            (false, false) => None,
            (true, false) => Some(Builtin::AllUsers),
            (false, true) => Some(Builtin::AllApplications),
            (true, true) => {
                let why = "of all users and of all applications";
                return Err(Error::shape(format!("group `{}`", self.name), &why));
            }
        };
        let users = self.user_ids.iter().map(|id| known.user(id));
        let members = users.chain(self.application_ids.iter().map(|id| known.application(id)));
        let members = members.collect::<Result<_, _>>()?;
        let group = Group {
            meta: meta(&self.description, &self.tags),
            flags: flags(self.editable, self.deletable, self.managed),
            builtin,
            // The members of a computed group follow from its kind, whatever ids the API returns.
            members: if builtin.is_none() { members } else { BTreeSet::new() },
        };
        Ok(group.into())
    }

    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        client.list_groups(&ListGroups::default()).all().await
    }

    async fn get(client: &Client, id: Id) -> Result<Self, api::Error> {
        client.get_group(&api_id(id)).await
    }
}
