//! What a run that fails leaves behind, and how it says what helps.

use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, desk, live};
use crate::command::edit;
use crate::plan::MORE;

/// Another organization than that of the files.
const OTHER: &str = "0e110000-0000-4000-8000-000000000000";

#[test]
fn a_run_that_fails_replaces_the_report_of_an_earlier_one() {
    let desk = desk();
    let outputs = "-o json=r.json -o markdown=r.md -o text=r.txt";
    for command in ["plan", "drift", "apply --yes", "test", "validate"] {
        let live = if command == "test" { "" } else { "--emulate live.json" };
        desk.file("iam.yaml", edit(FILE, &[(ORGANIZATION, "not-an-id")]));
        desk.file("r.json", "yesterday").file("r.md", "yesterday").file("r.txt", "yesterday");
        _ = desk.run(&format!("{command} {live} {outputs}")).ends_with(65);
        assert_eq!(desk.json("r.json")[0]["severity"], "error", "{command}");
        assert!(desk.read("r.md").contains("not-an-id"), "{command}: {}", desk.read("r.md"));
        assert!(desk.read("r.txt").contains("not-an-id"), "{command}: {}", desk.read("r.txt"));
        if live.is_empty() {
            continue;
        }
        desk.file("iam.yaml", edit(FILE, &[(ORGANIZATION, OTHER)]));
        desk.file("r.json", "yesterday").file("r.md", "yesterday").file("r.txt", "yesterday");
        _ = desk.run(&format!("{command} {live} {outputs}")).ends_with(1);
        let error = &desk.json("r.json")["error"];
        assert_eq!((&error["exit"], &error["message"]), (&json!(1), &json!("cannot emulate live.json")));
        assert!(error["causes"][0].as_str().unwrap().contains(OTHER), "{command}: {error}");
        for file in ["r.md", "r.txt"] {
            assert!(desk.read(file).contains(OTHER), "{command}: {}", desk.read(file));
        }
    }
}

#[test]
fn an_error_on_standard_output_is_json_where_json_was_asked_for() {
    let desk = desk();
    let ended = desk.run("plan --emulate none.json -o json").ends_with(1);
    let error = &ended.json()["error"];
    assert_eq!(error["message"], "cannot read none.json");
    assert_eq!(error["hints"][0], "`scw-iam snapshot --out STATE.json` writes the state of an organization");
}

#[test]
fn a_full_quota_is_not_answered_with_another_try_and_its_hint_is_said_once() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE, ("\ngroups:", "\ngroups:\n  one: {}\n  two: {}\n  three: {}")]));
    let mut state = live();
    let groups = state["groups"].as_array().unwrap().len();
    state["quota"] = json!([{"name": "iam_groups", "limit": groups}]);
    desk.file("full.json", state);
    let ended = desk.run("apply --yes --emulate full.json --allow quota=2 -o json=r.json").ends_with(5);
    let raise = "ask Scaleway to raise the quota";
    assert_eq!(ended.stderr.matches(raise).count(), 1, "{ended}");
    assert!(!ended.stderr.contains("plan and apply again to finish"), "{ended}");
    assert!(desk.json("r.json")["outcome"]["hints"][0].as_str().unwrap().contains(raise), "{ended}");
}
