//! `scw-iam export` and `scw-iam snapshot`

use insta::assert_snapshot;
use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, desk, live, object};
use crate::command::{Desk, edit};
use crate::plan::MORE;

#[test]
fn an_export_goes_to_standard_output_and_says_what_is_live() {
    let desk = desk();
    assert_snapshot!(desk.run("export --emulate live.json --stack web"), @"
    -- stdout
    version: 1
    organization: ac3e0000-0000-4000-8000-000000000000
    stack: web

    projects:
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
          users: [ann@acme.io, owner@acme.io]
      developers:
        members:
          users: [ann@acme.io, bob@acme.io]
      # Not declared:
      # - `All Applications`: it is built in
      # - `All Users`: it is built in

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

    organization_settings:
      security:
        enforce_password_renewal: false
        grace_period: 3d
        login_attempts_before_locked: 10
        max_login_session: 30d
        max_api_key_expiration: none
      login_methods:
        password: true
        magic_code: true
        oauth2: true
        saml: false
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn what_belongs_to_a_stack_is_not_exported_without_it_and_a_hint_says_how() {
    let desk = desk();
    assert_snapshot!(desk.run("export --emulate live.json"), @"
    -- stdout
    version: 1
    organization: ac3e0000-0000-4000-8000-000000000000

    users:
      ann@acme.io:
        username: ann
      bob@acme.io:
        username: bob
      cho@acme.io:
        username: cho
      owner@acme.io:
        username: owner

    applications: {}
      # Not declared:
      # - `backup`: it belongs to the stack `web`
      # - `ci`: it belongs to the stack `web`

    groups: {}
      # Not declared:
      # - `All Applications`: it is built in
      # - `All Users`: it is built in
      # - `admins`: it belongs to the stack `web`
      # - `developers`: it belongs to the stack `web`

    policies: {}
      # Not declared:
      # - `admins-iam`: it belongs to the stack `web`
      # - `backup-store`: it belongs to the stack `web`
      # - `ci-push`: it belongs to the stack `web`
      # - `developers-run`: it belongs to the stack `web`
      # - `look`: it belongs to the stack `web`

    organization_settings:
      security:
        enforce_password_renewal: false
        grace_period: 3d
        login_attempts_before_locked: 10
        max_login_session: 30d
        max_api_key_expiration: none
      login_methods:
        password: true
        magic_code: true
        oauth2: true
        saml: false
    -- stderr
    hint: 9 objects belong to stack web; export what it owns with `--stack web`
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn exported_files_plan_to_nothing() {
    let desk = desk();
    assert_snapshot!(desk.run("export --emulate live.json --out files --stack web"), @"
    -- stderr
    Wrote organization.yaml, applications.yaml, groups.yaml, policies.yaml, organization_settings.yaml to files. Planning this changes nothing.
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let ended = desk.run("plan files --emulate live.json --detailed-exitcode");
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(desk.run("export --emulate live.json --out one --one-file").code, 0);
    assert_eq!(desk.run("plan one --emulate live.json --detailed-exitcode").code, 0);
}

#[test]
fn files_that_are_there_are_not_replaced_unless_told_to() {
    let desk = desk();
    assert_eq!(desk.run("export --emulate live.json --out files").code, 0);
    let before = desk.read("files/policies.yaml");
    desk.file("files/policies.yaml", "mine");
    assert_snapshot!(desk.run("export --emulate live.json --out files"), @"
    -- stderr
    hint: 9 objects belong to stack web; export what it owns with `--stack web`
    error: files/organization.yaml already exists
    hint: choose another folder, or pass --force to replace it
    -- exit 1
    ");
    assert_eq!(desk.read("files/policies.yaml"), "mine");
    assert_eq!(desk.run("export --emulate live.json --out files --force").code, 0);
    assert_eq!(desk.read("files/policies.yaml"), before);
}

#[test]
fn with_a_stack_a_plan_of_the_export_adopts_and_changes_no_access() {
    let desk = desk();
    let mut state = live();
    for kind in ["applications", "groups", "policies"] {
        for object in state[kind].as_array_mut().unwrap() {
            object["tags"] = json!([]);
        }
    }
    desk.file("live.json", state);
    assert_snapshot!(desk.run("export --emulate live.json --out files --stack web"), @"
    -- stderr
    Wrote organization.yaml, applications.yaml, groups.yaml, policies.yaml, organization_settings.yaml to files. Planning this adopts 9 objects and changes nothing else.
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let planned = desk.run("plan files --emulate live.json");
    assert_eq!(planned.code, 0, "{planned}");
    assert!(planned.stdout.contains("no change in access"), "{planned}");
    assert!(
        planned.stdout.contains("Plan: 9 to adopt (2 applications, 2 groups, 5 policies); 9 steps."),
        "{planned}"
    );
}

#[test]
fn what_files_cannot_say_is_a_comment_with_the_reason() {
    let desk = desk();
    let mut state = live();
    object(&mut state, "policies", "look")["rules"][0] =
        json!({"permission_set_names": ["AllProductsReadOnly"], "account_root_user_id": ORGANIZATION});
    object(&mut state, "policies", "look")["tags"] = json!([]);
    desk.file("live.json", state);
    let ended = desk.run("export --emulate live.json --stack web").ends_with(0);
    assert_snapshot!(ended.stdout.lines().filter(|line| line.contains('#')).collect::<Vec<_>>().join("\n"), @"
    # Not declared:
    # - `All Applications`: it is built in
    # - `All Users`: it is built in
    # Not declared:
    # - `look`: a rule has a scope that files cannot say: account root user ac3e0000-0000-4000-8000-000000000000
    ");
}

#[test]
fn a_stack_name_that_is_none_is_wrong_usage() {
    let desk = desk();
    assert_snapshot!(desk.run("export --emulate live.json --stack Web"), @"
    -- stderr
    error: invalid value 'Web' for '--stack <NAME>': must not hold 'W' (character 1): lower-case letters, digits and `-`

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let desk = desk();
    assert_snapshot!(desk.run("export --emulate live.json --out iam.yaml"), @"
    -- stderr
    hint: 9 objects belong to stack web; export what it owns with `--stack web`
    error: iam.yaml is a file; --out takes a folder
    -- exit 1
    ");
}

#[test]
fn an_export_over_http_writes_nothing_to_the_api() {
    let desk = desk();
    let api = desk.emulate("live.json", "");
    let ended = desk.command("export --out files").against(&api.url, ORGANIZATION).run();
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(api.writes(), [""; 0]);
    assert_eq!(desk.command("plan files --detailed-exitcode").against(&api.url, ORGANIZATION).run().code, 0);
}

#[test]
fn a_snapshot_is_a_state_to_rehearse_on_and_tells_no_secret() {
    let desk = desk();
    let mut state = live();
    // Ann's key, who administers IAM.
    let secret = "a2200000-0000-4000-8000-000000000000";
    state["api_keys"].as_array_mut().unwrap().push(json!({
        "access_key": "SCWAC3E0000000000002", "secret_key": secret, "user_id": "ac3e0000-0000-4000-8000-000000000002",
    }));
    desk.file("closed.json", state);
    let api = desk.emulate("closed.json", "");
    let call = desk.command("snapshot --out state.json").against(&api.url, ORGANIZATION);
    let ended = call.env("SCW_ACCESS_KEY", "SCWAC3E0000000000002").env("SCW_SECRET_KEY", secret).run();
    assert_snapshot!(ended, @"
    -- stderr
    Wrote state.json. Rehearse on it with --emulate state.json.
    -- exit 0
    ");
    assert!(!desk.read("state.json").contains(secret));
    assert_eq!(desk.run("plan --emulate state.json --detailed-exitcode").code, 0);
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    assert_eq!(desk.run("apply --yes --emulate state.json").code, 0);
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn a_snapshot_needs_a_place_to_go() {
    let desk = desk();
    assert_snapshot!(desk.run("snapshot --emulate live.json"), @"
    -- stderr
    error: the following required arguments were not provided:
      --out <STATE.json>

    Usage: scw-iam snapshot --out <STATE.json> --emulate <STATE.json>

    For more information, try '--help'.
    -- exit 64
    ");
    assert_snapshot!(desk.run("snapshot --emulate live.json --out nowhere/state.json"), @"
    -- stderr
    error: cannot write nowhere/state.json
      because: No such file or directory (os error 2)
    -- exit 1
    ");
}

#[test]
fn what_a_stack_owns_and_files_cannot_say_is_named_and_nothing_is_written() {
    let desk = desk();
    let mut state = live();
    object(&mut state, "policies", "ci-push")["rules"][0]["condition"] = json!("nobody.knows == 1");
    desk.file("live.json", state);
    assert_snapshot!(desk.run("export --emulate live.json --stack web --out files"), @"
    -- stderr
    error: stack web owns objects that files cannot declare, so a plan of the exported files would delete them:
          policy ci-push
    hint: an export without --stack gives the reasons in comments; fix them, or remove the tag scw-iam=web
    -- exit 1
    ");
    assert!(!desk.path("files").exists());
}

#[test]
fn an_export_of_a_stack_says_in_whose_groups_its_applications_are_and_what_it_leaves_out() {
    let mut state = live();
    object(&mut state, "groups", "developers")["tags"] = json!(["scw-iam=data"]);
    object(&mut state, "groups", "developers")["application_ids"] =
        json!(["ac3e0000-0000-4000-8000-000000000012"]);
    object(&mut state, "policies", "developers-run")["tags"] = json!(["scw-iam=data"]);
    let mut twin = object(&mut state, "applications", "backup").clone();
    (twin["id"], twin["name"], twin["tags"]) =
        ("ac3e0000-0000-4000-8000-000000000019".into(), "no/name".into(), json!([]));
    state["applications"].as_array_mut().unwrap().push(twin);
    let desk = desk();
    desk.file("live.json", state);
    let ended = desk.run("export --stack web --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains("\nmemberships:\n  developers:\n    applications: [ci]\n\n"), "{ended}");
    for said in [
        "not declared: 1 application: its name is not unique, or breaks the rules for names: no/name (ac3e0000-0000-4000-8000-000000000019)\n",
        "not declared: 1 group: it belongs to the stack `data`: developers\n",
        "not declared: 1 policy: it belongs to the stack `data`: developers-run\n",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {ended}");
    }
    assert!(!ended.stderr.contains("built in"), "every organization has these: {ended}");
    desk.file("iam.yaml", &ended.stdout);
    assert_eq!(desk.run("plan --emulate live.json --detailed-exitcode").code, 0);
    // They are the stack's to take back.
    desk.file("iam.yaml", edit(&ended.stdout, &[("applications: [ci]\n", "applications: []\n")]));
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains("- application ci leaves group developers"), "{ended}");
}

#[test]
fn an_organization_with_all_kinds_is_exported_and_plans_to_nothing() {
    let desk = Desk::new();
    let mut state = live();
    let project = state["projects"][1]["id"].clone();
    state["users"][2]["tags"] = json!(["scw-iam=web", "team=web"]);
    state["users"][2]["first_name"] = "Bob".into();
    state["organization"]["security_settings"] = json!({"max_api_key_expiration_duration": "31536000s"});
    let material = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO";
    state["ssh_keys"] = json!([{
        "id": "ac3e0000-0000-4000-8000-0000000000e1", "name": "bob-laptop", "project_id": project, "public_key": material,
        "created_at": "2026-01-12T09:00:00.000000Z", "updated_at": "2026-01-12T09:00:00.000000Z",
    }]);
    let application = state["applications"][0]["id"].clone();
    state["api_keys"] = json!([
        {"access_key": "SCW00000000000000001", "application_id": application, "description": "by hand",
         "created_at": "2026-01-12T09:00:00.000000Z"},
        {"access_key": "SCW00000000000000002", "application_id": application,
         "description": "scw-iam=deploy ok 2026-10-01T12:00:00Z", "created_at": "2026-10-01T12:00:00.000000Z"},
    ]);
    desk.file("live.json", state);
    let wrote = desk.run("export --emulate live.json --out files --stack web").ends_with(0);
    for kind in ["users", "applications", "groups", "policies", "ssh_keys", "organization_settings"] {
        assert!(desk.has(&format!("files/{kind}.yaml")), "{kind}: {wrote}");
    }
    let now = "--now 2026-11-22T12:00:00Z";
    _ = desk.run(&format!("plan files --emulate live.json --detailed-exitcode {now}")).ends_with(0);
    _ = desk.run(&format!("drift files --emulate live.json {now}")).ends_with(0);
    _ = desk.run("export --emulate live.json --out alone").ends_with(0);
    _ = desk.run(&format!("plan alone --emulate live.json --detailed-exitcode {now}")).ends_with(0);
}
