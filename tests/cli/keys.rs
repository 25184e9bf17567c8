//! `scw-iam keys`

use crate::command::{Desk, edit};

const NOW: &str = "2026-11-22T12:00:00Z";
const ORGANIZATION: &str = "4e750000-0000-4000-8000-000000000000";

/// The example, and its organization behind an API.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("iam.yaml", include_str!("../../examples/keys/iam.yaml"));
    desk.file("live.json", include_str!("../../examples/keys/organization.json"));
    desk
}

#[test]
fn a_slot_is_rotated_out_of_turn_and_a_key_is_shown() {
    let desk = desk();
    let api = desk.emulate("live.json", &format!("--now {NOW}"));
    let run = |arguments: &str| {
        desk.command(&format!("{arguments} --now {NOW}")).against(&api.url, ORGANIZATION).run()
    };
    let before = run("keys iam.yaml").ends_with(0);
    assert!(
        before.stdout.contains("SCWC1000000000000001  current, 82 days old, expires in 8 days"),
        "{before}"
    );
    let rotated = run("keys rotate ci/deploy iam.yaml --yes --journal journal.jsonl").ends_with(0);
    assert!(rotated.stderr.contains("is delivered and in use"), "{rotated}");
    let journal = desk.read("journal.jsonl");
    let events: Vec<serde_json::Value> =
        journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = events.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["begin", "key started", "key made", "key ended", "end"], "{journal}");
    assert!(journal.contains("\"caller\":\"user owner@example.com\""), "{journal}");
    let after = run("keys iam.yaml -o json").ends_with(0).json();
    let slot = &after["slots"][1];
    assert_eq!(
        (slot["keys"].as_array().unwrap().len(), slot["due"].as_array().unwrap().len()),
        (2, 0),
        "{slot}"
    );
    let shown = run("keys show SCWC1000000000000001").ends_with(0);
    assert!(shown.stdout.contains("bearer           application ci"), "{shown}");
    assert!(shown.stdout.contains("slot             deploy, in use since 2026-09-01T12:00:00Z"), "{shown}");
    // What does not exist is said.
    let missing = run("keys show SCWXXXXXXXXXXXXXXXX2").ends_with(1);
    assert!(missing.stderr.contains("could not read the API key SCWXXXXXXXXXXXXXXXX2"), "{missing}");
    let unknown = run("keys rotate ci/nightly iam.yaml --yes").ends_with(64);
    assert!(unknown.stderr.contains("the files declare no slot `nightly` of application ci"), "{unknown}");
    let new = run("keys rotate backup/nightly iam.yaml --yes").ends_with(1);
    assert!(new.stderr.contains("apply the files first"), "{new}");
}

#[test]
fn a_delivery_that_nobody_named_leaves_the_slot_alone() {
    let desk = desk();
    let text = include_str!("../../examples/keys/iam.yaml");
    let stored = "          - secret_manager: {project: prod, region: fr-par, path: /ci, name: scw-key}\n";
    desk.file("iam.yaml", edit(text, &[(stored, "          - command: github\n")]));
    let api = desk.emulate("live.json", &format!("--now {NOW}"));
    let call = desk.command(&format!("apply --yes iam.yaml --now {NOW}")).against(&api.url, ORGANIZATION);
    let ended = call.run().ends_with(0);
    assert!(ended.stdout.contains("needs `--deliver-command github='PROGRAM ARGUMENTS'`"), "{ended}");
    let call = desk.command(&format!("apply --yes iam.yaml --now {NOW}")).against(&api.url, ORGANIZATION);
    let settled = call.run().ends_with(0);
    assert!(settled.stdout.contains("except for slots of API\n  keys that are left alone"), "{settled}");
    let call = desk.command(&format!("keys rotate ci/deploy --yes iam.yaml --now {NOW}"));
    let ended = call.against(&api.url, ORGANIZATION).run().ends_with(1);
    assert!(ended.stderr.contains("slot deploy of application ci was not rotated"), "{ended}");
    let ended = desk.run(&format!("apply --yes --emulate live.json --now {NOW} --deliver-command github="));
    assert!(ended.ends_with(64).stderr.contains("there is no program behind `=`"));
}

#[test]
fn a_slot_whose_key_was_never_delivered_is_due() {
    let desk = desk();
    let mut state = desk.json("live.json");
    let key = &mut state["api_keys"][0];
    key["description"] = "scw-iam=deploy new".into();
    key["created_at"] = "2026-11-22T11:55:00.000000Z".into();
    desk.file("live.json", state);
    let drift = desk.run(&format!("drift --fail-on due --emulate live.json --now {NOW}")).ends_with(2);
    assert!(drift.stdout.contains("due: application ci"), "{drift}");
    assert!(drift.stdout.contains("has no key in slot deploy yet"), "{drift}");
}

#[test]
fn a_time_is_pretended_to_no_real_api() {
    let desk = desk();
    let call = desk
        .command(&format!("apply --yes --now {NOW}"))
        .against("https://api.example.invalid", ORGANIZATION);
    let ended = call.run().ends_with(64);
    assert!(
        ended.stderr.contains("the time of the API can only be set for an emulator on this machine"),
        "{ended}"
    );
}
