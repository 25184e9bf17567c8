use futures::future::try_join_all;
use jiff::Timestamp;

use super::Error;
use super::id::{api_id, id_of};
use super::seen::{Known, ObjectAnswer};
use crate::api::{self, Client, ErrorKind, ListProjects, ListSshKeys, OrganizationId, wire};
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

    /// By project where the list of the whole organization is refused, as it is to a caller with access to some projects only.
    /// A project whose keys are refused too is an error: nobody can say which keys it has.
    async fn every(client: &Client) -> Result<Vec<Self>, Error> {
        let refused = match Self::all(client).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => error,
            all => return all.map_err(Error::reading("the SSH keys")),
        };
        let projects = match client.list_projects(&ListProjects::default()).all().await {
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                return Err(Error::reading("the SSH keys")(refused));
            }
            projects => projects.map_err(Error::reading("the projects"))?,
        };
        let keys = projects.iter().map(|project| async move {
            let list = ListSshKeys { project_id: Some(project.id.clone()), ..ListSshKeys::default() };
            let what = format!("the SSH keys of project `{}`", project.name);
            let mut keys = client.list_ssh_keys(&list).all().await.map_err(Error::reading(what))?;
            // What the filters match is not documented.
            keys.retain(|key| key.project_id == project.id);
            Ok::<_, Error>(keys)
        });
        Ok(try_join_all(keys).await?.concat())
    }

    async fn get(client: &Client, id: Id) -> Result<Self, api::Error> {
        client.get_ssh_key(&api_id(id)).await
    }
}
