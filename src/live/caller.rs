//! Identifies the caller: the owner of the API key in use.
use jiff::Timestamp;

use super::Error;
use super::id::id_of;
use crate::api::wire::Bearer;
use crate::api::{AccessKey, Client, ErrorKind};
use crate::model::{Id, Ids, Key, Kind, Principal};

/// The caller, as far as the API tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCaller {
    /// The public half of the key that is used.
    pub access_key: AccessKey,
    /// When the key stops working; `None` for never, or when it is not known.
    pub expires_at: Option<Timestamp>,
    bearer: Result<Who, String>,
}

/// The owner of a key, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    User(Id),
    Application(Id),
}

/// Finds out whose access key it is. This does not depend on a refresh, so both can run at once.
///
/// Source: IAM API v1alpha1, `GET /api-keys/{access_key}` (GetAPIKey); the API has no other call that identifies the caller. Fact:
/// it needs its own permission, even for the caller's own key.
///
/// # Errors
/// What any call can meet. If the key may not be read, or does not exist, the result is a caller without a principal, not an error.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (_emulator, client) = example().await?;
/// use scw_iam::live;
///
/// let organization = client.organization().as_str().parse()?;
/// let caller = live::caller(&client, &"SCWC0000000000000001".parse()?).await?;
/// let live = live::refresh(&client, organization, &live::LiveNeeds::default()).await?;
/// assert_eq!(caller.principal(&live.ids)?.to_string(), "application ci");
/// # Ok(()) }
/// ```
pub async fn caller(client: &Client, access_key: &AccessKey) -> Result<ApiCaller, Error> {
    let unresolved =
        |why: String| ApiCaller { access_key: access_key.clone(), expires_at: None, bearer: Err(why) };
    let key = match client.get_api_key(access_key).await {
        Ok(key) => key,
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            let why = "the key is not allowed to read API keys, not even its own entry";
            return Ok(unresolved(format!("{why} (`{access_key}`; IAMReadOnly is enough)")));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(unresolved(format!("the organization has no API key `{access_key}`")));
        }
        Err(source) => return Err(Error::reading(format!("the API key `{access_key}`"))(source)),
    };
    let bearer = match &key.bearer {
        Some(Bearer::User(id)) => Ok(Who::User(id_of(id.as_str())?)),
        Some(Bearer::Application(id)) => Ok(Who::Application(id_of(id.as_str())?)),
        None => Err(format!("the API does not say whose key `{access_key}` is")),
    };
    Ok(ApiCaller { access_key: access_key.clone(), expires_at: key.expires_at, bearer })
}

/// Why the caller is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unresolved(pub String);

impl ApiCaller {
    /// Says whether the API told whose key it is.
    #[must_use]
    pub const fn is_resolved(&self) -> bool {
        self.bearer.is_ok()
    }

    /// Returns the principal, by name if `ids` has one.
    ///
    /// # Errors
    /// Why that is not known.
    pub fn principal(&self, ids: &Ids) -> Result<Principal, Unresolved> {
        let key = |kind: Kind, id: Id| {
            let known = ids.address_of(id).filter(|address| address.kind() == kind);
            known.map_or(Key::Id(id), |address| address.key().clone())
        };
        let who = self.bearer.clone().map_err(Unresolved)?;
        Ok(match who {
            Who::User(id) => Principal::User(key(Kind::User, id)),
            Who::Application(id) => Principal::Application(key(Kind::Application, id)),
        })
    }
}
