//! YAML as a tree with places: what the decoders read.

use std::borrow::Cow;

use super::mistake::Span;
use super::yaml::{Plain, plain};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'t> {
    pub(super) at: Span,
    pub(super) value: Value<'t>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Value<'t> {
    Scalar(Scalar<'t>),
    List(Vec<Node<'t>>),
    Map(Map<'t>),
    /// What could not be read; the mistake has been noted.
    Broken,
}

/// A word or a text.
#[derive(Debug, Clone)]
pub(super) struct Scalar<'t> {
    pub(super) text: Cow<'t, str>,
    /// Without quotes and not in a block, so that YAML readers may take it for something else than text.
    pub(super) plain: bool,
}

/// A map; keys are checked to be scalars, each given once.
#[derive(Debug, Clone, Default)]
pub(super) struct Map<'t> {
    pub(super) entries: Vec<(Node<'t>, Node<'t>)>,
    /// The text ends or breaks inside of it, so that what is missing may stand further down.
    pub(super) cut: bool,
}

impl Node<'_> {
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// Returns the text of a scalar, whatever YAML takes it for.
    pub(super) fn raw(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            Value::List(_) | Value::Map(_) | Value::Broken => None,
        }
    }

    /// Returns where to point for the whole: the first key of a map, else all of it.
    pub(super) fn head(&self) -> Span {
        match &self.value {
            Value::Map(map) => map.entries.first().map_or(self.at, |(key, _)| key.at),
            Value::Scalar(_) | Value::List(_) | Value::Broken => self.at,
        }
    }

    /// Returns the words for what it is.
    pub(super) fn found(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => match scalar.taken_for() {
                Plain::Text => "text",
                other => other.words().unwrap_or("text"),
            },
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Broken => "broken",
        }
    }
}

impl Scalar<'_> {
    pub(super) fn taken_for(&self) -> Plain {
        if self.plain { plain(&self.text) } else { Plain::Text }
    }

    pub(super) fn is_null(&self) -> bool {
        self.taken_for() == Plain::Null
    }
}
