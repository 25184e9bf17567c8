//! The schema of the files, for editors, and the manual that is written from it.

mod json;
mod manual;
pub(super) mod text;

pub use self::json::schema;
pub use manual::manual;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

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
