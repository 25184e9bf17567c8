//! The manual of the language: an introduction, then every key from the schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::json::schema;
use crate::config::export::yaml;
use crate::config::section::Sections;

const INTRODUCTION: &str = include_str!("manual.md");

/// The maps of the language before the sections, in the order of the manual: the schema's name, and where such a map
/// stands.
const FIRST: &[(&str, &str)] = &[
    ("", "A file"),
    ("settings", "`settings`"),
    ("conditions", "`settings.conditions`"),
    ("limits", "`settings.limits`"),
    ("drift", "`settings.drift`"),
    ("ignored_finding", "`settings.drift.ignore`, an entry"),
    ("scim", "`settings.scim`"),
    ("report", "`settings.report`"),
    ("question", "`settings.report.questions`, an entry"),
    ("allow", "`allow`, an entry"),
    ("external", "`external`"),
];

/// Those after the sections.
const LAST: &[(&str, &str)] = &[
    ("guests", "`memberships.GROUP`"),
    ("assertion", "`assertions`, an entry"),
    ("guardrail", "`guardrails`, an entry"),
];

/// Returns `docs/language.md`: every key with its type, default, limits, an example, and the API's field behind it.
#[must_use]
pub fn manual() -> String {
    let schema = schema();
    let mut text = INTRODUCTION.to_owned();
    text += "\n## Every key\n\nThis part is generated from the same types as the schema.\n";
    let maps = FIRST.iter().chain(Sections::MAPS.iter().copied().flatten()).chain(LAST);
    for (name, title) in maps {
        let map =
            if name.is_empty() { Some(&schema) } else { schema.pointer(&format!("/definitions/{name}")) };
        if let Some(Value::Object(map)) = map {
            section(&mut text, &schema, title, map);
        }
    }
    text
}

fn section(text: &mut String, schema: &Value, title: &str, map: &Map<String, Value>) {
    // A string takes every write.
    let _ = writeln!(text, "\n### {title}\n\n{}", words(map));
    let required = |key: &str| {
        let list = map.get("required").and_then(Value::as_array);
        list.is_some_and(|keys| keys.iter().any(|name| name == key))
    };
    let properties = map.get("properties").and_then(Value::as_object);
    for (key, value) in properties.into_iter().flatten() {
        let Some(value) = value.as_object() else { continue };
        let _ = writeln!(text, "\n#### `{key}`\n\n{}\n", words(value));
        let _ = writeln!(text, "- type: {}", type_of(schema, value));
        let default = if required(key) { "– (required)".to_owned() } else { default(value) };
        let _ = writeln!(text, "- default: {default}");
        let _ = writeln!(text, "- limits: {}", limits(schema, value));
        let _ = writeln!(text, "- API: {}", value.get("x-api").and_then(Value::as_str).unwrap_or("–"));
        for example in value.get("examples").and_then(Value::as_array).into_iter().flatten() {
            let _ = writeln!(text, "\n```yaml\n{key}: {}\n```", yaml(example));
        }
    }
}

fn words(value: &Map<String, Value>) -> String {
    value.get("description").and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

/// Returns what a reference leads to, or the value itself.
fn target<'a>(schema: &'a Value, value: &'a Map<String, Value>) -> (Option<&'a str>, &'a Map<String, Value>) {
    let inner = value.get("allOf").and_then(|list| list.get(0)).unwrap_or(&Value::Null);
    let reference = value.get("$ref").or_else(|| inner.get("$ref")).and_then(Value::as_str);
    let Some(name) = reference.and_then(|reference| reference.strip_prefix("#/definitions/")) else {
        return (None, value);
    };
    match schema.pointer(&format!("/definitions/{name}")) {
        Some(Value::Object(map)) => (Some(name), map),
        _ => (None, value),
    }
}

fn type_of(schema: &Value, value: &Map<String, Value>) -> String {
    let (name, map) = target(schema, value);
    let one = |value: &Value| value.as_object().map(|map| type_of(schema, map)).unwrap_or_default();
    if let Some(options) = map.get("enum").and_then(Value::as_array) {
        let words: Vec<String> =
            options.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(" or ");
    }
    if let Some(word) = map.get("const") {
        return format!("`{}`", word.as_str().map_or_else(|| word.to_string(), str::to_owned));
    }
    if let (Some(options), None) = (map.get("anyOf").and_then(Value::as_array), map.get("type")) {
        return options.iter().map(one).collect::<Vec<_>>().join(", or ");
    }
    match map.get("type").and_then(Value::as_str) {
        Some("array") => format!("list of {}", map.get("items").map(one).unwrap_or_default()),
        Some("object") => match map.get("additionalProperties").filter(|entry| entry.is_object()) {
            Some(entry) => format!("map of names to {}", one(entry)),
            None => name.map_or_else(|| "map".to_owned(), |name| format!("map ({})", name.replace('_', " "))),
        },
        Some("integer") => "whole number".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("string") => {
            name.map_or_else(|| "text".to_owned(), |name| format!("text ({})", name.replace('_', " ")))
        }
        _ => "text".to_owned(),
    }
}

fn default(value: &Map<String, Value>) -> String {
    if let Some(words) = value.get("x-default").and_then(Value::as_str) {
        return words.to_owned();
    }
    value.get("default").map_or_else(|| "absent".to_owned(), |default| format!("`{}`", yaml(default)))
}

fn limits(schema: &Value, value: &Map<String, Value>) -> String {
    let mut limits = Vec::new();
    gather(schema, value, "", &mut limits);
    if limits.is_empty() { "–".to_owned() } else { limits.join("; ") }
}

/// Gathers the limits of a value and of its items.
fn gather(schema: &Value, value: &Map<String, Value>, of: &str, limits: &mut Vec<String>) {
    let (name, inner) = target(schema, value);
    let maps = if name.is_some() { vec![value, inner] } else { vec![value] };
    for map in maps {
        let number = |key: &str| map.get(key).and_then(Value::as_u64);
        let mut range = |least: Option<u64>, most: Option<u64>, what: &str| match (least, most) {
            (Some(least), Some(most)) => limits.push(format!("{of}{least} to {most}{what}")),
            (None, Some(most)) => limits.push(format!("{of}at most {most}{what}")),
            (Some(least), None) => limits.push(format!("{of}at least {least}{what}")),
            (None, None) => {}
        };
        range(number("minLength"), number("maxLength"), " characters");
        range(number("minItems"), number("maxItems"), " items");
        range(number("minimum"), number("maximum"), "");
        if map.get("uniqueItems").is_some() {
            limits.push(format!("{of}no item twice"));
        }
        if let Some(pattern) = map.get("pattern").and_then(Value::as_str) {
            limits.push(format!("{of}`{pattern}`"));
        }
        if let Some(words) = map.get("x-limits").and_then(Value::as_str) {
            limits.push(format!("{of}{words}"));
        }
        if let Some(Value::Object(items)) = map.get("items") {
            gather(schema, items, "each ", limits);
        }
        if map.get("additionalProperties").is_some_and(Value::is_object)
            && let Some(Value::Object(names)) = map.get("propertyNames")
        {
            gather(schema, names, "names ", limits);
        }
    }
}
