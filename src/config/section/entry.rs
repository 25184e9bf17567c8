//! What the language knows of a kind.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::api_key::SlotDocument;
use super::meta::MetaDocument;
use super::rule::RuleDocument;
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::export::{Names, YamlWriter};
use crate::config::mistake::Span;
use crate::config::resolving::Resolving;
use crate::config::tree::Node;
use crate::model::{Address, Id, Membership, OfKind, ProjectName, SlotName};

/// What files say of an object of one kind: all that the language knows of the kind.
pub(in crate::config) trait Section: Default + JsonSchema {
    /// The objects that it declares.
    type Object: OfKind;

    /// What the section holds, for the manual.
    const WORDS: &'static str;
    /// The API's field behind its keys, for the manual.
    const API: &'static str;
    /// The maps of the section in the order of the manual: the schema's name, and where such a map stands.
    const MAPS: &'static [(&'static str, &'static str)];

    /// Returns an example of the section, for the manual.
    fn example() -> Value;

    /// Decodes one entry. `at` is its key.
    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self>;

    /// Returns what all declared objects have.
    fn meta(&self) -> &MetaDocument;

    /// Returns its second unique name, which no other object of the kind may have.
    fn second_name(&self) -> Option<Spanned<String>> {
        None
    }

    /// Returns the fields of its kind alone that it leaves out, by the API's names.
    fn unsaid(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Returns what it refers to. What has ended by `now` may be gone.
    fn refers(&self, _now: Timestamp) -> Vec<Spanned<Address>> {
        Vec::new()
    }

    /// Says whether it is a group with exact members.
    fn has_exact_members(&self) -> bool {
        false
    }

    /// Returns the project whose list it is, and how that is meant, where it is no object but a list.
    fn list(&self) -> Option<(&Spanned<ProjectName>, Membership)> {
        None
    }

    /// Returns what it grants.
    fn rules(&self) -> &[RuleDocument] {
        &[]
    }

    /// Returns the projects that it names.
    fn projects(&self) -> Vec<&Spanned<ProjectName>> {
        let list = self.list().map(|(project, _)| project);
        list.into_iter().chain(self.rules().iter().flat_map(RuleDocument::projects)).collect()
    }

    /// Returns the slots for API keys, with where they stand.
    fn api_keys(&self) -> Option<(Span, &Entries<SlotName, SlotDocument>)> {
        None
    }

    /// Returns the object, as it is to be; `None` for what is no object.
    fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<Self::Object>;

    /// Returns why no file can say what an object is, where that is so.
    fn unsayable(_: &Self::Object) -> Option<String> {
        None
    }

    /// Returns the projects that an object names.
    fn projects_of(_: &Self::Object) -> Vec<Id> {
        Vec::new()
    }

    /// Returns the keys under which an object's entry stands in the section; the last one is its own.
    fn path(address: &Address, _: &Self::Object, _: &Names) -> Vec<String> {
        vec![address.key_text()]
    }

    /// Writes the keys of an object's entry.
    fn write(object: &Self::Object, writer: &mut YamlWriter, names: &Names);

    /// Decodes the whole section. An entry that is wrong in itself is still known by its name.
    fn section(d: &mut Decoder<'_>, node: &Node<'_>) -> Entries<Address, Self> {
        let kind = Self::Object::KIND;
        let Some(map) = d.map(node, kind.section()) else { return Vec::new() };
        let mut entries = Vec::with_capacity(map.entries.len());
        for (key, value) in &map.entries {
            let Some(text) = d.key(key) else { continue };
            let name = d.key_of(text, key.at, kind);
            let document = Self::decode(d, value, text, key.at);
            if let Some(name) = name {
                let address = Spanned { value: Address::new(kind, name), at: key.at };
                entries.push((address, document.unwrap_or_default()));
            }
        }
        entries
    }

    /// Returns the schema of the section.
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": Self::WORDS,
            "type": "object",
            "additionalProperties": generator.subschema_for::<Self>(),
            "propertyNames": {"$ref": "#/definitions/name"},
            "x-api": Self::API,
            "examples": [Self::example()],
        })
    }
}
