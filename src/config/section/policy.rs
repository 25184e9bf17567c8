use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::entry::Section;
use super::meta::{self, MetaDocument, meta};
use super::person::{self, Person, person};
use super::rule::{self, RuleDocument};
use crate::config::decode::{Decoder, Spanned};
use crate::config::export::{Names, ScalarPlace, YamlWriter, scalar};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolving::Resolving;
use crate::config::tree::{Node, Value};
use crate::model::{Address, Attachment, Flags, Id, Kind, Name, Policy, Rules, Scope, Where};

document! {
    /// What a principal may do.
    #[derive(Default)]
    #[schemars(rename = "policy")]
    PolicyDocument: "a policy" {
        #[schemars(flatten)]
        @of shared: MetaDocument,
        /// Who the rules grant access to: one user, group or application, or `none`.
        #[schemars(with = "PrincipalDocument", extend("x-api" = "`user_id`, `group_id`, `application_id` or `no_principal`", "examples" = [{"group": "developers"}, "none"]))]
        principal: Option<PrincipalDocument>,
        /// The rules. Their order has no meaning. `[]` grants nothing.
        #[schemars(extend("x-api" = "`rules`", "examples" = [[{"permission_sets": ["IAMReadOnly"], "scope": "organization"}]]))]
        rules: Vec<RuleDocument>,
    }
}

/// `principal` of a policy.
#[derive(Debug)]
pub(in crate::config) enum PrincipalDocument {
    None,
    Is(Spanned<Address>),
}

impl PrincipalDocument {
    /// Returns who it is, or `None` for nobody.
    pub(in crate::config) const fn address(&self) -> Option<&Spanned<Address>> {
        match self {
            Self::None => None,
            Self::Is(address) => Some(address),
        }
    }
}

impl JsonSchema for PrincipalDocument {
    fn schema_name() -> Cow<'static, str> {
        "policy_principal".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let somebody = generator.subschema_for::<PrincipalMap>();
        json_schema!({
            "description": "Who a policy grants access to.",
            "anyOf": [{"description": "Nobody, for now.", "const": "none"}, somebody],
        })
    }
}

document! {
    /// One user, group or application.
    #[schemars(rename = "principal", extend("minProperties" = 1, "maxProperties" = 1))]
    PrincipalMap: "`principal`" {
        /// A person, by e-mail address, or by `{username: …}` or `{id: …}` where two share one.
        #[schemars(extend("x-api" = "`user_id`", "examples" = ["alice@example.com", {"username": "ops-laptop"}]))]
        user: Option<Spanned<Person>>,
        /// A group, declared here or listed under `external`.
        #[schemars(extend("x-api" = "`group_id`", "examples" = ["developers"]))]
        group: Option<Spanned<Name>>,
        /// An application, declared here or listed under `external`.
        #[schemars(extend("x-api" = "`application_id`", "examples" = ["ci"]))]
        application: Option<Spanned<Name>>,
    }
}

impl Section for PolicyDocument {
    type Object = Policy;

    const WORDS: &'static str = "The policies, by name. If the section is absent, policies are not managed here; `{}` means that there are none.";
    const API: &'static str = "`name` of a policy";
    const MAPS: &'static [(&'static str, &'static str)] = &[
        ("policy", "`policies.NAME`"),
        ("principal", "`policies.NAME.principal`"),
        ("person_map", "`policies.NAME.principal.user`, a person by something else than an address"),
        ("rule", "`policies.NAME.rules`, an entry"),
    ];

    fn example() -> serde_json::Value {
        json!({"everyone-reads": {"principal": {"group": "developers"}, "rules": []}})
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = MapFields::of(d, node, at, name, &Self::SHAPE)?;
        let of = || format!("policy `{name}`");
        Some(Self {
            shared: meta(&mut fields, d, Kind::Policy),
            principal: fields.required("principal", d, of, principal_or_none),
            rules: fields.required("rules", d, of, rules).unwrap_or_default(),
        })
    }

    fn meta(&self) -> &MetaDocument {
        &self.shared
    }

    fn refers(&self, _: Timestamp) -> Vec<Spanned<Address>> {
        self.principal.iter().filter_map(PrincipalDocument::address).cloned().collect()
    }

    fn rules(&self) -> &[RuleDocument] {
        &self.rules
    }

    fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<Policy> {
        let principal = self.principal.as_ref().and_then(PrincipalDocument::address);
        let attachment = principal.map_or(Attachment::None, |it| Attachment::of(it.value.clone()));
        let mut rules = Vec::with_capacity(self.rules.len());
        for (number, rule) in self.rules.iter().enumerate() {
            let Some(resolved) = rule.resolve(resolving, address, number) else { continue };
            let place = Where::Rule(address.clone(), rules.len());
            resolving.place(place, rule.at);
            rules.push(resolved);
        }
        let meta = resolving.meta(&self.shared);
        Some(Policy { meta, flags: Flags::default(), attachment, rules: Rules(rules) })
    }

    fn unsayable(policy: &Policy) -> Option<String> {
        let principal = policy.attachment.address();
        let unnamed = principal.and_then(|address| address.key().id());
        let unnamed = unnamed.map(|id| format!("it is attached to {id}, which has no name of its own"));
        unnamed.or_else(|| policy.rules.0.iter().find_map(rule::unsayable))
    }

    fn projects_of(policy: &Policy) -> Vec<Id> {
        let scopes = policy.rules.0.iter().map(|rule| &rule.scope);
        scopes
            .filter_map(|scope| if let Scope::Projects(ids) = scope { Some(ids) } else { None })
            .flatten()
            .copied()
            .collect()
    }

    fn write(policy: &Policy, writer: &mut YamlWriter, names: &Names) {
        meta::write(writer, &policy.meta);
        match policy.attachment.address() {
            None => writer.raw(2, "principal: none"),
            Some(address) => {
                let person = Some(address.key()).filter(|_| address.kind() == Kind::User);
                let name = person.and_then(|key| person::written(key, ScalarPlace::Flow));
                let name = name.unwrap_or_else(|| scalar(&address.key_text(), ScalarPlace::Flow));
                writer.raw(2, &format!("principal: {{{}: {name}}}", address.kind()));
            }
        }
        if policy.rules.0.is_empty() {
            return writer.raw(2, "rules: []");
        }
        writer.raw(2, "rules:");
        for rule in &policy.rules.0 {
            rule::write(rule, writer, names);
        }
    }
}

/// Decodes the principal of a policy, which may be nobody.
fn principal_or_none(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<PrincipalDocument> {
    match node.raw() {
        Some("none") => Some(PrincipalDocument::None),
        _ => principal(d, node, key).map(PrincipalDocument::Is),
    }
}

/// Decodes a map of exactly one of `user`, `group` and `application`.
pub(super) fn principal(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<Spanned<Address>> {
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
    let mut fields = MapFields::of(d, node, key, "principal", &PrincipalMap::SHAPE)?;
    let kinds: Vec<&'static str> =
        PrincipalMap::SHAPE.keys().filter(|key| fields.get(key).is_some()).collect();
    let PrincipalMap { user, group, application } = PrincipalMap {
        user: fields.optional("user", d, |d, node, _| person(d, node, "user").map(|it| it.map(Person))),
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
            .map(|user| user.map(|Person(key)| Address::user(key)))
            .or(group.map(|group| group.map(Address::group)))
            .or(application.map(|application| application.map(Address::application))),
        _ => {
            d.mistake(node.at, MistakeKind::PrincipalSeveral { kinds });
            None
        }
    }
}

fn rules(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<RuleDocument>> {
    let items = d.list(node, "rules")?;
    Some(items.iter().filter_map(|item| rule::rule(d, item)).collect())
}
