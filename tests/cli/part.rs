//! Partial plans and exports: `plan --only`, `apply --only`, `export KIND:NAME`.

use insta::assert_snapshot;

use crate::acme::{FILE, desk};
use crate::command::{Desk, edit};
use crate::plan::MORE;

/// Developers get one more project, and a new group with a new application gets a policy; `backup` goes.
fn changed() -> Desk {
    let desk = desk();
    let policy = "  look:\n    principal: {group: All Users}\n";
    let new = "  deployers-run:\n    principal: {group: deployers}\n    rules:\n      - permission_sets: [InstancesFullAccess]\n        scope: [prod]\n";
    let file = edit(
        FILE,
        &[
            MORE,
            ("  ci:\n    description: Deploys\n", "  ci:\n    description: Deploys\n  cd: {}\n"),
            ("  backup:\n    description: Nightly copies\n", ""),
            (
                "  backup-store:\n    principal: {application: backup}\n    rules:\n      - permission_sets: [ObjectStorageFullAccess]\n        scope: all_projects\n",
                "",
            ),
            ("policies:\n", "  deployers:\n    members: {applications: [cd, ci]}\n\npolicies:\n"),
            (policy, &format!("{new}{policy}")),
        ],
    );
    desk.file("iam.yaml", file);
    desk
}

#[test]
fn only_an_object_and_what_it_needs_is_planned_and_applied() {
    let desk = changed();
    assert_snapshot!(desk.run("plan --only policy:deployers-run --emulate live.json --out plan.json"), @"
    -- stdout
    Partial plan: only policy deployers-run, with what is needed for it: application
      cd and group deployers
      everything else stays as it is, even where the files differ from it

    Access
      applications cd and ci
        + gains InstancesFullAccess on prod
            ← group deployers ← policy deployers-run, rule 1 (iam.yaml:47)

    Steps
      1  + application cd
      2  + group deployers
      3  + application cd and application ci join group deployers    after 1, 2
      4  + policy deployers-run    after 2
           principal: group deployers
           + - permission_sets: [InstancesFullAccess]
           +   scope: [prod]

    Partial plan: 3 to create (1 application, 1 group, 1 policy); 4 steps.
    -- stderr
    Saved the plan in plan.json, SHA-256 [SHA]
    hint: apply exactly this plan with `scw-iam apply plan.json --expect-sha [SHA]`
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_eq!(desk.json("plan.json")["partial"]["only"], serde_json::json!(["policy:deployers-run"]));
    let applied = desk.run("apply plan.json --emulate live.json --save after.json").ends_with(0);
    assert!(applied.stdout.starts_with("Partial plan: only policy deployers-run"), "{applied}");
    // It is done, and the rest of the files is still to be done.
    assert_snapshot!(desk.run("plan --only policy:deployers-run --emulate after.json -o markdown"), @"
    -- stdout
    <!-- scw-iam plan ac3e0000-0000-4000-8000-000000000000 web -->
    ### Access plan of stack `web` in organization `ac3e0000-0000-4000-8000-000000000000`

    ⚠️ **Partial plan: only policy deployers-run**; everything else stays as it is, even where the files differ from it.

    No changes. Only policy deployers-run was compared with the files.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let junit = desk.run("plan --only policy:deployers-run --emulate after.json -o junit").ends_with(0);
    assert!(junit.stdout.contains("not judged: Partial plan: only policy deployers-run"), "{junit}");
    _ = desk.run("apply plan.json --emulate after.json").ends_with(0);
    let rest = desk.run("plan --emulate after.json --detailed-exitcode").ends_with(2);
    assert!(
        rest.stdout.contains("Plan: 1 to change (1 policy), 2 to delete (1 application, 1 policy); 3 steps."),
        "{rest}"
    );
}

#[test]
fn what_is_not_declared_is_deleted_alone_and_a_changed_organization_refuses_a_part_too() {
    let desk = changed();
    let deletes =
        desk.run("plan --only policy:backup-store --emulate live.json --out plan.json").ends_with(0);
    assert!(deletes.stdout.contains("Partial plan: 1 to delete (1 policy); 1 step."), "{deletes}");
    let delete = "apply --only policy:backup-store --yes";
    _ = desk.run(&format!("{delete} --emulate live.json --save after.json")).ends_with(0);
    assert_snapshot!(desk.run(&format!("{delete} --emulate after.json")), @"
    -- stdout
    Partial plan: only policy backup-store
      everything else stays as it is, even where the files differ from it

    No changes. Only policy backup-store was compared with the files.
    -- stderr
    warning: neither the files nor the organization has `policy:backup-store`; if it was deleted, there is nothing to do
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    // Each of several is named.
    assert_snapshot!(desk.run(&format!("{delete} --only group:develpers --emulate after.json")).stderr, @"
    warning: neither the files nor the organization has `group:develpers`; if it was deleted, there is nothing to do
    hint: did you mean `group:developers`?
    warning: neither the files nor the organization has `policy:backup-store`; if it was deleted, there is nothing to do
    This ran on an emulator: nothing real was changed.
    ");
    assert_snapshot!(desk.run("plan --only policy:backup-store --only group:develpers --emulate after.json"), @"
    -- stderr
    error: neither the files nor the organization has `group:develpers` or `policy:backup-store`
    hint: did you mean `group:developers`?
    -- exit 64
    ");
    let again = desk.run("apply plan.json --emulate after.json").ends_with(0);
    assert!(again.stdout.contains("Already applied"), "{again}");
    // Somebody widens the part to objects that nobody reviewed.
    let mut plan = desk.json("plan.json");
    plan["partial"]["only"] = serde_json::json!(["policy:backup-store", "policy:developers-run"]);
    desk.file("edited.json", plan);
    _ = desk.run("apply edited.json --emulate live.json").ends_with(65);
}

#[test]
fn a_name_that_is_nowhere_is_wrong_usage_and_a_saved_plan_has_its_part() {
    let desk = changed();
    assert_snapshot!(desk.run("plan --only group:develpers --emulate live.json"), @"
    -- stderr
    error: neither the files nor the organization has `group:develpers`
    hint: did you mean `group:developers`?
    -- exit 64
    ");
    assert_snapshot!(desk.run("plan --only developers --emulate live.json"), @"
    -- stderr
    error: invalid value 'developers' for '--only <KIND:NAME>': `developers` must be KIND:NAME, as in `group:developers` or `ssh_key:prod/alice-laptop`

    For more information, try '--help'.
    -- exit 64
    ");
    _ = desk.run("plan --emulate live.json --out plan.json").ends_with(0);
    assert_snapshot!(desk.run("apply plan.json --only group:developers --emulate live.json"), @"
    -- stderr
    error: --only cannot be used with a plan file
    hint: `scw-iam plan --only KIND:NAME --out FILE` saves a partial plan; apply FILE without --only
    -- exit 64
    ");
    assert_eq!(desk.run("apply --due --yes --only group:developers --emulate live.json").code, 64);
}

#[test]
fn a_renamed_object_keeps_its_name_where_it_is_not_asked_for() {
    let desk = desk();
    let renamed =
        "  engineers:\n    previously: developers\n    members:\n      users: [ann@acme.io, bob@acme.io]\n";
    let file = edit(
        FILE,
        &[
            ("  developers:\n    members:\n      users: [ann@acme.io, bob@acme.io]\n", renamed),
            ("principal: {group: developers}", "principal: {group: engineers}"),
            ("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io]"),
        ],
    );
    desk.file("iam.yaml", file);
    let admins =
        desk.run("plan --only group:admins --emulate live.json --allow min_iam_admins=1").ends_with(0);
    assert!(admins.stdout.contains("1  - ann@acme.io leaves group admins\n"), "{admins}");
    assert!(admins.stdout.ends_with("1 step.\n"), "{admins}");
    // The old name stands for what it becomes, and never for something to delete.
    let old = desk.run("plan --only group:developers --emulate live.json").ends_with(0);
    assert!(old.stdout.contains("~ group engineers (was developers)"), "{old}");
    // A policy that names the new group needs its rename.
    let policy =
        desk.run("plan --only policy:developers-run --emulate live.json -o json").ends_with(0).json();
    assert_eq!(policy["partial"]["needed"], serde_json::json!(["group:engineers"]), "{policy}");
}

/// A stack beside the one that owns the organization, with a guest in its group, a slot and an SSH key.
const LAB: &str = "\
version: 1
organization: ac3e0000-0000-4000-8000-000000000000
stack: lab
projects: {prod: ac3e0000-0000-4000-8000-0000000000a1}
external: {groups: [developers]}
memberships: {developers: {applications: [lab]}}
applications:
  lab: {api_keys: {deploy: {expires_after: 90d, rotate_before: 14d, overlap: 7d, deliver: [{file: lab.json}]}}}
  other: {}
ssh_keys:
  prod: {keys: {lab: {public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO}}}
";

#[test]
fn guests_slots_and_ssh_keys_are_parts_too() {
    let desk = desk();
    desk.file("lab.yaml", LAB);
    let planned = |only: &str| {
        let plan = desk
            .run(&format!("plan lab.yaml --only {only} --deliver-dir keys --emulate live.json -o json"))
            .ends_with(0);
        let plan = plan.json();
        let steps = plan["steps"].as_array().unwrap().iter();
        let steps: Vec<_> =
            steps.map(|step| format!("{} {}", step["action"], step["address"]).replace('"', "")).collect();
        (steps.join(", "), plan["keys"].as_array().map_or(0, Vec::len))
    };
    let joins = "create application lab, add_members group developers";
    assert_eq!(planned("group:developers"), (joins.to_owned(), 1));
    assert_eq!(planned("application:lab"), ("create application lab".to_owned(), 1));
    assert_eq!(planned("application:other"), ("create application other".to_owned(), 0));
    assert_eq!(planned("ssh_key:prod/lab"), ("create ssh_key prod/lab".to_owned(), 0));
    // This stack may not change what another stack owns.
    assert_eq!(planned("policy:ci-push"), (String::new(), 0));
}

#[test]
fn an_export_of_objects_has_these_and_nothing_else() {
    let desk = desk();
    assert_snapshot!(desk.run("export policy:ci-push --stack web --emulate live.json"), @"
    -- stdout
    version: 1
    organization: ac3e0000-0000-4000-8000-000000000000
    stack: web

    projects:
      staging: ac3e0000-0000-4000-8000-0000000000a2

    external:
      applications: [ci]

    policies:
      ci-push:
        principal: {application: ci}
        rules:
          - permission_sets: [ContainerRegistryFullAccess]
            scope: [staging]
    -- stderr
    note: a plan of this export alone would delete 8 other objects of stack web. Copy the exported entries into the files of web, and leave out `external: {applications: [ci]}`, which those files already declare
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_snapshot!(desk.run("export policy:ci-push --emulate live.json"), @"
    -- stderr
    error: cannot export policy ci-push: it belongs to the stack `web`
    hint: pass --stack web to write the files of that stack
    -- exit 1
    ");
    assert_snapshot!(desk.run("export policy:ci-psuh --emulate live.json"), @"
    -- stderr
    error: there is no policy ci-psuh
    hint: did you mean `policy:ci-push`?
    -- exit 64
    ");
    let mut state = crate::acme::live();
    state["ssh_keys"] = serde_json::json!([{"id": "ac3e0000-0000-4000-8000-000000000051", "name": "ann-laptop",
        "project_id": "ac3e0000-0000-4000-8000-0000000000a1",
        "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO"}]);
    desk.file("live.json", state);
    let key = desk.run("export ssh_key:prod/ann-laptop --emulate live.json").ends_with(0);
    assert!(key.stdout.contains("ssh_keys:\n  prod:\n    keys:\n      ann-laptop:\n"), "{key}");
    // Nobody asked for its members.
    let group = desk.run("export group:developers --emulate live.json --stack web").ends_with(0);
    assert!(!group.stdout.contains("\nusers:") && !group.stdout.contains("memberships"), "{group}");
    let application = desk.run("export application:ci --emulate live.json --stack web").ends_with(0);
    assert_eq!(application.stdout.lines().filter(|line| line.ends_with(':')).count(), 2, "{application}");
    assert_snapshot!(desk.run("export user:ann@acme.io --emulate live.json"), @"
    -- stdout
    version: 1
    organization: ac3e0000-0000-4000-8000-000000000000

    users:
      ann@acme.io:
        username: ann
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn an_export_leaves_out_only_what_its_key_may_not_read() {
    let desk = desk();
    let mut state = crate::acme::live();
    state["ssh_keys"] = serde_json::json!([{"id": "ac3e0000-0000-4000-8000-000000000051", "name": "ann-laptop",
        "project_id": "ac3e0000-0000-4000-8000-0000000000a1",
        "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO"}]);
    crate::acme::give_reader(&mut state, &["SSHKeysReadOnly"]);
    desk.file("reader.json", state);
    let api = desk.emulate("reader.json", "");
    let call = desk.command("export --stack web").against(&api.url, "ac3e0000-0000-4000-8000-000000000000");
    let (access_key, secret) = crate::acme::READER;
    let ended = call.env("SCW_ACCESS_KEY", access_key).env("SCW_SECRET_KEY", secret).run();
    let ended = ended.ends_with(0);
    assert!(ended.stdout.contains("ann-laptop:"), "{ended}");
    let requests = api.requests();
    for list in ["users", "applications", "groups", "policies"] {
        let read = requests.iter().filter(|request| **request == format!("GET /{list}")).count();
        assert_eq!(read, 1, "{list}: {requests:?}");
    }
    assert_snapshot!(ended.stderr, @"
    hint: this key may not read everything; left out: organization settings
    not declared: 1 policy: one rule cannot grant `IAMApplicationReadOnly` on the organization and `SSHKeysReadOnly` on projects: reader
    ");
}

#[test]
fn a_partial_plan_deletes_nothing_that_was_not_named() {
    let desk = desk();
    let groups = "  admins:\n    members:\n      users: [owner@acme.io, ann@acme.io]\n  developers:\n    members:\n      users: [ann@acme.io, bob@acme.io]\n";
    let renamed =
        "  developers:\n    previously: admins\n    members:\n      users: [owner@acme.io, ann@acme.io]\n";
    let attached = ("principal: {group: admins}", "principal: {group: developers}");
    desk.file("iam.yaml", edit(FILE, &[(groups, renamed), attached]));
    assert_snapshot!(desk.run("plan --only policy:admins-iam --emulate live.json"), @"
    -- stderr
    error: a plan of these objects alone would also delete group ac3e0000-0000-4000-8000-000000000022 (developers)
    hint: plan without `--only`, so that its access is considered too
    -- exit 64
    ");
}
