//! Permission sets on the wire.
use serde::Deserialize;

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, open_enum};
use crate::api::id::PermissionSetId;
use crate::api::list::listed;

/// A permission set, which a rule grants. Scaleway defines them; users cannot create any.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PermissionSet {
    /// The id. Rules do not use it.
    pub id: PermissionSetId,
    /// The name, by which rules know it.
    pub name: String,
    /// Where it can be granted.
    pub scope_type: ScopeType,
    /// The description.
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    /// The categories that the console sorts it under.
    #[serde(default, deserialize_with = "nullable")]
    pub categories: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(PermissionSet, "permission_sets", id);

impl Novel for PermissionSet {
    fn novelties(&self) -> Vec<Novelty> {
        let scope_type = self.scope_type.novelty("permission set", "scope_type");
        self.unknown.novelties("permission set").chain(scope_type).collect()
    }
}

open_enum! {
    /// What a permission set can be granted on. Source: the published schema.
    ScopeType {
        /// Not said. Recorded for a rule whose project was deleted.
        Unspecified = "unknown_scope_type",
        /// Projects: some, or all of the organization.
        Projects = "projects",
        /// The organization.
        Organization = "organization",
        /// The account behind the owner.
        AccountRootUser = "account_root_user",
    }
}
