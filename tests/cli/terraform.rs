//! Coming from Terraform: a state becomes the files of a stack, and Terraform lets go.

use insta::assert_snapshot;
use serde_json::json;

use crate::command::Desk;

const ORGANIZATION: &str = "7e4a0000-0000-4000-8000-000000000000";
const SECRET: &str = "7e4a0000-00ff-4000-8000-5ec7e75ec7e7";

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
        "api_keys": [{"access_key": "SCWT0000000000000001", "secret_key": SECRET, "application_id": id(2, 1)}],
    });
    desk.file("live.json", live);
    let one = |kind: &str, name: &str, attributes: serde_json::Value| {
        json!({"mode": "managed", "type": format!("scaleway_iam_{kind}"), "name": name,
               "provider": "provider[\"registry.terraform.io/scaleway/scaleway\"]",
               "instances": [{"schema_version": 0, "attributes": attributes}]})
    };
    let each = json!({
        "module": "module.team[\"it's data\"]", "mode": "managed", "type": "scaleway_iam_application", "name": "this",
        "instances": [{"index_key": "a \"b\"", "attributes": {"id": id(2, 2), "name": "data"}}],
    });
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "outputs": {}, "resources": [
        one("api_key", "ci", json!({"id": "SCWT0000000000000001", "access_key": "SCWT0000000000000001", "application_id": id(2, 1), "secret_key": SECRET})),
        one("application", "ci", json!({"id": id(2, 1), "name": "ci"})),
        each,
        one("group", "web", json!({"id": id(3, 1), "external_membership": false})),
        one("group", "open", json!({"id": id(3, 2), "external_membership": true, "user_ids": null})),
        one("group_membership", "ben", json!({"id": "…", "group_id": id(3, 2), "user_id": id(1, 2), "application_id": ""})),
        one("group_membership", "ci", json!({"id": "…", "group_id": id(3, 3), "user_id": "", "application_id": id(2, 1)})),
        one("policy", "web", json!({"id": id(5, 1)})),
        one("policy", "read", json!({"id": id(5, 3)})),
        one("policy", "gone", json!({"id": id(5, 9)})),
        one("saml", "sso", json!({"id": id(9, 1)})),
        {"mode": "managed", "type": "scaleway_instance_server", "name": "vm", "instances": [{"attributes": {"id": "fr-par-1/x"}}]},
    ]});
    desk.file("terraform.tfstate", state);
    desk
}

const EXPORT: &str = "export --terraform-state terraform.tfstate --stack web --out iam --emulate live.json";

#[test]
fn a_state_becomes_the_files_of_a_stack_and_terraform_lets_go() {
    let desk = desk();
    let ended = desk.run(EXPORT);
    assert_snapshot!(ended, @r#"
    -- stdout
    # 1. Stop other runs of Terraform. Then let it forget these 7 resources; it deletes none of them:
    terraform state rm scaleway_iam_application.ci
    terraform state rm 'module.team["it'\''s data"].scaleway_iam_application.this["a \"b\""]'
    terraform state rm scaleway_iam_group.web
    terraform state rm scaleway_iam_group.open
    terraform state rm scaleway_iam_group_membership.ben
    terraform state rm scaleway_iam_policy.web
    terraform state rm scaleway_iam_policy.read
    # 2. Delete the blocks of these resources from the configuration. `terraform plan` has nothing to change then.
    # 3. Take over what it forgot:
    scw-iam apply iam
    -- stderr
    Wrote organization.yaml, applications.yaml, groups.yaml, policies.yaml to iam. Planning this adopts 6 objects and changes nothing else.
    note: scaleway_iam_api_key.ci stays in Terraform: API keys are not taken over from a state
    note: scaleway_iam_group_membership.ci stays in Terraform: the files do not declare group others
    note: scaleway_iam_policy.gone stays in Terraform: it is not in the organization
    note: scaleway_iam_saml.sso stays in Terraform: files do not declare this kind
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
    let files = ["organization", "applications", "groups", "policies"];
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
        applications: [ci]
    # yaml-language-server: $schema=scw-iam.schema.json

    applications:
      ci: {}
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
