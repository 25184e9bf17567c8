//! A small organization, live and as files that say the same of it.

use serde_json::{Value, json};

use super::command::Desk;

pub(crate) const ORGANIZATION: &str = "ac3e0000-0000-4000-8000-000000000000";

/// The file that says what is live.
pub(crate) const FILE: &str = "\
version: 1
organization: ac3e0000-0000-4000-8000-000000000000
stack: web

projects:
  prod: ac3e0000-0000-4000-8000-0000000000a1
  staging: ac3e0000-0000-4000-8000-0000000000a2

external:
  groups: [All Users]

applications:
  backup:
    description: Nightly copies
  ci:
    description: Deploys

groups:
  admins:
    members:
      users: [owner@acme.io, ann@acme.io]
  developers:
    members:
      users: [ann@acme.io, bob@acme.io]

policies:
  admins-iam:
    principal: {group: admins}
    rules:
      - permission_sets: [IAMManager]
        scope: organization
  backup-store:
    principal: {application: backup}
    rules:
      - permission_sets: [ObjectStorageFullAccess]
        scope: all_projects
  ci-push:
    principal: {application: ci}
    rules:
      - permission_sets: [ContainerRegistryFullAccess]
        scope: [staging]
  developers-run:
    principal: {group: developers}
    rules:
      - permission_sets: [InstancesFullAccess]
        scope: [staging]
  look:
    principal: {group: All Users}
    rules:
      - permission_sets: [AllProductsReadOnly]
        scope: [staging]
";

fn id(number: u16) -> String {
    format!("ac3e0000-0000-4000-8000-{number:012x}")
}

/// The organization as a state of the emulator: everything that the file declares is owned by `web`.
pub(crate) fn live() -> Value {
    let user = |number, name: &str, kind: &str| json!({"id": id(number), "email": format!("{name}@acme.io"), "username": name, "type": kind});
    let project = |id: String, name: &str| json!({"id": id, "name": name});
    let object = |number, name: &str, fields: Value| {
        let mut object = json!({
            "id": id(number), "name": name, "description": "", "tags": ["scw-iam=web"],
            "created_at": "2026-01-12T09:00:00.000000Z", "updated_at": "2026-01-12T09:00:00.000000Z",
        });
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        object
    };
    let rule = |set: &str, scope: Value| {
        let mut rule = json!({"permission_set_names": [set], "condition": ""});
        rule.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        rule
    };
    let on = |project: u16| json!({"project_ids": [id(project)]});
    let everywhere = || json!({"organization_id": ORGANIZATION});
    json!({
        "organization": {"id": ORGANIZATION, "name": "acme"},
        "users": [
            user(1, "owner", "owner"), user(2, "ann", "member"), user(3, "bob", "member"), user(4, "cho", "member"),
        ],
        "projects": [
            project(ORGANIZATION.to_owned(), "default"), project(id(0xa1), "prod"), project(id(0xa2), "staging"),
        ],
        "applications": [
            object(0x11, "backup", json!({"description": "Nightly copies"})),
            object(0x12, "ci", json!({"description": "Deploys"})),
        ],
        "groups": [
            object(0x21, "admins", json!({"user_ids": [id(1), id(2)]})),
            object(0x22, "developers", json!({"user_ids": [id(2), id(3)]})),
            object(0x2f, "All Users", json!({
                "tags": [], "all_users": true, "editable": false, "deletable": false, "managed": true,
            })),
        ],
        "policies": [
            object(0x31, "admins-iam", json!({"group_id": id(0x21), "rules": [rule("IAMManager", everywhere())]})),
            object(0x32, "backup-store", json!({
                "application_id": id(0x11), "rules": [rule("ObjectStorageFullAccess", everywhere())],
            })),
            object(0x33, "ci-push", json!({
                "application_id": id(0x12), "rules": [rule("ContainerRegistryFullAccess", on(0xa2))],
            })),
            object(0x34, "developers-run", json!({
                "group_id": id(0x22), "rules": [rule("InstancesFullAccess", on(0xa2))],
            })),
            object(0x35, "look", json!({
                "group_id": id(0x2f), "rules": [rule("AllProductsReadOnly", on(0xa2))],
            })),
        ],
        "api_keys": [{
            "access_key": "SCWAC3E0000000000001", "secret_key": null, "description": "pipeline",
            "created_at": "2026-01-12T09:00:00.000000Z", "application_id": id(0x12),
        }],
        "ssh_keys": [],
    })
}

/// A live object, to be changed before a command sees it.
pub(crate) fn object<'a>(live: &'a mut Value, kind: &str, name: &str) -> &'a mut Value {
    let objects = live[kind].as_array_mut().unwrap();
    objects.iter_mut().find(|object| object["name"] == name).unwrap_or_else(|| panic!("no {name} in {kind}"))
}

/// A desk with the organization in `live.json` and its file in `iam.yaml`.
pub(crate) fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("live.json", live()).file("iam.yaml", FILE);
    desk
}

/// The key of [`give_reader`]: its access key, and the made-up secret.
pub(crate) const READER: (&str, &str) = ("SCWD0000000000000001", "ac3e0000-0007-4000-8000-000000000001");

/// Gives the first application a key, and a policy that lets it read everything that access is made of, and these sets.
pub(crate) fn give_reader(state: &mut Value, more: &[&str]) {
    let application = state["applications"][0]["id"].clone();
    let (access_key, secret_key) = READER;
    state["api_keys"] =
        json!([{"access_key": access_key, "secret_key": secret_key, "application_id": application}]);
    let sets = [
        "IAMApplicationReadOnly",
        "IAMUserReadOnly",
        "IAMGroupReadOnly",
        "IAMPolicyReadOnly",
        "ProjectReadOnly",
    ];
    let sets = [&sets[..], more].concat();
    state["policies"].as_array_mut().unwrap().push(json!({
        "id": id(0x59), "name": "reader", "application_id": application,
        "rules": [{"permission_set_names": sets, "organization_id": id(0)}],
    }));
}
