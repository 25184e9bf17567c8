//! The calls about API keys.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::AccessKey;
use super::list::{List, Query, orders};
use super::wire::{ApiKey, Bearer, CreateApiKey, CreatedApiKey, UpdateApiKey};

const PATH: &str = "/iam/v1alpha1/api-keys";

/// Which API keys to list, and in which order. Three deprecated filters (`access_key`, `application_id`, `user_id`) are
/// left out: `access_keys` and `bearer` say the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListApiKeys {
    /// The order.
    pub order_by: ApiKeyOrder,
    /// Only those that may be changed, or only those that may not.
    pub editable: Option<bool>,
    /// Only those that have expired, or only the others.
    pub expired: Option<bool>,
    /// With this description, of at most 200 characters.
    pub description: Option<String>,
    /// Belonging to this user or application.
    pub bearer: Option<Bearer>,
    /// Belonging to users, or to applications.
    pub bearer_type: Option<BearerType>,
    /// With these access keys.
    pub access_keys: Vec<AccessKey>,
}

/// Whose API keys to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BearerType {
    /// Those of users.
    User,
    /// Those of applications.
    Application,
}

impl BearerType {
    /// Returns the type as the API writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Application => "application",
        }
    }
}

orders! {
    /// The orders of the list of API keys.
    ApiKeyOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        UpdatedAtAsc = "updated_at_asc",
        UpdatedAtDesc = "updated_at_desc",
        ExpiresAtAsc = "expires_at_asc",
        ExpiresAtDesc = "expires_at_desc",
        AccessKeyAsc = "access_key_asc",
        AccessKeyDesc = "access_key_desc",
    }
}

impl Client {
    /// Lists API keys of the organization, without their secret halves.
    ///
    /// Source: IAM API v1alpha1, `GET /api-keys` (ListAPIKeys).
    pub fn list_api_keys(&self, list: &ListApiKeys) -> List<ApiKey> {
        let bearer_id = list.bearer.as_ref().map(|bearer| match bearer {
            Bearer::User(id) => id.as_str(),
            Bearer::Application(id) => id.as_str(),
        });
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("editable", list.editable.as_ref())
            .one("expired", list.expired.as_ref())
            .one("description", list.description.as_ref())
            .one("bearer_id", bearer_id)
            .one("bearer_type", list.bearer_type.map(BearerType::as_str))
            .each("access_keys", &list.access_keys);
        List::new(self, PATH, query.done())
    }

    /// Returns one API key, without its secret half. Given the client's own access key, it tells who the caller is; the API has no
    /// other call for that.
    ///
    /// Source: IAM API v1alpha1, `GET /api-keys/{access_key}` (GetAPIKey).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no key has this id;
    /// [`ErrorKind::Forbidden`](super::ErrorKind::Forbidden) also for the caller's own key, when it lacks the permission to
    /// read API keys.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// let own = "SCWC0000000000000001".parse()?;
    /// let key = client.get_api_key(&own).await?;
    /// println!("the caller is {:?}, until {:?}", key.bearer, key.expires_at);
    /// # assert_eq!(key.description, "deploys");
    /// # Ok(()) }
    /// ```
    pub async fn get_api_key(&self, access_key: &AccessKey) -> Result<ApiKey, Error> {
        self.send(Call::get(format!("{PATH}/{access_key}"))).await
    }

    /// Creates an API key for an application, or for the caller. Only this answer contains the secret half.
    ///
    /// Source: IAM API v1alpha1, `POST /api-keys` (CreateAPIKey).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created. Its secret half is lost then: find it in the list and delete it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use scw_iam::api::wire::{Bearer, CreateApiKey};
    ///
    /// let wanted = CreateApiKey {
    ///     bearer: Bearer::Application("00000000-0000-4000-8000-0000000000c1".parse()?),
    ///     description: "deploys".to_owned(),
    ///     expires_at: None,
    ///     default_project_id: None,
    /// };
    /// let created = client.create_api_key(&wanted).await?;
    /// let variables = format!("SCW_ACCESS_KEY={} SCW_SECRET_KEY={}", created.key.access_key, created.secret.expose());
    /// # assert!(variables.starts_with("SCW_ACCESS_KEY=SCW"));
    /// # Ok(()) }
    /// ```
    pub async fn create_api_key(&self, key: &CreateApiKey) -> Result<CreatedApiKey, Error> {
        self.send(Call::post(PATH, key).secret_answer()).await
    }

    /// Changes default project, description or expiry of an API key.
    ///
    /// Source: IAM API v1alpha1, `PATCH /api-keys/{access_key}` (UpdateAPIKey).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when it no longer exists.
    pub async fn update_api_key(
        &self,
        access_key: &AccessKey,
        change: &UpdateApiKey,
    ) -> Result<ApiKey, Error> {
        self.send(Call::patch(format!("{PATH}/{access_key}"), change).secret_answer()).await
    }

    /// Deletes an API key.
    ///
    /// Source: IAM API v1alpha1, `DELETE /api-keys/{access_key}` (DeleteAPIKey).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no key has this id, unless a try before this one may have
    /// deleted it.
    pub async fn delete_api_key(&self, access_key: &AccessKey) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{PATH}/{access_key}"))).await
    }
}
