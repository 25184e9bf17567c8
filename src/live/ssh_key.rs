use jiff::Timestamp;

use super::Error;
use super::seen::{Known, ObjectAnswer, api_id, id_of};
use crate::api::{self, Client, ListSshKeys, OrganizationId, wire};
use crate::model::{Id, Key, Kind, Object, SshKey};

impl ObjectAnswer for wire::SshKey {
    const KIND: Kind = Kind::SshKey;
    const DELETED_BY: Option<&'static str> = Some("DeleteSSHKey");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn title(&self) -> &str {
        &self.name
    }

    fn parent(&self) -> Option<Key> {
        id_of(self.project_id.as_str()).ok().map(Key::Id)
    }

    fn organization(&self) -> &OrganizationId {
        &self.organization_id
    }

    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.created_at, self.updated_at)
    }

    fn object(&self, _: &Known<'_>) -> Result<Object, Error> {
        let key = SshKey {
            project: id_of(self.project_id.as_str())?,
            public_key: SshKey::material(&self.public_key),
            disabled: self.disabled,
        };
        Ok(key.into())
    }

    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        client.list_ssh_keys(&ListSshKeys::default()).all().await
    }

    async fn get(client: &Client, id: Id) -> Result<Self, api::Error> {
        client.get_ssh_key(&api_id(id)).await
    }
}
