//! The schema of the files, for editors.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::config::section::file::FileDocument;
use crate::model::Catalogue;

/// Returns the JSON schema of a file, as `schema/scw-iam.schema.json` holds it.
///
/// Draft 7, which editors know best. `x-api` names the API's field behind a key.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = false);
    let generator: SchemaGenerator = settings.with_transform(NeverNull).into_generator();
    let mut schema = generator.into_root_schema_for::<FileDocument>().to_value();
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
