//! What refuses a plan, and what lifts it.

use insta::assert_snapshot;
use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, desk, live, object};
use crate::command::{Desk, edit};

/// Policies and applications are gone from the files: three of nine objects.
const FEWER: [(&str, &str); 3] = [
    ("  backup:\n    description: Nightly copies\n", ""),
    (
        "  backup-store:\n    principal: {application: backup}\n    rules:\n      - permission_sets: [ObjectStorageFullAccess]\n        scope: all_projects\n",
        "",
    ),
    (
        "  ci-push:\n    principal: {application: ci}\n    rules:\n      - permission_sets: [ContainerRegistryFullAccess]\n        scope: [staging]\n",
        "",
    ),
];

/// The entries that a refusal prints end on a day.
const NOW: &str = "--now 2026-11-22T12:00:00Z";

/// What the guards say to a file with settings and changes; an apply of it writes nothing.
fn refused(settings: &str, changes: &[(&str, &str)]) -> (Desk, String) {
    let desk = desk();
    let text = edit(FILE, changes);
    desk.file("iam.yaml", edit(&text, &[("stack: web\n", &format!("stack: web\nsettings: {settings}\n"))]));
    let shown = desk.run(&format!("plan --emulate live.json --save before.json {NOW}")).ends_with(3).stdout;
    let applied = desk.run(&format!("apply --yes --emulate live.json --save after.json {NOW}")).ends_with(3);
    assert_eq!(applied.stdout, shown);
    assert_eq!(desk.read("after.json"), desk.read("before.json"));
    (desk, shown[shown.find("refused by").unwrap_or_else(|| panic!("{shown}"))..].to_owned())
}

#[test]
fn more_deletions_than_the_limit_refuse() {
    let (_desk, guards) = refused("{limits: {deletes: 1}}", &FEWER);
    assert_snapshot!(guards, @"
    refused by deletes: would delete 3 of the 9 objects that this stack owns (limit:
      1) (--allow deletes=3)
        policy backup-store
        application backup
        policy ci-push
        to let exactly this pass, add to `allow`: - {guard: deletes, of:
          [policy:backup-store, application:backup, policy:ci-push], until:
          2026-12-06, reason: WHY}

    Plan: 3 to delete (1 application, 2 policies); 3 steps; refused.
    ");
}

#[test]
fn the_number_that_was_printed_lifts_a_guard_and_no_other_does() {
    let (desk, _) = refused("{limits: {deletes: 1}}", &FEWER);
    assert_eq!(desk.run("plan --emulate live.json --allow deletes=3").code, 0);
    assert_eq!(desk.run("apply --yes --emulate live.json --allow deletes=3").code, 0);
    for other in ["deletes=1", "deletes=2", "deletes=99", "emptied=3"] {
        let ended = desk.run(&format!("plan --emulate live.json --allow {other}"));
        assert_eq!(ended.code, 3, "{other}: {ended}");
    }
    assert_snapshot!(desk.run(&format!("plan --emulate live.json --allow deletes=2 {NOW}")), @"
    -- stdout
    Access
      application backup, loses all access
        - loses ObjectStorageFullAccess on all projects
            ← policy backup-store, rule 1
      application ci, loses all access
        - loses ContainerRegistryFullAccess on staging
            ← policy ci-push, rule 1

    Steps
      1  - policy backup-store
      2  - application backup    after 1
      3  - policy ci-push

    note: to stop managing an object without deleting it, list it under `release`

    refused by deletes: would delete 3 of the 9 objects that this stack owns (limit:
      1) (--allow deletes=2 does not match) (--allow deletes=3)
        policy backup-store
        application backup
        policy ci-push
        to let exactly this pass, add to `allow`: - {guard: deletes, of:
          [policy:backup-store, application:backup, policy:ci-push], until:
          2026-12-06, reason: WHY}

    Plan: 3 to delete (1 application, 2 policies); 3 steps; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    assert_snapshot!(desk.run("plan --emulate live.json --allow deletes=3"), @"
    -- stdout
    Access
      application backup, loses all access
        - loses ObjectStorageFullAccess on all projects
            ← policy backup-store, rule 1
      application ci, loses all access
        - loses ContainerRegistryFullAccess on staging
            ← policy ci-push, rule 1

    Steps
      1  - policy backup-store
      2  - application backup    after 1
      3  - policy ci-push

    note: to stop managing an object without deleting it, list it under `release`

    allowed by deletes: would delete 3 of the 9 objects that this stack owns (limit:
      1) (--allow deletes=3)
        policy backup-store
        application backup
        policy ci-push

    Plan: 3 to delete (1 application, 2 policies); 3 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn a_guard_that_does_not_exist_is_wrong_usage() {
    let desk = desk();
    assert_snapshot!(desk.run("plan --emulate live.json --allow delete=2"), @"
    -- stderr
    error: invalid value 'delete=2' for '--allow <GUARD=NUMBER>': no guard is named `delete`; the guards are deletes, losses, lost_access, keys, people, locks, scim, emptied, adoptions, self_lockout, min_iam_admins, protect, rename, privilege_gains, quota, login, assertions, guardrails

    For more information, try '--help'.
    -- exit 64
    ");
    assert_snapshot!(desk.run("plan --emulate live.json --allow deletes"), @"
    -- stderr
    error: invalid value 'deletes' for '--allow <GUARD=NUMBER>': expected GUARD=NUMBER, as in `deletes=7`

    For more information, try '--help'.
    -- exit 64
    ");
    assert_snapshot!(desk.run("plan --emulate live.json --allow deletes=all"), @"
    -- stderr
    error: invalid value 'deletes=all' for '--allow <GUARD=NUMBER>': `all` is not a number

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn emptying_a_group_of_two_refuses() {
    let (_desk, guards) = refused("{}", &[("users: [ann@acme.io, bob@acme.io]", "users: []")]);
    assert_snapshot!(guards, @"
    refused by emptied: would empty 1 group or policy (--allow emptied=1)
        group developers
        to let exactly this pass, add to `allow`: - {guard: emptied, of:
          [group:developers], until: 2026-12-06, reason: WHY}

    Plan: 1 to change (1 group); 2 steps; refused.
    ");
}

#[test]
fn adopting_once_something_is_owned_refuses() {
    let desk = desk();
    let mut state = live();
    object(&mut state, "applications", "ci")["tags"] = json!([]);
    desk.file("live.json", state);
    assert_snapshot!(desk.run("plan --emulate live.json --now 2026-11-22T12:00:00Z"), @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ application ci: adopted

    Adopted applications with API keys
      application ci comes with 1 API key, the oldest 314 days old

    refused by adoptions: would adopt 1 object into stack web, which already owns
      objects (--allow adoptions=1)
        application ci
        to let exactly this pass, add to `allow`: - {guard: adoptions, of:
          [application:ci], until: 2026-12-06, reason: WHY}

    Plan: 1 to adopt (1 application); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    assert_eq!(desk.run("plan --emulate live.json --allow adoptions=1").code, 0);
}

#[test]
fn what_is_protected_is_not_changed() {
    let (_desk, guards) = refused(
        "{protect: [group:admins]}",
        &[("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io, ann@acme.io, cho@acme.io]")],
    );
    assert_snapshot!(guards, @"
    refused by protect: would change protected objects, in 1 place
      (--allow protect=1)
        group admins: step 1 changes its members
        to let exactly this pass, add to `allow`: - {guard: protect, of:
          [group:admins], until: 2026-12-06, reason: WHY}
    note: 1 principal would gain a permission set that can escalate
        user cho@acme.io: IAMManager

    Plan: 1 to change (1 group); 1 step; refused.
    ");
}

#[test]
fn locking_oneself_out_refuses() {
    let desk = desk();
    let text = edit(FILE, &[("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io]")]);
    desk.file("iam.yaml", text);
    assert_snapshot!(desk.run(&format!("plan --emulate live.json --caller user:ann@acme.io {NOW}")), @"
    -- stdout
    Access
      user ann@acme.io
        - loses IAMManager on organization
            ← group admins ← policy admins-iam, rule 1

    Steps
      1  - ann@acme.io leaves group admins

    refused by self_lockout: would take the permission to administer access from
      user ann@acme.io, who runs this plan (--allow self_lockout=1)
        IAMManager on organization is gone after step 1
        to let exactly this pass, add to `allow`: - {guard: self_lockout, of:
          [user:ann@acme.io], until: 2026-12-06, reason: WHY}
    refused by min_iam_admins: would leave 1 person who can administer IAM (now: 2,
      `min_iam_admins`: 2) (--allow min_iam_admins=1)
        user ann@acme.io
        to let exactly this pass, add to `allow`: - {guard: min_iam_admins, of:
          [user:ann@acme.io], until: 2026-12-06, reason: WHY}

    Plan: 1 to change (1 group); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
}

#[test]
fn a_broken_assertion_and_a_broken_guardrail_refuse() {
    let (_desk, guards) = refused(
        "{}",
        &[
            ("{application: ci}", "{application: backup}"),
            (
                "policies:\n",
                "assertions:\n  - {principal: {application: ci}, can: ContainerRegistryFullAccess, on: staging}\n\nguardrails:\n  - name: backup keeps to its store\n    forbid: grant.principal == \"application:backup\" && grant.permission_set != \"ObjectStorageFullAccess\"\n\npolicies:\n",
            ),
        ],
    );
    assert_snapshot!(guards, @"
    refused by assertions: would break 1 assertion (--allow assertions=1)
        application ci can ContainerRegistryFullAccess on staging (iam.yaml:28):
          nothing grants it without a condition
        to let exactly this pass, add to `allow`: - {guard: assertions, of:
          [application:ci], until: 2026-12-06, reason: WHY}
    refused by guardrails: 1 new grant would violate a guardrail (1 existing grant
      already does) (--allow guardrails=1)
        backup keeps to its store (iam.yaml:32): application backup:
          ContainerRegistryFullAccess on staging ← policy ci-push, rule 1
        backup keeps to its store (iam.yaml:32): application backup: through
          ObjectStorageFullAccess on all projects ← policy backup-store, rule 1
          (existing)
        to let exactly this pass, add to `allow`: - {guard: guardrails, of:
          [application:backup], until: 2026-12-06, reason: WHY}

    Plan: 1 to change (1 policy); 1 step; refused.
    ");
}

#[test]
fn what_is_left_of_somebody_deleted_loses_nothing() {
    let ghosts = ["ac3e0000-0000-4000-8000-0000000000d1", "ac3e0000-0000-4000-8000-0000000000d2"];
    let mut state = live();
    object(&mut state, "groups", "developers")["user_ids"]
        .as_array_mut()
        .unwrap()
        .extend(ghosts.map(Into::into));
    let desk = desk();
    desk.file("live.json", state);
    let limits = "stack: web\nsettings: {limits: {losses: 2, lost_access: 2}}\n";
    let changes = [
        ("stack: web\n", limits),
        ("permission_sets: [InstancesFullAccess]", "permission_sets: [InstancesReadOnly]"),
    ];
    desk.file("iam.yaml", edit(FILE, &changes));
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains("- loses InstancesFullAccess on staging"), "{ended}");
    // Those whom somebody knows count.
    desk.file(
        "iam.yaml",
        edit(FILE, &[("stack: web\n", "stack: web\nsettings: {limits: {losses: 1}}\n"), changes[1]]),
    );
    let ended = desk.run("plan --emulate live.json").ends_with(3);
    assert!(ended.stdout.contains("would take access away from 2 principals"), "{ended}");
}

#[test]
fn whoever_the_key_belongs_to_runs_the_plan_whatever_is_said() {
    let desk = desk();
    let mut state = live();
    let secret = "11111111-2222-4333-8444-555555555555";
    let key = serde_json::json!({
        "access_key": "SCW00000000000000ANN", "secret_key": secret, "user_id": "ac3e0000-0000-4000-8000-000000000002",
        "description": "", "created_at": "2026-01-12T09:00:00.000000Z",
    });
    state["api_keys"].as_array_mut().unwrap().push(key);
    desk.file("live.json", state);
    desk.file("iam.yaml", edit(FILE, &[("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io]")]));
    let api = desk.emulate("live.json", "");
    let plan = desk.command(&format!("plan --caller user:bob@acme.io {NOW}")).against(&api.url, ORGANIZATION);
    let plan =
        plan.env("SCW_ACCESS_KEY", "SCW00000000000000ANN").env("SCW_SECRET_KEY", secret).run().ends_with(3);
    assert!(plan.stdout.contains("refused by self_lockout"), "{plan}");
}
