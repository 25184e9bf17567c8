//! The calls about SSH keys.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::{ProjectId, SshKeyId};
use super::list::{List, Query, orders};
use super::wire::{CreateSshKey, SshKey, UpdateSshKey};

const PATH: &str = "/iam/v1alpha1/ssh-keys";

/// Which SSH keys to list, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListSshKeys {
    /// The order.
    pub order_by: SshKeyOrder,
    /// With this name, of 1 to 1000 characters.
    pub name: Option<String>,
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Only the disabled ones, or only the others.
    pub disabled: Option<bool>,
}

orders! {
    /// The orders of the list of SSH keys. By name, case does not count.
    SshKeyOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        UpdatedAtAsc = "updated_at_asc",
        UpdatedAtDesc = "updated_at_desc",
        NameAsc = "name_asc",
        NameDesc = "name_desc",
    }
}

impl Client {
    /// Lists SSH keys of the organization, or of one project. The organization is not named then: to a caller with access to that
    /// project alone it would be refused.
    ///
    /// Source: IAM API v1alpha1, `GET /ssh-keys` (ListSSHKeys); `organization_id` and `project_id` are optional.
    pub fn list_ssh_keys(&self, list: &ListSshKeys) -> List<SshKey> {
        let query = Query::default()
            .one("organization_id", list.project_id.is_none().then(|| self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("name", list.name.as_ref())
            .one("project_id", list.project_id.as_ref())
            .one("disabled", list.disabled.as_ref());
        List::new(self, PATH, query.done())
    }

    /// Returns one SSH key.
    ///
    /// Source: IAM API v1alpha1, `GET /ssh-keys/{id}` (GetSSHKey).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn get_ssh_key(&self, id: &SshKeyId) -> Result<SshKey, Error> {
        self.send(Call::get(format!("{PATH}/{id}"))).await
    }

    /// Adds an SSH key to a project, enabled. Fact: the same key and the same name are taken twice.
    ///
    /// Source: IAM API v1alpha1, `POST /ssh-keys` (CreateSSHKey).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was added.
    pub async fn create_ssh_key(&self, key: &CreateSshKey) -> Result<SshKey, Error> {
        self.send(Call::post(PATH, key)).await
    }

    /// Renames, disables or enables an SSH key.
    ///
    /// Source: IAM API v1alpha1, `PATCH /ssh-keys/{id}` (UpdateSSHKey).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when it no longer exists.
    pub async fn update_ssh_key(&self, id: &SshKeyId, change: &UpdateSshKey) -> Result<SshKey, Error> {
        self.send(Call::patch(format!("{PATH}/{id}"), change)).await
    }

    /// Deletes an SSH key.
    ///
    /// Source: IAM API v1alpha1, `DELETE /ssh-keys/{id}` (DeleteSSHKey).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id, unless a try before this one may
    /// have deleted it.
    pub async fn delete_ssh_key(&self, id: &SshKeyId) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{PATH}/{id}"))).await
    }
}
