use jiff::Timestamp;

use crate::access::cel::Vocabulary;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::{Node, Value};
use crate::config::until::{self, CONDITION_MOST};
use crate::model::{Condition, Id, PermissionSetName, ProjectName};

/// An entry of `rules`.
#[derive(Debug)]
pub(in crate::config) struct RuleDocument {
    pub(in crate::config) permission_sets: Vec<Spanned<PermissionSetName>>,
    pub(in crate::config) scope: Option<Spanned<ScopeDocument>>,
    /// With its end in it.
    pub(in crate::config) condition: Option<Condition>,
    pub(in crate::config) until: Option<Spanned<Timestamp>>,
    pub(in crate::config) at: Span,
}

/// `scope` of a rule.
#[derive(Debug)]
pub(in crate::config) enum ScopeDocument {
    Organization,
    AllProjects,
    Projects(Vec<Spanned<ProjectName>>),
}

pub(in crate::config) const SHAPE: Shape =
    Shape { of: "a rule", keys: &["permission_sets", "scope", "condition", "until"], top: false };

/// The words for `scope`.
pub(in crate::config) const SCOPES: &[&str] = &["organization", "all_projects"];

pub(super) fn rule(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<RuleDocument> {
    let at = node.head();
    let mut fields = Fields::of(d, node, at, "rules", &SHAPE)?;
    let of = || "the rule".to_owned();
    let permission_sets = fields.required("permission_sets", d, of, permission_sets).unwrap_or_default();
    let scope = fields.required("scope", d, of, |d, node, _| scope(d, node));
    let mut place = at;
    let condition = fields.optional("condition", d, |d, node, _| {
        place = node.at;
        condition(d, node)
    });
    let until = fields.optional("until", d, until);
    let condition = match &until {
        Some(until) => composed(d, condition.as_ref(), until, place),
        None => condition,
    };
    Some(RuleDocument { permission_sets, scope, condition, until, at })
}

fn permission_sets(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<Spanned<PermissionSetName>>> {
    let mut sets = d.each(node, "permission_sets", |d, item| d.permission_set(item, "permission_sets"))?;
    if matches!(&node.value, Value::List(items) if items.is_empty()) {
        d.mistake(node.at, MistakeKind::NoPermissionSets);
    }
    d.distinct(&mut sets, "permission set", |set| (set.value.clone(), set.at));
    Some(sets)
}

fn scope(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<ScopeDocument>> {
    let value = match &node.value {
        Value::List(items) if items.is_empty() => {
            d.mistake(node.at, MistakeKind::EmptyScope);
            return None;
        }
        Value::List(_) => {
            let mut projects = d.each(node, "scope", |d, item| project(d, item, "scope"))?;
            d.distinct(&mut projects, "project", |project| (project.value.clone(), project.at));
            ScopeDocument::Projects(projects)
        }
        Value::Scalar(_) | Value::Map(_) | Value::Broken => match d.text(node, "scope")? {
            "organization" => ScopeDocument::Organization,
            "all_projects" => ScopeDocument::AllProjects,
            text => {
                let near = d.budget.near(text, SCOPES.iter().copied()).map(str::to_owned);
                d.mistake(node.at, MistakeKind::ScopeWord { text: text.to_owned(), near });
                return None;
            }
        },
    };
    Some(Spanned { value, at: node.at })
}

/// Decodes the name of a project.
pub(super) fn project(d: &mut Decoder<'_>, node: &Node<'_>, what: &str) -> Option<Spanned<ProjectName>> {
    let text = d.text(node, what)?;
    if text.parse::<Id>().is_ok() {
        d.mistake(node.at, MistakeKind::ProjectById { id: text.to_owned() });
        return None;
    }
    let value = d.project_of(text, node.at)?;
    Some(Spanned { value, at: node.at })
}

fn condition(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Condition> {
    let text = d.text(node, "condition")?;
    match text.parse() {
        Ok(condition) => {
            d.expression(text, node, Vocabulary::Condition);
            Some(condition)
        }
        Err(why) => {
            d.mistake(node.at, MistakeKind::BadCondition { why });
            None
        }
    }
}

/// Returns the condition with the end of the rule in it.
fn composed(
    d: &mut Decoder<'_>,
    condition: Option<&Condition>,
    until: &Spanned<Timestamp>,
    at: Span,
) -> Option<Condition> {
    let text = until::compose(condition.map(Condition::as_str), until.value);
    let found = text.chars().count();
    match text.parse::<Condition>() {
        Ok(together) => {
            if let Some(alone) = condition {
                d.combined(alone.as_str(), together.as_str(), at);
            }
            Some(together)
        }
        Err(_) => {
            d.mistake(at, MistakeKind::ConditionTooLong { found, most: CONDITION_MOST });
            None
        }
    }
}

/// Decodes when an entry ends. A date needs no quotes, though YAML 1.1 has a type for it.
pub(super) fn until(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Spanned<Timestamp>> {
    let text = match &node.value {
        Value::Scalar(scalar) if !scalar.is_null() => &*scalar.text,
        Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Broken => d.text(node, "until")?,
    };
    match until::read(text) {
        Some(value) => Some(Spanned { value, at: node.at }),
        None => {
            d.mistake(node.at, MistakeKind::BadTime { text: text.to_owned() });
            None
        }
    }
}
