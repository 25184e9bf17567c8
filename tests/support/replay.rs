//! What an organization was after each write of a record, worked out from the record alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The writes of a record that took effect, in order: method, path without its query, request, answer.
pub(crate) struct Write {
    pub(crate) method: String,
    pub(crate) path: String,
    request: Value,
    response: Value,
}

impl Write {
    /// Returns the object that the write made, as an address in words.
    pub(crate) fn made(&self) -> Option<String> {
        let kind = match self.path.strip_prefix("/iam/v1alpha1/")? {
            "applications" => "application",
            "groups" => "group",
            "policies" => "policy",
            _ => return None,
        };
        Some(format!("{kind} {}", self.response["name"].as_str()?))
    }
}

/// Reads a record. Its last line may be cut short, when whoever wrote it was killed.
pub(crate) fn writes(record: &str) -> Vec<Write> {
    let lines = record.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let took_effect = lines.filter(|line| line["method"] != "GET" && line["status"].as_u64() < Some(300));
    took_effect
        .map(|line| Write {
            method: line["method"].as_str().unwrap().to_owned(),
            path: line["path"].as_str().unwrap().split('?').next().unwrap().to_owned(),
            request: line["request"].clone(),
            response: line["response"].clone(),
        })
        .collect()
}

/// An organization that follows a record.
#[derive(Clone)]
pub(crate) struct Replay {
    rest: Value,
    objects: BTreeMap<&'static str, Vec<Value>>,
}

const KINDS: [&str; 3] = ["applications", "groups", "policies"];

impl Replay {
    /// Starts from a state file.
    pub(crate) fn of(state: &Value) -> Self {
        let objects = KINDS.iter().map(|kind| (*kind, state[*kind].as_array().unwrap().clone())).collect();
        Self { rest: state.clone(), objects }
    }

    /// Returns the organization as a state file.
    pub(crate) fn state(&self) -> Value {
        let mut state = self.rest.clone();
        for (kind, objects) in &self.objects {
            state[*kind] = json!(objects);
        }
        state
    }

    /// Follows one write.
    pub(crate) fn follow(&mut self, write: &Write) {
        let path = write.path.strip_prefix("/iam/v1alpha1/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        match (write.method.as_str(), parts.as_slice()) {
            ("PUT", ["rules"]) => {
                let id = write.request["policy_id"].as_str().unwrap().to_owned();
                self.object("policies", &id)["rules"] = write.response["rules"].clone();
            }
            ("POST", [kind]) => {
                let mut made = write.response.clone();
                if *kind == "policies" {
                    made["rules"] = typed(write.request["rules"].clone());
                }
                let kind = KINDS.into_iter().find(|known| known == kind).unwrap();
                self.objects.get_mut(kind).unwrap().push(made);
            }
            ("DELETE", [kind, id]) => self.delete(kind, id),
            ("PATCH", [kind, id]) => {
                let object = self.object(kind, id);
                let rules = object["rules"].clone();
                *object = write.response.clone();
                object["rules"] = rules;
            }
            (_, ["groups", id, "members" | "add-member" | "add-members" | "remove-member"]) => {
                *self.object("groups", id) = write.response.clone();
            }
            other => panic!("a write that nobody planned: {other:?}"),
        }
    }

    fn object(&mut self, kind: &str, id: &str) -> &mut Value {
        let objects = self.objects.get_mut(kind).unwrap();
        objects.iter_mut().find(|object| object["id"] == id).unwrap()
    }

    fn delete(&mut self, kind: &str, id: &str) {
        self.objects.get_mut(kind).unwrap().retain(|object| object["id"] != id);
        for group in self.objects.get_mut("groups").unwrap() {
            group["application_ids"].as_array_mut().unwrap().retain(|member| member != id);
        }
        for policy in self.objects.get_mut("policies").unwrap() {
            let policy = policy.as_object_mut().unwrap();
            for key in ["group_id", "application_id"] {
                if policy.get(key).is_some_and(|held| held == id) {
                    policy.remove(key);
                    policy.insert("no_principal".to_owned(), true.into());
                }
            }
        }
    }
}

/// Adds what a state says of a rule and a request does not.
fn typed(mut rules: Value) -> Value {
    for rule in rules.as_array_mut().unwrap() {
        let of_organization = rule["permission_set_names"][0].as_str().unwrap().starts_with("IAM");
        rule["permission_sets_scope_type"] = json!(if of_organization { "organization" } else { "projects" });
    }
    rules
}
