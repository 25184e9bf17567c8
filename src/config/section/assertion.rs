use schemars::{JsonSchema as _, Schema, SchemaGenerator};
use serde_json::Value;

use super::policy::{PrincipalMap, principal};
use super::rule::project;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::config::tree::Node;
use crate::model::{Expectation, PermissionSetName, Principal, ProjectName};

document! {
    /// A statement about access that must be true. Has either `can` or `cannot`.
    #[schemars(rename = "assertion", extend("oneOf" = [{"required": ["can"]}, {"required": ["cannot"]}]))]
    AssertionDocument: "an assertion" {
        /// The user or application that the statement is about.
        #[schemars(schema_with = "user_or_application", extend("x-api" = "–", "examples" = [{"user": "alice@example.com"}]))]
        principal: Spanned<Principal>,
        /// A permission set that the principal must hold there, without a condition.
        #[schemars(extend("x-api" = "–", "examples" = ["InstancesFullAccess"]))]
        can: Option<Spanned<PermissionSetName>>,
        /// A permission set that the principal must not hold there, not even under a condition.
        #[schemars(extend("x-api" = "–", "examples" = ["IAMManager"]))]
        cannot: Option<Spanned<PermissionSetName>>,
        /// Where: `organization`, `all_projects`, or a project by name.
        #[schemars(with = "ProjectName", extend("x-api" = "–", "examples" = ["prod", "organization"]))]
        on: Spanned<OnDocument>,
    }
    beside {
        /// Where the assertion stands.
        at: Span,
    }
}

impl AssertionDocument {
    /// Returns what is expected of which permission set. One of both is there: the decoder saw to it.
    pub(in crate::config) fn expectation(&self) -> Option<(Expectation, &Spanned<PermissionSetName>)> {
        let can = self.can.as_ref().map(|set| (Expectation::Can, set));
        can.or(self.cannot.as_ref().map(|set| (Expectation::Cannot, set)))
    }
}

fn user_or_application(generator: &mut SchemaGenerator) -> Schema {
    let mut principal = PrincipalMap::json_schema(generator);
    let properties = principal.get_mut("properties").and_then(Value::as_object_mut);
    properties.map(|properties| properties.remove("group"));
    principal
}

/// `on` of an assertion.
#[derive(Debug)]
pub(in crate::config) enum OnDocument {
    Organization,
    AllProjects,
    Project(ProjectName),
}

pub(super) fn assertion(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<AssertionDocument> {
    let at = node.head();
    let mut fields = MapFields::of(d, node, at, "assertions", &AssertionDocument::SHAPE)?;
    let of = || "the assertion".to_owned();
    let who = fields.required("principal", d, of, |d, node, key| match node.raw() {
        Some("none") => {
            d.mistake(at, MistakeKind::AssertionOnNobody);
            None
        }
        _ => principal(d, node, key),
    });
    let principal = who.and_then(|who| match who.value.principal() {
        Some(value) => Some(Spanned { value, at: who.at }),
        None => {
            d.mistake(who.at, MistakeKind::AssertionOnGroup);
            None
        }
    });
    let can = fields.optional("can", d, |d, node, _| d.permission_set(node, "can"));
    let cannot = fields.optional("cannot", d, |d, node, _| d.permission_set(node, "cannot"));
    let on = fields.required("on", d, of, |d, node, _| on(d, node));
    let keys = (fields.get("can").map(|(key, _)| key.at), fields.get("cannot").map(|(key, _)| key.at));
    match keys {
        (Some(first), Some(second)) => {
            let (first, second) = (first.min(second), first.max(second));
            d.note(Mistake::new(second, MistakeKind::BothExpectations).also(first));
            return None;
        }
        (None, None) if !fields.excused("can") && !fields.excused("cannot") => {
            d.mistake(at, MistakeKind::NoExpectation);
        }
        _ => {}
    }
    can.as_ref().or(cannot.as_ref())?;
    Some(AssertionDocument { principal: principal?, can, cannot, on: on?, at })
}

pub(super) fn on(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<OnDocument>> {
    let value = match node.raw() {
        Some("organization") => OnDocument::Organization,
        Some("all_projects") => OnDocument::AllProjects,
        _ => OnDocument::Project(project(d, node, "on")?.value),
    };
    Some(Spanned { value, at: node.at })
}
