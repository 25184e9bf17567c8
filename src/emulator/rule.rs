//! Rules: permission sets on a scope.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::condition;
use super::fields::{BodyFields, read_uuid, read_uuid_or_null, read_uuids};
use super::organization::{HandlerRequest, Organization};
use super::page::PageRequest;
use super::permission_set::{self, PermissionSets};
use super::reply::{ArgumentReason, Handled, Problem};
use super::state::Defaults;

/// Where the sets of a rule apply.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ScopeKeys", into = "ScopeKeys")]
pub(super) enum Scope {
    Projects(Vec<String>),
    Organization(String),
    /// Can be read and not written.
    AccountRootUser(String),
    /// Its projects are gone.
    #[default]
    Nothing,
}

/// The one-of of a scope as it is written.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct ScopeKeys {
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "read_uuids")]
    project_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_uuid_or_null")]
    organization_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_uuid_or_null")]
    account_root_user_id: Option<String>,
}

impl From<Scope> for ScopeKeys {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Projects(project_ids) => Self { project_ids, ..Self::default() },
            Scope::Organization(id) => Self { organization_id: Some(id), ..Self::default() },
            Scope::AccountRootUser(id) => Self { account_root_user_id: Some(id), ..Self::default() },
            Scope::Nothing => Self::default(),
        }
    }
}

impl TryFrom<ScopeKeys> for Scope {
    type Error = &'static str;

    fn try_from(keys: ScopeKeys) -> Result<Self, Self::Error> {
        let ScopeKeys { project_ids, organization_id, account_root_user_id } = keys;
        match (project_ids.is_empty(), organization_id, account_root_user_id) {
            (false, None, None) => Ok(Self::Projects(project_ids)),
            (true, Some(id), None) => Ok(Self::Organization(id)),
            (true, None, Some(id)) => Ok(Self::AccountRootUser(id)),
            (true, None, None) => Ok(Self::Nothing),
            _ => Err("there may be one of project_ids, organization_id, account_root_user_id"),
        }
    }
}

impl Scope {
    /// Returns what the scope counts as: kind and id of each part.
    fn parts(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Projects(ids) => ids.iter().map(|id| ("project", id.as_str())).collect(),
            Self::Organization(id) => vec![("organization", id)],
            Self::AccountRootUser(id) => vec![("user", id)],
            Self::Nothing => vec![("nothing", "")],
        }
    }
}

/// One rule of a policy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    #[serde(deserialize_with = "read_uuid")]
    id: String,
    #[serde(rename = "permission_set_names")]
    pub(super) permission_sets: Vec<String>,
    /// The type of the sets, not of the rule's own scope.
    #[serde(rename = "permission_sets_scope_type")]
    pub(super) scope_type: String,
    pub(super) condition: String,
    #[serde(flatten)]
    pub(super) scope: Scope,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// `nb_rules`, `nb_scopes`, `nb_permission_sets` of a policy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Counters {
    #[serde(rename = "nb_rules")]
    pub(super) rules: u64,
    #[serde(rename = "nb_scopes")]
    scopes: u64,
    #[serde(rename = "nb_permission_sets")]
    permission_sets: u64,
}

impl Counters {
    /// Counts rules, distinct scopes (with the scope type of the sets), and sets over all rules.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let scopes: HashSet<_> = rules
            .iter()
            .flat_map(|rule| rule.scope.parts().into_iter().map(|part| (&rule.scope_type, part)))
            .collect();
        Self {
            rules: rules.len() as u64,
            scopes: scopes.len() as u64,
            permission_sets: rules.iter().map(|rule| rule.permission_sets.len() as u64).sum(),
        }
    }
}

impl Rule {
    /// Adds to one of a state file its id and the type of its sets.
    pub(super) fn complete(rule: &mut Map<String, Value>, defaults: &Defaults) {
        rule.retain(|_, value| !value.is_null());
        defaults.fill(rule, "id", || defaults.made_up_id().into());
        let names = rule.get("permission_set_names").and_then(Value::as_array);
        let known = names.into_iter().flatten().find_map(|name| permission_set::scope_type(name.as_str()?));
        defaults.fill(rule, "permission_sets_scope_type", || known.unwrap_or(UNKNOWN).into());
    }

    /// Takes a project out of the scope; nothing when it was not there.
    pub(super) fn forget_project(&mut self, id: &str) -> Option<()> {
        let Scope::Projects(ids) = &mut self.scope else { return None };
        let before = ids.len();
        ids.retain(|other| other != id);
        let changed = (ids.len() < before).then_some(());
        if ids.is_empty() {
            self.scope = Scope::Nothing;
            self.scope_type = UNKNOWN.to_owned();
        }
        changed
    }
}

const UNKNOWN: &str = "unknown_scope_type";

impl Organization {
    pub(super) fn list_rules(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        let query = &mut ask.query;
        let id = query.id("policy_id");
        if query.text("policy_id").is_none() {
            query.refuse("policy_id", ArgumentReason::Required, "required key not provided");
        }
        let page = PageRequest::read(query, 20);
        query.done()?;
        let id = id.unwrap_or_default();
        let policy = self.policies.get(&id).ok_or(Problem::NotFound { resource: "policy", id })?;
        Ok(page.of("rules", policy.rules.iter(), |rule| json!(rule)))
    }

    /// Reads the rules of a request: each with its sets, all of one scope type, and exactly one scope.
    pub(super) fn rule_specs(&self, fields: &mut BodyFields<'_>) -> Vec<Rule> {
        let mut specs = Vec::new();
        for (at, spec) in fields.list("rules").unwrap_or_default().iter().enumerate() {
            let Value::Object(map) = spec else {
                fields.refuse(&format!("rules[{at}]"), ArgumentReason::Format, "value must be an object");
                continue;
            };
            let mut inner = BodyFields::below(map, format!("rules[{at}]."));
            specs.extend(spec_of(&mut inner, &self.permission_sets));
            fields.absorb(inner);
        }
        specs
    }

    /// Checks that the scopes of new rules exist. The default project has the organization's id.
    pub(super) fn resolve_rules(&self, specs: Vec<Rule>) -> Result<Vec<Rule>, Problem> {
        for spec in &specs {
            match &spec.scope {
                Scope::Projects(ids) => {
                    for id in ids {
                        self.known_project(id)?;
                    }
                }
                Scope::Organization(id) if *id != self.id => {
                    return Err(Problem::NotFound { resource: "organization", id: id.clone() });
                }
                Scope::Organization(_) | Scope::AccountRootUser(_) | Scope::Nothing => {}
            }
        }
        Ok(specs)
    }

    /// Gives rules their ids: new ones at each write, also for a rule that stays as it was (recorded: policy-basic).
    pub(super) fn make_rules(&mut self, policy: &str, body: &[u8], mut rules: Vec<Rule>) -> Vec<Rule> {
        let mut draw = self.rng.draw(&[b"rules", policy.as_bytes(), body]);
        for rule in &mut rules {
            rule.id = draw.uuid();
        }
        rules
    }
}

fn spec_of(fields: &mut BodyFields<'_>, sets: &PermissionSets) -> Option<Rule> {
    let names = fields.texts("permission_set_names");
    let names = fields.require("permission_set_names", names)?;
    let scope_type = type_of(fields, &names, sets);
    let condition = fields.text_up_to("condition", 2048).unwrap_or_default();
    if let Err(why) = condition::check(&condition) {
        fields.refuse("condition", ArgumentReason::Format, why);
    }
    let scope = scope_of(fields)?;
    if scope_type == Some("organization") && matches!(scope, Scope::Projects(_)) {
        fields.refuse(
            "project_ids",
            ArgumentReason::Constraint,
            "organization permission sets need organization_id",
        );
    }
    let scope_type = scope_type?.to_owned();
    Some(Rule { permission_sets: names, scope_type, condition, scope, ..Rule::default() })
}

/// Checks the sets of a rule and returns their scope type.
fn type_of<'s>(fields: &mut BodyFields<'_>, names: &[String], sets: &'s PermissionSets) -> Option<&'s str> {
    const KEY: &str = "permission_set_names";
    if names.is_empty() {
        fields.refuse(KEY, ArgumentReason::Constraint, "value must contain at least 1 item(s)");
    }
    let mut seen = HashSet::new();
    let mut types = Vec::new();
    for name in names {
        if !seen.insert(name) {
            fields.refuse(KEY, ArgumentReason::Constraint, "repeated value must contain unique items");
        }
        match sets.scope_type(name) {
            Some(scope_type) => types.push(scope_type),
            None => {
                fields.refuse(
                    KEY,
                    ArgumentReason::Constraint,
                    format!("unknown permission set: {}", short(name)),
                );
            }
        }
    }
    if types.iter().any(|other| other != &types[0]) {
        fields.refuse(KEY, ArgumentReason::Constraint, "permission sets must be of the same scope type");
    }
    types.first().copied()
}

/// Reads the scope of a rule; an `account_root_user_id` cannot be written.
fn scope_of(fields: &mut BodyFields<'_>) -> Option<Scope> {
    let projects = fields.ids("project_ids");
    let organization = fields.id("organization_id");
    match (projects, organization) {
        (Some(_), Some(_)) => {
            fields.refuse(
                "scope",
                ArgumentReason::Constraint,
                "precisely one of project_ids, organization_id must be set",
            );
            None
        }
        (Some(ids), None) => {
            if ids.is_empty() {
                fields.refuse(
                    "project_ids",
                    ArgumentReason::Constraint,
                    "value must contain at least 1 item(s)",
                );
            }
            if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
                fields.refuse(
                    "project_ids",
                    ArgumentReason::Constraint,
                    "repeated value must contain unique items",
                );
            }
            Some(Scope::Projects(ids))
        }
        (None, Some(id)) => Some(Scope::Organization(id)),
        (None, None) => {
            if !fields.has("project_ids") && !fields.has("organization_id") {
                fields.refuse_whole(ArgumentReason::Format, "embedded message failed validation");
            }
            None
        }
    }
}

/// Cuts what a caller sent, so that an error does not grow with it.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}
