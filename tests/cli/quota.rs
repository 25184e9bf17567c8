//! Quotas, and the guard that compares a plan with them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, live};
use crate::command::{Desk, Ended, edit};

const NOW: &str = "--now 2026-11-22T12:00:00Z";

fn quota(name: &str, title: &str, most: u64) -> Value {
    json!({"name": name, "pretty_name": title, "limits": [{"global": true, "limit": most}], "limit": most})
}

/// A desk with these quotas and a file that creates a group and two applications.
fn desk(quotas: &[Value]) -> Desk {
    let desk = Desk::new();
    let mut state = live();
    state["quota"] = quotas.into();
    desk.file("live.json", state);
    let more = [
        ("applications:\n  backup", "applications:\n  one: {}\n  two: {}\n  backup"),
        ("  admins:\n", "  ops: {}\n  admins:\n"),
    ];
    desk.file("iam.yaml", edit(FILE, &more));
    desk
}

fn plan(desk: &Desk, options: &str) -> Ended {
    desk.run(&format!("plan --emulate live.json {NOW} {options}"))
}

fn guards(ended: &Ended) -> Vec<Value> {
    ended.json()["guards"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|guard| guard["guard"] == "quota" && guard["verdict"] == "refused")
        .cloned()
        .collect()
}

#[test]
fn more_than_there_may_be_is_refused_before_anything_is_written() {
    let quotas = [
        quota("iam_applications", "Applications", 3),
        quota("x_groups", "Groups", 3),
        quota("iam_policies", "Policies", 5),
    ];
    let desk = desk(&quotas);
    assert_snapshot!(plan(&desk, "").ends_with(3), @"
    -- stdout
    Access
      no change in access

    Steps
      1  + application one
      2  + application two
      3  + group ops

    refused by quota: would need 4 applications (quota: 3) at once (--allow quota=1)
        application one
        application two
        to let exactly this pass, add to `allow`: - {guard: quota, of:
          [application:one, application:two], until: 2026-12-06, reason: WHY}

    Plan: 3 to create (2 applications, 1 group); 3 steps; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    _ = plan(&desk, "--allow quota=1").ends_with(0);
    _ = plan(&desk, "--allow quota=2").ends_with(3);
    // Reaching the quota exactly is allowed; a built-in group does not count.
    let mut state = desk.json("live.json");
    state["quota"][0] = quota("iam_applications", "Applications", 4);
    desk.file("live.json", &state);
    assert!(guards(&plan(&desk, "-o json").ends_with(0)).is_empty());
}

#[test]
fn a_quota_that_is_not_known_is_said_and_refuses_nothing() {
    let desk = desk(&[quota("iam_applications", "Applications", 10), quota("cp_servers", "Servers", 0)]);
    let ended = plan(&desk, "").ends_with(0);
    assert!(
        ended.stdout.contains("note: no quota is known for groups, so they were not compared"),
        "{ended}"
    );
    _ = plan(&desk, "--strict").ends_with(0);
}

#[test]
fn quotas_are_read_where_something_is_created_and_may_be_forbidden() {
    let desk = desk(&[]);
    let mut state = desk.json("live.json");
    // A caller that may read all but that.
    let reader = "ac3e0000-0000-4000-8000-0000000000e1";
    let rules = json!([{"organization_id": ORGANIZATION, "condition": "", "permission_set_names":
        ["IAMUserReadOnly", "IAMGroupReadOnly", "IAMPolicyReadOnly", "IAMApplicationReadOnly"]},
        {"organization_id": ORGANIZATION, "condition": "", "permission_set_names": ["ProjectReadOnly"]}]);
    state["applications"].as_array_mut().unwrap().push(json!({"id": reader, "name": "reader"}));
    state["policies"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "ac3e0000-0000-4000-8000-0000000000e2", "name": "reader",
        "application_id": reader, "rules": rules}));
    state["api_keys"]
        .as_array_mut()
        .unwrap()
        .push(json!({"access_key": "SCWEMULATOR000000000", "application_id": reader,
        "secret_key": "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7", "created_at": "2026-01-12T09:00:00.000000Z"}));
    desk.file("live.json", state);
    let api = desk.emulate("live.json", NOW);
    let run = || desk.command(&format!("plan {NOW}")).against(&api.url, ORGANIZATION).run();
    let ended = run().ends_with(0);
    assert!(
        ended.stdout.contains("note: the plan was not compared with the quotas: 403 on /quota"),
        "{ended}"
    );
    let asked = || api.requests().iter().filter(|request| *request == "GET /quota").count();
    assert_eq!(asked(), 1);
    desk.file("iam.yaml", edit(FILE, &[("Deploys", "Builds")]));
    _ = run().ends_with(0);
    assert_eq!(asked(), 1, "a change creates nothing");
}

#[test]
fn what_may_go_last_makes_no_room() {
    let desk = Desk::new();
    let mut state = live();
    state["quota"] = json!([
        quota("iam_applications", "Applications", 2),
        quota("iam_groups", "Groups", 50),
        quota("iam_policies", "Policies", 50)
    ]);
    desk.file("live.json", state);
    // What is deleted may be deleted last: nothing here waits for it.
    let replaced = edit(
        FILE,
        &[
            ("  backup:\n    description: Nightly copies\n", "  copies:\n    description: Nightly copies\n"),
            ("{application: backup}", "{application: copies}"),
        ],
    );
    desk.file("iam.yaml", replaced);
    let refused = plan(&desk, "").ends_with(3);
    assert!(
        refused.stdout.contains("refused by quota: would need 3 applications (quota: 2) at once"),
        "{refused}"
    );
}

#[test]
fn what_has_to_go_first_makes_room() {
    let desk = Desk::new();
    let mut state = live();
    let id = |number: u16| format!("ac3e0000-0000-4000-8000-{number:012x}");
    state["groups"].as_array_mut().unwrap().push(json!({"id": id(0x2e), "name": "All Applications",
        "all_applications": true, "editable": false, "deletable": false, "managed": true}));
    state["policies"].as_array_mut().unwrap().push(json!({"id": id(0x36), "name": "all", "tags": ["scw-iam=web"],
        "group_id": id(0x2e), "rules": [{"permission_set_names": ["VPCReadOnly"], "project_ids": [id(0xa2)], "condition": ""}]}));
    state["quota"] = json!([quota("iam_policies", "Policies", 6)]);
    desk.file("live.json", state);
    // No new application may hold what all of them held, so that its policy is made once the other one is gone.
    let rule = "rules: [{permission_sets: [InstancesReadOnly], scope: [staging]}]";
    let one = format!("policies:\n  one: {{principal: {{application: one}}, {rule}}}\n");
    let file = edit(FILE, &[("applications:\n", "applications:\n  one: {}\n"), ("policies:\n", &one)]);
    desk.file("iam.yaml", &file);
    _ = plan(&desk, "").ends_with(0);
    let two = format!("policies:\n  two: {{principal: {{group: admins}}, {rule}}}\n");
    desk.file("iam.yaml", edit(&file, &[("policies:\n", &two)]));
    let refused = plan(&desk, "").ends_with(3);
    assert!(refused.stdout.contains("would need 7 policies (quota: 6) at once"), "{refused}");
}

#[test]
fn a_key_that_replaces_another_counts_beside_it() {
    let desk = Desk::new();
    desk.file("iam.yaml", include_str!("../../examples/keys/iam.yaml"));
    let mut state: Value =
        serde_json::from_str(include_str!("../../examples/keys/organization.json")).unwrap();
    let keys = state["api_keys"].as_array().unwrap().len() as u64;
    let plan = |state: &Value| {
        desk.file("live.json", state);
        plan(&desk, "-o json")
    };
    state["quota"] = json!([]);
    let planned = plan(&state).json();
    let made = planned["keys"].to_string().matches("\"make\"").count() as u64;
    assert!(made > 0, "{planned}");
    state["quota"] = json!([quota("iam_api_keys", "API keys", keys + made)]);
    assert!(guards(&plan(&state)).is_empty());
    state["quota"] = json!([quota("iam_api_keys", "API keys", keys + made - 1)]);
    let found = guards(&plan(&state).ends_with(3));
    assert_eq!(found[0]["found"], 1, "{found:?}");
}

#[test]
fn a_slot_is_not_rotated_where_the_quota_takes_no_key_beside_the_old_one() {
    const NOW: &str = "2026-11-22T12:00:00Z";
    let organization = "4e750000-0000-4000-8000-000000000000";
    let desk = Desk::new();
    desk.file("iam.yaml", include_str!("../../examples/keys/iam.yaml"));
    let mut state: Value =
        serde_json::from_str(include_str!("../../examples/keys/organization.json")).unwrap();
    for (most, rotates) in [(1, false), (2, true)] {
        state["quota"] = json!([quota("iam_api_keys", "API keys", most)]);
        desk.file("live.json", &state);
        let api = desk.emulate("live.json", &format!("--now {NOW}"));
        let run = |command: &str, now: &str| {
            desk.command(&format!("{command} iam.yaml --yes --now {now}"))
                .against(&api.url, organization)
                .run()
        };
        let due = run("apply --due", NOW);
        if rotates {
            // During the overlap there is room for both and for no third one.
            _ = due.ends_with(0);
        } else {
            let refused = due.ends_with(3);
            let words = "refused by quota: would need 2 API keys (quota: 1) at once";
            assert!(refused.stdout.contains(words), "{refused}");
        }
        let writes = api.writes().len();
        let asked = run("keys rotate ci/deploy", NOW).ends_with(1);
        assert!(asked.stderr.contains("could not create a key"), "{asked}");
        assert!(asked.stderr.contains("ask Scaleway to raise the quota"), "{asked}");
        assert_eq!(api.writes().len(), writes + 1, "only the refused one");
        if rotates {
            // The old one goes first and makes room, once its time has come.
            _ = run("apply --due", "2026-11-30T12:00:00Z").ends_with(0);
        }
        let state = api.stop();
        let keys = state["api_keys"].as_array().unwrap();
        let keys: Vec<_> = keys.iter().filter(|key| key["application_id"].is_string()).collect();
        assert_eq!(keys.len(), 1, "{keys:?}");
        let old = keys[0]["access_key"] == "SCWC1000000000000001";
        assert!(old != rotates, "{keys:?}");
    }
}
