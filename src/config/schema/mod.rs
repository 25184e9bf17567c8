//! The schema of the files, for editors, and the manual that is written from it.

mod manual;
pub(super) mod text;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

pub use manual::manual;

use crate::model::Catalogue;

/// Returns the JSON schema of a file, as `schema/scw-iam.schema.json` holds it.
///
/// Draft 7, which editors know best. `x-api` names the API's field behind a key.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = false);
    let generator: SchemaGenerator = settings.with_transform(NeverNull).into_generator();
    let mut schema = generator.into_root_schema_for::<super::section::file::FileDocument>().to_value();
    if let Some(set) = schema.pointer_mut("/definitions/permission_set").and_then(Value::as_object_mut) {
        let names: Vec<&str> = Catalogue::published().iter().map(|(name, _)| name.as_str()).collect();
        set.insert("anyOf".to_owned(), json!([{"enum": names}, {}]));
    }
    schema
}

/// Takes `null` out: a key that may be absent may not be empty.
#[derive(Debug, Clone)]
struct NeverNull;

impl Transform for NeverNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        // The in-memory type of a number does not matter to readers.
        object.remove("format");
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                object.insert("type".to_owned(), one);
            }
        }
        let null = json!({"type": "null"});
        if let Some(Value::Array(options)) = object.get_mut("anyOf") {
            let before = options.len();
            options.retain(|option| *option != null);
            if let ([one], true) = (options.as_slice(), options.len() < before) {
                // Draft 7 ignores what stands beside a reference, so the reference keeps its list.
                let one = one.clone();
                object.remove("anyOf");
                object.insert("allOf".to_owned(), json!([one]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::section::{Sections, group, rule, settings};

    /// Every map of the language: its schema and what the decoder knows of it.
    fn maps(schema: &Value) -> Vec<(String, &Value)> {
        let definitions = schema["definitions"].as_object().unwrap();
        let maps = definitions.iter().filter(|(_, map)| map.get("properties").is_some());
        let maps = maps.map(|(name, map)| (format!("/definitions/{name}"), map));
        std::iter::once((String::new(), schema)).chain(maps).collect()
    }

    #[test]
    fn every_map_of_the_schema_is_closed() {
        let schema = schema();
        let maps = maps(&schema);
        assert!(maps.len() > 10);
        for (pointer, map) in maps {
            assert_eq!(map["additionalProperties"], false, "{pointer}");
        }
    }

    #[test]
    fn a_map_that_takes_in_others_keys_has_them_all() {
        let schema = schema();
        let keys = |name: &str| -> BTreeSet<String> {
            schema["definitions"][name]["properties"].as_object().unwrap().keys().cloned().collect()
        };
        for (name, shape) in Sections::SHAPES {
            assert_eq!(keys(name), shape.keys().map(str::to_owned).collect(), "{name}");
        }
    }

    #[test]
    fn every_word_of_the_schema_is_one_of_the_decoder() {
        let schema = schema();
        let words = |pointer: &str| -> Vec<String> {
            let list = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
            list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(words("/definitions/settings/properties/prune/enum"), settings::PRUNES);
        assert_eq!(words("/definitions/group/properties/membership/enum"), group::MEMBERSHIPS);
        let mut scopes: Vec<&str> = rule::SCOPES.to_vec();
        scopes.sort_unstable();
        let text = schema["definitions"]["scope"].to_string();
        assert!(scopes.iter().all(|word| text.contains(word)), "{text}");
    }

    #[test]
    fn every_key_says_what_it_means_and_shows_it() {
        let schema = schema();
        for (pointer, map) in maps(&schema) {
            for (key, value) in map["properties"].as_object().unwrap() {
                assert!(value["description"].is_string(), "{pointer} {key}");
                assert!(value["x-api"].is_string(), "{pointer} {key}");
                assert!(!value["examples"].as_array().unwrap().is_empty(), "{pointer} {key}");
                assert!(manual().contains(&format!("#### `{key}`")), "{key}");
            }
        }
    }

    #[test]
    fn nothing_may_be_null() {
        assert!(!schema().to_string().contains("null"));
    }
}
