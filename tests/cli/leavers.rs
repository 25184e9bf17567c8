//! People and things that the files name and that are gone: what is gone is left out, the rest stands.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, desk, live, object};
use crate::command::{Desk, by_name, edit};

const BOB: &str = "ac3e0000-0000-4000-8000-000000000003";
const CHO: &str = "ac3e0000-0000-4000-8000-000000000004";

/// The organization after Bob left it.
fn without_bob() -> Value {
    let mut state = live();
    state["users"].as_array_mut().unwrap().retain(|user| user["id"] != BOB);
    for group in state["groups"].as_array_mut().unwrap() {
        if let Some(members) = group["user_ids"].as_array_mut() {
            members.retain(|member| member != BOB);
        }
    }
    state
}

fn after_bob_left() -> Desk {
    let desk = desk();
    desk.file("live.json", without_bob());
    desk
}

/// The steps of a plan, as `create policy look`.
fn steps(desk: &Desk, call: &str) -> Vec<String> {
    let ended = desk.run(call);
    let plan = ended.json();
    let steps = plan["steps"].as_array().unwrap().iter();
    let word = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
    steps.map(|step| format!("{} {}", word(step, "action"), word(step, "address"))).collect()
}

#[test]
fn somebody_who_left_hides_nothing_that_others_did() {
    let mut state = without_bob();
    let members = object(&mut state, "groups", "admins")["user_ids"].as_array_mut().unwrap();
    members.push(CHO.into());
    let desk = desk();
    desk.file("live.json", state);
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Access
      user cho@acme.io
        - loses IAMManager on organization
            ← group admins ← policy admins-iam, rule 1

    Steps
      1  - cho@acme.io leaves group admins

    Missing from the organization; left out of the plan
      user bob@acme.io, named by group `developers` (iam.yaml:24:28)

    Plan: 1 to change (1 group); 1 step.
    -- stderr
    warning: group `developers` names user `bob@acme.io`, who is not in the organization
      --> iam.yaml:24:28
       |
    24 |       users: [ann@acme.io, bob@acme.io]
       |                            ^^^^^^^^^^^ left out of the plan
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_snapshot!(desk.run("drift --emulate live.json"), @"
    -- stdout
    Findings
      escalation: user cho@acme.io has IAMManager on organization, as a member of a
          group that no file lists
          ← group admins ← policy admins-iam, rule 1
          fingerprint 6d8aa16a4035
      gone: user bob@acme.io (iam.yaml:24) is named by group `developers`, and is
          not in the organization
          fingerprint bd57619e3fa9

    Access: live compared with the files
      user cho@acme.io
        + has IAMManager on organization, which the files do not grant
              [can escalate]
            ← group admins ← policy admins-iam, rule 1

    Who did it
      unknown (no matching event in the last 90 days)

    Steps: what an apply would change
      1  - cho@acme.io leaves group admins

    Missing from the organization; left out of the plan
      user bob@acme.io, named by group `developers` (iam.yaml:24:28)

    Drift: 1 to change (1 group); 1 step; 1 escalation, 1 gone.
    -- stderr
    warning: group `developers` names user `bob@acme.io`, who is not in the organization
      --> iam.yaml:24:28
       |
    24 |       users: [ann@acme.io, bob@acme.io]
       |                            ^^^^^^^^^^^ left out of the plan
    This ran on an emulator: nothing real was changed.
    -- exit 2
    ");
    let missing = &desk.run("plan --emulate live.json -o json").ends_with(0).json()["missing"];
    let place = "iam.yaml:24:28";
    assert_eq!(
        *missing,
        json!([{"kind": "user", "name": "bob@acme.io", "by": "group `developers`", "place": place}])
    );
    let api = desk.emulate("live.json", "");
    let applied = desk.command("apply --yes").against(&api.url, ORGANIZATION).run().ends_with(0);
    assert!(applied.stdout.contains("cho@acme.io leaves group admins"), "{applied}");
    let groups = by_name(&api.stop(), "groups");
    assert!(!groups["admins"]["user_ids"].to_string().contains(CHO));
}

#[test]
fn strict_refuses_who_is_gone() {
    let desk = after_bob_left();
    for command in ["plan", "apply --yes", "drift"] {
        let ended = desk.run(&format!("{command} --emulate live.json --strict")).ends_with(65);
        assert!(ended.stderr.contains("names user `bob@acme.io`, who is not in the organization"), "{ended}");
    }
}

#[test]
fn nobody_is_offered_in_place_of_somebody_who_left() {
    for (colleague, offered) in [("bobb@acme.io", true), ("rob.b@acme.io", false), ("boris@acme.io", false)] {
        let mut state = without_bob();
        let users = state["users"].as_array_mut().unwrap();
        users.push(
            json!({"id": "ac3e0000-0000-4000-8000-000000000009", "email": colleague, "username": colleague}),
        );
        let desk = desk();
        desk.file("live.json", state);
        let ended = desk.run("plan --emulate live.json").ends_with(0);
        let guess = format!("a guess: did you mean `{colleague}`?");
        assert_eq!(ended.stderr.contains(&guess), offered, "{ended}");
        assert!(!ended.stdout.contains(&format!("{colleague} joins")), "{ended}");
    }
}

#[test]
fn a_policy_whose_principal_is_gone_gives_nothing_to_anybody() {
    let file = edit(FILE, &[("{application: backup}", "{user: bob@acme.io}")]);
    // Somebody else holds it: that is taken away.
    let mut state = without_bob();
    object(&mut state, "policies", "backup-store").as_object_mut().unwrap().remove("application_id");
    object(&mut state, "policies", "backup-store")["user_id"] = CHO.into();
    let desk = desk();
    desk.file("live.json", state.clone()).file("iam.yaml", &file);
    let plan = desk.run("plan --emulate live.json -o json").ends_with(0).json();
    assert_eq!(plan["steps"].as_array().unwrap().len(), 1, "{plan:#}");
    let principal = &plan["steps"][0]["changes"]["principal"];
    assert_eq!(*principal, json!({"from": "user cho@acme.io", "to": "none"}));
    // Nobody else does: nothing is planned for who is gone.
    object(&mut state, "policies", "backup-store")["user_id"] = BOB.into();
    desk.file("live.json", state.clone());
    assert_eq!(steps(&desk, "plan --emulate live.json -o json"), [""; 0]);
    // It does not exist: it is not created.
    state["policies"].as_array_mut().unwrap().retain(|policy| policy["name"] != "backup-store");
    desk.file("live.json", state);
    assert_eq!(steps(&desk, "plan --emulate live.json -o json"), [""; 0]);
    let ended = desk.run("drift --emulate live.json").ends_with(2);
    assert!(ended.stdout.contains("gone: user bob@acme.io"), "{ended}");
}

#[test]
fn of_a_scope_only_the_project_that_is_gone_is_left_out() {
    let gone = "  old: ac3e0000-0000-4000-8000-0000000000af\n\nexternal:";
    let rule = |scope: &str| format!("[InstancesFullAccess]\n        scope: {scope}");
    let file = |scope: &str| {
        edit(
            FILE,
            &[("\nexternal:", gone), ("[InstancesFullAccess]\n        scope: [staging]", &rule(scope))],
        )
    };
    let desk = desk();
    // What is live already stays, also where a part of the rule is gone.
    desk.file("iam.yaml", file("[staging, old]"));
    let ended = desk.run("drift --emulate live.json").ends_with(2);
    assert!(ended.stdout.contains("broken: project old"), "{ended}");
    assert_eq!(steps(&desk, "drift --emulate live.json -o json"), [""; 0]);
    // A list of which nothing is left is no rule: without it the rule would grant everywhere.
    desk.file("iam.yaml", file("[old]"));
    let plan = desk.run("drift --emulate live.json -o json").ends_with(2).json();
    assert_eq!(plan["steps"].as_array().unwrap().len(), 1, "{plan:#}");
    assert_eq!(plan["steps"][0]["changes"]["rules"]["to"], json!([]));
}

#[test]
fn external_objects_that_are_gone_take_nothing_else_along() {
    let more = "
  theirs:
    principal: {group: their-team}
    rules:
      - permission_sets: [InstancesReadOnly]
        scope: [staging]
";
    let file = edit(
        FILE,
        &[
            ("groups: [All Users]", "groups: [All Users, their-team]\n  applications: [their-bot]"),
            (
                "members:\n      users: [ann@acme.io, bob@acme.io]",
                "members:\n      users: [ann@acme.io, bob@acme.io]\n      applications: [their-bot]",
            ),
            ("description: Deploys", "description: Deploys it"),
        ],
    );
    let desk = desk();
    desk.file("iam.yaml", format!("{file}{more}"));
    assert_eq!(steps(&desk, "plan --emulate live.json -o json"), ["update application ci"]);
    let drift = desk.run("drift --emulate live.json -o json").ends_with(2).json();
    let gone: Vec<&str> = drift["drift"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["kind"] == "gone")
        .map(|finding| finding["subject"].as_str().unwrap())
        .collect();
    assert_eq!(gone, ["application their-bot", "group their-team"]);
}

#[test]
fn names_in_entries_that_have_ended_need_not_exist() {
    let ended = "users: [ann@acme.io, bob@acme.io, {email: left@acme.io, until: 2026-01-31}]";
    let rule = "  developers-run:
    principal: {group: developers}
    rules:
      - permission_sets: [InstancesFullAccess]
        scope: [no-longer]
        until: 2026-01-31
";
    let file = edit(
        FILE,
        &[
            ("users: [ann@acme.io, bob@acme.io]", ended),
            ("  developers-run:\n    principal: {group: developers}\n    rules:\n", rule),
        ],
    );
    let desk = desk();
    desk.file("iam.yaml", file);
    let ended = desk.run("plan --emulate live.json --now 2026-11-22T00:00:00Z").ends_with(0);
    assert!(!ended.stderr.contains("is not in the organization"), "{ended}");
    assert!(ended.stderr.contains("the membership of `left@acme.io` has ended"), "{ended}");
}

#[test]
fn a_name_that_several_live_objects_share_is_not_gone() {
    let mut state = live();
    for number in [7, 8] {
        let id = format!("ac3e0000-0000-4000-8000-{number:012}");
        state["users"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": id, "email": "ops@acme.io", "username": id}));
    }
    let desk = desk();
    desk.file("live.json", state);
    desk.file(
        "iam.yaml",
        edit(
            FILE,
            &[("users: [ann@acme.io, bob@acme.io]", "users: [ann@acme.io, bob@acme.io, ops@acme.io]")],
        ),
    );
    let ended = desk.run("plan --emulate live.json").ends_with(65);
    assert!(ended.stderr.contains("2 people have the address `ops@acme.io`"), "{ended}");
}

#[test]
fn an_export_beside_a_policy_of_somebody_deleted_plans_to_nothing() {
    let mut state = without_bob();
    let policy = object(&mut state, "policies", "backup-store").as_object_mut().unwrap();
    policy.remove("application_id");
    policy.insert("user_id".to_owned(), BOB.into());
    policy.insert("tags".to_owned(), json!([]));
    let desk = desk();
    desk.file("live.json", state);
    let exported = desk.run("export --emulate live.json --out exported").ends_with(0);
    let policies = desk.read("exported/policies.yaml");
    assert!(policies.contains(&format!("`backup-store`: it is attached to {BOB}")), "{exported}\n{policies}");
    _ = desk.run("plan exported --emulate live.json --detailed-exitcode").ends_with(0);
}
