//! The files as they are written: a file for each kind that they declare, from its keys to its export, and one for
//! each other map of the language.

mod address;
pub(in crate::config) mod allow;
pub(in crate::config) mod api_key;
mod application;
pub(in crate::config) mod assertion;
mod drift;
mod entry;
pub(in crate::config) mod external;
pub(in crate::config) mod file;
mod flag;
pub(in crate::config) mod group;
pub(in crate::config) mod guardrail;
pub(in crate::config) mod meta;
mod organization_settings;
mod person;
mod policy;
pub(in crate::config) mod report;
pub(in crate::config) mod rule;
pub(in crate::config) mod settings;
mod span;
mod ssh_key;
mod user;

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Map;

use self::api_key::SlotDocument;
use self::application::ApplicationDocument;
pub(super) use self::entry::Section;
use self::group::GroupDocument;
use self::meta::MetaDocument;
use self::organization_settings::OrganizationSettingsDocument;
use self::policy::PolicyDocument;
use self::rule::RuleDocument;
use self::ssh_key::SshKeyDocument;
use self::user::UserDocument;
use super::decode::{Decoder, Entries, Spanned};
use super::export::{Names, YamlWriter};
use super::fields::{Keyed, MapFields, Shape};
use super::mistake::Span;
use super::resolving::Resolving;
use crate::model::{Address, Id, Kind, Membership, Object, OfKind, ProjectName, SlotName};

/// The sections of a file: of each kind that it speaks of, the entries in their order.
#[derive(Debug, Default)]
pub(in crate::config) struct Sections(pub(in crate::config) Vec<(Kind, Entries<Address, Declaration>)>);

macro_rules! sections {
    ($($kind:ident: $document:ident),*) => {
        /// What files say of an object of any kind.
        #[derive(Debug)]
        pub(in crate::config) enum Declaration {
            $($kind($document),)*
        }

        impl Declaration {
            /// Returns what all declared objects have.
            pub(in crate::config) fn meta(&self) -> &MetaDocument {
                match self {
                    $(Self::$kind(it) => it.meta(),)*
                }
            }

            /// Returns its second unique name, which no other object of the kind may have.
            pub(in crate::config) fn second_name(&self) -> Option<Spanned<String>> {
                match self {
                    $(Self::$kind(it) => it.second_name(),)*
                }
            }

            /// Returns the fields of its kind alone that it leaves out, by the API's names.
            pub(in crate::config) fn unsaid(&self) -> Vec<&'static str> {
                match self {
                    $(Self::$kind(it) => it.unsaid(),)*
                }
            }

            /// Returns what it refers to, without what has ended by `now`.
            pub(in crate::config) fn refers(&self, now: Timestamp) -> Vec<Spanned<Address>> {
                match self {
                    $(Self::$kind(it) => it.refers(now),)*
                }
            }

            /// Says whether it is a group with exact members.
            pub(in crate::config) fn has_exact_members(&self) -> bool {
                match self {
                    $(Self::$kind(it) => it.has_exact_members(),)*
                }
            }

            /// Returns what it grants.
            pub(in crate::config) fn rules(&self) -> &[RuleDocument] {
                match self {
                    $(Self::$kind(it) => it.rules(),)*
                }
            }

            /// Returns the slots for API keys, with where they stand.
            pub(in crate::config) fn api_keys(&self) -> Option<(Span, &Entries<SlotName, SlotDocument>)> {
                match self {
                    $(Self::$kind(it) => it.api_keys(),)*
                }
            }

            /// Returns the project whose list it is, and how that is meant.
            pub(in crate::config) fn list(&self) -> Option<(&Spanned<ProjectName>, Membership)> {
                match self {
                    $(Self::$kind(it) => it.list(),)*
                }
            }

            /// Returns the projects that it names.
            pub(in crate::config) fn projects(&self) -> Vec<&Spanned<ProjectName>> {
                match self {
                    $(Self::$kind(it) => it.projects(),)*
                }
            }

            /// Returns the object, as it is to be; `None` for what is no object.
            pub(in crate::config) fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<Object> {
                match self {
                    $(Self::$kind(it) => it.resolve(resolving, address).map(Into::into),)*
                }
            }
        }

        impl Sections {
            pub(in crate::config) const KINDS: &'static [Kind] = &[$(Kind::$kind),*];
            pub(in crate::config) const MAPS: &'static [&'static [(&'static str, &'static str)]] = &[$($document::MAPS),*];

            #[cfg(test)]
            pub(in crate::config) const SHAPES: &'static [(&'static str, Shape)] =
                &[$((Kind::$kind.word(), $document::SHAPE)),*];

            /// Decodes all sections of a file.
            pub(in crate::config) fn decode(fields: &mut MapFields<'_, '_>, d: &mut Decoder<'_>) -> Self {
                let mut sections = Vec::new();
                $(if let Some((_, node)) = fields.get(Kind::$kind.section()) {
                    let entries = $document::section(d, node).into_iter();
                    let entries = entries.map(|(address, it)| (address, Declaration::$kind(it))).collect();
                    sections.push((Kind::$kind, entries));
                })*
                Self(sections)
            }
        }

        impl Keyed for Sections {
            const KEYS: &'static [&'static str] = &[$(Kind::$kind.section()),*];
            const SHAPE: Shape = Shape { of: "the sections", keys: &[Self::KEYS], free: false };
        }

        impl JsonSchema for Sections {
            fn schema_name() -> Cow<'static, str> {
                "sections".into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let mut properties = Map::new();
                $(properties.insert(Kind::$kind.section().to_owned(), $document::schema(generator).to_value());)*
                json_schema!({"type": "object", "properties": properties})
            }
        }

        /// Returns why no file can say what an object is, where that is so.
        pub(in crate::config) fn unsayable(object: &Object) -> Option<String> {
            $(if let Some(it) = OfKind::of(object) {
                return $document::unsayable(it);
            })*
            None
        }

        /// Returns the projects that an object names.
        pub(in crate::config) fn projects_of(object: &Object) -> Vec<Id> {
            $(if let Some(it) = OfKind::of(object) {
                return $document::projects_of(it);
            })*
            Vec::new()
        }

        /// Returns the keys under which an object's entry stands in its section.
        pub(in crate::config) fn path(address: &Address, object: &Object, names: &Names) -> Vec<String> {
            $(if let Some(it) = OfKind::of(object) {
                return $document::path(address, it, names);
            })*
            Vec::new()
        }

        /// Writes the keys of an object's entry.
        pub(in crate::config) fn write(object: &Object, writer: &mut YamlWriter, names: &Names) {
            $(if let Some(it) = OfKind::of(object) {
                return $document::write(it, writer, names);
            })*
        }
    };
}

sections!(
    User: UserDocument,
    Application: ApplicationDocument,
    Group: GroupDocument,
    Policy: PolicyDocument,
    SshKey: SshKeyDocument,
    OrganizationSettings: OrganizationSettingsDocument
);
