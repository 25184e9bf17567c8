//! API keys on the wire.
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::field::one_of;
use super::novelty::{UnknownFields, novel};
use crate::api::id::{AccessKey, ApplicationId, ProjectId, UserId};
use crate::api::list::listed;
use crate::api::secret::Secret;

/// An API key, without its secret half. Fact: it has no organization, no name and no tags.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApiKey {
    /// The access key (the public half), which is the id.
    pub access_key: AccessKey,
    /// The description, possibly empty.
    pub description: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// When it stops working; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// The project that Object Storage takes for this key.
    pub default_project_id: ProjectId,
    /// Whether it may be changed.
    pub editable: bool,
    /// Whether it may be deleted.
    pub deletable: bool,
    /// Whether a product manages it.
    pub managed: bool,
    /// The address from which it was made.
    pub creation_ip: String,
    /// Whose key it is; `None` when the answer does not say.
    #[serde(flatten, deserialize_with = "bearer")]
    pub bearer: Option<Bearer>,
    #[serde(default, rename = "secret_key")]
    _secret: Dropped,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(ApiKey, "api_keys", access_key);
novel!(ApiKey, "API key");

/// A field that is known and not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Dropped;

impl<'de> Deserialize<'de> for Dropped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// Whose key it is. Source: the schema's one-of `bearer`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Bearer {
    /// A user's. Fact: keys can be made for oneself, not for other people.
    #[serde(rename = "user_id")]
    User(UserId),
    /// An application's.
    #[serde(rename = "application_id")]
    Application(ApplicationId),
}

#[derive(Deserialize)]
struct BearerKeys {
    #[serde(default, deserialize_with = "one_of")]
    user_id: Option<UserId>,
    #[serde(default, deserialize_with = "one_of")]
    application_id: Option<ApplicationId>,
}

fn bearer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bearer>, D::Error> {
    match BearerKeys::deserialize(deserializer)? {
        BearerKeys { user_id: Some(_), application_id: Some(_) } => {
            Err(serde::de::Error::custom("an API key with two bearers"))
        }
        BearerKeys { user_id: Some(id), .. } => Ok(Some(Bearer::User(id))),
        BearerKeys { application_id: Some(id), .. } => Ok(Some(Bearer::Application(id))),
        BearerKeys { user_id: None, application_id: None } => Ok(None),
    }
}

/// What a new API key is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateApiKey {
    /// Whose key it is to be.
    #[serde(flatten)]
    pub bearer: Bearer,
    /// The description, of up to 200 characters.
    pub description: String,
    /// When it stops working; `None` for never, where the organization's settings allow that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The project that Object Storage takes for this key; `None` for the organization's default project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_project_id: Option<ProjectId>,
}

/// A new API key. This is the only answer that ever holds the secret half.
#[derive(Debug, Clone)]
pub struct CreatedApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its secret half.
    pub secret: Secret,
}

impl<'de> Deserialize<'de> for CreatedApiKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Both {
            #[serde(rename = "secret_key")]
            secret: Secret,
            #[serde(flatten)]
            key: ApiKey,
        }
        let Both { secret, key } = Both::deserialize(deserializer)?;
        Ok(Self { key, secret })
    }
}

/// What to change of an API key; `None` leaves a field unchanged. How to make an expiry never again is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateApiKey {
    /// The new default project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_project_id: Option<ProjectId>,
    /// The new description; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The new expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}
