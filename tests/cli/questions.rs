//! Who holds what, asked of files and of the organization.

use insta::assert_snapshot;

use crate::acme::{FILE, desk};
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
    note: files do not say who the owner is, who can do everything; --live does
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
    error: there is no project `stagign` here
    hint: did you mean `staging`?
    -- exit 64
    "#);
    assert_snapshot!(desk.run("explain user:nobody@acme.io iam.yaml"), @r#"
    -- stderr
    error: there is no user nobody@acme.io here
    hint: these files name nobody like that; --live asks the organization
    -- exit 64
    "#);
    assert_snapshot!(desk.run("explain user:anm@acme.io --emulate live.json"), @r#"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: there is no user anm@acme.io here
    hint: did you mean `user ann@acme.io`?
    -- exit 64
    "#);
    let nowhere = "explain user:alice@acme.io --on deadbeef-0000-4000-8000-000000000000 --emulate live.json";
    assert_snapshot!(desk.run(nowhere), @r#"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: there is no project `deadbeef-0000-4000-8000-000000000000` here
    -- exit 64
    "#);
    assert_snapshot!(desk.run("explain user:alice@acme.io --at 2029-01-01 iam.yaml"), @r#"
    -- stderr
    error: invalid value '2029-01-01' for '--at <TIME>': not a time as in 2026-12-31T18:00:00Z

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
    error: there is no permission set `InstanceFullAccess` that this program knows
      --> typo.yaml:45:27
       |
    45 |       - permission_sets: [InstanceFullAccess]
       |                           ^^^^^^^^^^^^^^^^^^ did you mean `InstancesFullAccess`?
    -- exit 65
    "#);
}
