//! How files name people: by e-mail address, or by username or id where an address does not tell.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::MistakeKind;
use crate::config::tree::{Node, Value};
use crate::config::write::{ScalarPlace, scalar};
use crate::model::{Email, Id, Key, Username};

document! {
    /// The key of a person: exactly one of these.
    #[derive(Default)]
    #[schemars(rename = "person_keys")]
    PersonKeys: "a person" {
        /// The e-mail address.
        #[schemars(extend("x-api" = "`email` of a user", "examples" = ["bob@example.com"]))]
        email: Option<Spanned<Email>>,
        /// The username, for one of two people who share an address.
        #[schemars(extend("x-api" = "`username` of a user", "examples" = ["ops-laptop"]))]
        username: Option<Spanned<Username>>,
        /// The id, for a person whom the API does not list.
        #[schemars(extend("x-api" = "`id` of a user", "examples" = ["63310857-3247-4094-bc70-58fd1cd82491"]))]
        id: Option<Spanned<Id>>,
    }
}

document! {
    /// A person by username or id.
    #[schemars(rename = "person_map", extend("minProperties" = 1, "maxProperties" = 1))]
    PersonMap: "a person" {
        #[schemars(flatten)]
        @of keys: PersonKeys,
    }
}

/// The key of a person in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::config) struct Person(pub(in crate::config) Key);

impl JsonSchema for Person {
    fn schema_name() -> Cow<'static, str> {
        "person".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let email = generator.subschema_for::<Email>();
        let map = generator.subschema_for::<PersonMap>();
        json_schema!({"description": "A person.", "anyOf": [email, map]})
    }
}

/// Decodes a person: an address, or a map of one key.
pub(super) fn person(d: &mut Decoder<'_>, node: &Node<'_>, what: &str) -> Option<Spanned<Key>> {
    let Value::Map(_) = node.value else { return by_address(d, node, what) };
    let mut fields = MapFields::of(d, node, node.head(), what, &PersonMap::SHAPE)?;
    let PersonMap { keys } = PersonMap { keys: keys(&mut fields, d) };
    one(d, node, &mut fields, keys)
}

/// Decodes a person by e-mail address.
pub(super) fn by_address(d: &mut Decoder<'_>, node: &Node<'_>, what: &str) -> Option<Spanned<Key>> {
    let text = d.text(node, what)?;
    if !text.contains('@') && text.parse::<Username>().is_ok() {
        d.mistake(node.at, MistakeKind::PersonByWord { text: text.to_owned() });
        return None;
    }
    d.email(node, what).map(|email| email.map(Key::Email))
}

/// Decodes the keys that identify a person.
pub(super) fn keys(fields: &mut MapFields<'_, '_>, d: &mut Decoder<'_>) -> PersonKeys {
    PersonKeys {
        email: fields.optional("email", d, |d, node, _| d.email(node, "email")),
        username: fields.optional("username", d, |d, node, _| {
            d.value::<Username>(node, "username", |text, why| MistakeKind::BadUsername { text, why })
        }),
        id: fields.optional("id", d, |d, node, _| d.id(node, "id")),
    }
}

/// Returns the key of one person; it is a mistake if a map has none or several.
pub(super) fn one(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    fields: &mut MapFields<'_, '_>,
    keys: PersonKeys,
) -> Option<Spanned<Key>> {
    let said = PersonKeys::SHAPE.keys().filter(|key| fields.get(key).is_some()).count();
    if said != 1 {
        if !PersonKeys::SHAPE.keys().any(|key| fields.excused(key)) {
            d.mistake(node.at, MistakeKind::PersonUnclear);
        }
        return None;
    }
    let PersonKeys { email, username, id } = keys;
    email
        .map(|email| email.map(Key::Email))
        .or(username.map(|username| username.map(Key::Username)))
        .or(id.map(|id| id.map(Key::Id)))
}

/// Returns a person as a YAML value; `None` for an object with a name.
pub(super) fn written(key: &Key, context: ScalarPlace) -> Option<String> {
    match key {
        Key::Email(email) => Some(scalar(email.as_str(), context)),
        Key::Username(username) => {
            Some(format!("{{username: {}}}", scalar(username.as_str(), ScalarPlace::Flow)))
        }
        Key::Id(id) => Some(format!("{{id: {id}}}")),
        Key::Named(_) | Key::Project(_) | Key::Child(_) | Key::Only => None,
    }
}
