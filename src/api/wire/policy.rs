//! Policies on the wire.
use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::RuleSpec;
use super::field::{nullable, one_of};
use super::novelty::{UnknownFields, novel};
use crate::api::id::{ApplicationId, GroupId, OrganizationId, PolicyId, UserId};
use crate::api::list::listed;

/// A policy: rules for one principal. The rules are not part of it, they have a list of their own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Policy {
    /// The id.
    pub id: PolicyId,
    /// The name, not necessarily unique.
    pub name: String,
    /// The description, possibly empty.
    pub description: String,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed. Fact: setting rules counts, a change of principal does not.
    pub updated_at: Option<Timestamp>,
    /// Whether it may be changed.
    pub editable: bool,
    /// Whether it may be deleted.
    pub deletable: bool,
    /// Whether a product manages it.
    pub managed: bool,
    /// How many rules it has. Fact: 0 in the answer to the create, whatever was created; right in every later answer.
    pub nb_rules: Option<u64>,
    /// How many distinct scopes its rules have; 0 in the answer to the create.
    pub nb_scopes: Option<u64>,
    /// How many permission sets its rules name; 0 in the answer to the create.
    pub nb_permission_sets: Option<u64>,
    /// The tags, at most ten.
    pub tags: Vec<String>,
    /// Who the rules grant access to. `None` when the answer names no principal and does not say that there is none; it is
    /// not known what an orphaned policy looks like.
    #[serde(flatten, deserialize_with = "principal")]
    pub principal: Option<Principal>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(Policy, "policies", id);
novel!(Policy, "policy");

/// Who a policy grants access to. Source: the schema's one-of `principal`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// A user.
    User(UserId),
    /// All members of a group.
    Group(GroupId),
    /// An application.
    Application(ApplicationId),
    /// Nobody.
    Nobody,
}

#[derive(Deserialize)]
struct PrincipalKeys {
    #[serde(default, deserialize_with = "one_of")]
    user_id: Option<UserId>,
    #[serde(default, deserialize_with = "one_of")]
    group_id: Option<GroupId>,
    #[serde(default, deserialize_with = "one_of")]
    application_id: Option<ApplicationId>,
    #[serde(default, deserialize_with = "nullable")]
    no_principal: bool,
}

/// Reads the principal. Two at once are an error: guessing would misplace access.
fn principal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Principal>, D::Error> {
    let keys = PrincipalKeys::deserialize(deserializer)?;
    let found = [
        keys.user_id.map(Principal::User),
        keys.group_id.map(Principal::Group),
        keys.application_id.map(Principal::Application),
        keys.no_principal.then_some(Principal::Nobody),
    ];
    let mut found = found.into_iter().flatten();
    let first = found.next();
    match found.next() {
        Some(_) => Err(serde::de::Error::custom("a policy with two principals")),
        None => Ok(first),
    }
}

impl Serialize for Principal {
    /// Writes the one key of the one-of group.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::User(id) => map.serialize_entry("user_id", id)?,
            Self::Group(id) => map.serialize_entry("group_id", id)?,
            Self::Application(id) => map.serialize_entry("application_id", id)?,
            Self::Nobody => map.serialize_entry("no_principal", &true)?,
        }
        map.end()
    }
}

/// What a new policy is made of, its rules included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreatePolicy {
    /// The name: 1 to 64 of ASCII letters, digits, `_ ( ) . -` and inner spaces.
    pub name: String,
    /// The description, of up to 200 characters.
    pub description: String,
    /// The tags, at most ten.
    pub tags: Vec<String>,
    /// The rules.
    pub rules: Vec<RuleSpec>,
    /// Who the rules grant access to.
    #[serde(flatten)]
    pub principal: Principal,
}

/// What to change of a policy; `None` leaves a field unchanged. Rules are set by a call of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdatePolicy {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new description; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The new tags; an empty list removes them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The new principal. Fact: its one key replaces the old one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
}
