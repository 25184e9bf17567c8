//! The whole round: ten changes, planned, applied over HTTP, and planned again.

use insta::assert_snapshot;

use crate::acme::{FILE, ORGANIZATION, desk};
use crate::command::{by_name, edit};

/// Ten things that somebody changes in a file at once.
const TEN: [(&str, &str); 14] = [
    // 1. A new application.
    ("applications:\n", "applications:\n  deployer:\n    description: Rolls out\n    tags: [team=web]\n"),
    // 2. A new group with members of both kinds.
    (
        "groups:\n",
        "groups:\n  operators:\n    members:\n      users: [cho@acme.io]\n      applications: [deployer]\n",
    ),
    // 3. A renamed group.
    ("  developers:\n", "  engineers:\n    previously: developers\n"),
    ("{group: developers}", "{group: engineers}"),
    // 4. Members who come and go.
    ("users: [ann@acme.io, bob@acme.io]", "users: [bob@acme.io, cho@acme.io]"),
    // 5. A rule's scope.
    (
        "[ContainerRegistryFullAccess]\n        scope: [staging]",
        "[ContainerRegistryFullAccess]\n        scope: [prod, staging]",
    ),
    // 6. A condition.
    (
        "[AllProductsReadOnly]\n        scope: [staging]",
        "[AllProductsReadOnly]\n        scope: [staging]\n        condition: request.ip == \"192.0.2.1\"",
    ),
    // 7. A principal.
    ("{application: ci}", "{application: deployer}"),
    // 8. A removed policy, and 9. a removed application.
    (
        "  backup-store:\n    principal: {application: backup}\n    rules:\n      - permission_sets: [ObjectStorageFullAccess]\n        scope: all_projects\n",
        "",
    ),
    ("  backup:\n    description: Nightly copies\n", ""),
    // 10. A description of several lines, and a new policy that ends by itself.
    ("    description: Deploys\n", "    description: |-\n      Builds\n      and tests\n"),
    (
        "policies:\n",
        "policies:\n  operate:\n    principal: {group: operators}\n    rules:\n      - permission_sets: [InstancesFullAccess, ObjectStorageReadOnly]\n        scope: all_projects\n      - permission_sets: [SecretManagerSecretAccess]\n        scope: [prod]\n        until: 2026-12-31T18:00:00Z\n",
    ),
    ("[InstancesFullAccess]\n        scope: [staging]", "[InstancesFullAccess]\n        scope: [prod]"),
    ("  look:\n", "  look:\n    description: What everybody sees\n"),
];

#[test]
fn ten_changes_are_planned_applied_and_then_nothing_is_left_to_do() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &TEN));
    let api = desk.emulate("live.json", "");
    let run = |command: &str| {
        desk.command(&format!("{command} --now 2026-11-22T12:00:00Z")).against(&api.url, ORGANIZATION).run()
    };
    let planned = run("plan --detailed-exitcode");
    assert_eq!(planned.code, 2, "{planned}");
    assert_eq!(api.writes(), [""; 0], "a plan writes nothing");
    assert_snapshot!(planned.stdout, @r#"
    Access
      user ann@acme.io
        ~ tightened AllProductsReadOnly on staging, now only
              if request.ip == "192.0.2.1"
            ← group All Users ← policy look, rule 1 (iam.yaml:62)
        - loses InstancesFullAccess on staging
            ← group engineers ← policy developers-run, rule 1
      user bob@acme.io
        + gains InstancesFullAccess on prod
            ← group engineers ← policy developers-run, rule 1 (iam.yaml:56)
        ~ tightened AllProductsReadOnly on staging, now only
              if request.ip == "192.0.2.1"
            ← group All Users ← policy look, rule 1 (iam.yaml:62)
        - loses InstancesFullAccess on staging
            ← group engineers ← policy developers-run, rule 1
      user cho@acme.io
        + gains InstancesFullAccess on prod
            ← group engineers ← policy developers-run, rule 1 (iam.yaml:56)
        + gains InstancesFullAccess, ObjectStorageReadOnly on all projects
            ← group operators ← policy operate, rule 1 (iam.yaml:38)
        + gains SecretManagerSecretAccess on prod
              if request.time < timestamp("2026-12-31T18:00:00Z")
            ← group operators ← policy operate, rule 2 (iam.yaml:40)
        ~ tightened AllProductsReadOnly on staging, now only
              if request.ip == "192.0.2.1"
            ← group All Users ← policy look, rule 1 (iam.yaml:62)
      application backup, loses all access
        - loses ObjectStorageFullAccess on all projects
            ← policy backup-store, rule 1
      application ci, loses all access
        - loses ContainerRegistryFullAccess on staging
            ← policy ci-push, rule 1
      application deployer
        + gains ContainerRegistryFullAccess on prod, staging
            ← policy ci-push, rule 1 (iam.yaml:51)
        + gains InstancesFullAccess, ObjectStorageReadOnly on all projects
            ← group operators ← policy operate, rule 1 (iam.yaml:38)
        + gains SecretManagerSecretAccess on prod
              if request.time < timestamp("2026-12-31T18:00:00Z")
            ← group operators ← policy operate, rule 2 (iam.yaml:40)

    Steps
       1  ~ application ci
            description:
              - Deploys
              + Builds
              + and tests
       2  + application deployer
            description: Rolls out
       3  ~ group engineers (was developers)
            name: developers → engineers
       4  + group operators
       5  ~ policy look
            description: "" → "What everybody sees"
       6  - ann@acme.io leaves group engineers    after 3
       7  ~ rules of policy look    after 5
              - permission_sets: [AllProductsReadOnly]
                scope: [staging]
            +   condition: request.ip == "192.0.2.1"
       8  + cho@acme.io joins group engineers    after 6
       9  + cho@acme.io and application deployer join group operators    after 2, 4
      10  ~ policy ci-push    after 2
            principal: application ci → application deployer
      11  ~ rules of policy ci-push    after 10
              - permission_sets: [ContainerRegistryFullAccess]
            -   scope: [staging]
            +   scope: [prod, staging]
      12  ~ rules of policy developers-run    after 6
              - permission_sets: [InstancesFullAccess]
            -   scope: [staging]
            +   scope: [prod]
      13  + policy operate    after 4
            principal: group operators
            + - permission_sets: [InstancesFullAccess, ObjectStorageReadOnly]
            +   scope: all_projects
            + - permission_sets: [SecretManagerSecretAccess]
            +   scope: [prod]
            +   condition: request.time < timestamp("2026-12-31T18:00:00Z")
      14  - policy backup-store
      15  - application backup    after 14

    note: to stop managing an object without deleting it, list it under `release`

    Plan: 3 to create (1 application, 1 group, 1 policy), 5 to change
          (1 application, 1 group, 3 policies), 2 to delete (1 application,
          1 policy); 15 steps.
    "#);

    let applied = run("apply --yes");
    assert_eq!(applied.code, 0, "{applied}");
    assert_eq!(applied.stdout, planned.stdout, "what was planned is what is applied");

    let again = run("plan --detailed-exitcode");
    assert_eq!(again.code, 0, "{again}");
    assert_snapshot!(again.stdout, @"
    note: `previously` of group engineers is no longer needed and can be removed

    No changes. The live organization matches the files.
    ");
    assert_eq!(run("drift").code, 0);

    let state = api.stop();
    assert_eq!(
        by_name(&state, "groups").keys().collect::<Vec<_>>(),
        ["All Users", "admins", "engineers", "operators"]
    );
    assert_eq!(by_name(&state, "groups")["operators"]["user_ids"].as_array().unwrap().len(), 1);
    assert_eq!(
        by_name(&state, "applications")["deployer"]["tags"],
        serde_json::json!(["scw-iam=web", "team=web"])
    );
    assert!(!by_name(&state, "policies").contains_key("backup-store"));
}

#[test]
fn what_an_export_gives_of_it_plans_to_nothing_too() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &TEN));
    let applied = desk.run("apply --yes --emulate live.json --save after.json --now 2026-11-22T12:00:00Z");
    assert_eq!(applied.code, 0, "{applied}");
    assert_eq!(desk.run("export --emulate after.json --out files --stack web").code, 0);
    let again = desk.run("plan files --emulate after.json --detailed-exitcode");
    assert_eq!(again.code, 0, "{again}");
}
