//! Writes the traffic down, in the format of recorded traffic of the real API.

use std::fs::File;
use std::io::{self, Write as _};

use serde_json::{Map, Value};

/// What stands for a secret.
const MASK: &str = "11111111-1111-1111-1111-111111111111";
/// The same in base64, for the data of secrets.
const MASKED_DATA: &str = "MTExMTExMTEtMTExMS0xMTExLTExMTEtMTExMTExMTExMTEx";

/// A file of JSON lines, one for each request that the organization answered.
pub(super) struct Recorder {
    file: File,
    /// Why a line could not be written; nothing is written after it.
    pub(super) failed: Option<io::Error>,
}

/// One request and its answer.
pub(super) struct Exchange<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) request: &'a [u8],
    pub(super) status: u16,
    pub(super) response: Option<&'a Value>,
    /// How long it took, in milliseconds.
    pub(super) ms: f64,
}

impl Recorder {
    /// Records to a file that is open to be written or appended to.
    pub(super) const fn new(file: File) -> Self {
        Self { file, failed: None }
    }

    /// Writes one line.
    pub(super) fn write(&mut self, exchange: &Exchange<'_>) {
        if self.failed.is_some() {
            return;
        }
        let mut line = line(exchange).to_string();
        line.push('\n');
        self.failed = self.file.write_all(line.as_bytes()).and_then(|()| self.file.flush()).err();
    }
}

fn line(exchange: &Exchange<'_>) -> Value {
    let request = if exchange.request.iter().all(u8::is_ascii_whitespace) {
        Value::Null
    } else {
        let text = || Value::from(String::from_utf8_lossy(exchange.request).into_owned());
        serde_json::from_slice(exchange.request).unwrap_or_else(|_| text())
    };
    let mut line = Map::new();
    line.insert("method".into(), exchange.method.into());
    line.insert("path".into(), exchange.target.into());
    line.insert("request".into(), masked(&request));
    line.insert("status".into(), exchange.status.into());
    line.insert("response".into(), exchange.response.map_or(Value::Null, masked));
    line.insert("ms".into(), ((exchange.ms * 10.0).round() / 10.0).into());
    Value::Object(line)
}

/// Copies a body with its secrets masked.
fn masked(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| {
                    let secret = matches!(
                        key.as_str(),
                        "secret_key" | "password" | "token" | "renew_token" | "bearer_token"
                    );
                    let value = match value {
                        Value::String(_) if secret => MASK.into(),
                        Value::String(_) if key == "data" => MASKED_DATA.into(),
                        _ => masked(value),
                    };
                    (key.clone(), value)
                })
                .collect(),
        ),
        Value::Array(list) => list.iter().map(masked).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_is_as_recorded_and_tells_no_secret() {
        let response = json!({"access_key": "SCW9AXCN349HVWTA0M0H", "secret_key": "f0f0f0f0-0000-4000-8000-000000000000"});
        let exchange = Exchange {
            method: "POST",
            target: "/iam/v1alpha1/api-keys",
            request: br#"{"data": "aHVudGVyMg==", "member": {"password": "hunter2"}}"#,
            status: 200,
            response: Some(&response),
            ms: 257.04,
        };
        assert_eq!(
            line(&exchange).to_string(),
            r#"{"method":"POST","path":"/iam/v1alpha1/api-keys","request":{"data":"MTExMTExMTEtMTExMS0xMTExLTExMTEtMTExMTExMTExMTEx","member":{"password":"11111111-1111-1111-1111-111111111111"}},"status":200,"response":{"access_key":"SCW9AXCN349HVWTA0M0H","secret_key":"11111111-1111-1111-1111-111111111111"},"ms":257.0}"#
        );
    }
}
