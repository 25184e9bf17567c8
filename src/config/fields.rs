//! Map → values: keys of the language are looked up by name, all others are errors.

use super::decode::Decoder;
use super::mistake::{MistakeKind, Span};
use super::tree::Node;
use crate::model::Kind;

/// The most keys that one map of the language has.
const MOST_KEYS: usize = 24;

/// The entries of a map whose keys are the language's: each is looked up by its name, and any other key
/// is an error.
pub(super) struct MapFields<'n, 'a> {
    shape: &'static Shape,
    found: [Option<&'n (Node<'a>, Node<'a>)>; MOST_KEYS],
    asked: u32,
    cut: bool,
    /// Keys that were probably meant by keys that do not exist.
    meant: Vec<String>,
    at: Span,
}

/// The name of a map of the language, and its keys.
#[derive(Debug)]
pub(super) struct Shape {
    /// The words for it in a message: `a group`.
    pub(super) of: &'static str,
    /// Its keys, in their order: each one alone, or those of another map that it takes in.
    pub(super) keys: &'static [&'static [&'static str]],
    /// Whether keys that begin with `x-` are free in it.
    pub(super) free: bool,
}

impl Shape {
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().copied().flatten().copied()
    }
}

/// A map of the language whose keys are known.
pub(super) trait Keyed {
    /// Its own keys.
    const KEYS: &'static [&'static str];
    /// All of its keys, and what it is called.
    const SHAPE: Shape;
}

/// Declares a map of the language: the struct that it is decoded into, its keys, their schema and their
/// documentation, all from one place.
///
/// A field after `@of` takes in the keys of another map, as `#[schemars(flatten)]` does for the schema. What follows
/// `beside` is in the struct and not in the files.
macro_rules! document {
    (
        $(#[$outer:meta])*
        $name:ident: $of:literal {
            $( $(#[$doc:meta])* $(@$keys:ident)? $key:ident: $type:ty, )*
        }
        $( beside { $( $(#[$more:meta])* $field:ident: $of_field:ty, )* } )?
    ) => {
        #[derive(Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        $(#[$outer])*
        pub(in crate::config) struct $name {
            $( $(#[$doc])* pub(in crate::config) $key: $type, )*
            $( $(
                #[schemars(skip)]
                $(#[$more])*
                pub(in crate::config) $field: $of_field,
            )* )?
        }

        impl crate::config::fields::Keyed for $name {
            const KEYS: &'static [&'static str] = &[$( stringify!($key) ),*];
            const SHAPE: crate::config::fields::Shape = crate::config::fields::Shape {
                of: $of,
                keys: &[$( crate::config::fields::document!(@keys $($keys)? $key: $type) ),*],
                free: false,
            };
        }
    };
    (@keys $key:ident: $type:ty) => { &[stringify!($key)] };
    (@keys of $key:ident: $type:ty) => { <$type as crate::config::fields::Keyed>::KEYS };
}
pub(super) use document;

impl<'n, 'a> MapFields<'n, 'a> {
    /// Takes a map apart. `at` is where to point for a key that is missing; `what` is the key whose value it is.
    pub(super) fn of(
        d: &mut Decoder<'_>,
        node: &'n Node<'a>,
        at: Span,
        what: &str,
        shape: &'static Shape,
    ) -> Option<Self> {
        let map = d.map(node, what)?;
        let (mut found, mut meant) = ([None; MOST_KEYS], Vec::new());
        for entry in &map.entries {
            let Some(text) = entry.0.raw() else { continue };
            match shape.keys().position(|key| key == text) {
                Some(slot) => found[slot] = Some(entry),
                None => meant.extend(unknown(d, &entry.0, text, shape)),
            }
        }
        Some(Self { shape, found, asked: 0, cut: map.cut, meant, at })
    }

    /// Returns the key and the value, or `None` when it is not there.
    pub(super) fn get(&mut self, key: &'static str) -> Option<(&'n Node<'a>, &'n Node<'a>)> {
        let slot = self.shape.keys().position(|known| known == key);
        debug_assert!(slot.is_some(), "`{key}` is not among the keys of its map");
        let slot = slot?;
        self.asked |= 1 << slot;
        self.found[slot].map(|(key, value)| (key, value))
    }

    /// Decodes the value of a key that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        d: &mut Decoder<'_>,
        decode: impl FnOnce(&mut Decoder<'_>, &'n Node<'a>, Span) -> Option<T>,
    ) -> Option<T> {
        let (key, value) = self.get(key)?;
        decode(d, value, key.at)
    }

    /// Decodes the value of a key that must be there.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        d: &mut Decoder<'_>,
        of: impl FnOnce() -> String,
        decode: impl FnOnce(&mut Decoder<'_>, &'n Node<'a>, Span) -> Option<T>,
    ) -> Option<T> {
        match self.get(key) {
            Some((key, value)) => decode(d, value, key.at),
            None => {
                if !self.excused(key) {
                    d.mistake(self.at, MistakeKind::MissingKey { key, of: of() });
                }
                None
            }
        }
    }

    /// Returns true when a key that is missing may stand where the text could not be read, or under a wrong name.
    pub(super) fn excused(&self, key: &str) -> bool {
        self.cut || self.meant.iter().any(|meant| meant == key)
    }
}

impl Drop for MapFields<'_, '_> {
    fn drop(&mut self) {
        let all = u32::MAX >> (32 - self.shape.keys().count());
        debug_assert!(
            std::thread::panicking() || self.asked == all,
            "a decoder never asks for some keys of {}",
            self.shape.of
        );
    }
}

/// Notes a key that does not exist; returns the one that was probably meant.
fn unknown(d: &mut Decoder<'_>, node: &Node<'_>, text: &str, shape: &'static Shape) -> Option<String> {
    let key = text.to_owned();
    if text.starts_with("x-") {
        if !shape.free {
            d.mistake(node.at, MistakeKind::FreeKeyInside { key });
        }
        return None;
    }
    // Errors that are not shown need no suggestions.
    let singular = Kind::ALL.iter().find(|kind| kind.word() == text).map(|kind| kind.section());
    let section = singular.filter(|section| shape.keys().any(|key| key == *section));
    let near = match section {
        _ if d.is_full() => None,
        Some(section) => Some(section.to_owned()),
        None => d.budget.near(text, shape.keys()).map(str::to_owned),
    };
    d.mistake(
        node.at,
        MistakeKind::UnknownKey { key, of: shape.of, keys: shape.keys().collect(), near: near.clone() },
    );
    near
}
