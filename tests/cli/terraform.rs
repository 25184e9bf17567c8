//! Coming from Terraform: a state becomes the files of a stack, and Terraform lets go.

use insta::assert_snapshot;
use serde_json::json;

use crate::command::Desk;

const ORGANIZATION: &str = "7e4a0000-0000-4000-8000-000000000000";
const SECRET: &str = "7e4a0000-00ff-4000-8000-5ec7e75ec7e7";

const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO";

fn id(kind: u32, number: u32) -> String {
    format!("7e4a0000-{kind:04}-4000-8000-{number:012}")
}

/// An organization, part of which Terraform made.
fn desk() -> Desk {
    let desk = Desk::new();
    let user = |number, name: &str| json!({"id": id(1, number), "email": format!("{name}@example.com"), "username": name, "type": "member"});
    let application = |number, name: &str| json!({"id": id(2, number), "name": name, "tags": []});
    let live = json!({
        "organization": {"id": ORGANIZATION, "name": "shop"},
        "users": [
            {"id": id(1, 0), "email": "owner@example.com", "type": "owner"},
            user(1, "ana"), user(2, "ben"), user(3, "chloe"),
        ],
        "projects": [{"id": ORGANIZATION, "name": "default"}, {"id": id(4, 1), "name": "prod"}],
        "applications": [application(1, "ci"), application(2, "data"), application(3, "by-hand")],
        "groups": [
            {"id": id(3, 1), "name": "web", "user_ids": [id(1, 1)], "application_ids": [id(2, 1)]},
            {"id": id(3, 2), "name": "open", "user_ids": [id(1, 2), id(1, 3)], "application_ids": []},
            {"id": id(3, 3), "name": "others", "user_ids": [id(1, 3)], "application_ids": [id(2, 1)]},
        ],
        "policies": [
            {"id": id(5, 1), "name": "web-run", "group_id": id(3, 1),
             "rules": [{"permission_set_names": ["InstancesFullAccess"], "project_ids": [id(4, 1)]}]},
            {"id": id(5, 2), "name": "others-run", "group_id": id(3, 3),
             "rules": [{"permission_set_names": ["BillingReadOnly"], "organization_id": ORGANIZATION}]},
            {"id": id(5, 3), "name": "others-read", "group_id": id(3, 3),
             "rules": [{"permission_set_names": ["IAMReadOnly"], "organization_id": ORGANIZATION}]},
        ],
        "api_keys": [
            {"access_key": "SCWT0000000000000001", "secret_key": SECRET, "application_id": id(2, 1), "created_at": "2026-10-01T00:00:00Z"},
            {"access_key": "SCWT0000000000000002", "secret_key": SECRET, "user_id": id(1, 1), "created_at": "2026-10-01T00:00:00Z"},
        ],
        "ssh_keys": [{"id": id(6, 1), "name": "ana-laptop", "project_id": id(4, 1), "public_key": SSH_KEY}],
    });
    desk.file("live.json", live);
    let one = |kind: &str, name: &str, attributes: serde_json::Value| {
        json!({"mode": "managed", "type": format!("scaleway_iam_{kind}"), "name": name,
        "provider": "provider[\"registry.terraform.io/scaleway/scaleway\"]",
        "instances": [{
            "schema_version": 0, "attributes": attributes, "private": "bnVsbA==", "dependencies": ["scaleway_iam_application.ci"],
            "sensitive_attributes": [[{"type": "get_attr", "value": "secret_key"}]],
        }]})
    };
    let each = json!({
        "module": "module.team[\"it's data\"]", "mode": "managed", "type": "scaleway_iam_application", "name": "this",
        "instances": [{"index_key": "a \"b\"", "attributes": {"id": id(2, 2), "name": "data"}}],
    });
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "outputs": {}, "resources": [
        one("api_key", "ci", json!({"id": "SCWT0000000000000001", "access_key": "SCWT0000000000000001", "application_id": id(2, 1), "default_project_id": id(4, 1), "secret_key": SECRET, "user_id": null})),
        one("application", "ci", json!({"id": id(2, 1), "name": "ci"})),
        each,
        one("group", "web", json!({"id": id(3, 1), "external_membership": false})),
        one("group", "open", json!({"id": id(3, 2), "external_membership": true, "user_ids": null})),
        one("group_membership", "ben", json!({"id": "…", "group_id": id(3, 2), "user_id": id(1, 2), "application_id": ""})),
        one("group_membership", "ci", json!({"id": "…", "group_id": id(3, 3), "user_id": "", "application_id": id(2, 1)})),
        one("policy", "web", json!({"id": id(5, 1)})),
        one("policy", "read", json!({"id": id(5, 3)})),
        one("policy", "gone", json!({"id": id(5, 9)})),
        one("api_key", "ana", json!({"id": "SCWT0000000000000002", "access_key": "SCWT0000000000000002", "user_id": id(1, 1), "secret_key": SECRET})),
        one("ssh_key", "ana", json!({"id": id(6, 1), "name": "ana-laptop", "project_id": id(4, 1), "disabled": false, "public_key": SSH_KEY})),
        one("user", "ana", json!({"id": id(1, 1), "email": "ana@example.com", "password": SECRET, "username": "ana"})),
        one("user", "chloe", json!({"id": id(1, 3), "email": "chloe@example.com", "password": SECRET, "username": "chloe"})),
        one("saml", "sso", json!({"id": id(9, 1)})),
        {"mode": "data", "type": "scaleway_iam_group", "name": "looked-up", "instances": [{"attributes": {"id": id(3, 3)}}]},
        {"mode": "managed", "type": "scaleway_instance_server", "name": "vm", "instances": [{"attributes": {"id": "fr-par-1/x"}}]},
    ]});
    desk.file("terraform.tfstate", state);
    desk
}

const EXPORT: &str = "export --terraform-state terraform.tfstate --stack web --out iam --emulate live.json --now 2026-11-26T12:00:00Z";

#[test]
fn a_state_becomes_the_files_of_a_stack_and_terraform_lets_go() {
    let desk = desk();
    let ended = desk.run(EXPORT);
    assert_snapshot!(ended, @r#"
    -- stdout
    # 1. Stop other runs of Terraform. Then let it forget these 11 resources; it deletes none of them:
    terraform state rm scaleway_iam_api_key.ci
    terraform state rm scaleway_iam_application.ci
    terraform state rm 'module.team["it'\''s data"].scaleway_iam_application.this["a \"b\""]'
    terraform state rm scaleway_iam_group.web
    terraform state rm scaleway_iam_group.open
    terraform state rm scaleway_iam_group_membership.ben
    terraform state rm scaleway_iam_policy.web
    terraform state rm scaleway_iam_policy.read
    terraform state rm scaleway_iam_ssh_key.ana
    terraform state rm scaleway_iam_user.ana
    terraform state rm scaleway_iam_user.chloe
    # 2. Delete the blocks of these resources from the configuration. `terraform plan` has nothing to change then.
    # 3. Take over what it forgot:
    scw-iam apply iam
    -- stderr
    Wrote organization.yaml, users.yaml, applications.yaml, groups.yaml, policies.yaml, ssh_keys.yaml to iam. Planning this adopts 8 objects, replaces 1 API key, and changes nothing else.
    note: scaleway_iam_group_membership.ci stays in Terraform: the files do not declare group others
    note: scaleway_iam_policy.gone stays in Terraform: it is not in the organization
    note: scaleway_iam_api_key.ana stays in Terraform: it is a person's, and files declare keys of applications
    note: scaleway_iam_saml.sso stays in Terraform: files do not declare this kind
    note: an apply makes a new API key for slot ci of application ci, delivers it to secret /web/ci/ci in fr-par, and deletes SCWT0000000000000001 90 days later; set the place of delivery in applications.yaml
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
    let files = ["organization", "applications", "groups", "policies", "ssh_keys"];
    let files: String = files.into_iter().map(|name| desk.read(&format!("iam/{name}.yaml"))).collect();
    assert_snapshot!(files, @"
    # yaml-language-server: $schema=scw-iam.schema.json

    version: 1
    organization: 7e4a0000-0000-4000-8000-000000000000
    stack: web

    projects:
      prod: 7e4a0000-0004-4000-8000-000000000001

    external:
      groups: [others]

    memberships:
      others:
        users: [chloe@example.com]
        applications: [ci]
    # yaml-language-server: $schema=scw-iam.schema.json

    applications:
      ci:
        api_keys:
          ci:
            default_project: prod
            expires_after: 365d
            rotate_before: 120d
            overlap: 90d
            adopt: SCWT0000000000000001
            deliver:
              - secret_manager: {project: prod, region: fr-par, path: /web/ci, name: ci}
      data: {}
    # yaml-language-server: $schema=scw-iam.schema.json

    groups:
      open:
        members:
          users: [ben@example.com]
        membership: at_least
      web:
        members:
          users: [ana@example.com]
          applications: [ci]
    # yaml-language-server: $schema=scw-iam.schema.json

    policies:
      others-read:
        principal: {group: others}
        rules:
          - permission_sets: [IAMReadOnly]
            scope: organization
      web-run:
        principal: {group: web}
        rules:
          - permission_sets: [InstancesFullAccess]
            scope: [prod]
    # yaml-language-server: $schema=scw-iam.schema.json

    ssh_keys:
      prod:
        keys:
          ana-laptop:
            public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO
    ");
    assert!(!files.contains(SECRET) && !ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET));
}

#[test]
fn the_plan_of_the_files_adopts_and_changes_nothing_else() {
    let desk = desk();
    _ = desk.run(EXPORT).ends_with(0);
    let json = desk.run("plan iam --emulate live.json -o json").ends_with(0).json();
    let summary = &json["summary"];
    assert_eq!(summary["steps"], summary["adopted"], "{summary}");
    let applied = desk.run("apply iam --yes --emulate live.json --allow adoptions=5 --save after.json");
    assert_eq!(applied.code, 0, "{applied}");
    assert_eq!(desk.run("plan iam --emulate after.json --detailed-exitcode").code, 0);
    let members = |state: &str| desk.json(state)["groups"][1]["user_ids"].clone();
    assert_eq!(members("live.json"), members("after.json"));
}

/// The key that the provider made is adopted, replaced and deleted after its overlap, and no output shows a secret.
#[test]
fn a_key_that_terraform_made_is_taken_into_a_slot_and_replaced() {
    let desk = desk();
    _ = desk.run(EXPORT).ends_with(0);
    let at = "--now 2026-11-26T12:00:00Z";
    assert_snapshot!(desk.run(&format!("keys iam --emulate live.json {at}")), @"
    -- stdout
    application ci / ci
      no key
      → secret /web/ci/ci in fr-par
      due: adopt key SCWT0000000000000001; its users must read the delivery before
        it is deleted
      due: make a key and deliver it to secret /web/ci/ci in fr-par, because secret
        /web/ci/ci in fr-par does not have the current key
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let apply = format!("apply iam --yes --emulate live.json --allow adoptions=5 --save after.json {at}");
    let applied = desk.run(&apply).ends_with(0);
    assert!(!applied.stdout.contains(SECRET) && !applied.stderr.contains(SECRET), "{applied}");
    let keys = desk.json("after.json")["api_keys"].clone();
    let of_ci = keys.as_array().unwrap().iter().filter(|key| key["application_id"] == id(2, 1));
    assert_eq!(of_ci.count(), 2, "the old key stays: {keys}");
    let later = "plan iam --emulate after.json --now 2027-03-01T12:00:00Z";
    let later = desk.run(later).ends_with(0);
    assert!(later.stdout.contains("SCWT0000000000000001"), "{later}");
}

#[test]
fn keys_that_nobody_may_read_stay_in_terraform() {
    let desk = desk();
    let mut live = desk.json("live.json");
    live["api_keys"][0]["description"] = "scw-iam=deploy new".into();
    live["api_keys"][0]["application_id"] = id(2, 1).into();
    desk.file("live.json", &live);
    let marked = desk.run(EXPORT).ends_with(0);
    assert!(
        marked.stderr.contains(
            "scaleway_iam_api_key.ci stays in Terraform: its description says that it belongs to a slot"
        ),
        "{marked}"
    );
    live["api_keys"].as_array_mut().unwrap().remove(0);
    desk.file("live.json", live);
    let gone = desk.run(&format!("{EXPORT} --force")).ends_with(0);
    assert!(
        gone.stderr.contains("scaleway_iam_api_key.ci stays in Terraform: it is not in the organization"),
        "{gone}"
    );
    assert!(!desk.read("iam/applications.yaml").contains("api_keys"));
}

#[cfg(unix)]
#[test]
fn what_is_printed_is_taken_by_a_shell() {
    let desk = desk();
    let printed = desk.run(EXPORT).ends_with(0).stdout;
    let commands = printed.lines().filter(|line| line.starts_with("terraform ") || line.starts_with('#'));
    let script = commands.map(|line| format!("{line}\n")).collect::<String>();
    let ran = desk.script(&format!("terraform() {{ printf '%s\\n' \"$3\"; }}\n{script}")).run().ends_with(0);
    let address = "module.team[\"it's data\"].scaleway_iam_application.this[\"a \\\"b\\\"\"]\n";
    assert!(ran.stdout.contains(address), "{ran}");
}

#[test]
fn what_is_no_state_is_refused_without_its_text() {
    let desk = desk();
    desk.file("terraform.tfstate", format!("{{\"version\": 4, \"resources\": [\"{SECRET}\"]}}"));
    let ended = desk.run(EXPORT);
    assert!(!ended.stderr.contains(SECRET), "{ended}");
    assert_snapshot!(ended, @"
    -- stderr
    error: cannot read terraform.tfstate
      because: it is not a Terraform state (line 1, column 67)
    -- exit 1
    ");
    assert!(!desk.has("iam"));
    desk.file("terraform.tfstate", "{\"version\": 3}");
    assert_snapshot!(desk.run(EXPORT), @"
    -- stderr
    error: cannot read terraform.tfstate
      because: it is a Terraform state of version 3; version 4 is read, which Terraform 0.12 and later write
    -- exit 1
    ");
}

#[test]
fn a_state_of_several_providers_and_nested_modules_gives_what_is_of_this_organization() {
    let desk = desk();
    let resource = |module: Option<&str>, kind: &str, name: &str, provider: &str, instances| {
        json!({"module": module, "mode": "managed", "type": kind, "name": name,
            "provider": format!("provider[\"registry.terraform.io/scaleway/scaleway\"]{provider}"), "instances": instances})
    };
    let nested = Some("module.team[0].module.access[\"a.b\"]");
    let state = json!({"version": 4, "terraform_version": "0.13.7", "serial": 1, "lineage": "x", "resources": [
        resource(nested, "scaleway_iam_group", "web", "", json!([{"index_key": 0, "attributes": {"id": id(3, 1)}}])),
        resource(None, "scaleway_iam_application", "ci", ".second", json!([{"attributes": {"id": id(2, 1)}, "status": "tainted"}])),
        resource(None, "scaleway_iam_application", "elsewhere", ".second", json!([{"attributes": {"id": id(8, 1)}}])),
        resource(None, "scaleway_iam_policy", "half", "", json!([{"attributes_flat": {"id": id(5, 1)}}])),
        resource(None, "scaleway_iam_group_membership", "half", "", json!([{"attributes": {"group_id": id(3, 1), "user_id": ""}}])),
    ]});
    desk.file("terraform.tfstate", state);
    let ended = desk.run(EXPORT);
    assert_snapshot!(ended, @r#"
    -- stdout
    # 1. Stop other runs of Terraform. Then let it forget these 2 resources; it deletes none of them:
    terraform state rm 'module.team[0].module.access["a.b"].scaleway_iam_group.web[0]'
    terraform state rm scaleway_iam_application.ci
    # 2. Delete the blocks of these resources from the configuration. `terraform plan` has nothing to change then.
    # 3. Take over what it forgot:
    scw-iam apply iam
    -- stderr
    Wrote organization.yaml, applications.yaml, groups.yaml, policies.yaml to iam. Planning this adopts 2 objects and changes nothing else.
    note: scaleway_iam_application.elsewhere stays in Terraform: it is not in the organization
    note: scaleway_iam_policy.half stays in Terraform: the state does not say which object it is
    note: scaleway_iam_group_membership.half stays in Terraform: the state does not say which object it is
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
    let planned = desk.run("plan iam --emulate live.json -o json").ends_with(0).json();
    assert_eq!(planned["summary"]["steps"], planned["summary"]["adopted"], "{planned}");
}

#[test]
fn a_state_that_would_lose_an_object_or_command_terraform_is_refused() {
    let desk = desk();
    let group = |module: &str, instances: serde_json::Value| {
        let state = json!({"version": 4, "resources": [{"module": module, "mode": "managed",
            "type": "scaleway_iam_group", "name": "web", "instances": instances}]});
        desk.file("terraform.tfstate", state);
        desk.run(EXPORT)
    };
    let replaced =
        json!([{"attributes": {"id": id(3, 1)}}, {"deposed": "0a1b2c3d", "attributes": {"id": id(3, 2)}}]);
    assert_snapshot!(group("module.team", replaced), @"
    -- stderr
    error: cannot read terraform.tfstate
      because: it holds a deposed object of module.team.scaleway_iam_group.web, which Terraform still has to delete
    hint: run `terraform apply`, and export again: `terraform state rm` would forget that object too
    -- exit 1
    ");
    assert_snapshot!(group("-state=/tmp/x", json!([{"attributes": {"id": id(3, 1)}}])), @"
    -- stderr
    error: cannot read terraform.tfstate
      because: the resource `scaleway_iam_group.web` has an invalid address
    -- exit 1
    ");
    assert!(!desk.has("iam"));
}
