//! Fields that the API leaves out in several ways.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// Reads null as the empty value, where the API's own types allow null.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads one key of a one-of group: absent, null and empty all mean that it is not the one.
pub(super) fn one_of<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String>,
    T::Error: fmt::Display,
{
    match Option::<String>::deserialize(deserializer)? {
        Some(text) if !text.is_empty() => T::try_from(text).map(Some).map_err(serde::de::Error::custom),
        _ => Ok(None),
    }
}
