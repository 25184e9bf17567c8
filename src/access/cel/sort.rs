//! The sorts of values in an expression.

use std::fmt;

/// A sort of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// True or false.
    Bool,
    /// A number of any of the three kinds, which compare with each other.
    Number,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// A point in time.
    Time,
    /// A span of time.
    Duration,
    /// A list.
    List,
    /// A map.
    Map,
    /// Null.
    Null,
    /// The type of a value.
    Type,
    /// One of the others, and surely not true or false.
    Other,
}

/// The words for it, with their article.
impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Bytes => "bytes",
            Self::Time => "a time",
            Self::Duration => "a duration",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Null => "null",
            Self::Type => "a type",
            Self::Other => "something else",
        })
    }
}
