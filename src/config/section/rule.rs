use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::access::cel::Vocabulary;
use crate::config::decode::{Decoder, Spanned};
use crate::config::export::{Names, YamlWriter};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolving::{EndingPart, Resolving};
use crate::config::schema::text;
use crate::config::tree::{Node, Value};
use crate::config::until::{self, CONDITION_MOST};
use crate::model::{Address, Condition, Id, PermissionSetName, ProjectName, Rule, Scope};

document! {
    /// Permission sets that are granted in a scope, optionally under a condition.
    #[schemars(rename = "rule")]
    RuleDocument: "a rule" {
        /// The permission sets. All sets of one rule must have the same scope type.
        #[schemars(extend("minItems" = 1, "uniqueItems" = true, "x-api" = "`permission_set_names`", "examples" = [["InstancesFullAccess", "ObjectStorageReadOnly"]]))]
        permission_sets: Vec<Spanned<PermissionSetName>>,
        /// Where the sets are granted: a list of project names; `all_projects`, for present and future ones; or
        /// `organization`, for sets of that scope type.
        #[schemars(with = "ScopeDocument", extend("x-api" = "`project_ids`, or `organization_id` for both words", "examples" = [["prod", "staging"], "all_projects", "organization"]))]
        scope: Option<Spanned<ScopeDocument>>,
        /// When the rule applies: a CEL expression. If absent, always. The variables are `request.ip`, `request.time`,
        /// `request.user_agent`, `resource.name`, `resource.id` and `resource.locality`; the standard functions are
        /// available. The limit applies to the condition together with `until`.
        #[schemars(extend("x-api" = "`condition`", "examples" = ["resource.name.startsWith(\"/ci/\") || !has(resource.id)"]))]
        condition: Option<Condition>,
        /// When the rule ends. It is sent as a part of the condition, `(CONDITION) && request.time < timestamp("…Z")`, so
        /// the API ends the access even when nothing runs.
        #[schemars(with = "Option<text::Until>", extend("x-api" = "a part of `condition`", "examples" = ["2026-12-31T18:00:00Z"]))]
        until: Option<Spanned<Timestamp>>,
    }
    beside {
        /// Where the rule stands.
        at: Span,
    }
}

/// `scope` of a rule.
#[derive(Debug)]
pub(in crate::config) enum ScopeDocument {
    Organization,
    AllProjects,
    Projects(Vec<Spanned<ProjectName>>),
}

impl JsonSchema for ScopeDocument {
    fn schema_name() -> Cow<'static, str> {
        "scope".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let projects = generator.subschema_for::<ProjectName>();
        json_schema!({
            "description": "Where permission sets are granted.",
            "anyOf": [
                {"description": "The organization itself, or all its present and future projects.", "enum": SCOPES},
                {"description": "Projects, by name.", "type": "array", "items": projects, "minItems": 1, "uniqueItems": true},
            ],
        })
    }
}

/// The words for `scope`.
pub(in crate::config) const SCOPES: &[&str] = &["organization", "all_projects"];

impl RuleDocument {
    /// Returns the projects that it names.
    pub(in crate::config) fn projects(&self) -> &[Spanned<ProjectName>] {
        match self.scope.as_ref().map(|scope| &scope.value) {
            Some(ScopeDocument::Projects(projects)) => projects,
            Some(ScopeDocument::Organization | ScopeDocument::AllProjects) | None => &[],
        }
    }

    /// Returns what it grants, or `None` when it has ended. `number` is its position in the policy, from 0.
    pub(super) fn resolve(
        &self,
        resolving: &mut Resolving<'_>,
        policy: &Address,
        number: usize,
    ) -> Option<Rule> {
        // What has ended may name what is gone.
        if self.until.as_ref().is_some_and(|until| resolving.ended(policy, EndingPart::Rule(number), until)) {
            return None;
        }
        let scope = match self.scope.as_ref().map(|scope| &scope.value) {
            Some(ScopeDocument::Organization) | None => Scope::Organization,
            Some(ScopeDocument::AllProjects) => Scope::AllProjects,
            Some(ScopeDocument::Projects(projects)) => {
                let projects = projects.iter().map(|project| resolving.project(project, Some(policy)));
                Scope::Projects(projects.collect())
            }
        };
        let permission_sets = self.permission_sets.iter().map(|set| set.value.clone()).collect();
        Some(Rule { permission_sets, scope, condition: self.condition.clone() })
    }
}

/// Returns why files cannot say a rule, where they cannot.
pub(super) fn unsayable(rule: &Rule) -> Option<String> {
    if rule.expressible() {
        return None;
    }
    Some(match &rule.scope {
        Scope::Other(scope) => format!("a rule has a scope that files cannot say: {scope}"),
        Scope::Gone => "the scope of a rule is gone".to_owned(),
        Scope::Projects(projects) if projects.is_empty() => "a rule has no project".to_owned(),
        Scope::Organization | Scope::AllProjects | Scope::Projects(_) => {
            "a rule grants no permission set".to_owned()
        }
    })
}

/// Writes a rule as an item of a list.
pub(super) fn write(rule: &Rule, writer: &mut YamlWriter, names: &Names) {
    // The dash takes the place of the first key's indentation.
    let mut inner = YamlWriter::default();
    inner.list(4, "permission_sets", rule.permission_sets.iter().map(|set| set.as_str()));
    match &rule.scope {
        Scope::Organization => inner.raw(4, "scope: organization"),
        Scope::AllProjects => inner.raw(4, "scope: all_projects"),
        Scope::Projects(ids) => inner.list(4, "scope", names.projects(ids)),
        Scope::Other(_) | Scope::Gone => {}
    }
    if let Some(condition) = &rule.condition {
        match until::decompose(condition).filter(|(_, until)| *until > names.now) {
            Some((condition, until)) => {
                if let Some(condition) = condition {
                    inner.text(4, "condition", condition.as_str());
                }
                inner.raw(4, &format!("until: {until}"));
            }
            None => inner.text(4, "condition", condition.as_str()),
        }
    }
    let text = inner.into_text();
    writer.raw(3, &format!("- {}", text.trim_start().trim_end_matches('\n')));
}

pub(super) fn rule(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<RuleDocument> {
    let at = node.head();
    let mut fields = MapFields::of(d, node, at, "rules", &RuleDocument::SHAPE)?;
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
