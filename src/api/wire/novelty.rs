//! What an answer has that this version does not know.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::api::error::escaped;

/// At most this many unknown fields of one object are kept.
const MOST_UNKNOWN: usize = 50;

/// The names of the fields that this version does not know. Their values are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownFields(BTreeSet<String>);

impl UnknownFields {
    /// Returns the names, escaped and sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn novelties(&self, kind: &'static str) -> impl Iterator<Item = Novelty> {
        self.0.iter().map(move |name| Novelty { kind, field: name.clone(), value: None })
    }
}

impl<'de> Deserialize<'de> for UnknownFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeyNames)
    }
}

/// Collects the keys of a map.
struct KeyNames;

impl<'de> Visitor<'de> for KeyNames {
    type Value = UnknownFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UnknownFields, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            if names.len() < MOST_UNKNOWN {
                names.insert(escaped(&name));
            }
        }
        Ok(UnknownFields(names))
    }
}

/// Something in an answer that this version does not know: a field, or a value of a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Novelty {
    /// The kind of object, `policy` for example.
    pub kind: &'static str,
    /// The field, by its JSON name.
    pub field: String,
    /// The value, when the field is known and its value is not.
    pub value: Option<String>,
}

impl fmt::Display for Novelty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "value `{value}` of `{}` in {}", self.field, self.kind),
            None => write!(f, "field `{}` in {}", self.field, self.kind),
        }
    }
}

/// An object of the API that lists what this version does not know about it.
pub trait Novel {
    /// Returns the fields and enum values that this version does not know.
    fn novelties(&self) -> Vec<Novelty>;
}

/// Makes novelties of the fields of a type that this version does not know, by what the type is called.
macro_rules! novel {
    ($item:ty, $called:literal) => {
        impl $crate::api::wire::Novel for $item {
            fn novelties(&self) -> Vec<$crate::api::wire::Novelty> {
                self.unknown.novelties($called).collect()
            }
        }
    };
}
pub(super) use novel;

/// Declares an enum of the API: text outside, and any text that is not listed is kept as `Unknown`.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A value that this version does not know, escaped.
            Unknown(String),
        }

        impl $name {
            /// Returns the value as the API writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }

            pub(in crate::api) fn novelty(&self, kind: &'static str, field: &str) -> Option<crate::api::wire::Novelty> {
                let Self::Unknown(value) = self else { return None };
                Some(crate::api::wire::Novelty { kind, field: field.to_owned(), value: Some(value.clone()) })
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Ok(match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Unknown(crate::api::error::escaped(&text)),
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(super) use open_enum;
