//! What an object is, in one normal form for what a plan says and what the API answers, so that they compare.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use super::StepError;
use super::desk::id_of;
use crate::api::{escaped, wire};
use crate::model::{
    self, Address, Attachment, Catalogue, Id, Ids, Meta, Principal, Rule, Rules, Scope, ScopeType,
};

/// The value of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Texts(BTreeSet<String>),
    /// Ids of users and applications.
    Members(BTreeSet<String>),
    /// The id of what a policy is attached to.
    Attached(Option<String>),
    /// In order, with repetitions: the rules are a multiset.
    Rules(Vec<NormalRule>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NormalRule {
    sets: BTreeSet<String>,
    scope: NormalScope,
    condition: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum NormalScope {
    /// Organization or all projects: the type of the sets tells which.
    Organization,
    Projects(BTreeSet<String>),
    Other(String),
    Gone,
}

/// Fields by name.
pub(super) type Facts = BTreeMap<&'static str, Value>;

/// A field that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The field, as the API names it.
    pub field: &'static str,
    /// What it should be, in words.
    pub wanted: String,
    /// What it is, in words, escaped.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was to be {} and is {}", self.field, self.wanted, self.found)
    }
}

/// A field that a step was to overwrite and that somebody else changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The field, as the API names it.
    pub field: &'static str,
    /// What the plan saw, in words.
    pub planned_from: String,
    /// What it is now, in words, escaped.
    pub now: String,
    /// What the step was to make of it, in words.
    pub desired: String,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, planned_from, now, desired } = self;
        write!(f, "{field}: planned from {planned_from}, now {now}, desired {desired}")
    }
}

/// Returns the fields that are not as the plan saw them, with what was to become of them.
pub(super) fn changes(before: &Facts, now: &Facts, after: &Facts, words: &Words<'_>) -> Vec<Changed> {
    let changed = |mismatch: Mismatch| Changed {
        field: mismatch.field,
        planned_from: mismatch.wanted,
        now: mismatch.found,
        desired: after.get(mismatch.field).map(|value| words.of(value)).unwrap_or_default(),
    };
    mismatches(before, now, words).into_iter().map(changed).collect()
}

/// Returns the fields that are asked about and that are not as wanted, in words.
pub(super) fn mismatches(wanted: &Facts, found: &Facts, words: &Words<'_>) -> Vec<Mismatch> {
    let differing = wanted.iter().filter(|(field, value)| found.get(*field) != Some(value));
    differing
        .map(|(field, value)| Mismatch {
            field,
            wanted: words.of(value),
            found: found.get(field).map_or_else(|| "unknown".to_owned(), |value| words.of(value)),
        })
        .collect()
}

/// Turns ids into names for a reader.
pub(super) struct Words<'a> {
    pub(super) ids: &'a Ids,
    pub(super) projects: &'a indexmap::IndexMap<Id, model::ProjectName>,
}

impl Words<'_> {
    fn of(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => format!("`{}`", escaped(text)),
            Value::Texts(texts) => list(texts.iter().map(|text| escaped(text))),
            Value::Members(ids) => list(ids.iter().map(|id| self.name(id))),
            Value::Attached(None) => "nobody".to_owned(),
            Value::Attached(Some(id)) => self.name(id),
            Value::Rules(rules) => list(rules.iter().map(|rule| self.rule(rule))),
        }
    }

    fn name(&self, id: &str) -> String {
        let address = id.parse().ok().and_then(|id| self.ids.address_of(id));
        address.map_or_else(|| escaped(id), ToString::to_string)
    }

    fn rule(&self, rule: &NormalRule) -> String {
        let project = |id: &String| {
            let name = id.parse().ok().and_then(|id: Id| self.projects.get(&id));
            name.map_or_else(|| escaped(id), |name| escaped(name.as_str()))
        };
        let scope = match &rule.scope {
            NormalScope::Organization if rule.sets.iter().any(|set| on_projects(set)) => {
                "all_projects".to_owned()
            }
            NormalScope::Organization => "organization".to_owned(),
            NormalScope::Projects(ids) => list(ids.iter().map(project)),
            NormalScope::Other(words) => escaped(words),
            NormalScope::Gone => "a scope that is gone".to_owned(),
        };
        let sets: Vec<_> = rule.sets.iter().map(|set| escaped(set)).collect();
        let condition = match rule.condition.as_str() {
            "" => String::new(),
            condition => format!(" if {}", escaped(condition)),
        };
        format!("{} on {scope}{condition}", sets.join(" "))
    }
}

/// Whether a set is known to be one for projects.
fn on_projects(set: &str) -> bool {
    let known = set.parse().ok().and_then(|name| Catalogue::published().get(&name));
    known.is_some_and(|set| set.scope_type == ScopeType::Projects)
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// Returns name, description and tags as they should be; an object that goes by its id keeps its name.
pub(super) fn of_meta(name: Option<&str>, meta: &Meta) -> Facts {
    let mut facts = Facts::from([
        ("description", Value::Text(meta.description.clone())),
        ("tags", Value::Texts(meta.wire_tags().into_iter().collect())),
    ]);
    if let Some(name) = name {
        facts.insert("name", Value::Text(name.to_owned()));
    }
    facts
}

pub(super) fn of_members(ids: &Ids, members: &BTreeSet<Principal>) -> Result<Value, StepError> {
    let id = |member: &Principal| id_of(ids, &member.address()).map(|id| id.to_string());
    members.iter().map(id).collect::<Result<_, _>>().map(Value::Members)
}

pub(super) fn of_attachment(ids: &Ids, attachment: &Attachment) -> Result<Value, StepError> {
    let Some(address) = attachment.address() else { return Ok(Value::Attached(None)) };
    Ok(Value::Attached(Some(id_of(ids, &address)?.to_string())))
}

pub(super) fn of_rules(rules: &Rules) -> Value {
    normal(rules.0.iter().map(|Rule { permission_sets, scope, condition }| NormalRule {
        sets: permission_sets.iter().map(ToString::to_string).collect(),
        scope: match scope {
            Scope::Organization | Scope::AllProjects => NormalScope::Organization,
            Scope::Projects(ids) => NormalScope::Projects(ids.iter().map(ToString::to_string).collect()),
            Scope::Other(words) => NormalScope::Other(words.clone()),
            Scope::Gone => NormalScope::Gone,
        },
        condition: condition.as_ref().map(ToString::to_string).unwrap_or_default(),
    }))
}

fn normal(rules: impl Iterator<Item = NormalRule>) -> Value {
    let mut rules: Vec<_> = rules.collect();
    rules.sort_unstable();
    Value::Rules(rules)
}

fn found_meta(name: &str, description: &str, tags: &[String]) -> Facts {
    Facts::from([
        ("name", Value::Text(name.to_owned())),
        ("description", Value::Text(description.to_owned())),
        ("tags", Value::Texts(tags.iter().cloned().collect())),
    ])
}

pub(super) fn found_user(user: &wire::User) -> Facts {
    Facts::from([("tags", Value::Texts(user.tags.iter().cloned().collect()))])
}

pub(super) fn found_application(application: &wire::Application) -> Facts {
    found_meta(&application.name, &application.description, &application.tags)
}

pub(super) fn found_group(group: &wire::Group) -> Facts {
    let mut facts = found_meta(&group.name, &group.description, &group.tags);
    let users = group.user_ids.iter().map(|id| lower(id.as_str()));
    let members = users.chain(group.application_ids.iter().map(|id| lower(id.as_str())));
    facts.insert("members", Value::Members(members.collect()));
    facts
}

/// Returns the fields of a policy. An id of something that this run deleted is as good as none: what an orphaned
/// policy shows is not known.
pub(super) fn found_policy(policy: &wire::Policy, deleted: &HashSet<Id>) -> Facts {
    let mut facts = found_meta(&policy.name, &policy.description, &policy.tags);
    let id = match &policy.principal {
        Some(wire::Principal::User(id)) => Some(lower(id.as_str())),
        Some(wire::Principal::Group(id)) => Some(lower(id.as_str())),
        Some(wire::Principal::Application(id)) => Some(lower(id.as_str())),
        Some(wire::Principal::Nobody) | None => None,
    };
    let id = id.filter(|id| !id.parse().is_ok_and(|id| deleted.contains(&id)));
    facts.insert("principal", Value::Attached(id));
    facts
}

pub(super) fn found_rules(rules: &[wire::Rule]) -> Value {
    normal(rules.iter().map(|rule| NormalRule {
        sets: rule.permission_set_names.iter().cloned().collect(),
        scope: match &rule.scope {
            Some(wire::RuleScope::Projects(ids)) if !ids.is_empty() => {
                NormalScope::Projects(ids.iter().map(|id| lower(id.as_str())).collect())
            }
            Some(wire::RuleScope::Organization(_)) => NormalScope::Organization,
            Some(wire::RuleScope::AccountRootUser(id)) => {
                NormalScope::Other(format!("account root user {id}"))
            }
            Some(wire::RuleScope::Projects(_)) | None => NormalScope::Gone,
        },
        condition: rule.condition.clone(),
    }))
}

fn lower(id: &str) -> String {
    id.to_ascii_lowercase()
}

/// Returns the name that an object has, or `None` when it goes by its id.
pub(super) fn name_of(address: &Address) -> Option<&str> {
    address.key().title()
}
