//! Values of the model, as the document writes them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{GrantDocument, PlanScope, RuleDocument};
use crate::access::{Grant, GrantScope};
use crate::model::{
    Address, Attachment, FieldValue, Id, Key, Object, Principal, Rule, Rules, Scope, WriteCall,
};

pub(super) fn key(key: &Key) -> String {
    match key {
        Key::Id(id) => format!("id:{id}"),
        Key::Named(_) | Key::Email(_) | Key::Username(_) | Key::Project(_) | Key::Child(_) | Key::Only => {
            key.to_string()
        }
    }
}

/// An address as the document writes it.
pub(in crate::plan) fn address(of: &Address) -> String {
    format!("{} {}", of.kind().word(), key(of.key()))
}

pub(super) fn principal(principal: &Principal) -> String {
    address(&principal.address())
}

pub(super) fn attachment(attachment: &Attachment) -> String {
    match attachment {
        Attachment::None => "none".to_owned(),
        Attachment::Principal(to) => principal(to),
        Attachment::Group(group) => address(&Address::group(group.clone())),
    }
}

pub(super) fn grant(grant: &Grant) -> GrantDocument {
    let scope = match &grant.scope {
        GrantScope::Organization => "organization".to_owned(),
        GrantScope::AllProjects => "all_projects".to_owned(),
        GrantScope::Project(id) => id.to_string(),
        GrantScope::Other(words) => words.clone(),
    };
    GrantDocument {
        permission_set: grant.permission_set.to_string(),
        scope,
        condition: grant.condition.as_ref().map(ToString::to_string),
    }
}

pub(super) fn rules(rules: &Rules) -> Vec<RuleDocument> {
    let one = |rule: &Rule| RuleDocument {
        permission_sets: rule.permission_sets.iter().map(ToString::to_string).collect(),
        scope: match &rule.scope {
            Scope::Organization => PlanScope::Word("organization".to_owned()),
            Scope::AllProjects => PlanScope::Word("all_projects".to_owned()),
            Scope::Projects(ids) => PlanScope::Projects(ids.iter().map(Id::to_string).collect()),
            Scope::Other(words) => PlanScope::Word(words.clone()),
            Scope::Gone => PlanScope::Word("gone".to_owned()),
        },
        condition: rule.condition.as_ref().map(ToString::to_string),
    };
    rules.0.iter().map(one).collect()
}

pub(super) fn members(members: &BTreeSet<Principal>) -> Vec<String> {
    members.iter().map(principal).collect()
}

/// The description, of a kind that has one.
pub(super) fn description(object: &Object) -> Option<String> {
    let has = object.fields().iter().any(|field| field.name == "description");
    object.meta().filter(|_| has).map(|meta| meta.description.clone())
}

/// The fields that a kind has for itself and that these calls write, by the API's names.
pub(super) fn own_fields<'a>(
    object: &'a Object,
    calls: &'a [WriteCall],
) -> impl Iterator<Item = (String, Value)> + 'a {
    let fields = object.fields().into_iter().filter(|field| calls.contains(&field.writer));
    fields.filter_map(|field| {
        let value = match field.value {
            FieldValue::Text(_) if field.name == "description" => return None,
            FieldValue::Text(text) => Value::from(text),
            FieldValue::Count(count) => Value::from(count),
            FieldValue::Flag(flag) => Value::from(flag),
            FieldValue::Span(span) => Value::from(format!("{}s", span.as_secs())),
            // These have places of their own, and what is not served has none.
            FieldValue::Unsaid
            | FieldValue::Tags(_)
            | FieldValue::Owner(_)
            | FieldValue::Attachment(_)
            | FieldValue::Members(_)
            | FieldValue::Rules(_) => return None,
        };
        Some((field.name.to_owned(), value))
    })
}
