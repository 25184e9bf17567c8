//! Reads the fields of a JSON object, of a request body or of a state file, and gathers what is wrong with them.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::reply::{ArgumentReason, Problem, Refusal};
use super::time;

/// The fields of one object. A null counts as absent everywhere.
///
/// Source: fact sheet of PATCH semantics; `"tags": null` in a create gives `[]` (recorded: policy-basic).
pub(super) struct BodyFields<'a> {
    map: &'a Map<String, Value>,
    prefix: String,
    refused: Vec<Refusal>,
}

impl<'a> BodyFields<'a> {
    pub(super) fn new(map: &'a Map<String, Value>) -> Self {
        Self::below(map, String::new())
    }

    /// Reads an object inside another; `prefix` stands before the names of refused arguments.
    pub(super) fn below(map: &'a Map<String, Value>, prefix: String) -> Self {
        Self { map, prefix, refused: Vec::new() }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn refuse(&mut self, key: &str, reason: ArgumentReason, help: impl Into<String>) {
        let argument = format!("{}{key}", self.prefix);
        self.refused.push(Refusal { argument, reason, help: help.into() });
    }

    /// Refuses the object itself, by the place where it stands.
    pub(super) fn refuse_whole(&mut self, reason: ArgumentReason, help: impl Into<String>) {
        let argument = self.prefix.trim_end_matches('.').to_owned();
        self.refused.push(Refusal { argument, reason, help: help.into() });
    }

    /// Takes over what an inner object has refused.
    pub(super) fn absorb(&mut self, inner: BodyFields<'_>) {
        self.refused.extend(inner.refused);
    }

    /// Ends the reading: an error when anything was refused.
    pub(super) fn done(self) -> Result<(), Problem> {
        if self.refused.is_empty() { Ok(()) } else { Err(Problem::Invalid(self.refused)) }
    }

    /// Returns the first refusal, for a state file.
    pub(super) fn first_refusal(&self) -> Option<&Refusal> {
        self.refused.first()
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.clone()),
            _ => self.wrong_type(key, "value must be a string"),
        }
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        match self.value(key)? {
            Value::Bool(flag) => Some(*flag),
            _ => self.wrong_type(key, "value must be a boolean"),
        }
    }

    pub(super) fn count(&mut self, key: &'static str) -> Option<u64> {
        match self.value(key)?.as_u64() {
            Some(count) => Some(count),
            None => self.wrong_type(key, "value must be a number"),
        }
    }

    pub(super) fn object(&mut self, key: &'static str) -> Option<&'a Map<String, Value>> {
        match self.value(key)? {
            Value::Object(map) => Some(map),
            _ => self.wrong_type(key, "value must be an object"),
        }
    }

    pub(super) fn list(&mut self, key: &'static str) -> Option<&'a [Value]> {
        match self.value(key)? {
            Value::Array(list) => Some(list),
            _ => self.wrong_type(key, "value must be a list"),
        }
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let texts: Option<Vec<String>> =
            self.list(key)?.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        if texts.is_none() {
            self.refuse(key, ArgumentReason::Format, "value must be a list of strings");
        }
        texts
    }

    pub(super) fn id(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        let id = uuid(&text);
        if id.is_none() {
            self.refuse(key, ArgumentReason::Format, NOT_A_UUID);
        }
        id
    }

    pub(super) fn ids(&mut self, key: &'static str) -> Option<Vec<String>> {
        let ids: Option<Vec<String>> = self.texts(key)?.iter().map(|text| uuid(text)).collect();
        if ids.is_none() {
            self.refuse(key, ArgumentReason::Format, NOT_A_UUID);
        }
        ids
    }

    pub(super) fn time(&mut self, key: &'static str) -> Option<Timestamp> {
        let text = self.text(key)?;
        let at = time::parse(&text);
        if at.is_none() {
            self.refuse(key, ArgumentReason::Format, "value must be an RFC 3339 time");
        }
        at
    }

    /// Says that a required field is absent, unless something else was refused about it already.
    pub(super) fn require<T>(&mut self, key: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.has(key) {
            self.refuse(key, ArgumentReason::Required, "required key not provided");
        }
        value
    }

    /// Reads text of at most `max` Unicode code points.
    pub(super) fn text_up_to(&mut self, key: &'static str, max: usize) -> Option<String> {
        let text = self.text(key)?;
        if text.chars().count() > max {
            self.refuse(key, ArgumentReason::Constraint, format!("value length must be at most {max} runes"));
        }
        Some(text)
    }

    /// Reads a description, at most 200 code points.
    pub(super) fn description(&mut self) -> Option<String> {
        self.text_up_to("description", 200)
    }

    /// Reads the name of an application, group or policy.
    pub(super) fn name(&mut self) -> Option<String> {
        let name = self.text("name")?;
        if let Some(help) = not_a_name(&name) {
            self.refuse("name", ArgumentReason::Constraint, help);
        }
        Some(name)
    }

    /// Reads the tags of a request: at most 10, in their order, none twice, each 1 to 70 of the characters that tags have.
    ///
    /// Objects made before that rule may have others, so a state file may too.
    pub(super) fn tags(&mut self) -> Option<Vec<String>> {
        let tags = self.texts("tags")?;
        if tags.len() > 10 {
            self.refuse("tags", ArgumentReason::Constraint, "value must contain no more than 10 item(s)");
        }
        if tags.iter().collect::<HashSet<_>>().len() < tags.len() {
            self.refuse("tags", ArgumentReason::Constraint, "repeated value must contain unique items");
        }
        for (at, tag) in tags.iter().enumerate() {
            if let Some(help) = not_a_tag(tag) {
                self.refuse(&format!("tags[{at}]"), ArgumentReason::Constraint, help);
            }
        }
        Some(tags)
    }

    fn wrong_type<T>(&mut self, key: &'static str, help: &'static str) -> Option<T> {
        self.refuse(key, ArgumentReason::Format, help);
        None
    }
}

/// Changes a field to what a PATCH gives; what it does not give stays.
pub(super) fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *field = given;
    }
}

/// The help that the API gives with a malformed id (recorded).
pub(super) const NOT_A_UUID: &str = "value must be a valid UUID";

/// Returns the id in lower case, or nothing when it is none.
pub(super) fn uuid(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH);
    id.map(|id| id.to_string())
}

/// Reads the id of a row, in lower case.
pub(super) fn read_uuid<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    uuid(&text).ok_or_else(|| serde::de::Error::custom(NOT_A_UUID))
}

/// The same, or nothing.
pub(super) fn read_uuid_or_null<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
    text.map(|text| uuid(&text).ok_or_else(|| serde::de::Error::custom(NOT_A_UUID))).transpose()
}

/// Reads ids, in lower case.
pub(super) fn read_uuids<'de, D: serde::Deserializer<'de>, C: FromIterator<String>>(
    deserializer: D,
) -> Result<C, D::Error> {
    let texts: Vec<String> = serde::Deserialize::deserialize(deserializer)?;
    let ids = texts.iter().map(|text| uuid(text).ok_or_else(|| serde::de::Error::custom(NOT_A_UUID)));
    ids.collect()
}

/// The default of what is so unless a state says otherwise.
pub(super) fn yes() -> bool {
    true
}

/// Says what is wrong with a name: 1 to 64 of ASCII letters, digits, `_ ( ) . -`, in words separated by spaces.
pub(super) fn not_a_name(name: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '(' | ')' | '.' | '-');
    if !(1..=64).contains(&name.chars().count()) {
        return Some("value length must be between 1 and 64 runes, inclusive");
    }
    let fits = name.chars().all(|c| c == ' ' || allowed(c)) && !name.starts_with(' ') && !name.ends_with(' ');
    (!fits).then_some(r#"value does not match regex pattern "^[\\w().\\-]+( +[\\w().\\-]+)*$""#)
}

/// Says what is wrong with a tag. Of a wrong length and wrong characters the length is said.
fn not_a_tag(tag: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/=+@ ".contains(c);
    if !(1..=70).contains(&tag.chars().count()) {
        return Some("value length must be between 1 and 70 runes, inclusive");
    }
    (!tag.chars().all(allowed)).then_some(r#"value does not match regex pattern "^[a-zA-Z0-9._\\-/=+@ ]+$""#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_ascii_words_and_inner_spaces() {
        for name in ["a", "Project - default (105bdce1)", "a  b", "tf_tests.x-1", &"n".repeat(64)] {
            assert_eq!(not_a_name(name), None, "{name}");
        }
        for name in ["", " a", "a ", "a/b", "a:b", "é", "a\tb", &"n".repeat(65)] {
            assert!(not_a_name(name).is_some(), "{name}");
        }
    }

    #[test]
    fn lengths_count_code_points() {
        let body = serde_json::json!({"description": "é".repeat(200)});
        let mut fields = BodyFields::new(body.as_object().unwrap());
        fields.description();
        assert!(fields.done().is_ok());
    }
}
