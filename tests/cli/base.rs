//! What a change takes away from the checks themselves.

use insta::assert_snapshot;

use crate::acme::{FILE, desk};
use crate::command::edit;

const CHECKS: &str = "\
settings:
  min_iam_admins: 2
  protect: [group:admins]
  limits: {deletes: 3, losses: 2, emptied: 0}

assertions:
  - {principal: {application: ci}, cannot: IAMManager, on: organization}

guardrails:
  - name: no locks on all projects
    forbid: grant.scope == \"all_projects\" && grant.kind == \"user\"

";

fn with(checks: &str, changes: &[(&str, &str)]) -> String {
    edit(&edit(FILE, &[("projects:\n", &format!("{checks}projects:\n"))]), changes)
}

#[test]
fn what_is_weaker_is_shown_first() {
    let desk = desk();
    desk.file("before/iam.yaml", with(CHECKS, &[]));
    let after = "\
settings:
  min_iam_admins: 1
  limits: {deletes: 9, emptied: 0, keys: 1}

allow:
  - {guard: deletes, of: [policy:look], until: 2026-12-01, reason: nobody looks any more}

guardrails:
  - name: no locks on all projects
    forbid: grant.kind == \"user\" && false

";
    let changes = [
        (
            "      users: [ann@acme.io, bob@acme.io]\n",
            "      users: [ann@acme.io, bob@acme.io]\n    membership: at_least\n",
        ),
        ("applications:\n  backup:\n    description: Nightly copies\n  ci:\n    description: Deploys\n", ""),
        ("groups: [All Users]", "groups: [All Users]\n  applications: [backup, ci]"),
    ];
    desk.file("iam.yaml", with(after, &changes));
    let ended = desk.run("plan iam.yaml --base before --emulate live.json --now 2026-11-22T12:00:00Z");
    assert_snapshot!(ended, @r#"
    -- stdout
    Weaker checks than before the change
      `settings.min_iam_admins` is 1, no longer 2
      `settings.protect` no longer has group admins
      `settings.limits.deletes` is 9, no longer 3
      `settings.limits.losses` is the default, no longer 2
      `settings.limits.keys` is 1, no longer the default
      `allow` lets policy look pass deletes until 2026-12-02T00:00:00Z: nobody looks
          any more
      the assertion that application ci cannot IAMManager on organization is gone
      the guardrail `no locks on all projects` forbids `grant.kind == "user" &&
          false`, no longer `grant.scope == "all_projects" && grant.kind == "user"`
      the section `applications` is gone: applications are no longer managed
      the members of group developers are `at_least` those listed, no longer `exact`

    Left unchanged
      2 applications: the files have no section for this kind
          backup, ci

    No changes. The live organization has everything the files declare;
      2 applications that no file declares are left unchanged.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
    let json = desk.run("plan iam.yaml --base before --emulate live.json --now 2026-11-22T12:00:00Z -o json");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["weaker"].as_array().map(Vec::len), Some(10), "{}", json["weaker"]);
}

#[test]
fn what_is_stronger_or_the_same_is_not_shown() {
    let desk = desk();
    desk.file("before/iam.yaml", with("", &[]));
    desk.file("iam.yaml", with(CHECKS, &[]));
    assert_snapshot!(desk.run("plan iam.yaml --base before --emulate live.json"), @"
    -- stdout
    No changes. The live organization matches the files.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_snapshot!(desk.run("plan iam.yaml --base nowhere --emulate live.json"), @"
    -- stderr
    error: there is no such file or folder
    --> nowhere
    -- exit 65
    ");
}

#[test]
fn what_is_left_to_an_identity_provider_is_weaker() {
    let desk = desk();
    let scim = |groups: &str| with(&format!("settings: {{scim: {{groups: {groups}}}}}\n"), &[]);
    desk.file("before/iam.yaml", with("", &[]));
    desk.file("iam.yaml", scim("[developers]"));
    let weaker = || {
        let json = desk.run("plan iam.yaml --base before --emulate live.json -o json").json();
        json["weaker"].as_array().cloned().unwrap_or_default()
    };
    let members = "`settings.scim.groups` now has group developers: its members are no longer managed";
    assert_eq!(weaker(), ["`settings.scim` is new: only the tags of people are managed", members]);
    desk.file("before/iam.yaml", scim("[]"));
    assert_eq!(weaker(), [members]);
    desk.file("iam.yaml", scim("[]"));
    assert_eq!(weaker(), [""; 0]);
}

#[test]
fn what_drift_no_longer_fails_on_is_weaker() {
    let settings = |drift: &str| with(&format!("settings: {{drift: {drift}}}\n"), &[]);
    let ignored =
        |until: &str| format!("{{ignore: [{{fingerprint: 3f9c0a17d2be, reason: known, until: {until}}}]}}");
    for (before, after, said) in [
        (
            "{}",
            "{fail_on: [changed, missing, extra, gone, escalation]}",
            "`settings.drift.fail_on` no longer has broken",
        ),
        ("{}", "{stacks: [security]}", "`settings.drift.stacks` now trusts stack security"),
        (
            "{}",
            &ignored("2027-01-31"),
            "`settings.drift.ignore` now has 3f9c0a17d2be, until 2027-02-01T00:00:00Z: known",
        ),
        (
            &ignored("2027-01-31"),
            &ignored("2027-02-28"),
            "`settings.drift.ignore` now has 3f9c0a17d2be, until 2027-03-01T00:00:00Z: known",
        ),
    ] {
        let desk = desk();
        desk.file("before/iam.yaml", settings(before)).file("iam.yaml", settings(after));
        let weaker = |call: &str| {
            desk.run(&format!("plan {call} --emulate live.json -o json")).json()["weaker"].clone()
        };
        assert_eq!(weaker("iam.yaml --base before"), serde_json::json!([said]));
        assert_eq!(weaker("before --base iam.yaml"), serde_json::Value::Null, "stronger again: {said}");
    }
}
