//! Applications on the wire.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::novelty::{UnknownFields, novel};
use crate::api::id::{ApplicationId, OrganizationId};
use crate::api::list::listed;

/// An application: a principal that is not a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Application {
    /// The id.
    pub id: ApplicationId,
    /// The name, not necessarily unique.
    pub name: String,
    /// The description, possibly empty.
    pub description: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed; API keys that come and go do not count.
    pub updated_at: Option<Timestamp>,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// Whether it may be changed.
    pub editable: bool,
    /// Whether it may be deleted.
    pub deletable: bool,
    /// Whether a product manages it.
    pub managed: bool,
    /// How many API keys it has.
    pub nb_api_keys: u64,
    /// The tags, at most ten.
    pub tags: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(Application, "applications", id);
novel!(Application, "application");

/// What a new application is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateApplication {
    /// The name: 1 to 64 of ASCII letters, digits, `_ ( ) . -` and inner spaces.
    pub name: String,
    /// The description, of up to 200 characters.
    pub description: String,
    /// The tags, at most ten.
    pub tags: Vec<String>,
}

/// What to change of an application; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateApplication {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new description; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The new tags; an empty list removes them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}
