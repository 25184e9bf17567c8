//! Who can read an API key at its place of delivery: shown before the delivery, and only what they do not already hold.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, desk};
use crate::command::{Desk, Ended, edit};

const NOW: &str = "2026-11-22T12:00:00Z";

const SLOT: &str = "  ci:
    description: Deploys
    api_keys:
      deploy:
        expires_after: 90d
        rotate_before: 14d
        overlap: 7d
        deliver: [{secret_manager: {project: prod, region: fr-par, path: /ci, name: scw-key}}]
";

/// The file with a slot, and with developers who read secrets under this condition.
fn file(condition: &str) -> String {
    let readers = format!(
        "policies:\n  secrets:\n    principal: {{group: developers}}\n    rules:\n      - permission_sets: [SecretManagerSecretAccess]\n        scope: [prod]\n{condition}"
    );
    edit(FILE, &[("  ci:\n    description: Deploys\n", SLOT), ("policies:\n", &readers)])
}

fn plan(desk: &Desk, options: &str) -> Ended {
    desk.run(&format!("plan --emulate live.json --now {NOW} {options}"))
}

fn readers(ended: &Ended) -> Value {
    ended.json()["keys"][0]["readers"].clone()
}

#[test]
fn whoever_can_read_a_new_delivery_gains_what_its_application_holds() {
    let desk = desk();
    desk.file("iam.yaml", file(""));
    assert_snapshot!(plan(&desk, ""), @"
    -- stdout
    Access
      users ann@acme.io and bob@acme.io
        + gains SecretManagerSecretAccess on prod
            ← group developers ← policy secrets, rule 1 (iam.yaml:36)
      users ann@acme.io and bob@acme.io
        + gains ContainerRegistryFullAccess on staging
            ← a key of application ci ← secret /ci/scw-key in fr-par

    Steps
      1  + policy secrets
           principal: group developers
           + - permission_sets: [SecretManagerSecretAccess]
           +   scope: [prod]

    API keys
      application ci / deploy
        + make a key and deliver it to secret /ci/scw-key in fr-par, because the
          slot has no key
      application ci: key SCWAC3E0000000000001 without a slot stays

    Plan: 1 to create (1 policy), 1 change of API keys; 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let gains = json!({"permission_set": "ContainerRegistryFullAccess", "scope": "ac3e0000-0000-4000-8000-0000000000a2"});
    let found = readers(&plan(&desk, "-o json"));
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
    assert_eq!(
        (&found[0]["principal"], &found[0]["conditional"]),
        (&json!("user ann@acme.io"), &json!(false))
    );
    for (field, value) in gains.as_object().unwrap() {
        assert_eq!(&found[0]["gains"][0][field], value, "{found}");
    }
    let markdown = plan(&desk, "-o markdown").stdout;
    assert!(markdown.contains("a key of application ci ← secret /ci/scw"), "{markdown}");
    // A reader who holds all of it already gains nothing.
    desk.file(
        "iam.yaml",
        file("").replace("[InstancesFullAccess]", "[InstancesFullAccess, ContainerRegistryFullAccess]"),
    );
    assert!(readers(&plan(&desk, "-o json")).is_null());
    // A key that is already there is not a new delivery.
    desk.file("iam.yaml", file(""));
    let call = |command: &str, now: &str| {
        desk.run(&format!("{command} --emulate live.json --now {now} --save next.json"))
    };
    _ = call("apply --yes", NOW).ends_with(0);
    desk.file("live.json", desk.read("next.json"));
    let later = "2027-02-10T12:00:00Z";
    let rotation = desk.run(&format!("plan --emulate live.json --now {later} -o json"));
    assert_eq!(rotation.json()["keys"][0]["work"], "make", "{rotation}");
    assert!(readers(&rotation).is_null(), "{rotation}");
}

#[test]
fn a_condition_on_the_secret_is_judged_and_any_other_is_said() {
    let desk = desk();
    let with = |condition: &str| {
        desk.file("iam.yaml", file(&format!("        condition: {condition}\n")));
        readers(&plan(&desk, "-o json"))
    };
    assert!(with(r#"resource.name == "/other/key""#).is_null());
    assert_eq!(with(r#"resource.name.startsWith("/ci/")"#)[0]["conditional"], false);
    assert_eq!(with(r#"request.ip == "192.0.2.1""#)[0]["conditional"], true);
    let text = plan(&desk, "").stdout.replace("\n            ", " ");
    assert!(text.contains("secret /ci/scw-key in fr-par, under a condition"), "{text}");
}

#[test]
fn a_key_that_can_escalate_counts_as_a_privilege_that_is_gained() {
    let desk = desk();
    desk.file(
        "iam.yaml",
        file("").replace(
            "[ContainerRegistryFullAccess]\n        scope: [staging]",
            "[IAMManager]\n        scope: organization",
        ),
    );
    let noted = plan(&desk, "-o json").json()["guards"].to_string();
    assert!(
        noted.contains(
            "user bob@acme.io: IAMManager with a key of application ci, from secret /ci/scw-key in fr-par"
        ),
        "{noted}"
    );
    let refused = plan(&desk, "--strict").ends_with(3);
    assert!(refused.stdout.contains("refused by privilege_gains: 2 principals would gain"), "{refused}");
}

#[test]
fn drift_finds_a_slot_that_is_due() {
    let desk = desk();
    desk.file("iam.yaml", file(""));
    _ = desk.run(&format!("apply --yes --emulate live.json --now {NOW} --save next.json")).ends_with(0);
    desk.file("live.json", desk.read("next.json"));
    let drift = |now: &str, fail_on: &str| {
        desk.run(&format!("drift --emulate live.json --now {now} --fail-on {fail_on} -o json"))
    };
    _ = drift("2026-12-22T12:00:00Z", "due").ends_with(0);
    let late = "2027-02-10T12:00:00Z";
    let found = drift(late, "due").ends_with(2).json();
    let findings = found["drift"].as_array().unwrap();
    let due: Vec<_> = findings.iter().filter(|finding| finding["kind"] == "due").collect();
    assert_eq!(due.len(), 1, "{found}");
    assert_eq!(
        due[0]["what"],
        "is due for a key in slot deploy: the current key expires at 2027-02-20T12:00:00Z"
    );
    _ = drift(late, "changed").ends_with(0);
}

#[test]
fn a_report_has_the_path_through_a_delivered_key() {
    let desk = desk();
    let file = file("").replace(
        "[ContainerRegistryFullAccess]\n        scope: [staging]",
        "[IAMManager]\n        scope: organization",
    );
    desk.file("iam.yaml", file);
    _ = desk.run(&format!("apply --yes --emulate live.json --now {NOW} --save next.json")).ends_with(0);
    let state = desk.json("next.json");
    desk.file("next.json", &state);
    let report =
        desk.run(&format!("report --emulate next.json --now {NOW}")).ends_with(0).stdout.replace('\n', " ");
    let words: Vec<&str> = report.split_whitespace().collect();
    let report = words.join(" ");
    assert!(
        report.contains("read-delivered-key (SecretManagerSecretAccess) → application ci; edit-policies"),
        "{report}"
    );
    assert!(!report.contains("Not judged: who can read"), "{report}");
    // A snapshot holds no secrets, and says so.
    _ = desk.run(&format!("snapshot --emulate next.json --out copy.json --now {NOW}")).ends_with(0);
    let report = desk.run(&format!("report copy.json --now {NOW}")).ends_with(0).stdout;
    let words: Vec<&str> = report.split_whitespace().collect();
    assert!(
        words.join(" ").contains(
            "Not judged: who can read keys that are delivered to secrets (a snapshot does not hold secrets)"
        ),
        "{report}"
    );
}
