//! An organization as the emulator's state file, and back: written once more in the plainest way.

use std::collections::{BTreeSet, HashMap};

use scw_iam::model::{
    Application, Attachment, Builtin, Flags, Group, Id, Ids, Key, Mails, Meta, Owner, Policy, Principal,
    Rule, Rules, Scope, State, User, UserProfile, UserStatus, UserType,
};
use serde_json::{Value, json};

#[expect(clippy::needless_pass_by_value, reason = "the callers make the address on the spot")]
fn id(ids: &Ids, address: scw_iam::model::Address) -> String {
    ids.get(&address).unwrap_or_else(|| panic!("{address} has no id")).to_string()
}

fn principal_id(ids: &Ids, principal: &Principal) -> String {
    match principal.key() {
        Key::Id(id) => id.to_string(),
        Key::Named(_) | Key::Email(_) | Key::Username(_) | Key::Project(_) | Key::Child(_) | Key::Only => {
            id(ids, principal.address())
        }
    }
}

/// Writes a state as the emulator reads it; objects that go by their id bear it as their name too.
pub(crate) fn to_json(state: &State, ids: &Ids) -> Value {
    use scw_iam::model::Address;
    let organization = state.organization.to_string();
    let users: Vec<Value> = state
        .users()
        .map(|(key, user)| {
            let kind = if user.kind == UserType::Owner { "owner" } else { "member" };
            json!({
                "id": id(ids, Address::user(key.clone())), "email": key.to_string(), "username": user.username,
                "type": kind, "locked": user.locked, "organization_id": organization,
                "tags": user.meta.wire_tags(), "first_name": user.profile.first_name,
                "last_name": user.profile.last_name, "phone_number": user.profile.phone_number,
                "locale": user.profile.locale,
            })
        })
        .collect();
    let applications: Vec<Value> = state
        .applications()
        .map(|(key, object)| {
            json!({
                "id": id(ids, Address::application(key.clone())), "name": key.to_string(),
                "description": object.meta.description, "tags": object.meta.wire_tags(),
                "organization_id": organization,
            })
        })
        .collect();
    let groups: Vec<Value> = state
        .groups()
        .map(|(key, object)| {
            let of = |wanted: fn(&Principal) -> bool| -> Vec<String> {
                object.members.iter().filter(|m| wanted(m)).map(|m| principal_id(ids, m)).collect()
            };
            json!({
                "id": id(ids, Address::group(key.clone())), "name": key.to_string(),
                "description": object.meta.description, "tags": object.meta.wire_tags(),
                "user_ids": of(|m| matches!(m, Principal::User(_))),
                "application_ids": of(|m| matches!(m, Principal::Application(_))),
                "all_users": object.builtin == Some(Builtin::AllUsers),
                "all_applications": object.builtin == Some(Builtin::AllApplications),
                "editable": object.flags.editable, "deletable": object.flags.deletable, "managed": object.flags.managed,
                "organization_id": organization,
            })
        })
        .collect();
    let policies: Vec<Value> = state
        .policies()
        .map(|(key, object)| {
            let mut policy = json!({
                "id": id(ids, Address::policy(key.clone())), "name": key.to_string(),
                "description": object.meta.description, "tags": object.meta.wire_tags(),
                "rules": object.rules.0.iter().map(|rule| rule_json(rule, &organization)).collect::<Vec<_>>(),
                "organization_id": organization,
            });
            let (field, value) = match &object.attachment {
                Attachment::None => ("no_principal", json!(true)),
                Attachment::Group(key) => ("group_id", json!(id(ids, Address::group(key.clone())))),
                Attachment::Principal(p @ Principal::User(_)) => ("user_id", json!(principal_id(ids, p))),
                Attachment::Principal(p @ Principal::Application(_)) => {
                    ("application_id", json!(principal_id(ids, p)))
                }
            };
            policy[field] = value;
            policy
        })
        .collect();
    let projects: Vec<Value> = [1u128, 2]
        .into_iter()
        .map(|n| json!({"id": Id::from_bits(n).to_string(), "name": format!("p{n}"), "organization_id": organization}))
        .collect();
    json!({
        "organization": {"id": organization, "name": "random"},
        "users": users, "projects": projects, "applications": applications, "groups": groups,
        "policies": policies, "api_keys": [], "ssh_keys": [],
    })
}

fn rule_json(rule: &Rule, organization: &str) -> Value {
    let mut json = json!({
        "permission_set_names": rule.permission_sets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "condition": rule.condition.as_ref().map(ToString::to_string).unwrap_or_default(),
    });
    match &rule.scope {
        Scope::Organization | Scope::AllProjects => json["organization_id"] = json!(organization),
        Scope::Projects(ids) => {
            json["project_ids"] = json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
        Scope::Other(_) | Scope::Gone => {}
    }
    json
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn meta(object: &Value) -> Meta {
    let (owner, tags) = Owner::of_tags(texts(&object["tags"]));
    // People have none.
    Meta { description: object["description"].as_str().unwrap_or_default().to_owned(), tags, owner }
}

fn flags(object: &Value) -> Flags {
    let flag = |key: &str| object[key].as_bool().unwrap();
    Flags { editable: flag("editable"), deletable: flag("deletable"), managed: flag("managed") }
}

fn items<'a>(json: &'a Value, kind: &str) -> &'a [Value] {
    json[kind].as_array().unwrap()
}

/// Names of a kind that more than one object bears: twins.
pub(crate) fn twins(json: &Value) -> Vec<String> {
    let mut twins = Vec::new();
    for kind in ["applications", "groups", "policies"] {
        let mut seen = BTreeSet::new();
        for object in items(json, kind) {
            let name = object["name"].as_str().unwrap();
            if !seen.insert(name) {
                twins.push(format!("{kind} {name}"));
            }
        }
    }
    twins
}

/// The ids of all objects.
pub(crate) fn ids(json: &Value) -> Ids {
    use scw_iam::model::Address;
    let mut ids = Ids::default();
    let of = |object: &Value| object["id"].as_str().unwrap().parse::<Id>().unwrap();
    for user in items(json, "users") {
        ids.insert(Address::user(Key::Email(user["email"].as_str().unwrap().parse().unwrap())), of(user));
    }
    let name = |object: &Value| -> Key { Key::Named(object["name"].as_str().unwrap().parse().unwrap()) };
    for object in items(json, "applications") {
        ids.insert(Address::application(name(object)), of(object));
    }
    for object in items(json, "groups") {
        ids.insert(Address::group(name(object)), of(object));
    }
    for object in items(json, "policies") {
        ids.insert(Address::policy(name(object)), of(object));
    }
    ids
}

/// Reads what the emulator holds.
pub(crate) fn from_json(json: &Value) -> State {
    let mut state = State::empty(json["organization"]["id"].as_str().unwrap().parse().unwrap());
    let mut principals: HashMap<String, Principal> = HashMap::new();
    let key = |object: &Value| -> Key { Key::Named(object["name"].as_str().unwrap().parse().unwrap()) };
    let text = |object: &Value, field: &str| object[field].as_str().unwrap().to_owned();
    for user in items(json, "users") {
        let email = Key::Email(user["email"].as_str().unwrap().parse().unwrap());
        principals.insert(text(user, "id"), Principal::User(email.clone()));
        let kind = if user["type"] == "owner" { UserType::Owner } else { UserType::Member };
        let locked = user["locked"].as_bool().unwrap();
        let status = match user["status"].as_str() {
            Some("invitation_pending") => UserStatus::Invited,
            _ => UserStatus::Activated,
        };
        let profile = Box::new(UserProfile {
            first_name: text(user, "first_name"),
            last_name: text(user, "last_name"),
            phone_number: text(user, "phone_number"),
            locale: text(user, "locale"),
        });
        let mails = Mails::default();
        let username = text(user, "username");
        state.insert(email, User { meta: meta(user), username, profile, kind, locked, status, mails });
    }
    for object in items(json, "applications") {
        principals.insert(text(object, "id"), Principal::Application(key(object)));
        state.insert(key(object), Application { meta: meta(object), flags: flags(object), api_keys: 0 });
    }
    let mut groups: HashMap<String, Key> = HashMap::new();
    for object in items(json, "groups") {
        groups.insert(text(object, "id"), key(object));
        let builtin = match (&object["all_users"], &object["all_applications"]) {
            (Value::Bool(true), _) => Some(Builtin::AllUsers),
            (_, Value::Bool(true)) => Some(Builtin::AllApplications),
            _ => None,
        };
        let members = texts(&object["user_ids"]).into_iter().chain(texts(&object["application_ids"]));
        let members = members.map(|id| principals[&id].clone()).collect();
        state.insert(key(object), Group { meta: meta(object), flags: flags(object), builtin, members });
    }
    for object in items(json, "policies") {
        let attachment = match (&object["group_id"], &object["user_id"], &object["application_id"]) {
            (Value::String(id), _, _) => Attachment::Group(groups[id].clone()),
            (_, Value::String(id), _) | (_, _, Value::String(id)) => {
                Attachment::Principal(principals[id].clone())
            }
            _ => Attachment::None,
        };
        let rules = Rules(items(object, "rules").iter().map(rule).collect());
        state.insert(key(object), Policy { meta: meta(object), flags: flags(object), attachment, rules });
    }
    state
}

fn rule(json: &Value) -> Rule {
    let scope = match (&json["project_ids"], &json["organization_id"]) {
        (Value::Array(_), _) => {
            Scope::Projects(texts(&json["project_ids"]).iter().map(|id| id.parse().unwrap()).collect())
        }
        (_, Value::String(_)) if json["permission_sets_scope_type"] == "organization" => Scope::Organization,
        (_, Value::String(_)) => Scope::AllProjects,
        _ => Scope::Gone,
    };
    let condition = json["condition"].as_str().filter(|text| !text.is_empty());
    Rule {
        permission_sets: texts(&json["permission_set_names"])
            .iter()
            .map(|set| set.parse().unwrap())
            .collect(),
        scope,
        condition: condition.map(|text| text.parse().unwrap()),
    }
}

/// Makes of rules what the API takes: sets of one scope type on a scope of that type.
pub(crate) fn servable(state: &mut State) {
    let administers = |set: &scw_iam::model::PermissionSetName| set.as_str() == "IAMManager";
    for policy in state.all_mut::<Policy>().map(|(_, it)| it) {
        for rule in &mut policy.rules.0 {
            if rule.permission_sets.iter().all(administers) {
                rule.scope = Scope::Organization;
            } else {
                rule.permission_sets.retain(|set| !administers(set));
                if rule.scope == Scope::Organization {
                    rule.scope = Scope::AllProjects;
                }
            }
        }
    }
}

/// The parts of a state that a plan leads to, in an order of their own: `State` compares maps without their order
/// already.
pub(crate) fn same(found: &State, wanted: &State) -> Result<(), String> {
    let mut wanted = wanted.clone();
    wanted.projects = found.projects.clone();
    if *found == wanted {
        return Ok(());
    }
    Err(format!("found {found:#?}\nwanted {wanted:#?}"))
}
