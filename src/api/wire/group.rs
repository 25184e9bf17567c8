//! Groups and their members on the wire.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::field::nullable;
use super::novelty::{UnknownFields, novel};
use crate::api::id::{ApplicationId, GroupId, OrganizationId, UserId};
use crate::api::list::listed;

/// A group of users and applications.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// The id.
    pub id: GroupId,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed. Fact: a change of members does not count.
    pub updated_at: Option<Timestamp>,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// The name, unique in the organization.
    pub name: String,
    /// The description, possibly empty.
    pub description: String,
    /// The users in it; the order means nothing.
    pub user_ids: Vec<UserId>,
    /// The applications in it; the order means nothing. Some of them may be in no list (the nodes of a cluster).
    pub application_ids: Vec<ApplicationId>,
    /// The tags, at most ten.
    pub tags: Vec<String>,
    /// Whether it may be changed.
    pub editable: bool,
    /// Whether it may be deleted.
    pub deletable: bool,
    /// Whether a product manages it.
    pub managed: bool,
    /// Whether it is the built-in group of all users. In the official types since August 2026.
    #[serde(default, deserialize_with = "nullable")]
    pub all_users: bool,
    /// Whether it is the built-in group of all applications that no product manages.
    #[serde(default, deserialize_with = "nullable")]
    pub all_applications: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(Group, "groups", id);
novel!(Group, "group");

/// What a new group is made of. Its members are added by further calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateGroup {
    /// The name: 1 to 64 of ASCII letters, digits, `_ ( ) . -` and inner spaces.
    pub name: String,
    /// The description, of up to 200 characters.
    pub description: String,
    /// The tags, at most ten.
    pub tags: Vec<String>,
}

/// What to change of a group; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateGroup {
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

/// Several members of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Members {
    /// The users.
    pub user_ids: Vec<UserId>,
    /// The applications.
    pub application_ids: Vec<ApplicationId>,
}

/// One member of a group. Source: the schema's one-of `member`; both at once is a 400.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Member {
    /// A user.
    #[serde(rename = "user_id")]
    User(UserId),
    /// An application.
    #[serde(rename = "application_id")]
    Application(ApplicationId),
}

impl Group {
    /// Says whether somebody is in the group, as this answer has it.
    pub fn has(&self, member: &Member) -> bool {
        match member {
            Member::User(id) => self.user_ids.contains(id),
            Member::Application(id) => self.application_ids.contains(id),
        }
    }

    /// Says whether all of these are in the group, as this answer has it.
    pub fn has_all(&self, members: &Members) -> bool {
        members.user_ids.iter().all(|id| self.user_ids.contains(id))
            && members.application_ids.iter().all(|id| self.application_ids.contains(id))
    }
}
