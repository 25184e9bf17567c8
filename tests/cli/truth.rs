//! Drift is never falsely clean.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, desk, live, object};
use crate::command::{Desk, edit};

const CHO: &str = "ac3e0000-0000-4000-8000-000000000004";
const GHOST: &str = "ac3e0000-0000-4000-8000-0000000000dd";

/// Somebody made a policy in the console.
fn with_policy(state: &mut Value, name: &str, set: &str, user: &str) {
    let organization = set.starts_with("IAM") || set.starts_with("Organization");
    let mut rule = json!({"permission_set_names": [set], "condition": ""});
    let (key, value) = if organization {
        ("organization_id", json!(ORGANIZATION))
    } else {
        ("project_ids", json!(["ac3e0000-0000-4000-8000-0000000000a2"]))
    };
    rule[key] = value;
    let policies = state["policies"].as_array_mut().unwrap();
    let id = format!("ac3e0000-0000-4000-8000-{:012x}", 0x900 + policies.len());
    policies.push(json!({
        "id": id,
        "name": name, "description": "", "tags": [], "user_id": user, "rules": [rule],
        "created_at": "2026-01-12T09:00:00.000000Z", "updated_at": "2026-01-12T09:00:00.000000Z",
    }));
}

fn drift(state: Value, file: &str) -> Desk {
    let desk = desk();
    desk.file("live.json", state).file("iam.yaml", file);
    desk
}

/// The findings of a kind: what they are about, and the fingerprint.
fn findings(desk: &Desk, kind: &str) -> Vec<(String, String)> {
    let report = desk.run("drift --emulate live.json --now 2026-12-01T00:00:00Z -o json").json();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let of_kind = report["drift"].as_array().unwrap().iter().filter(|finding| finding["kind"] == kind);
    of_kind.map(|finding| (text(finding, "subject"), text(finding, "fingerprint"))).collect()
}

#[test]
fn a_broken_guardrail_and_a_broken_assertion_are_drift() {
    let mut state = live();
    with_policy(&mut state, "tmp-test", "IAMManager", CHO);
    let sentences = "
guardrails:
  - {name: admins only, forbid: grant.permission_set == \"IAMManager\" && grant.via_group != \"admins\"}
assertions:
  - {principal: {user: cho@acme.io}, cannot: IAMManager, \"on\": organization}
";
    let desk = drift(state, &format!("{FILE}{sentences}"));
    assert_snapshot!(desk.run("drift --emulate live.json"), @"
    -- stdout
    Findings
      broken: assertion `user cho@acme.io cannot IAMManager on organization`
          (iam.yaml:56) is violated: IAMManager on organization
          ← policy tmp-test, rule 1
          fingerprint b5dcc6b22dfd
      broken: guardrail `admins only` (iam.yaml:54) is violated: user cho@acme.io
          has IAMManager on organization
          ← policy tmp-test, rule 1
          fingerprint 6489ae35ef87
      escalation: user cho@acme.io has IAMManager on organization, by a policy that
          no file declares
          ← policy tmp-test, rule 1
          fingerprint 5bccbaff3102

    Who did it
      unknown (no matching event in the last 90 days)

    Access that no file declares
      user cho@acme.io
        IAMManager on organization  [can escalate]
            ← policy tmp-test, rule 1

    Left unchanged
      1 policy: not owned by any stack
          tmp-test

    Drift: 2 broken, 1 escalation.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    ");
    assert_eq!(desk.run("drift --emulate live.json --fail-on broken").code, 2);
    let markdown = desk.run("drift --emulate live.json -o markdown").ends_with(2).stdout;
    assert!(markdown.contains("**broken**: guardrail `admins only` (iam.yaml:54)"), "{markdown}");
}

#[test]
fn access_that_can_escalate_by_what_no_file_declares_is_drift() {
    let mut state = live();
    with_policy(&mut state, "tmp-test", "OrganizationManager", CHO);
    let desk = drift(state, FILE);
    assert_snapshot!(desk.run("drift --emulate live.json"), @"
    -- stdout
    Findings
      escalation: user cho@acme.io has OrganizationManager on organization, by a
          policy that no file declares
          ← policy tmp-test, rule 1
          fingerprint 05e0c85927e4

    Who did it
      unknown (no matching event in the last 90 days)

    Access that no file declares
      user cho@acme.io
        OrganizationManager on organization  [can escalate]
            ← policy tmp-test, rule 1

    Left unchanged
      1 policy: not owned by any stack
          tmp-test

    Drift: 1 escalation.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    ");
}

#[test]
fn a_member_added_to_an_at_least_group_is_drift_where_it_can_escalate() {
    let at_least = |name: &str, users: &str| {
        edit(
            FILE,
            &[(
                &format!("  {name}:\n    members:\n      users: {users}\n"),
                &format!("  {name}:\n    members:\n      users: {users}\n    membership: at_least\n"),
            )],
        )
    };
    for (group, users, code) in
        [("admins", "[owner@acme.io, ann@acme.io]", 2), ("developers", "[ann@acme.io, bob@acme.io]", 0)]
    {
        let mut state = live();
        object(&mut state, "groups", group)["user_ids"].as_array_mut().unwrap().push(CHO.into());
        let desk = drift(state, &at_least(group, users));
        let ended = desk.run("drift --emulate live.json").ends_with(code);
        assert!(ended.stdout.contains("user cho@acme.io"), "shown in any case: {ended}");
    }
}

/// The organization with an application that can escalate, and the file that says so.
fn with_powerful_ci() -> (Value, String) {
    let mut state = live();
    object(&mut state, "policies", "ci-push")["rules"] = json!([
        {"permission_set_names": ["IAMManager"], "condition": "", "organization_id": ORGANIZATION},
    ]);
    let file = edit(
        FILE,
        &[(
            "[ContainerRegistryFullAccess]\n        scope: [staging]",
            "[IAMManager]\n        scope: organization",
        )],
    );
    (state, file)
}

#[test]
fn a_key_made_on_a_declared_application_that_can_escalate_is_drift_until_it_is_ignored() {
    let (mut state, file) = with_powerful_ci();
    let desk = drift(state.clone(), &file);
    let found = findings(&desk, "escalation");
    let [(subject, fingerprint)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(subject, "application ci");
    let report = desk.run("drift --emulate live.json -o json").ends_with(2).json();
    let what = "has 1 API key (SCWAC3E0000000000001) that no file lists, and can escalate by IAMManager on organization";
    assert_eq!(report["drift"][0]["what"], what);
    // Somebody looked at it: it is shown, and does not count until then.
    let ignore = format!(
        "settings:\n  drift:\n    ignore:\n      - {{fingerprint: {fingerprint}, reason: the pipeline's, until: 2027-01-31}}\n"
    );
    desk.file("iam.yaml", format!("{file}\n{ignore}"));
    let at = |now: &str| desk.run(&format!("drift --emulate live.json --now {now}"));
    let ended = at("2026-12-01T00:00:00Z").ends_with(0);
    assert!(ended.stdout.contains("ignored until 2027-02-01T00:00:00Z: the"), "{ended}");
    let ended = at("2027-03-01T00:00:00Z").ends_with(2);
    assert!(
        ended.stdout.contains(&format!("stale-ignore: the entry {fingerprint} of `settings.drift.ignore`")),
        "{ended}"
    );
    // Another key is another finding.
    let keys = state["api_keys"].as_array_mut().unwrap();
    let mut another = keys[0].clone();
    another["access_key"] = "SCWAC3E0000000000002".into();
    keys.push(another);
    desk.file("live.json", state);
    let ended = at("2026-12-01T00:00:00Z").ends_with(2);
    assert!(ended.stdout.contains("has 2 API keys"), "{ended}");
    assert!(ended.stdout.contains("stale-ignore: the entry"), "{ended}");
}

#[test]
fn members_that_no_list_shows_are_shown_and_are_drift_in_an_exact_group() {
    let mut state = live();
    object(&mut state, "groups", "developers")["user_ids"].as_array_mut().unwrap().push(GHOST.into());
    let desk = drift(state, FILE);
    assert_snapshot!(desk.run("drift --emulate live.json"), @"
    -- stdout
    Findings
      changed: group developers (iam.yaml:22) has the member user
          ac3e0000-0000-4000-8000-0000000000dd, which no list of the API shows; it
          stays in it
          fingerprint df728953c911

    Who did it
      unknown (no matching event in the last 90 days)

    Members that the API does not list; they stay
      group developers: user ac3e0000-0000-4000-8000-0000000000dd

    Drift: 1 changed.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    ");
    let report = desk.run("drift --emulate live.json -o json").json();
    let hidden = json!([{"group": "developers", "members": [format!("user {GHOST}")]}]);
    assert_eq!(report["hidden_members"], hidden);
    let plan = desk.run("plan --emulate live.json").ends_with(0);
    assert!(plan.stdout.contains(GHOST), "{plan}");
    assert_eq!(desk.run("plan --emulate live.json -o json").json()["hidden_members"], hidden);
    // Where others may be in it, it is only shown.
    let users = "      users: [ann@acme.io, bob@acme.io]\n";
    desk.file("iam.yaml", edit(FILE, &[(users, &format!("{users}    membership: at_least\n"))]));
    let ended = desk.run("drift --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains(GHOST), "{ended}");
}

#[test]
fn unmanaged_access_is_shown_and_fails_when_asked_to() {
    let mut state = live();
    with_policy(&mut state, "tmp-read", "InstancesReadOnly", CHO);
    let desk = drift(state, FILE);
    let ended = desk.run("drift --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains("Access that no file declares\n  user cho@acme.io\n    InstancesReadOnly on staging\n        ← policy tmp-read, rule 1\n"), "{ended}");
    let report = desk.run("drift --emulate live.json -o json").json();
    assert_eq!(report["undeclared_access"][0]["principal"], "user cho@acme.io");
    assert_eq!(desk.run("drift --emulate live.json --fail-on unmanaged").code, 2);
    let settings = "settings: {drift: {fail_on: [unmanaged]}}\n";
    desk.file("iam.yaml", format!("{FILE}\n{settings}"));
    assert_eq!(desk.run("drift --emulate live.json").code, 2);
    assert_eq!(desk.run("drift --emulate live.json --fail-on broken,changed").code, 0);
    assert_eq!(desk.run("drift --emulate live.json --fail-on everything").code, 64);
}

#[test]
fn what_fails_is_what_was_chosen() {
    let mut state = live();
    object(&mut state, "applications", "ci")["description"] = "Deploys, and more".into();
    let desk = drift(state, FILE);
    for (on, code) in [("changed", 2), ("missing,extra,broken,gone,escalation", 0), ("extra,changed", 2)] {
        let ended = desk.run(&format!("drift --emulate live.json --fail-on {on}")).ends_with(code);
        assert!(ended.stdout.contains("Drift: 1 to change"), "told in any case: {ended}");
    }
}

#[test]
fn a_trusted_stack_may_give_what_can_escalate() {
    let mut state = live();
    with_policy(&mut state, "security-iam", "IAMManager", CHO);
    object(&mut state, "policies", "security-iam")["tags"] = json!(["scw-iam=security"]);
    let desk = drift(state, FILE);
    assert_eq!(findings(&desk, "escalation").len(), 1);
    desk.file("iam.yaml", format!("{FILE}\nsettings: {{drift: {{stacks: [security]}}}}\n"));
    let report = desk.run("drift --emulate live.json -o json").ends_with(0).json();
    assert_eq!(report["trusted"], 1);
}

#[test]
fn what_is_known_of_an_object_is_ignored_until_it_ends_and_an_entry_that_is_not_needed_is_stale() {
    let mut state = live();
    object(&mut state, "applications", "ci")["description"] = "Deploys, and more".into();
    with_policy(&mut state, "vendor", "InstancesReadOnly", CHO);
    let ignore = "settings:
  drift:
    ignore:
      - {object: \"application:ci\", findings: [changed], reason: the console's, until: 2027-01-31}
      - {object: \"policy:vendor\", findings: [unmanaged], reason: the vendor's, until: 2027-01-31}
      - {object: \"group:admins\", findings: [changed], reason: nobody knows, until: 2027-01-31}
";
    let desk = drift(state, &format!("{FILE}{ignore}"));
    let at = |now: &str, more: &str| desk.run(&format!("drift --emulate live.json --now {now} {more}"));
    assert_snapshot!(at("2026-12-01T00:00:00Z", ""), @r#"
    -- stdout
    Findings
      changed: application ci (iam.yaml:15) differs from the files
          fingerprint 18c0bd16bee1, ignored until 2027-02-01T00:00:00Z: the
              console's
      stale-ignore: the entry group:admins (changed) of `settings.drift.ignore`
          (iam.yaml:57) matches no finding
      unmanaged: policy vendor is not declared
          fingerprint 22edcf7ba74e, ignored until 2027-02-01T00:00:00Z: the vendor's

    Access: live compared with the files
      no difference in access

    Steps: what an apply would change
      1  ~ application ci
           description: "Deploys, and more" → "Deploys"

    Access that no file declares
      user cho@acme.io
        InstancesReadOnly on staging
            ← policy vendor, rule 1

    Left unchanged
      1 policy: not owned by any stack
          vendor

    Drift: 1 to change (1 application); 1 step; 1 stale-ignore.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
    assert_eq!(at("2026-12-01T00:00:00Z", "--fail-on changed,unmanaged").code, 0);
    assert_eq!(at("2026-12-01T00:00:00Z", "--fail-on stale-ignore").code, 2);
    assert_eq!(at("2027-03-01T00:00:00Z", "").code, 2);
    assert_eq!(at("2027-03-01T00:00:00Z", "--fail-on unmanaged").code, 2);
    let stale = findings(&desk, "stale-ignore");
    assert_eq!(stale.len(), 1, "{stale:?}");
    // Nothing ignores it.
    let more = format!("      - {{fingerprint: {}, reason: so it is, until: 2027-01-31}}\n", stale[0].1);
    desk.file("iam.yaml", format!("{FILE}{ignore}{more}"));
    assert_eq!(findings(&desk, "stale-ignore").len(), 2);
    assert_eq!(desk.run("drift --emulate live.json --fail-on stale-ignore").code, 2);
}

#[test]
fn an_object_is_ignored_for_what_is_about_it_alone() {
    for (entry, said) in [
        ("object: \"group:admins\", findings: [extra]", "is ignored by its fingerprint only"),
        ("object: \"group:admins\", findings: [escalation]", "is ignored by its fingerprint only"),
        ("object: \"group:admins\", findings: []", "ignores no finding"),
        ("object: \"group:admins\"", "or by `object` and `findings`"),
        ("fingerprint: 3f9c0a17d2be, findings: [changed]", "or by `object` and `findings`"),
    ] {
        let ignore =
            format!("settings: {{drift: {{ignore: [{{{entry}, reason: so, until: 2027-01-31}}]}}}}\n");
        let desk = drift(live(), &format!("{FILE}{ignore}"));
        let ended = desk.run("validate").ends_with(65);
        assert!(ended.stderr.contains(said), "{entry}: {ended}");
    }
}

#[test]
fn what_has_ended_and_is_still_live_is_due() {
    let file = edit(FILE, &[("bob@acme.io]", "{email: bob@acme.io, until: 2026-11-20}]")]);
    let desk = drift(live(), &file);
    let found = findings(&desk, "due");
    assert_eq!(found.len(), 1, "{found:?}");
    let ended = desk.run("drift --emulate live.json --now 2026-11-22T00:00:00Z");
    assert!(
        ended.stdout.contains("due: group developers (iam.yaml:24) has the member user bob@acme.io"),
        "{ended}"
    );
    assert_eq!(desk.run("drift --emulate live.json --now 2026-11-22T00:00:00Z --fail-on due").code, 2);
    assert_eq!(desk.run("drift --emulate live.json --now 2026-11-19T00:00:00Z --fail-on due").code, 0);
    // A rule that has ended on the server, and that no apply has taken away yet.
    let mut state = live();
    let rule = &mut object(&mut state, "policies", "ci-push")["rules"][0];
    rule["condition"] = "request.time < timestamp(\"2026-11-21T00:00:00Z\")".into();
    let file = edit(
        FILE,
        &[("[ContainerRegistryFullAccess]\n", "[ContainerRegistryFullAccess]\n        until: 2026-11-20\n")],
    );
    let desk = drift(state, &file);
    let found = findings(&desk, "due");
    assert_eq!(found[0].0, "policy ci-push", "{found:?}");
}

#[test]
fn assertions_and_guardrails_are_judged_on_the_organization_with_live() {
    let mut state = live();
    with_policy(&mut state, "tmp-test", "IAMManager", CHO);
    let sentences = "
guardrails:
  - {name: admins only, forbid: grant.permission_set == \"IAMManager\" && grant.via_group != \"admins\"}
assertions:
  - {principal: {user: cho@acme.io}, cannot: IAMManager, \"on\": organization}
  - {principal: {user: bob@acme.io}, can: InstancesFullAccess, \"on\": staging}
";
    let desk = drift(state, &format!("{FILE}{sentences}"));
    assert_eq!(desk.run("test").code, 0, "what the files give");
    assert_snapshot!(desk.run("test --live --emulate live.json"), @"
    -- stdout
    FAILED assertion user cho@acme.io cannot IAMManager on organization (iam.yaml:56:6)
        holds IAMManager on organization ← policy tmp-test, rule 1
    ok assertion user bob@acme.io can InstancesFullAccess on staging (iam.yaml:57:6)
    FAILED guardrail admins only (iam.yaml:54:33)
        user cho@acme.io holds IAMManager on organization ← policy tmp-test, rule 1
    1 passed, 2 failed
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    assert_eq!(desk.run("test --emulate live.json -o json").ends_with(3).json()["failed"], 2);
}
