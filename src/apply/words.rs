//! What differs between objects, in words.

use std::fmt;

use indexmap::IndexMap;

use crate::api::escaped;
use crate::live::LiveObject;
use crate::model::{FieldValue, Id, Object, Owner, ProjectName, Rule, Scope, SpanWords};

/// A field that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMismatch {
    /// The field, as the API names it.
    pub field: &'static str,
    /// What it should be, in words.
    pub wanted: String,
    /// What it is, in words, escaped.
    pub found: String,
}

impl fmt::Display for FieldMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} should be {} but is {}", self.field, self.wanted, self.found)
    }
}

/// A field that somebody else changed before a step was to overwrite it, or to rely on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedField {
    /// The field, as the API names it.
    pub field: &'static str,
    /// What the plan saw, in words.
    pub planned_from: String,
    /// What it is now, in words, escaped.
    pub now: String,
    /// What the step was to make of it, in words; `None` where it only relies on it.
    pub desired: Option<String>,
}

impl fmt::Display for ChangedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, planned_from, now, desired } = self;
        write!(f, "{field}: planned from {planned_from}, now {now}")?;
        desired.as_ref().map_or(Ok(()), |desired| write!(f, ", desired {desired}"))
    }
}

/// Turns values into words for a reader, ids of projects into names.
#[derive(Clone, Copy)]
pub(super) struct FieldWords<'a> {
    pub(super) projects: &'a IndexMap<Id, ProjectName>,
}

impl FieldWords<'_> {
    /// Returns the fields in which what was found differs, its name first.
    pub(super) fn mismatches(
        &self,
        title: Option<&str>,
        wanted: &Object,
        found: &LiveObject,
    ) -> Vec<FieldMismatch> {
        let text = |text: &str| format!("`{}`", escaped(text));
        let name = title.filter(|title| *title != found.title).map(|title| FieldMismatch {
            field: "name",
            wanted: text(title),
            found: text(&found.title),
        });
        let differences = wanted.differences(&found.object).into_iter();
        let fields = differences.map(|(wanted, found)| FieldMismatch {
            field: wanted.name,
            wanted: self.value(wanted.value),
            found: self.value(found.value),
        });
        name.into_iter().chain(fields).collect()
    }

    fn value(&self, value: FieldValue<'_>) -> String {
        match value {
            FieldValue::Text(text) => format!("`{}`", escaped(text)),
            FieldValue::Tags(tags) => list(tags.iter().map(|tag| escaped(tag))),
            FieldValue::Owner(None) => "nobody".to_owned(),
            FieldValue::Owner(Some(Owner::Stack(stack))) => format!("stack {stack}"),
            FieldValue::Owner(Some(Owner::Unclear(tags))) => list(tags.iter().map(|tag| escaped(tag))),
            FieldValue::Attachment(attachment) => match attachment.address() {
                None => "nobody".to_owned(),
                Some(address) => escaped(&address.to_string()),
            },
            FieldValue::Members(members) => list(members.iter().map(|member| escaped(&member.to_string()))),
            FieldValue::Rules(rules) => list(rules.sorted().into_iter().map(|rule| self.rule(rule))),
            FieldValue::Count(count) => count.to_string(),
            FieldValue::Flag(flag) => flag.to_string(),
            FieldValue::Span(span) => SpanWords(span).to_string(),
            FieldValue::Unsaid => "not served".to_owned(),
        }
    }

    fn rule(&self, rule: &Rule) -> String {
        let project =
            |id: &Id| self.projects.get(id).map_or_else(|| id.to_string(), |name| escaped(name.as_str()));
        let scope = match &rule.scope {
            Scope::Organization => "organization".to_owned(),
            Scope::AllProjects => "all_projects".to_owned(),
            Scope::Projects(ids) => list(ids.iter().map(project)),
            Scope::Other(words) => escaped(words),
            Scope::Gone => "a scope that no longer exists".to_owned(),
        };
        let sets: Vec<_> = rule.permission_sets.iter().map(|set| escaped(set.as_str())).collect();
        let condition =
            rule.condition.as_ref().map(|condition| format!(" if {}", escaped(condition.as_str())));
        format!("{} on {scope}{}", sets.join(" "), condition.unwrap_or_default())
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
