//! The calls of Secret Manager (v1beta1) that a delivery of keys needs.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::{ProjectId, Region, SecretId};
use super::list::{List, Query, orders};
use super::wire::{
    AccessedSecretVersion, CreateSecret, CreateSecretVersion, Nothing, Revision, SecretVersion,
    SecretVersionStatus, StoredSecret,
};

/// Which secrets to list, and in which order. Those that are scheduled for deletion are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListSecrets {
    /// The order.
    pub order_by: SecretOrder,
    /// In this project.
    pub project_id: Option<ProjectId>,
    /// With this name.
    pub name: Option<String>,
    /// In this folder, and in none below it.
    pub path: Option<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
}

orders! {
    /// The orders of the list of secrets.
    SecretOrder {
        NameAsc = "name_asc",
        NameDesc = "name_desc",
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        UpdatedAtAsc = "updated_at_asc",
        UpdatedAtDesc = "updated_at_desc",
    }
}

fn secrets(region: &Region) -> String {
    format!("/secret-manager/v1beta1/regions/{region}/secrets")
}

fn versions(region: &Region, secret: &SecretId) -> String {
    format!("{}/{secret}/versions", secrets(region))
}

impl Client {
    /// Lists secrets of the organization in a region, without their data.
    ///
    /// Source: Secret Manager API v1beta1, `GET /secrets` (ListSecrets).
    pub fn list_secrets(&self, region: &Region, list: &ListSecrets) -> List<StoredSecret> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("project_id", list.project_id.as_ref())
            .one("name", list.name.as_ref())
            .one("path", list.path.as_ref())
            .each("tags", &list.tags)
            .one("scheduled_for_deletion", Some(&false));
        List::new(self, secrets(region), query.done())
    }

    /// Returns one secret, without its data.
    ///
    /// Source: Secret Manager API v1beta1, `GET /secrets/{id}` (GetSecret). Fact: one that is scheduled for deletion is still
    /// answered.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when the region has no secret with this id.
    pub async fn get_secret(&self, region: &Region, id: &SecretId) -> Result<StoredSecret, Error> {
        self.send(Call::get(format!("{}/{id}", secrets(region)))).await
    }

    /// Creates a secret without versions. Fact: a second one of the same name in the same folder is not refused.
    ///
    /// Source: Secret Manager API v1beta1, `POST /secrets` (CreateSecret).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created: list before making it again.
    pub async fn create_secret(&self, region: &Region, secret: &CreateSecret) -> Result<StoredSecret, Error> {
        self.send(Call::post(secrets(region), secret)).await
    }

    /// Schedules a secret for deletion in seven days.
    ///
    /// Source: Secret Manager API v1beta1, `DELETE /secrets/{id}` (DeleteSecret).
    ///
    /// # Errors
    /// [`ErrorKind::PreconditionFailed`](super::ErrorKind::PreconditionFailed) for a protected one.
    pub async fn delete_secret(&self, region: &Region, id: &SecretId) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{}/{id}", secrets(region)))).await
    }

    /// Lists the versions of a secret, the newest first, without their data; of these statuses, or of all but `deleted`.
    ///
    /// Source: Secret Manager API v1beta1, `GET /secrets/{id}/versions` (ListSecretVersions).
    pub fn list_secret_versions(
        &self,
        region: &Region,
        secret: &SecretId,
        statuses: &[SecretVersionStatus],
    ) -> List<SecretVersion> {
        let query = Query::default().each("status", statuses);
        List::new(self, versions(region, secret), query.done())
    }

    /// Adds a version to a secret: the latest from now on. Fact: a secret has 20 versions at most, and those that are
    /// scheduled for deletion count.
    ///
    /// Source: Secret Manager API v1beta1, `POST /secrets/{id}/versions` (CreateSecretVersion).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created; [`ErrorKind::QuotaExceeded`](super::ErrorKind::QuotaExceeded) when there are 20. No error quotes the API, which
    /// might quote the data.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use scw_iam::api::SecretBytes;
    /// use scw_iam::api::wire::{CreateSecret, CreateSecretVersion, SecretKind};
    ///
    /// let region = "fr-par".parse()?;
    /// let wanted = CreateSecret {
    ///     project_id: "00000000-0000-4000-8000-0000000000b1".parse()?,
    ///     name: "scw-key".to_owned(),
    ///     path: "/ci".to_owned(),
    ///     tags: vec!["scw-iam=platform".to_owned()],
    ///     description: String::new(),
    ///     kind: SecretKind::KeyValue,
    ///     protected: false,
    /// };
    /// let secret = client.create_secret(&region, &wanted).await?;
    /// let data = SecretBytes::new(br#"{"access_key": "SCWC0000000000000001", "secret_key": "never shown"}"#.to_vec());
    /// let version = CreateSecretVersion { data, description: "SCWC0000000000000001".to_owned() };
    /// let version = client.create_secret_version(&region, &secret.id, &version).await?;
    /// let read = client.access_secret_version(&region, &secret.id, &version.revision).await?;
    /// assert!(read.data.expose().starts_with(b"{\"access_key\""));
    /// assert_eq!(format!("{:?}", read.data), "SecretBytes(…)");
    /// # Ok(()) }
    /// ```
    pub async fn create_secret_version(
        &self,
        region: &Region,
        secret: &SecretId,
        version: &CreateSecretVersion,
    ) -> Result<SecretVersion, Error> {
        self.send(Call::post(versions(region, secret), version).secret_request()).await
    }

    /// Returns the data of a version: the only call that does.
    ///
    /// Source: Secret Manager API v1beta1, `GET /secrets/{id}/versions/{revision}/access` (AccessSecretVersion). It needs a
    /// permission of its own.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no version has this number;
    /// [`ErrorKind::InvalidAnswer`](super::ErrorKind::InvalidAnswer) when the data is not what its sum says.
    pub async fn access_secret_version(
        &self,
        region: &Region,
        secret: &SecretId,
        revision: &Revision,
    ) -> Result<AccessedSecretVersion, Error> {
        let call = Call::get(format!("{}/{revision}/access", versions(region, secret)));
        self.send(call.secret_answer()).await
    }

    /// Enables a version.
    ///
    /// Source: Secret Manager API v1beta1, `POST /secrets/{id}/versions/{revision}/enable` (EnableSecretVersion).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no version has this number.
    pub async fn enable_secret_version(
        &self,
        region: &Region,
        secret: &SecretId,
        revision: &Revision,
    ) -> Result<SecretVersion, Error> {
        let path = format!("{}/{revision}/enable", versions(region, secret));
        self.send(Call::action(path, &Nothing {})).await
    }

    /// Disables a version: its data can no longer be read.
    ///
    /// Source: Secret Manager API v1beta1, `POST /secrets/{id}/versions/{revision}/disable` (DisableSecretVersion).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no version has this number.
    pub async fn disable_secret_version(
        &self,
        region: &Region,
        secret: &SecretId,
        revision: &Revision,
    ) -> Result<SecretVersion, Error> {
        let path = format!("{}/{revision}/disable", versions(region, secret));
        self.send(Call::action(path, &Nothing {})).await
    }

    /// Schedules a version for deletion in seven days.
    ///
    /// Source: Secret Manager API v1beta1, `DELETE /secrets/{id}/versions/{revision}` (DeleteSecretVersion).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no version has this number, unless a try before this one
    /// may have deleted it.
    pub async fn delete_secret_version(
        &self,
        region: &Region,
        secret: &SecretId,
        revision: &Revision,
    ) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{}/{revision}", versions(region, secret)))).await
    }
}
