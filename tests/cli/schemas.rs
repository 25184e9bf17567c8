//! The JSON that commands write matches the published schemas.

use serde_json::Value;

use crate::acme::{FILE, ORGANIZATION, desk, live, object};
use crate::command::{Desk, edit};

/// Checks a document against a schema in `schema/`.
#[track_caller]
fn fits(schema: &str, document: &Value) {
    let path = format!("{}/schema/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}\n{document:#}", wrong.join("\n"));
}

const NOW: &str = "--now 2026-11-22T12:00:00Z";

/// The organization with drift of several kinds, some of it ignored.
fn drifted() -> Desk {
    let desk = desk();
    let mut state = live();
    let members = object(&mut state, "groups", "admins")["user_ids"].as_array_mut().unwrap();
    members.push("ac3e0000-0000-4000-8000-000000000004".into());
    object(&mut state, "applications", "ci")["description"] = "Deploys, and more".into();
    object(&mut state, "policies", "look")["rules"][0]["condition"] = "request.ip == \"192.0.2.1\"".into();
    object(&mut state, "policies", "ci-push")["tags"] = serde_json::json!([]);
    state["users"][2]["locked"] = true.into();
    let mut by_hand = object(&mut state, "policies", "admins-iam").clone();
    by_hand["id"] = "ac3e0000-0000-4000-8000-000000000037".into();
    by_hand["name"] = "by-hand".into();
    by_hand["tags"] = serde_json::json!([]);
    state["policies"].as_array_mut().unwrap().push(by_hand);
    desk.file("live.json", state);
    let settings = "\
settings:
  drift:
    ignore:
      - {object: \"policy:look\", findings: [changed], reason: known, until: 2027-01-31}
projects:
";
    desk.file("iam.yaml", edit(FILE, &[("projects:\n", settings)]));
    desk
}

#[test]
fn plans_and_drift_are_what_their_schemas_say() {
    for desk in [desk(), drifted()] {
        fits("plan", &desk.run(&format!("plan --emulate live.json {NOW} -o json")).json());
        let mut drift = desk.run(&format!("drift --emulate live.json {NOW} -o json")).json();
        fits("drift", &drift);
        // The rest of it is a plan.
        for name in ["drift", "undeclared_access", "trusted"] {
            assert!(drift.as_object_mut().unwrap().remove(name).is_some());
        }
        fits("plan", &drift);
    }
    let found = drifted().run(&format!("drift --emulate live.json {NOW} -o json")).json();
    let kinds: Vec<&str> =
        found["drift"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert!(
        ["escalation", "changed", "locked", "unmanaged"].iter().all(|kind| kinds.contains(kind)),
        "{kinds:?}"
    );
    assert!(found["drift"].as_array().unwrap().iter().any(|it| it["ignored"].is_object()));
}

#[test]
fn reports_and_comparisons_are_what_their_schemas_say() {
    let (before, after) = (desk(), drifted());
    after.file("before.json", before.read("live.json"));
    fits("report", &after.run(&format!("report --emulate live.json {NOW} -o json")).json());
    fits("report", &after.run(&format!("report live.json --since before.json {NOW} -o json")).json());
    let api = after.emulate("live.json", NOW);
    let activity = after.command(&format!("report --activity {NOW} -o json"));
    let activity = activity.against(&api.url, ORGANIZATION).run().json();
    assert!(
        activity["sections"]["activity"]["tables"]["activity"]["rows"][0]["who"].is_string(),
        "{activity:#}"
    );
    fits("report", &activity);
    let refused = crate::report::refusing(&api.url, "/audit-trail/");
    let refused = after.command(&format!("report --activity {NOW} -o json")).against(&refused, ORGANIZATION);
    fits("report", &refused.run().json());
    fits("compare", &after.run("compare before.json live.json -o json").json());
    fits("compare", &after.run("compare before.json before.json -o json").json());
    fits("compare", &after.run("compare before.json iam.yaml -o json").json());
}

#[test]
fn answers_are_what_their_schemas_say() {
    let desk = drifted();
    for question in [
        "bob@acme.io iam.yaml",
        "bob@acme.io --emulate live.json",
        "owner@acme.io --emulate live.json",
        "bob@acme.io --can InstancesFullAccess --on prod iam.yaml",
        "application:backup --can InstancesFullAccess --on staging iam.yaml --emulate live.json",
    ] {
        fits("explain", &desk.run(&format!("explain {question} {NOW} -o json")).ends_with(0).json());
    }
    for question in [
        "AllProductsReadOnly --on staging iam.yaml",
        "InstancesFullAccess --on prod iam.yaml",
        "IAMManager --on organization --emulate live.json",
    ] {
        fits("who-can", &desk.run(&format!("who-can {question} {NOW} -o json")).ends_with(0).json());
    }
}

#[test]
fn keys_and_quotas_are_what_their_schemas_say() {
    let desk = Desk::new();
    let example = |name: &str| {
        std::fs::read_to_string(format!("{}/examples/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let mut state: Value = serde_json::from_str(&example("organization.json")).unwrap();
    state["quota"] = serde_json::json!([
        {"name": "iam_groups", "limit": 2, "limits": [{"global": true, "limit": 2}]},
        {"name": "iam_policies", "unlimited": true},
        {"name": "of_tomorrow", "limit": 7},
    ]);
    desk.file("organization.json", state).file("iam.yaml", example("iam.yaml"));
    fits(
        "keys",
        &desk
            .run("keys iam.yaml --emulate organization.json --now 2026-11-26T12:00:00Z -o json")
            .ends_with(0)
            .json(),
    );
    let quota = desk.run("quota --emulate organization.json -o json").ends_with(0).json();
    assert_eq!(quota.as_array().map(Vec::len), Some(3));
    fits("quota", &quota);
}

#[test]
fn errors_are_what_their_schema_says() {
    let desk = drifted();
    desk.file(
        "wrong.yaml",
        edit(
            FILE,
            &[("InstancesFullAccess", "InstanceFullAccess"), ("version: 1", "version: 1\nversoin: 2")],
        ),
    );
    for (command, code) in [
        ("validate wrong.yaml", 65),
        ("plan iam.yaml --emulate nowhere.json", 1),
        ("explain nobody@acme.io iam.yaml", 64),
        ("explain bob@acme.io --on nowhere iam.yaml", 64),
    ] {
        fits("errors", &desk.run(&format!("{command} -o json")).ends_with(code).json());
    }
    // A saved plan that no longer fits says what is different.
    let desk = self::desk();
    desk.file(
        "iam.yaml",
        edit(FILE, &[("scope: [staging]\n  developers-run", "scope: [prod]\n  developers-run")]),
    );
    assert_eq!(desk.run(&format!("plan iam.yaml --emulate live.json {NOW} --out plan.json")).code, 0);
    let mut state = live();
    object(&mut state, "policies", "ci-push")["description"] = "by hand".into();
    desk.file("live.json", state);
    let stale =
        desk.run(&format!("apply plan.json --yes --emulate live.json {NOW} -o json")).ends_with(4).json();
    assert!(stale["error"]["differences"].is_array(), "{stale:#}");
    fits("errors", &stale);
}
