//! Projects of the Account API on the wire.
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, open_enum};
use crate::api::id::{OrganizationId, ProjectId};
use crate::api::list::listed;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// The id. The default project's is the organization's own.
    pub id: ProjectId,
    /// The name. Fact: it is not unique.
    pub name: String,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// The description, possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    /// Whether it is being deleted. In the official types, and in no recording: absent means active.
    #[serde(default)]
    pub status: Option<ProjectStatus>,
    #[serde(default, rename = "qualification")]
    _qualification: Skipped,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(Project, "projects", id);

impl Novel for Project {
    fn novelties(&self) -> Vec<Novelty> {
        let status = self.status.as_ref().and_then(|status| status.novelty("project", "status"));
        self.unknown.novelties("project").chain(status).collect()
    }
}

/// The qualification, which has no meaning for access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

open_enum! {
    /// Whether a project is being deleted.
    ProjectStatus {
        /// Not said.
        Unspecified = "unknown_status",
        /// It exists.
        Active = "active",
        /// It is being deleted.
        Deleting = "deleting",
    }
}

/// What a new project is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateProject {
    /// The name: 1 to 64 of ASCII letters, digits, `. _ -` and spaces.
    pub name: String,
    /// The description, of up to 200 characters.
    pub description: String,
}

/// What to change of a project; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateProject {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new description; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
