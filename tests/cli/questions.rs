//! Who holds what, asked of files and of the organization.

use insta::assert_snapshot;
use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, READER, desk, give_reader, live};
use crate::command::Desk;

fn files() -> Desk {
    let desk = desk();
    desk.file("iam.yaml", FILE);
    desk
}

#[test]
fn who_can_do_something_is_told_with_the_path() {
    assert_snapshot!(files().run("who-can InstancesFullAccess --on staging iam.yaml"), @r#"
    -- stdout
    who can InstancesFullAccess on staging
      user ann@acme.io
          ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
      user bob@acme.io
          ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
    -- stderr
    note: the files do not name the owner, who can do everything; pass --live to show them
    -- exit 0
    "#);
    assert_snapshot!(files().run("who-can InstancesFullAccess --on staging --emulate live.json"), @r#"
    -- stdout
    who can InstancesFullAccess on staging
      user owner@acme.io owns the organization
      user ann@acme.io
          ← group developers ← policy developers-run, rule 1
      user bob@acme.io
          ← group developers ← policy developers-run, rule 1
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
}

#[test]
fn a_question_that_nobody_could_ever_answer_with_a_name_is_refused() {
    let desk = files();
    assert_snapshot!(desk.run("who-can IAMManager --on staging iam.yaml"), @r#"
    -- stderr
    error: `IAMManager` is granted on the organization, not on projects
    hint: pass --on organization
    -- exit 64
    "#);
    assert_snapshot!(desk.run("who-can InstancesFullAccess --on organization iam.yaml"), @r#"
    -- stderr
    error: `InstancesFullAccess` is granted on projects, not on the organization
    hint: pass --on PROJECT, or --on all_projects
    -- exit 64
    "#);
    assert_snapshot!(desk.run("who-can InstanceFullAccess --on staging --emulate live.json"), @r#"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: there is no permission set `InstanceFullAccess`
    hint: did you mean `InstancesFullAccess`?
    -- exit 64
    "#);
    assert_snapshot!(desk.run("who-can InstancesFullAccess --on stagign iam.yaml"), @r#"
    -- stderr
    error: there is no project `stagign`
    hint: did you mean `staging`?
    -- exit 64
    "#);
    assert_snapshot!(desk.run("explain user:nobody@acme.io iam.yaml"), @r#"
    -- stderr
    error: there is no user nobody@acme.io
    hint: the files do not name them; pass --live to ask the organization
    -- exit 64
    "#);
    assert_snapshot!(desk.run("explain user:anm@acme.io --emulate live.json"), @r#"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: there is no user anm@acme.io
    hint: did you mean `user ann@acme.io`?
    -- exit 64
    "#);
    let nowhere = "explain user:alice@acme.io --on deadbeef-0000-4000-8000-000000000000 --emulate live.json";
    assert_snapshot!(desk.run(nowhere), @r#"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: there is no project `deadbeef-0000-4000-8000-000000000000`
    -- exit 64
    "#);
    assert_snapshot!(desk.run("explain user:alice@acme.io --at 2029-01-01 iam.yaml"), @r#"
    -- stderr
    error: invalid value '2029-01-01' for '--at <TIME>': expected a time such as 2026-12-31T18:00:00Z

    For more information, try '--help'.
    -- exit 64
    "#);
}

#[test]
fn a_set_that_only_the_organization_knows_is_asked_of_it_and_a_misspelt_one_never_planned() {
    let desk = files();
    desk.file("typo.yaml", FILE.replace("InstancesFullAccess", "InstanceFullAccess"));
    assert_snapshot!(desk.run("plan typo.yaml --emulate live.json"), @r#"
    -- stderr
    error: this version does not know the permission set `InstanceFullAccess`
      --> typo.yaml:45:27
       |
    45 |       - permission_sets: [InstanceFullAccess]
       |                           ^^^^^^^^^^^^^^^^^^ did you mean `InstancesFullAccess`?
    -- exit 65
    "#);
}

const EXTERNAL: &str = "\
version: 1
organization: ac3e0000-0000-4000-8000-000000000000
projects: {prod: ac3e0000-0000-4000-8000-0000000000a1, staging: ac3e0000-0000-4000-8000-0000000000a2}
external: {groups: [All Users, All Applications, analysts]}
applications: {ci: {}}
groups: {ops: {members: {users: [ann@acme.io, {email: bob@acme.io, until: 2027-01-31}]}}}
policies:
  ops-run:
    principal: {group: ops}
    rules:
      - {permission_sets: [InstancesFullAccess], scope: [prod], until: 2026-12-31T18:00:00Z}
      - {permission_sets: [VPCFullAccess], scope: [prod], condition: request.ip == '192.0.2.1'}
  look: {principal: {group: All Users}, rules: [{permission_sets: [BillingReadOnly], scope: organization}]}
  pull: {principal: {group: All Applications}, rules: [{permission_sets: [ContainerRegistryReadOnly], scope: [prod]}]}
  analyse: {principal: {group: analysts}, rules: [{permission_sets: [ObjectStorageReadOnly], scope: [prod]}]}
assertions:
  - {principal: {user: ann@acme.io}, can: InstancesReadOnly, on: prod}
  - {principal: {user: cyd@acme.io}, can: BillingReadOnly, on: organization}
  - {principal: {user: ann@acme.io}, cannot: ObjectStorageReadOnly, on: prod}
  - {principal: {user: bob@acme.io}, can: VPCReadOnly, on: prod}
  - {principal: {application: ci}, can: ContainerRegistryReadOnly, on: staging}
guardrails:
  - {name: nobody on data, forbid: grant.scope == \"data\"}
";

fn external() -> Desk {
    let desk = desk();
    desk.file("iam.yaml", EXTERNAL);
    desk
}

#[test]
fn files_know_who_is_in_the_groups_of_everybody_and_say_whom_they_cannot_see() {
    let desk = external();
    assert_snapshot!(desk.run("who-can BillingReadOnly --on organization iam.yaml --now 2026-11-26T12:00:00Z"), @"
    -- stdout
    who can BillingReadOnly on organization
      every user of the organization
          ← group All Users ← policy look, rule 1 (iam.yaml:13)
    -- stderr
    note: the files do not name the owner, who can do everything; pass --live to show them
    -- exit 0
    ");
    assert_snapshot!(desk.run("who-can ObjectStorageReadOnly --on prod iam.yaml --now 2026-11-26T12:00:00Z"), @"
    -- stdout
    who can ObjectStorageReadOnly on prod
      the members of group analysts, whom these files do not list
          ← group analysts ← policy analyse, rule 1 (iam.yaml:15)
    -- stderr
    note: the files do not name the owner, who can do everything; pass --live to show them
    -- exit 0
    ");
    assert_snapshot!(desk.run("explain application:ci iam.yaml --now 2026-11-26T12:00:00Z"), @"
    -- stdout
    application ci
      ContainerRegistryReadOnly on prod
          ← group All Applications ← policy pull, rule 1 (iam.yaml:14)
      perhaps ObjectStorageReadOnly on prod: the members of group analysts, whom these files do not list
          ← group analysts ← policy analyse, rule 1 (iam.yaml:15)
    -- exit 0
    ");
}

#[test]
fn what_ends_is_shown_with_its_end_and_judged_at_its_time() {
    let desk = external();
    assert_snapshot!(desk.run("explain bob@acme.io --now 2026-11-26T12:00:00Z iam.yaml"), @r#"
    -- stdout
    user bob@acme.io
      BillingReadOnly on organization
          ← group All Users ← policy look, rule 1 (iam.yaml:13)
      InstancesFullAccess on prod if request.time < timestamp("2026-12-31T18:00:00Z")  [ends 2026-12-31T18:00:00Z]
          ← group ops ← policy ops-run, rule 1 (iam.yaml:11)
      VPCFullAccess on prod if request.ip == '192.0.2.1'  [depends on `request.ip`; ends 2027-02-01T00:00:00Z]
          ← group ops ← policy ops-run, rule 2 (iam.yaml:12)
      perhaps ObjectStorageReadOnly on prod: the members of group analysts, whom these files do not list
          ← group analysts ← policy analyse, rule 1 (iam.yaml:15)
    -- exit 0
    "#);
    assert_snapshot!(desk.run("explain ann@acme.io --at 2027-01-01T00:00:00Z --on prod iam.yaml --now 2026-11-26T12:00:00Z"), @r#"
    -- stdout
    user ann@acme.io
      InstancesFullAccess on prod if request.time < timestamp("2026-12-31T18:00:00Z")  [not now: its condition is false]
          ← group ops ← policy ops-run, rule 1 (iam.yaml:11)
      VPCFullAccess on prod if request.ip == '192.0.2.1'  [depends on `request.ip`]
          ← group ops ← policy ops-run, rule 2 (iam.yaml:12)
      perhaps ObjectStorageReadOnly on prod: the members of group analysts, whom these files do not list
          ← group analysts ← policy analyse, rule 1 (iam.yaml:15)
    -- exit 0
    "#);
}

#[test]
fn a_no_names_the_grant_that_comes_nearest() {
    let desk = external();
    assert_snapshot!(desk.run("who-can InstancesFullAccess --on staging iam.yaml --now 2026-11-26T12:00:00Z"), @r#"
    -- stdout
    who can InstancesFullAccess on staging
      nobody
      nearest: user ann@acme.io holds InstancesFullAccess on prod if request.time < timestamp("2026-12-31T18:00:00Z"), which is another scope
    -- stderr
    note: the files do not name the owner, who can do everything; pass --live to show them
    -- exit 0
    "#);
    assert_snapshot!(desk.run("explain bob@acme.io --on organization iam.yaml --now 2026-11-26T12:00:00Z"), @"
    -- stdout
    user bob@acme.io
      BillingReadOnly on organization
          ← group All Users ← policy look, rule 1 (iam.yaml:13)
    -- exit 0
    ");
}

#[test]
fn can_is_kept_through_a_wider_set_and_what_files_cannot_tell_is_not_judged() {
    assert_snapshot!(external().run("test --now 2026-11-26T12:00:00Z iam.yaml"), @r#"
    -- stdout
    FAILED assertion user ann@acme.io can InstancesReadOnly on prod (iam.yaml:17:6)
        nothing grants it; nearest: InstancesFullAccess on prod if request.time < timestamp("2026-12-31T18:00:00Z"), but only under a condition
    ok assertion user cyd@acme.io can BillingReadOnly on organization (iam.yaml:18:6)
    ok assertion user ann@acme.io cannot ObjectStorageReadOnly on prod [not judged: these files do not list the members of analysts] (iam.yaml:19:6)
    FAILED assertion user bob@acme.io can VPCReadOnly on prod (iam.yaml:20:6)
        nothing grants it; nearest: VPCFullAccess on prod if request.ip == '192.0.2.1', but only under a condition
    FAILED assertion application ci can ContainerRegistryReadOnly on staging (iam.yaml:21:6)
        nothing grants it; nearest: ContainerRegistryReadOnly on prod, which is another scope
    ok guardrail nobody on data [not judged: these files do not say which project `data` is] (iam.yaml:23:36)
    3 passed, 3 failed
    -- exit 3
    "#);
}

#[test]
fn a_guardrail_knows_the_names_of_all_projects() {
    let desk = desk();
    let guardrail = "guardrails:\n  - name: nobody runs instances on staging\n    forbid: grant.permission_set == \"InstancesFullAccess\" && grant.scope == \"staging\"\n\n";
    let (unpinned, _) = FILE.split_once("external:").unwrap();
    let unpinned = unpinned.replace("projects:\n  prod: ac3e0000-0000-4000-8000-0000000000a1\n  staging: ac3e0000-0000-4000-8000-0000000000a2\n", "");
    desk.file(
        "iam.yaml",
        format!(
            "{}groups: {{ops: {{}}}}\n{guardrail}",
            unpinned.replace("stack: web", "stack: ops").replace("policies: {}\n", "")
        ),
    );
    assert_snapshot!(desk.run("plan iam.yaml --strict --emulate live.json --now 2026-11-26T12:00:00Z"), @"
    -- stdout
    Access
      no change in access

    Steps
      1  + group ops

    Left unchanged
      7 objects: the files have no section for this kind
      2 objects: owned by stack web

    refused by guardrails: 2 existing grants violate a guardrail
      (--allow guardrails=2)
        nobody runs instances on staging (iam.yaml:9): user ann@acme.io:
          InstancesFullAccess on staging ← group developers ← policy developers-run,
          rule 1 (existing)
        nobody runs instances on staging (iam.yaml:9): user bob@acme.io:
          InstancesFullAccess on staging ← group developers ← policy developers-run,
          rule 1 (existing)
        to let exactly this pass, add to `allow`: - {guard: guardrails, of:
          [user:ann@acme.io, user:bob@acme.io], until: 2026-12-10, reason: WHY}

    Plan: 1 to create (1 group); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
}

#[test]
fn people_who_cannot_log_in_are_marked_in_answers() {
    let desk = desk();
    let mut state = live();
    let users = state["users"].as_array_mut().unwrap();
    let ann = users.iter_mut().find(|user| user["email"] == "ann@acme.io").unwrap();
    ann["locked"] = true.into();
    ann["status"] = "invitation_pending".into();
    desk.file("live.json", state);
    let shown = desk.run("explain ann@acme.io --emulate live.json").ends_with(0);
    assert!(shown.stdout.starts_with("user ann@acme.io (locked, not activated)\n"), "{shown}");
    let shown = desk.run("who-can IAMManager --on organization --emulate live.json").ends_with(0);
    assert!(shown.stdout.contains("user ann@acme.io (locked, not activated)\n"), "{shown}");
    let json = desk.run("explain ann@acme.io --emulate live.json -o json").ends_with(0).json();
    assert_eq!((&json["locked"], &json["not_activated"]), (&true.into(), &true.into()), "{json}");
}

#[test]
fn a_group_says_what_it_gives_to_whom_and_until_when() {
    let desk = external();
    assert_snapshot!(desk.run("explain group:ops iam.yaml --now 2026-11-26T12:00:00Z"), @r#"
    -- stdout
    group ops (iam.yaml:6)
      gives
        InstancesFullAccess on prod if request.time < timestamp("2026-12-31T18:00:00Z")  [ends 2026-12-31T18:00:00Z]
            ← policy ops-run, rule 1 (iam.yaml:11)
        VPCFullAccess on prod if request.ip == '192.0.2.1'  [depends on `request.ip`]
            ← policy ops-run, rule 2 (iam.yaml:12)
      to
        user ann@acme.io
        user bob@acme.io  [ends 2027-02-01T00:00:00Z]
    -- exit 0
    "#);
    assert_snapshot!(desk.run("explain group:ops --on organization iam.yaml --now 2026-11-26T12:00:00Z -o markdown"), @"
    -- stdout
    ### group ops (iam.yaml:6)

    gives nothing there, but 2 grants elsewhere.

    | to | |
    |---|---|
    | user `ann@acme.io` |  |
    | user `bob@acme.io` | ends 2027-02-01T00:00:00Z |
    -- exit 0
    ");
    assert_snapshot!(desk.run("explain group:analysts iam.yaml --now 2027-11-26T12:00:00Z"), @"
    -- stdout
    group analysts (external)
      gives
        ObjectStorageReadOnly on prod
            ← policy analyse, rule 1 (iam.yaml:15)
      to
        the members of group analysts, whom these files do not list
    -- stderr
    warning: the membership of `bob@acme.io` has ended: 2027-02-01T00:00:00Z is past
     --> iam.yaml:6:75
      |
    6 | groups: {ops: {members: {users: [ann@acme.io, {email: bob@acme.io, until: 2027-01-31}]}}}
      |                                                                           ^^^^^^^^^^ the member leaves; remove the entry

    warning: the rule has ended: 2026-12-31T18:00:00Z is past
      --> iam.yaml:11:72
       |
    11 |       - {permission_sets: [InstancesFullAccess], scope: [prod], until: 2026-12-31T18:00:00Z}
       |                                                                        ^^^^^^^^^^^^^^^^^^^^ it grants nothing any more; remove it
    -- exit 0
    ");
    let all =
        desk.run("explain group:id=ac3e0000-0000-4000-8000-00000000002f --emulate live.json").ends_with(0);
    assert!(
        all.stdout.starts_with("group All Users\n  gives\n    AllProductsReadOnly on staging\n"),
        "{all}"
    );
    let json = desk.run("explain group:developers --emulate live.json -o json").ends_with(0).json();
    assert_eq!(json["stack"], "web", "{json}");
    assert_eq!(json["members"][0]["principal"], "user ann@acme.io", "{json}");
    assert_eq!(json["grants"][0]["path"]["policy"], "developers-run", "{json}");
    let json = desk.run("explain group:ops iam.yaml --now 2026-11-26T12:00:00Z -o json").ends_with(0).json();
    assert_eq!(json["members"][1]["ends"], "2027-02-01T00:00:00Z", "{json}");
    assert_eq!(json["declared"], "iam.yaml:6", "{json}");
}

#[test]
fn a_policy_says_what_it_gives_and_to_whom_it_is_attached() {
    let desk = files();
    assert_snapshot!(desk.run("explain policy:developers-run --emulate live.json iam.yaml"), @"
    -- stdout
    policy developers-run (iam.yaml:42), of stack web
      gives
        InstancesFullAccess on staging
            ← policy developers-run, rule 1 (iam.yaml:45)
      to group developers
        user ann@acme.io
        user bob@acme.io
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_snapshot!(desk.run("explain policy:ci-push iam.yaml"), @"
    -- stdout
    policy ci-push (iam.yaml:37), of stack web
      gives
        ContainerRegistryFullAccess on staging
            ← policy ci-push, rule 1 (iam.yaml:40)
      to
        application ci
    -- exit 0
    ");
    assert_snapshot!(desk.run("explain policy:look iam.yaml -o json"), @r#"
    -- stdout
    {
      "object": "policy look",
      "declared": "iam.yaml:47",
      "stack": "web",
      "grants": [
        {
          "permission_set": "AllProductsReadOnly",
          "scope": "ac3e0000-0000-4000-8000-0000000000a2",
          "project": "staging",
          "condition": null,
          "path": {
            "group": "All Users",
            "policy": "look",
            "rule": 1,
            "origin": "iam.yaml:50"
          },
          "managed": false,
          "holds": true,
          "ends": null
        }
      ],
      "elsewhere": 0,
      "to": "group All Users",
      "computed": "all users",
      "members": null
    }
    -- exit 0
    "#);
    assert_snapshot!(desk.run("explain policy:developer-run iam.yaml"), @"
    -- stderr
    error: there is no policy developer-run
    hint: did you mean `policy:developers-run`?
    -- exit 64
    ");
    assert_snapshot!(desk.run("explain person:ann iam.yaml"), @"
    -- stderr
    error: invalid value 'person:ann' for '<E-MAIL|KIND:NAME>': expected an e-mail address, user:E-MAIL, application:NAME, group:NAME or policy:NAME

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn a_pattern_asks_of_each_project_that_is_named_so() {
    let desk = desk();
    let mut state = live();
    crate::acme::object(&mut state, "projects", "default")["name"] = "prod-us".into();
    crate::acme::object(&mut state, "projects", "prod")["name"] = "prod-eu".into();
    desk.file("live.json", state);
    assert_snapshot!(desk.run("who-can ObjectStorageFullAccess --on prod-* --emulate live.json"), @"
    -- stdout
    who can ObjectStorageFullAccess on prod-eu
      user owner@acme.io owns the organization
      application backup
          ← policy backup-store, rule 1

    who can ObjectStorageFullAccess on prod-us
      user owner@acme.io owns the organization
      application backup
          ← policy backup-store, rule 1
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let json =
        desk.run("who-can InstancesFullAccess --on *ing --emulate live.json -o json").ends_with(0).json();
    assert_eq!((&json["on"], &json["projects"][0]["project"]), (&"*ing".into(), &"staging".into()), "{json}");
    assert_eq!(json["projects"][0]["grants"][0]["principal"], "user ann@acme.io", "{json}");
    assert_snapshot!(desk.run("who-can InstancesFullAccess --on prdo-* --emulate live.json"), @"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: no project name matches `prdo-*`
    hint: did you mean `prod-*`?
    -- exit 64
    ");
}

#[test]
fn a_membership_that_ends_before_the_time_in_question_gives_nothing_then() {
    let desk = external();
    let then = "--at 2027-03-01T00:00:00Z iam.yaml --now 2026-11-26T12:00:00Z";
    let explained = desk.run(&format!("explain bob@acme.io {then}")).ends_with(0);
    assert!(explained.stdout.contains("[not then: the membership ends 2027-02-01T00:00:00Z]"), "{explained}");
    let who = desk.run(&format!("who-can VPCFullAccess --on prod {then} -o json")).ends_with(0).json();
    let holds = |who_is: &str| {
        let grants = who["grants"].as_array().unwrap().iter();
        grants
            .filter(|grant| grant["principal"] == who_is)
            .map(|grant| grant["holds"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(holds("user bob@acme.io"), [false], "{who}");
    assert_eq!(holds("user ann@acme.io"), [serde_json::Value::Null], "{who}");
}

#[test]
fn a_no_tells_what_comes_nearest_and_what_would_give_it() {
    let desk = files();
    let explain = |words: &str| desk.run(&format!("explain {words} iam.yaml --now 2026-11-22T12:00:00Z"));
    // On another scope.
    assert_snapshot!(explain("bob@acme.io --can InstancesFullAccess --on prod"), @"
    -- stdout
    user bob@acme.io
      no, does not have InstancesFullAccess on prod
      nearest: holds InstancesFullAccess on staging, which is another scope
          ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
    -- exit 0
    ");
    // A wider permission set grants it.
    assert_snapshot!(explain("bob@acme.io --can InstancesReadOnly --on staging"), @"
    -- stdout
    user bob@acme.io
      yes, has InstancesReadOnly on staging
      AllProductsReadOnly on staging
          ← group All Users ← policy look, rule 1 (iam.yaml:50)
      InstancesFullAccess on staging
          ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
    -- exit 0
    ");
    // A smaller permission set is held, and a group would give the access.
    assert_snapshot!(explain("application:backup --can InstancesFullAccess --on staging"), @"
    -- stdout
    application backup
      no, does not have InstancesFullAccess on staging
      members of group developers have it
          ← policy developers-run, rule 1 (iam.yaml:45)
    -- exit 0
    ");
    // Nothing comes near it.
    assert_snapshot!(explain("application:ci --can IAMManager --on organization"), @"
    -- stdout
    application ci
      no, does not have IAMManager on organization
      members of group admins have it
          ← policy admins-iam, rule 1 (iam.yaml:30)
    -- exit 0
    ");
    let json = explain("bob@acme.io --can InstancesFullAccess --on prod -o json").json();
    assert_eq!(
        (&json["can"]["holds"], &json["can"]["nearest"]["lacks"]),
        (&false.into(), &"scope".into()),
        "{json:#}"
    );
    // A condition that does not hold, or that depends on the request.
    let condition =
        "[InstancesFullAccess]\n        scope: [staging]\n        condition: request.ip == \"192.0.2.1\"";
    desk.file("iam.yaml", FILE.replace("[InstancesFullAccess]\n        scope: [staging]", condition));
    assert_snapshot!(explain("bob@acme.io --can InstancesFullAccess --on staging"), @r#"
    -- stdout
    user bob@acme.io
      maybe: whether it has InstancesFullAccess on staging depends on what is not known
      InstancesFullAccess on staging if request.ip == "192.0.2.1"  [depends on `request.ip`]
          ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
    -- exit 0
    "#);
    assert_snapshot!(explain("bob@acme.io --can InstancesFullAccess --on staging --ip 192.0.2.2"), @r#"
    -- stdout
    user bob@acme.io
      no, does not have InstancesFullAccess on staging
      InstancesFullAccess on staging if request.ip == "192.0.2.1"  [not now: its condition is false]
          ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
    -- exit 0
    "#);
    let markdown = explain("bob@acme.io --can InstancesFullAccess --on prod -o markdown").stdout;
    assert!(markdown.contains("no, does not have InstancesFullAccess on prod\n\n- nearest: "), "{markdown}");
    assert_eq!(explain("bob@acme.io --can InstancesFullAccess").code, 64);
    assert_eq!(explain("bob@acme.io --can IAMManager --on prod").code, 64);
    let nobody = desk.run("who-can InstancesFullAccess --on prod iam.yaml -o json").json();
    assert_eq!(nobody["nearest"]["lacks"], "scope", "{nobody:#}");
}

#[test]
fn the_live_keys_of_whoever_is_explained_are_counted_with_their_age() {
    let desk = Desk::new();
    let mut state = live();
    let ids = ["applications", "users"].map(|kind| state[kind][0]["id"].clone());
    let key = |number: u32, bearer: &str, id: &serde_json::Value, made: &str| {
        let mut key = json!({
            "access_key": format!("SCW{number:017}"), "description": "", "created_at": format!("{made}T12:00:00.000000Z"),
        });
        key[bearer] = id.clone();
        key
    };
    state["api_keys"] = json!([
        key(1, "application_id", &ids[0], "2026-11-12"),
        key(2, "application_id", &ids[0], "2026-09-01"),
        key(3, "user_id", &ids[1], "2026-11-21"),
    ]);
    let name = state["applications"][0]["name"].as_str().unwrap().to_owned();
    desk.file("live.json", state).file("iam.yaml", FILE);
    let explain = |words: &str| desk.run(&format!("explain {words} --now 2026-11-22T12:00:00Z"));
    let first = |words: &str| explain(words).ends_with(0).stdout.lines().next().unwrap().to_owned();
    let of_live = format!("application:{name} --emulate live.json");
    assert_eq!(first(&of_live), format!("application {name}, 2 API keys, the oldest 82 days old"));
    assert_eq!(first("owner@acme.io --emulate live.json"), "user owner@acme.io, 1 API key, 24 hours old");
    assert_eq!(first("bob@acme.io --emulate live.json"), "user bob@acme.io");
    // Files know of none.
    assert_eq!(first(&format!("application:{name} iam.yaml")), format!("application {name}"));
    let json = explain(&format!("{of_live} -o json")).json();
    assert_eq!((&json["api_keys"], &json["oldest_api_key"]), (&json!(2), &json!("2026-09-01T12:00:00Z")));
}

#[test]
fn an_explanation_says_nothing_of_keys_only_if_they_may_not_be_read() {
    let desk = desk();
    let api = desk.emulate("live.json", "--faults wrong-content-type:GET/api-keys=#1-");
    let explain = "explain application:ci --live --now 2026-11-22T12:00:00Z";
    let ended = desk.command(explain).against(&api.url, ORGANIZATION).run().ends_with(1);
    assert!(ended.stderr.contains("could not read the API keys"), "{ended}");
    let mut state = live();
    give_reader(&mut state, &[]);
    desk.file("reader.json", state);
    let api = desk.emulate("reader.json", "");
    let call = desk.command(explain).against(&api.url, ORGANIZATION);
    let ended = call.env("SCW_ACCESS_KEY", READER.0).env("SCW_SECRET_KEY", READER.1).run();
    assert!(ended.ends_with(0).stdout.starts_with("application ci\n"));
}

#[test]
fn explain_reads_the_keys_of_nobody_else() {
    let desk = Desk::new();
    let mut state = live();
    let [application, user] = ["applications", "users"].map(|kind| state[kind][0]["id"].clone());
    let name = state["applications"][0]["name"].as_str().unwrap().to_owned();
    let mut keys: Vec<_> = (0..150)
        .map(|number| json!({"access_key": format!("SCW{number:017}"), "description": "", "user_id": user}))
        .collect();
    keys.push(
        json!({"access_key": "SCWX0000000000000000", "description": "", "application_id": application}),
    );
    state["api_keys"] = keys.into();
    desk.file("live.json", state);
    let api = desk.emulate("live.json", "");
    let explain =
        desk.command(&format!("explain application:{name} --live -o json --now 2026-11-22T12:00:00Z"));
    let explained = explain.against(&api.url, ORGANIZATION).run().ends_with(0).json();
    assert_eq!(explained["api_keys"], 1);
    let lists = api.requests().iter().filter(|request| *request == "GET /api-keys").count();
    assert_eq!(lists, 1, "{:?}", api.requests());
}
