//! The query string: repeated keys for lists, `true` and `false`, RFC 3339 times.

use percent_encoding::percent_decode_str;

use super::fields::{NOT_A_UUID, not_a_name, uuid};
use super::reply::{ArgumentReason, Problem, Refusal};

/// The parameters of one request. Unknown ones are ignored.
pub(super) struct QueryParameters {
    pairs: Vec<(String, String)>,
    refused: Vec<Refusal>,
}

impl QueryParameters {
    /// Reads a query. Lists are keys that repeat: a name with brackets, as `group_ids[]`, is refused.
    pub(super) fn parse(text: &str) -> Self {
        let pairs: Vec<(String, String)> = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(key, Plus::Space), decode(value, Plus::Space))
            })
            .collect();
        let mut query = Self { pairs: Vec::new(), refused: Vec::new() };
        for (key, _) in pairs.iter().filter(|(key, _)| key.contains(['[', ']'])) {
            query.refuse(key, ArgumentReason::Format, "value must be a known parameter");
        }
        Self { pairs, ..query }
    }

    pub(super) fn refuse(&mut self, key: &str, reason: ArgumentReason, help: impl Into<String>) {
        self.refused.push(Refusal { argument: key.to_owned(), reason, help: help.into() });
    }

    /// Ends the reading: an error when anything was refused.
    pub(super) fn done(&mut self) -> Result<(), Problem> {
        if self.refused.is_empty() {
            Ok(())
        } else {
            Err(Problem::Invalid(std::mem::take(&mut self.refused)))
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    /// Reads a text filter of `min` to `max` code points.
    pub(super) fn text_of(&mut self, key: &str, min: usize, max: usize) -> Option<String> {
        let text = self.text(key)?;
        if !(min..=max).contains(&text.chars().count()) {
            self.refuse(
                key,
                ArgumentReason::Constraint,
                format!("value length must be between {min} and {max} runes, inclusive"),
            );
        }
        Some(text)
    }

    /// Reads a filter that must be a valid name.
    pub(super) fn name(&mut self, key: &str) -> Option<String> {
        let name = self.text(key)?;
        if let Some(help) = not_a_name(&name) {
            self.refuse(key, ArgumentReason::Constraint, help);
        }
        Some(name)
    }

    /// Reads a flag as Go does, which the gateway is written in: the official Python client sends `True`.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        match self.text(key)?.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => {
                self.refuse(key, ArgumentReason::Format, "value must be a boolean");
                None
            }
        }
    }

    pub(super) fn number(&mut self, key: &str) -> Option<i64> {
        let number = self.text(key)?.parse().ok();
        if number.is_none() {
            self.refuse(key, ArgumentReason::Format, "value must be a number");
        }
        number
    }

    pub(super) fn id(&mut self, key: &str) -> Option<String> {
        let id = uuid(&self.text(key)?);
        if id.is_none() {
            self.refuse(key, ArgumentReason::Format, NOT_A_UUID);
        }
        id
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let texts: Vec<String> =
            self.pairs.iter().filter(|(name, _)| name == key).map(|(_, value)| value.clone()).collect();
        (!texts.is_empty()).then_some(texts)
    }

    pub(super) fn ids(&mut self, key: &str) -> Option<Vec<String>> {
        let ids: Option<Vec<String>> = self.texts(key)?.iter().map(|text| uuid(text)).collect();
        if ids.is_none() {
            self.refuse(key, ArgumentReason::Format, NOT_A_UUID);
        }
        ids
    }

    /// Reads an enum filter; the first choice is the zero value, which means "no filter".
    pub(super) fn choice(&mut self, key: &str, choices: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let Some(at) = choices.iter().position(|choice| *choice == text) else {
            self.refuse(key, ArgumentReason::Format, format!("value must be one of {}", choices.join(", ")));
            return None;
        };
        (at > 0).then(|| choices[at])
    }
}

/// What a `+` stands for: in a query a space, in a path itself.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Plus {
    Space,
    Plus,
}

/// Undoes percent encoding; what is not valid stays as it is.
pub(super) fn decode(text: &str, plus: Plus) -> String {
    let text = if plus == Plus::Space { text.replace('+', " ") } else { text.to_owned() };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// Says whether a text holds another, whatever their case.
///
/// The `name` filter of groups asks for equality. Whether the other `name` filters and the `tag` filters do is not known;
/// this answer punishes clients that trust them.
pub(super) fn holds(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_repeated_keys_and_the_zero_value_is_no_filter() {
        let mut query = QueryParameters::parse("tag=a+b%20c&user_ids=x&type=unknown_type&type=owner&tag=z");
        assert_eq!(query.text("tag").as_deref(), Some("a b c"));
        assert_eq!(query.texts("tag").unwrap(), ["a b c", "z"]);
        assert_eq!(query.choice("type", &["unknown_type", "owner"]), None);
        assert_eq!(query.ids("user_ids"), None);
        let mut flags = QueryParameters::parse("a=True&b=false&c=yes");
        assert_eq!((flags.flag("a"), flags.flag("b"), flags.flag("c")), (Some(true), Some(false), None));
        assert!(query.done().is_err());
    }

    #[test]
    fn broken_percent_encoding_stays_as_it_is() {
        assert_eq!(decode("100%", Plus::Plus), "100%");
        assert_eq!(decode("%zz+%c3%a9%2", Plus::Plus), "%zz+é%2");
        assert_eq!(decode("%é%", Plus::Plus), "%é%");
    }
}
