use super::meta::{MetaDocument, meta};
use super::rule::{RuleDocument, rule};
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::{Node, Value};
use crate::model::{Email, Kind, Name};

/// `policies: {NAME: …}`.
#[derive(Debug, Default)]
pub(in crate::config) struct PolicyDocument {
    pub(in crate::config) meta: MetaDocument,
    pub(in crate::config) principal: Option<PrincipalDocument>,
    pub(in crate::config) rules: Vec<RuleDocument>,
}

/// `principal` of a policy.
#[derive(Debug)]
pub(in crate::config) enum PrincipalDocument {
    None,
    User(Spanned<Email>),
    Group(Spanned<Name>),
    Application(Spanned<Name>),
}

pub(in crate::config) const SHAPE: Shape = Shape {
    of: "a policy",
    keys: &["description", "tags", "id", "previously", "principal", "rules"],
    top: false,
};

pub(in crate::config) const PRINCIPAL: Shape =
    Shape { of: "`principal`", keys: &["user", "group", "application"], top: false };

pub(super) fn policy(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<PolicyDocument> {
    let mut fields = Fields::of(d, node, at, name, &SHAPE)?;
    let of = || format!("policy `{name}`");
    Some(PolicyDocument {
        meta: meta(&mut fields, d, Kind::Policy),
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
    let mut fields = Fields::of(d, node, key, "principal", &PRINCIPAL)?;
    let kinds: Vec<&'static str> =
        PRINCIPAL.keys.iter().copied().filter(|key| fields.get(key).is_some()).collect();
    let user = fields.optional("user", d, |d, node, _| d.email(node, "user"));
    let group = fields.optional("group", d, |d, node, _| d.name(node, "group", Kind::Group));
    let application =
        fields.optional("application", d, |d, node, _| d.name(node, "application", Kind::Application));
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
