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

/// The words of a text, without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_plan_counts_the_deliveries_that_an_apply_will_make() {
    let desk = desk();
    let text = include_str!("../../examples/keys/iam.yaml");
    let stored = "          - secret_manager: {project: prod, region: fr-par, path: /ci, name: scw-key}\n";
    let nightly =
        "          - secret_manager: {project: prod, region: fr-par, path: /backup, name: scw-key}\n";
    let changed =
        edit(text, &[(stored, "          - command: github\n"), (nightly, "          - file: key.json\n")]);
    desk.file("iam.yaml", changed);
    std::fs::create_dir(desk.path("delivered")).unwrap();
    // First the application alone.
    let first = desk.run(&format!("apply --yes iam.yaml --emulate live.json --save next.json --now {NOW}"));
    _ = first.ends_with(0);
    desk.file("live.json", desk.json("next.json"));
    let run = |command: &str| desk.run(&format!("{command} iam.yaml --emulate live.json --now {NOW}"));
    let planned = run("plan --detailed-exitcode").ends_with(0);
    assert!(planned.stdout.contains("needs `--deliver-command github='PROGRAM ARGUMENTS'`"), "{planned}");
    assert!(planned.stdout.contains("needs `--deliver-dir FOLDER`"), "{planned}");
    assert!(flat(&planned.stdout).contains("except for slots of API keys that are left alone"), "{planned}");
    let applied = run("apply --yes").ends_with(0);
    assert!(flat(&applied.stdout).contains("except for slots of API keys that are left alone"), "{applied}");
    for (options, changes) in [
        ("--deliver-command github", "1 change of API keys"),
        ("--deliver-command github=cat", "1 change of API keys"),
        ("--deliver-dir delivered", "1 change of API keys"),
        ("--deliver-dir delivered --deliver-command github", "2 changes of API keys"),
    ] {
        let planned = run(&format!("plan --detailed-exitcode {options}")).ends_with(2);
        assert!(flat(&planned.stdout).contains(changes), "{options}: {planned}");
    }
    let wrong = run("plan --deliver-command GitHub").ends_with(64);
    assert!(wrong.stderr.contains("is not a label"), "{wrong}");
    // A saved plan holds what was planned.
    let options = "--deliver-dir delivered";
    _ = run(&format!("plan --out plan.json {options}")).ends_with(0);
    let lacking = desk.run(&format!("apply plan.json --emulate live.json --now {NOW}")).ends_with(64);
    assert!(lacking.stderr.contains("pass `--deliver-dir FOLDER`"), "{lacking}");
    let why =
        "plan.json delivers a new API key to file key.json, but this command has no option for that delivery";
    assert!(flat(&lacking.stderr).contains(why), "{lacking}");
    // That the plan is stale comes first: no option would help.
    let mut state = desk.json("live.json");
    state["applications"][0]["description"] = "by hand".into();
    desk.file("other.json", state);
    let stale = desk.run(&format!("apply plan.json --emulate other.json --now {NOW}")).ends_with(4);
    assert!(stale.stderr.contains("error: plan.json is stale; nothing was written"), "{stale}");
    let saved = desk.run(&format!(
        "apply plan.json --emulate live.json --now {NOW} {options} --deliver-command github=cat"
    ));
    assert!(desk.has("delivered/key.json"), "{saved}");
    _ = saved.ends_with(0);
}

#[test]
fn a_maximum_that_makes_keys_shorter_is_said_with_its_place() {
    let desk = desk();
    let text = include_str!("../../examples/keys/iam.yaml");
    let security = "organization_settings: {security: {max_api_key_expiration: 30d}}\n";
    desk.file("iam.yaml", format!("{text}{security}"));
    let planned = desk.run(&format!("plan iam.yaml --emulate live.json --now {NOW}"));
    let line = text.lines().position(|line| line.trim() == "deploy:").unwrap() + 1;
    let words = format!(
        "warning: keys live 30 days, the organization's maximum, although `expires_after` is longer (iam.yaml:{line})"
    );
    assert!(flat(&planned.stdout).contains(&words), "{planned}");
    let longer = security.replace("30d", "90d");
    desk.file("iam.yaml", format!("{text}{longer}"));
    let planned = desk.run(&format!("plan iam.yaml --emulate live.json --now {NOW}"));
    assert!(!planned.stdout.contains("warning: keys live"), "{planned}");
}

#[test]
fn the_callers_own_key_says_so_when_it_is_adopted_and_replaced() {
    let desk = desk();
    let text = include_str!("../../examples/keys/iam.yaml");
    let mut state = desk.json("live.json");
    let own = state["api_keys"][0]["access_key"].as_str().unwrap().to_owned();
    state["api_keys"][0]["description"] = "by hand".into();
    state["api_keys"][0]["secret_key"] = "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7".into();
    let application = state["api_keys"][0]["application_id"].clone();
    let project = state["projects"][1]["id"].clone();
    state["policies"].as_array_mut().unwrap().push(serde_json::json!({
        "id": "4e750000-0000-4000-8000-0000000000f0", "name": "runs-this", "application_id": application,
        "rules": [
            {"permission_set_names": ["IAMManager", "OrganizationManager"], "organization_id": ORGANIZATION},
            {"permission_set_names": ["SecretManagerFullAccess"], "project_ids": [project]},
        ],
    }));
    desk.file("live.json", state);
    let adopting = edit(text, &[("      deploy:\n", &format!("      deploy:\n        adopt: {own}\n"))]);
    desk.file("iam.yaml", adopting);
    let api = desk.emulate("live.json", &format!("--now {NOW}"));
    let run = |command: &str, now: &str| {
        let call = desk.command(&format!("{command} --now {now}")).against(&api.url, ORGANIZATION);
        call.env("SCW_ACCESS_KEY", &own).run()
    };
    let words = format!("adopt key {own}, which this run uses");
    for command in ["plan iam.yaml --only application:ci", "keys iam.yaml"] {
        let shown = run(command, NOW).ends_with(0);
        assert!(flat(&shown.stdout).contains(&words), "{shown}");
    }
    let drift = run("drift iam.yaml --fail-on due", NOW).ends_with(2);
    assert!(flat(&drift.stdout).contains("due: application ci"), "{drift}");
    let applied = run("apply iam.yaml --only application:ci --yes", NOW).ends_with(0);
    assert!(flat(&applied.stdout).contains(&words), "{applied}");
    let after = run("keys iam.yaml", NOW).ends_with(0);
    let stays = format!("key {own}, which this run uses, stays until 2026-11-29T12:0");
    assert!(flat(&after.stdout).contains(&stays), "{after}");
    let later = run("keys iam.yaml", "2026-12-01T12:00:00Z").ends_with(0);
    let words = format!("key {own} stays because this run uses it; a run with another key deletes it");
    assert!(flat(&later.stdout).contains(&words), "{later}");
}

#[test]
fn a_saved_plan_makes_a_key_only_as_it_was_reviewed() {
    let desk = desk();
    let text = include_str!("../../examples/keys/iam.yaml");
    desk.file(
        "iam.yaml",
        edit(
            text,
            &[(
                "project: prod, region: fr-par, path: /backup",
                "project: vault, region: fr-par, path: /backup",
            )],
        ),
    );
    let vault = |names: [&str; 2]| {
        let mut state: serde_json::Value =
            serde_json::from_str(include_str!("../../examples/keys/organization.json")).unwrap();
        for (n, name) in names.into_iter().enumerate() {
            let project = serde_json::json!({"id": format!("4e750000-0004-4000-8000-00000000000{}", n + 7), "name": name});
            state["projects"].as_array_mut().unwrap().push(project);
        }
        state
    };
    desk.file("live.json", vault(["vault", "public"]));
    desk.file("swapped.json", vault(["public", "vault"]));
    let planned = desk.run(&format!("plan --out plan.json iam.yaml --emulate live.json --now {NOW}"));
    _ = planned.ends_with(0);
    let apply = |plan: &str, state: &str| {
        desk.run(&format!("apply {plan} --yes --emulate {state} --save after.json --now {NOW}"))
    };
    let swapped = apply("plan.json", "swapped.json").ends_with(4);
    let what =
        "delivered to secret /backup/scw-key in fr-par of project 4e750000-0004-4000-8000-000000000008";
    assert!(flat(&swapped.stderr).contains(what), "{swapped}");
    for (from, to) in [
        ("project: vault", "project: public"),
        ("expires_after: 30d", "expires_after: 300d"),
        ("expires_after: 30d", "default_project: prod\n        expires_after: 30d"),
    ] {
        let mut plan = desk.json("plan.json");
        let text = &mut plan["made_from"]["files"][0]["text"];
        *text = edit(text.as_str().unwrap(), &[(from, to)]).into();
        desk.file("edited.json", plan);
        let edited = apply("edited.json", "live.json").ends_with(65);
        assert!(flat(&edited.stderr).contains("API keys"), "{edited}");
    }
    _ = apply("plan.json", "live.json").ends_with(0);
    let after = desk.json("after.json");
    let made =
        after["secrets"].as_array().unwrap().iter().find(|secret| secret["path"] == "/backup").unwrap();
    assert_eq!(made["project_id"], "4e750000-0004-4000-8000-000000000007", "{made}");
}
