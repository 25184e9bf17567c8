//! Markdown of the commands that answer questions: tables and lists that nothing from outside can break.

use insta::assert_snapshot;

use crate::acme::{FILE, desk};
use crate::command::edit;

#[test]
fn what_somebody_holds_is_a_table() {
    let desk = desk();
    let condition =
        "[InstancesFullAccess]\n        scope: [staging]\n        condition: request.ip == \"<b>|x\"";
    desk.file("iam.yaml", edit(FILE, &[("[InstancesFullAccess]\n        scope: [staging]", condition)]));
    assert_snapshot!(desk.run("explain user:ann@acme.io -o markdown"), @r#"
    -- stdout
    ### user `ann@acme.io`

    | holds | | by |
    |---|---|---|
    | AllProductsReadOnly on staging |  | group All Users ← policy look, rule 1 (iam.yaml:51) |
    | IAMManager on organization |  | group admins ← policy admins-iam, rule 1 (iam.yaml:30) |
    | InstancesFullAccess on staging if request.ip == "&lt;b&gt;\|x" | depends on `request.ip` | group developers ← policy developers-run, rule 1 (iam.yaml:45) |
    -- exit 0
    "#);
    assert_snapshot!(desk.run("explain user:owner@acme.io --emulate live.json -o markdown"), @"
    -- stdout
    ### user `owner@acme.io`

    Owns the organization and holds everything, without any policy.

    | holds | | by |
    |---|---|---|
    | AllProductsReadOnly on staging |  | group All Users ← policy look, rule 1 |
    | IAMManager on organization |  | group admins ← policy admins-iam, rule 1 |
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_snapshot!(desk.run("explain user:bob@acme.io --on organization -o markdown"), @"
    -- stdout
    ### user `bob@acme.io`

    holds nothing there, but 2 grants elsewhere.
    -- exit 0
    ");
}

#[test]
fn who_can_do_something_is_a_table() {
    let desk = desk();
    assert_snapshot!(desk.run("who-can InstancesReadOnly --on staging --emulate live.json -o markdown"), @"
    -- stdout
    ### who can InstancesReadOnly on staging

    | who | | by |
    |---|---|---|
    | user `owner@acme.io` |  | owns the organization |
    | user `ann@acme.io` through AllProductsReadOnly |  | group All Users ← policy look, rule 1 |
    | user `ann@acme.io` through InstancesFullAccess |  | group developers ← policy developers-run, rule 1 |
    | user `bob@acme.io` through AllProductsReadOnly |  | group All Users ← policy look, rule 1 |
    | user `bob@acme.io` through InstancesFullAccess |  | group developers ← policy developers-run, rule 1 |
    | user `cho@acme.io` through AllProductsReadOnly |  | group All Users ← policy look, rule 1 |
    | user `owner@acme.io` through AllProductsReadOnly |  | group All Users ← policy look, rule 1 |
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_snapshot!(desk.run("who-can SecretManagerFullAccess --on prod iam.yaml -o markdown"), @"
    -- stdout
    ### who can SecretManagerFullAccess on prod

    Nobody.
    -- stderr
    note: the files do not name the owner, who can do everything; pass --live to show them
    -- exit 0
    ");
}

#[test]
fn assertions_and_guardrails_are_a_list() {
    let desk = desk();
    let sentences = "assertions:\n  - {principal: {application: ci}, can: ContainerRegistryFullAccess, on: staging}\n  - {principal: {application: ci}, can: ContainerRegistryFullAccess, on: prod}\n\nguardrails:\n  - name: no *stars*\n    forbid: grant.permission_set == \"ObjectStorageFullAccess\"\n\npolicies:\n";
    desk.file("iam.yaml", edit(FILE, &[("policies:\n", sentences)]));
    assert_snapshot!(desk.run("test -o markdown"), @r#"
    -- stdout
    ### Access tests

    **1 passed, 2 failed**

    - ✅ assertion application ci can ContainerRegistryFullAccess on staging (iam.yaml:27:6)
    - 🛑 assertion application ci can ContainerRegistryFullAccess on prod (iam.yaml:28:6)
      - nothing grants it; nearest: ContainerRegistryFullAccess on staging, which is another scope
    - 🛑 guardrail no \*stars\* (iam.yaml:32:13)
      - application backup holds ObjectStorageFullAccess on all projects ← policy backup-store, rule 1 (iam.yaml:43)
    -- exit 3
    "#);
}

#[test]
fn permission_sets_are_a_table() {
    let desk = desk();
    let table = desk.run("permission-sets -o markdown").ends_with(0).stdout;
    assert_snapshot!(table.lines().take(4).collect::<Vec<_>>().join("\n"), @r#"
    | name | scope\_type | category |
    |---|---|---|
    | AbuseTicketManager | organization | organization |
    | AllProductsFullAccess | projects | all |
    "#);
    assert!(table.lines().all(|line| line.matches('|').count() == 4), "{table}");
}
