//! What a desired state is as a file: JSON, which is YAML too.

use std::collections::BTreeSet;

use scw_iam::model::{Address, Attachment, Desired, Membership, Meta, Principal, Rule, Scope};
use serde_json::{Map, Value, json};

/// Writes the files of a case, with limits that let everything pass.
pub(crate) fn yaml(desired: &Desired) -> String {
    let mut applications = Map::new();
    for (key, object) in desired.state.applications() {
        applications.insert(key.to_string(), meta(&object.meta));
    }
    let mut groups = Map::new();
    for (key, object) in desired.state.groups() {
        let mut group = meta(&object.meta);
        let of = |wanted: fn(&Principal) -> Option<String>| -> Vec<String> {
            object.members.iter().filter_map(wanted).collect()
        };
        group["members"] = json!({
            "users": of(|member| match member {
                Principal::User(key) => Some(key.to_string()),
                Principal::Application(_) => None,
            }),
            "applications": of(|member| match member {
                Principal::User(_) => None,
                Principal::Application(key) => Some(key.to_string()),
            }),
        });
        let address = Address::group(key.clone());
        if desired.memberships.get(&address) == Some(&Membership::AtLeast) {
            group["membership"] = json!("at_least");
        }
        let identity = desired.identities.get(&address);
        if let Some(old) = identity.and_then(|identity| identity.previously.as_ref()) {
            group["previously"] = json!(old.to_string());
        }
        groups.insert(key.to_string(), group);
    }
    let mut policies = Map::new();
    for (key, object) in desired.state.policies() {
        let mut policy = meta(&object.meta);
        policy["principal"] = match &object.attachment {
            Attachment::None => json!("none"),
            Attachment::Group(key) => json!({"group": key.to_string()}),
            Attachment::Principal(Principal::User(key)) => json!({"user": key.to_string()}),
            Attachment::Principal(Principal::Application(key)) => json!({"application": key.to_string()}),
        };
        policy["rules"] = object.rules.0.iter().map(rule).collect();
        policies.insert(key.to_string(), policy);
    }
    let limits = json!({"deletes": 99, "emptied": 99, "lost_access": 99, "adoptions": 99, "rename": 99});
    json!({
        "version": 1,
        "organization": desired.state.organization.to_string(),
        "stack": desired.stack.as_ref().map(ToString::to_string),
        "settings": {"limits": limits, "min_iam_admins": 0},
        "projects": {
            "p1": scw_iam::model::Id::from_bits(1).to_string(), "p2": scw_iam::model::Id::from_bits(2).to_string()
        },
        "external": {"groups": external(desired)},
        "applications": applications, "groups": groups, "policies": policies,
    })
    .to_string()
}

/// The groups that policies name and the files do not declare: built-in ones.
fn external(desired: &Desired) -> BTreeSet<String> {
    let named = desired.state.policies().map(|(_, it)| it).filter_map(|policy| match &policy.attachment {
        Attachment::Group(key) if desired.state.group(key).is_none() => Some(key.to_string()),
        Attachment::Group(_) | Attachment::Principal(_) | Attachment::None => None,
    });
    named.collect()
}

fn meta(meta: &Meta) -> Value {
    json!({"description": meta.description, "tags": meta.tags})
}

fn rule(rule: &Rule) -> Value {
    let mut json = json!({
        "permission_sets": rule.permission_sets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "scope": match &rule.scope {
            Scope::Organization => json!("organization"),
            Scope::AllProjects => json!("all_projects"),
            Scope::Projects(ids) => json!(ids.iter().map(|id| format!("p{}", id.bits())).collect::<Vec<_>>()),
            Scope::Other(_) | Scope::Gone => panic!("no file can say this"),
        },
    });
    if let Some(condition) = &rule.condition {
        json["condition"] = json!(condition.to_string());
    }
    json
}
