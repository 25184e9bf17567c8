//! `scw-iam who-can`, `explain` and `test`: what the access model answers.

use insta::assert_snapshot;

use crate::acme::FILE;
use crate::command::{Desk, edit};

/// A desk on which `ci` may push under a condition.
fn under(condition: &str) -> Desk {
    let desk = Desk::new();
    let rule = "        scope: [staging]\n  developers-run:";
    let with = rule.replace("\n  dev", &format!("\n        condition: {condition}\n  dev"));
    desk.file("iam.yaml", edit(FILE, &[(rule, &with)]));
    desk
}

#[test]
fn what_nobody_said_of_a_resource_is_not_known() {
    let desk = under("has(resource.name) && resource.locality == \"fr-par\"");
    let ask = |options: &str| {
        desk.run(&format!("who-can ContainerRegistryFullAccess --on staging {options} iam.yaml")).to_string()
    };
    for options in ["--ip 192.0.2.1", "--at 2027-01-01T00:00:00Z", "--user-agent x", "--resource /x,i1"] {
        let said = ask(options);
        assert!(said.contains("[depends on `resource.locality`]"), "{options}: {said}");
    }
    let of = |locality| ask(&format!("--resource /x,i1,{locality}"));
    assert!(of("nl-ams").contains("[not now: its condition is false]"), "{}", of("nl-ams"));
    assert!(!of("fr-par").contains(" ["), "{}", of("fr-par"));
}

#[test]
fn what_does_not_matter_need_not_be_known() {
    let desk = under("has(resource.id) && request.time < timestamp(\"2020-01-01T00:00:00Z\")");
    assert_snapshot!(desk.run("explain application:ci --ip 192.0.2.1 iam.yaml"), @r#"
    -- stdout
    application ci
      ContainerRegistryFullAccess on staging if has(resource.id) && request.time < timestamp("2020-01-01T00:00:00Z")  [not now: its condition is false]
          ← policy ci-push, rule 1 (iam.yaml:40)
    -- exit 0
    "#);
}

#[test]
fn a_guardrail_without_an_answer_hides_no_other() {
    let desk = Desk::new();
    let guardrails = "guardrails:\n  - name: odd\n    forbid: int(grant.scope) > 1\n  - name: none on staging\n    forbid: grant.scope == \"staging\"\n\npolicies:\n";
    desk.file("live.json", crate::acme::live()).file("iam.yaml", edit(FILE, &[("policies:\n", guardrails)]));
    assert_snapshot!(desk.run("test iam.yaml"), @"
    -- stdout
    FAILED guardrail odd (iam.yaml:28:13)
        cannot be judged: it cannot be evaluated: Error executing function 'int': string parse error: invalid digit found in string
    FAILED guardrail none on staging (iam.yaml:30:13)
        user ann@acme.io holds AllProductsReadOnly on staging ← group All Users ← policy look, rule 1 (iam.yaml:56)
        user ann@acme.io holds InstancesFullAccess on staging ← group developers ← policy developers-run, rule 1 (iam.yaml:51)
        user bob@acme.io holds AllProductsReadOnly on staging ← group All Users ← policy look, rule 1 (iam.yaml:56)
        user bob@acme.io holds InstancesFullAccess on staging ← group developers ← policy developers-run, rule 1 (iam.yaml:51)
        user owner@acme.io holds AllProductsReadOnly on staging ← group All Users ← policy look, rule 1 (iam.yaml:56)
        application ci holds ContainerRegistryFullAccess on staging ← policy ci-push, rule 1 (iam.yaml:46)
    0 passed, 2 failed
    -- exit 3
    ");
    assert_snapshot!(desk.run("plan iam.yaml --emulate live.json --strict"), @"
    -- stdout
    refused by guardrails: 1 guardrail cannot be judged; 7 existing grants violate a
      guardrail (--allow guardrails=8)
        odd (iam.yaml:28) cannot be judged: it cannot be evaluated: Error executing
          function 'int': string parse error: invalid digit found in string
        none on staging (iam.yaml:30): user ann@acme.io: AllProductsReadOnly on
          staging ← group All Users ← policy look, rule 1 (existing)
        none on staging (iam.yaml:30): user ann@acme.io: InstancesFullAccess on
          staging ← group developers ← policy developers-run, rule 1 (existing)
        none on staging (iam.yaml:30): user bob@acme.io: AllProductsReadOnly on
          staging ← group All Users ← policy look, rule 1 (existing)
        none on staging (iam.yaml:30): user bob@acme.io: InstancesFullAccess on
          staging ← group developers ← policy developers-run, rule 1 (existing)
        none on staging (iam.yaml:30): user cho@acme.io: AllProductsReadOnly on
          staging ← group All Users ← policy look, rule 1 (existing)
        none on staging (iam.yaml:30): user owner@acme.io: AllProductsReadOnly on
          staging ← group All Users ← policy look, rule 1 (existing)
        none on staging (iam.yaml:30): application ci: ContainerRegistryFullAccess
          on staging ← policy ci-push, rule 1 (existing)

    Plan: 0 steps; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
}

#[test]
fn a_plan_file_in_the_place_of_files_is_told_once() {
    let desk = Desk::new();
    desk.file("live.json", crate::acme::live()).file("iam.yaml", edit(FILE, &[("Deploys", "Builds")]));
    assert_eq!(desk.run("plan iam.yaml --emulate live.json --out plan.json").code, 0);
    assert_snapshot!(desk.run("drift plan.json --emulate live.json"), @r#"
    -- stderr
    error: this is a plan file, not a file of the desired state
     --> plan.json:2:3
      |
    2 |   "format_version": 2,
      |   ^^^^^^^^^^^^^^^^ `scw-iam apply plan.json` applies it
    -- exit 65
    "#);
}
