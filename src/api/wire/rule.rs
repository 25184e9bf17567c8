//! Rules on the wire.
use serde::{Deserialize, Deserializer, Serialize};

use super::ScopeType;
use super::field::{nullable, one_of};
use super::novelty::{Novel, Novelty, UnknownFields};
use crate::api::id::{OrganizationId, PolicyId, ProjectId, RuleId};
use crate::api::list::listed;

/// A rule of a policy: permission sets on a scope, possibly under a condition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// The id. Fact: every setting of the policy's rules gives new ones, also to a rule that stays.
    pub id: RuleId,
    /// The permission sets, by name; the order means nothing.
    #[serde(deserialize_with = "nullable")]
    pub permission_set_names: Vec<String>,
    /// What the sets can be granted on. It is the type of the sets, not of the scope: a set for projects that is granted
    /// on the organization is for all projects, present and future.
    pub permission_sets_scope_type: ScopeType,
    /// The condition, a CEL expression; empty when there is none. Fact: absent in recordings older than the feature.
    #[serde(default)]
    pub condition: String,
    /// What the sets are granted on. `None` when the answer does not say: probably the rule's project was deleted.
    #[serde(flatten, deserialize_with = "scope")]
    pub scope: Option<RuleScope>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(Rule, "rules", id);

impl Novel for Rule {
    fn novelties(&self) -> Vec<Novelty> {
        let scope_type = self.permission_sets_scope_type.novelty("rule", "permission_sets_scope_type");
        self.unknown.novelties("rule").chain(scope_type).collect()
    }
}

/// What a rule that was read applies to. Source: the schema's one-of `scope`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleScope {
    /// Some projects; the order means nothing.
    Projects(Vec<ProjectId>),
    /// The organization, or all its projects: the type of the permission sets tells which.
    Organization(OrganizationId),
    /// The account behind the owner. It can be read and not written.
    AccountRootUser(String),
}

#[derive(Deserialize)]
struct ScopeKeys {
    #[serde(default)]
    project_ids: Option<Vec<ProjectId>>,
    #[serde(default, deserialize_with = "one_of")]
    organization_id: Option<OrganizationId>,
    #[serde(default, deserialize_with = "one_of")]
    account_root_user_id: Option<String>,
}

/// Reads the scope. Two at once are an error: guessing would misplace access.
fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RuleScope>, D::Error> {
    let keys = ScopeKeys::deserialize(deserializer)?;
    let found = [
        keys.project_ids.map(RuleScope::Projects),
        keys.organization_id.map(RuleScope::Organization),
        keys.account_root_user_id.map(RuleScope::AccountRootUser),
    ];
    let mut found = found.into_iter().flatten();
    let first = found.next();
    match found.next() {
        Some(_) => Err(serde::de::Error::custom("a rule with two scopes")),
        None => Ok(first),
    }
}

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleSpec {
    /// The permission sets, by name. All of one rule have the same scope type.
    pub permission_set_names: Vec<String>,
    /// The condition, a CEL expression of up to 2048 characters; empty for none.
    pub condition: String,
    /// What the sets are granted on.
    #[serde(flatten)]
    pub scope: SpecScope,
}

/// What a rule that is written applies to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum SpecScope {
    /// Some projects.
    #[serde(rename = "project_ids")]
    Projects(Vec<ProjectId>),
    /// The organization for sets of that type, all its projects for sets of the project type.
    #[serde(rename = "organization_id")]
    Organization(OrganizationId),
}

impl Rule {
    /// Returns what would have to be written for this rule to stay; `None` when it cannot be written, so that setting the
    /// rules of its policy would lose it.
    pub fn to_spec(&self) -> Option<RuleSpec> {
        let scope = match &self.scope {
            Some(RuleScope::Projects(ids)) if !ids.is_empty() => SpecScope::Projects(ids.clone()),
            Some(RuleScope::Organization(id)) => SpecScope::Organization(id.clone()),
            Some(RuleScope::Projects(_) | RuleScope::AccountRootUser(_)) | None => return None,
        };
        let (permission_set_names, condition) = (self.permission_set_names.clone(), self.condition.clone());
        Some(RuleSpec { permission_set_names, condition, scope })
    }
}

/// The body of the call that replaces all rules of a policy.
#[derive(Serialize)]
pub(in crate::api) struct SetRules<'a> {
    pub(in crate::api) policy_id: &'a PolicyId,
    pub(in crate::api) rules: &'a [RuleSpec],
}

/// Its answer, which has no count.
#[derive(Deserialize)]
pub(in crate::api) struct SetRulesAnswer {
    pub(in crate::api) rules: Vec<Rule>,
}
