use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::meta::{MetaDocument, meta};
use super::rule::{RuleDocument, rule};
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::{Node, Value};
use crate::model::{Email, Kind, Name};

document! {
    /// What a principal may do.
    #[derive(Default)]
    #[schemars(rename = "policy")]
    PolicyDocument: "a policy" {
        ..MetaDocument,
        /// Who holds what the rules grant: one user, group or application, or `none`.
        #[schemars(with = "PrincipalDocument", extend("x-api" = "`user_id`, `group_id`, `application_id` or `no_principal`", "examples" = [{"group": "developers"}, "none"]))]
        principal: Option<PrincipalDocument>,
        /// What is granted. The order has no meaning. `[]` grants nothing.
        #[schemars(extend("x-api" = "`rules`", "examples" = [[{"permission_sets": ["IAMReadOnly"], "scope": "organization"}]]))]
        rules: Vec<RuleDocument>,
    }
}

/// `principal` of a policy.
#[derive(Debug)]
pub(in crate::config) enum PrincipalDocument {
    None,
    User(Spanned<Email>),
    Group(Spanned<Name>),
    Application(Spanned<Name>),
}

impl JsonSchema for PrincipalDocument {
    fn schema_name() -> Cow<'static, str> {
        "policy_principal".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let somebody = generator.subschema_for::<PrincipalMap>();
        json_schema!({
            "description": "Who holds what a policy grants.",
            "anyOf": [{"description": "Nobody, for now.", "const": "none"}, somebody],
        })
    }
}

document! {
    /// One user, group or application.
    #[schemars(rename = "principal", extend("minProperties" = 1, "maxProperties" = 1))]
    PrincipalMap: "`principal`" {
        /// A person, by e-mail address.
        #[schemars(extend("x-api" = "`user_id`", "examples" = ["alice@example.com"]))]
        user: Option<Spanned<Email>>,
        /// A group, declared here or listed under `external`.
        #[schemars(extend("x-api" = "`group_id`", "examples" = ["developers"]))]
        group: Option<Spanned<Name>>,
        /// An application, declared here or listed under `external`.
        #[schemars(extend("x-api" = "`application_id`", "examples" = ["ci"]))]
        application: Option<Spanned<Name>>,
    }
}

pub(super) fn policy(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<PolicyDocument> {
    let mut fields = Fields::of(d, node, at, name, &PolicyDocument::SHAPE)?;
    let of = || format!("policy `{name}`");
    Some(PolicyDocument {
        shared: meta(&mut fields, d, Kind::Policy),
        principal: fields.required("principal", d, of, |d, node, key| {
            if let Value::Scalar(scalar) = &node.value
                && scalar.text == "none"
            {
                return Some(PrincipalDocument::None);
            }
            principal(d, node, key)
        }),
        rules: fields.required("rules", d, of, |d, node, _| rules(d, node)).unwrap_or_default(),
    })
}

/// Decodes a map of exactly one of `user`, `group` and `application`.
pub(super) fn principal(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<PrincipalDocument> {
    match &node.value {
        Value::Scalar(scalar) if !scalar.is_null() => {
            d.mistake(node.at, MistakeKind::PrincipalWord { text: scalar.text.to_string() });
            return None;
        }
        Value::Scalar(_) => {
            d.mistake(node.at, MistakeKind::PrincipalEmpty);
            return None;
        }
        Value::List(_) | Value::Map(_) | Value::Broken => {}
    }
    let mut fields = Fields::of(d, node, key, "principal", &PrincipalMap::SHAPE)?;
    let kinds: Vec<&'static str> =
        PrincipalMap::SHAPE.keys().filter(|key| fields.get(key).is_some()).collect();
    let PrincipalMap { user, group, application } = PrincipalMap {
        user: fields.optional("user", d, |d, node, _| d.email(node, "user")),
        group: fields.optional("group", d, |d, node, _| d.name(node, "group", Kind::Group)),
        application: fields
            .optional("application", d, |d, node, _| d.name(node, "application", Kind::Application)),
    };
    match kinds.len() {
        0 => {
            let empty = matches!(&node.value, Value::Map(map) if map.entries.is_empty() && !map.cut);
            if empty {
                d.mistake(node.at, MistakeKind::PrincipalEmpty);
            }
            None
        }
        1 => user
            .map(PrincipalDocument::User)
            .or(group.map(PrincipalDocument::Group))
            .or(application.map(PrincipalDocument::Application)),
        _ => {
            d.mistake(node.at, MistakeKind::PrincipalSeveral { kinds });
            None
        }
    }
}

fn rules(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Vec<RuleDocument>> {
    let items = d.list(node, "rules")?;
    Some(items.iter().filter_map(|item| rule(d, item)).collect())
}
