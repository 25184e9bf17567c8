//! What whole commands cost in requests. The budgets count them; how long they take is a bench's to say.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, desk, live};
use crate::command::{Api, edit};

/// How many requests came of each kind, a `*` for an id.
fn counted(api: &Api) -> String {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for request in api.requests() {
        let part = |part: &str| if part.len() == ORGANIZATION.len() { "*" } else { part }.to_owned();
        *counted.entry(request.split('/').map(part).collect::<Vec<_>>().join("/")).or_default() += 1;
    }
    counted.into_iter().map(|(request, count)| format!("{count} {request}")).collect::<Vec<_>>().join("\n")
}

/// The same organization with so many users and applications more, that nobody declares and nobody owns.
fn crowd(count: usize) -> Value {
    let mut state = live();
    for n in 0..count {
        let id = |kind: u32| format!("{kind:08x}-0000-4000-8000-{n:012x}");
        let user = json!({"id": id(1), "email": format!("u{n}@acme.io"), "organization_id": ORGANIZATION});
        state["users"].as_array_mut().unwrap().push(user);
        let application = json!({"id": id(2), "name": format!("a{n}"), "organization_id": ORGANIZATION});
        state["applications"].as_array_mut().unwrap().push(application);
    }
    state
}

#[test]
fn a_plan_of_nothing_costs_a_request_per_hundred_one_per_policy_with_rules_and_one_for_the_caller() {
    let desk = desk();
    let mut state = crowd(200);
    let bare = json!({"id": "00000005-0000-4000-8000-000000000000", "name": "bare", "organization_id": ORGANIZATION,
        "no_principal": true, "rules": []});
    state["policies"].as_array_mut().unwrap().push(bare);
    desk.file("live.json", state);
    let api = desk.emulate("live.json", "");
    let ended = desk.command("plan --detailed-exitcode").against(&api.url, ORGANIZATION).run();
    _ = ended.ends_with(0);
    assert_snapshot!(counted(&api), @"
    1 GET /api-keys/SCWEMULATOR000000000
    3 GET /applications
    1 GET /groups
    1 GET /organizations/*/scim
    1 GET /policies
    5 GET /rules
    3 GET /users
    ");
}

#[test]
fn a_project_by_name_costs_the_list_of_projects() {
    let desk = desk();
    let pin = "  staging: ac3e0000-0000-4000-8000-0000000000a2\n";
    desk.file("iam.yaml", edit(FILE, &[(pin, "")]));
    let api = desk.emulate("live.json", "");
    _ = desk.command("plan --detailed-exitcode").against(&api.url, ORGANIZATION).run().ends_with(0);
    assert!(api.requests().contains(&"GET /account/v3/projects".to_owned()), "{}", counted(&api));
}

#[test]
fn an_apply_costs_its_plan_its_steps_their_looks_and_the_reading_again() {
    let desk = desk();
    let file = edit(
        FILE,
        &[
            ("  backup:\n    description: Nightly copies\n", ""),
            ("description: Deploys", "description: Builds"),
            (
                "users: [ann@acme.io, bob@acme.io]\n",
                "users: [cho@acme.io]\n  ops: {members: {users: [cho@acme.io]}}\n",
            ),
            ("[InstancesFullAccess]", "[InstancesReadOnly]"),
            ("principal: {group: All Users}", "principal: {group: developers}"),
            ("  look:\n", "  ops-run: {principal: {group: ops}, rules: []}\n  look:\n"),
        ],
    );
    let (start, rest) = file.split_once("  backup-store:").unwrap();
    let (_, end) = rest.split_once("  ci-push:").unwrap();
    desk.file("iam.yaml", format!("{start}  ci-push:{end}"));
    let api = desk.emulate("live.json", "");
    let ended = desk.command("apply --yes -o json").against(&api.url, ORGANIZATION).run().ends_with(0);
    let steps = ended.json()["steps"].as_array().unwrap().clone();
    let words = steps
        .iter()
        .map(|step| format!("{} {}", step["action"].as_str().unwrap(), step["address"].as_str().unwrap()));
    assert_snapshot!(words.collect::<Vec<_>>().join("\n"), @"
    update application ci
    create group ops
    create policy ops-run
    remove_member group developers
    remove_member group developers
    add_members group ops
    set_rules policy developers-run
    add_members group developers
    update policy look
    delete policy backup-store
    delete application backup
    ");
    let writes: Vec<String> = api.requests().into_iter().filter(|it| !it.starts_with("GET")).collect();
    assert_eq!(writes.len(), 11, "one for each step");
    // The plan's ten; looks at two applications, two policies, the groups of two joins, the policies before each, and what
    // was attached since; the policies before and after one is created; at the end the groups, the policies, two applications
    // and the rules of the four policies that reach anybody.
    let reads = api.requests().len() - writes.len();
    assert!(reads <= 10 + 4 + 2 + 2 + 3 + 2 + 2 + 2 + 4 + 4, "{reads}\n{}", counted(&api));
}

#[test]
fn each_request_is_told_when_asked_for_and_no_secret_is() {
    let desk = desk();
    let mut state = live();
    let secret = "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7";
    let key = serde_json::json!({
        "access_key": "SCWEMULATOR000000000", "secret_key": secret, "user_id": "ac3e0000-0000-4000-8000-000000000001",
        "description": "", "created_at": "2026-01-12T09:00:00.000000Z",
    });
    state["api_keys"].as_array_mut().unwrap().push(key);
    desk.file("live.json", state);
    let api = desk.emulate("live.json", "");
    let ended = desk.command("drift -v").against(&api.url, ORGANIZATION).run().ends_with(0);
    let told: Vec<&str> = ended.stderr.lines().collect();
    let asked = api.requests();
    assert_eq!(told.len(), asked.len(), "a line each: {ended}");
    for line in &told {
        let words: Vec<&str> = line.split(' ').collect();
        let [method, path, status, ms, unit, request_id] = words.as_slice() else { panic!("{line}") };
        assert!(
            asked.contains(&format!(
                "{method} {}",
                path.replace("/iam/v1alpha1", "").split('?').next().unwrap()
            ))
        );
        // No identity provider provisions people here.
        let answered = if path.ends_with("/scim") { "404" } else { "200" };
        assert_eq!((*status, *unit, request_id.len()), (answered, "ms", 36), "{line}");
        assert!(ms.parse::<u32>().is_ok(), "{line}");
    }
    assert!(
        told.iter().any(|line| line.contains("/users?organization_id=ac3e0000") && line.contains("&page=1")),
        "{ended}"
    );
    assert!(!ended.to_string().contains(secret), "{ended}");
    assert_eq!(desk.run("drift -v -q --emulate live.json").code, 64);
}

#[test]
fn quietly_only_results_and_errors_are_written() {
    let desk = desk();
    assert_snapshot!(desk.run("drift -q --emulate live.json"), @"
    -- stdout
    No drift. The live organization matches the files.
    -- exit 0
    ");
    // Warnings are not shown unless they end the command; errors are.
    let gone = edit(
        FILE,
        &[(
            "      users: [ann@acme.io, bob@acme.io]",
            "      users: [ann@acme.io, bob@acme.io, gone@acme.io]",
        )],
    );
    desk.file("iam.yaml", gone);
    assert_eq!(desk.run("plan -q --emulate live.json").ends_with(0).stderr, "");
    let strict = desk.run("plan -q --strict --emulate live.json").ends_with(65).stderr;
    assert!(strict.contains("gone@acme.io"), "{strict}");
    desk.file("iam.yaml", "version: 2\n");
    assert!(desk.run("plan -q --emulate live.json").ends_with(65).stderr.starts_with("error: "));
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_what_is_being_read_and_nothing_of_it_stays() {
    let desk = desk();
    let api = desk.emulate("live.json", "--latency 260");
    let call = desk.on_a_terminal("drift").against(&api.url, ORGANIZATION);
    let mut slow = call;
    let _ = slow.command.env_remove("GITLAB_CI");
    let screen = slow.run().ends_with(0).stdout;
    let line = screen
        .split("\r\u{1b}[K")
        .find(|part| part.starts_with("Reading "))
        .unwrap_or_else(|| panic!("{screen:?}"));
    assert!(line.ends_with(" requests"), "{line}");
    assert!(screen.contains("\r\u{1b}[KNo drift."), "{screen:?}");
    // The log of a CI system shows no progress.
    let screen = desk.on_a_terminal("drift").against(&api.url, ORGANIZATION).run().ends_with(0).stdout;
    assert!(!screen.contains("Reading"), "{screen:?}");
    let quiet = desk.on_a_terminal("drift -q").against(&api.url, ORGANIZATION);
    let mut quiet = quiet;
    let _ = quiet.command.env_remove("GITLAB_CI");
    assert!(!quiet.run().stdout.contains("Reading"));
}
