//! Names that look the same, and pins that say something else than the console.

use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, desk, live, object};
use crate::command::edit;

/// An address that looks like Ann's, with a Cyrillic letter.
const FORGED: &str = "\u{430}nn@acme.io";

#[test]
fn addresses_that_look_the_same_are_pointed_out_where_both_occur() {
    // Somebody is in the organization whom nobody can tell from Ann.
    let mut state = live();
    let user = json!({"id": "ac3e0000-0000-4000-8000-000000000007", "email": FORGED, "username": "forged", "type": "member"});
    state["users"].as_array_mut().unwrap().push(user);
    let desk = desk();
    desk.file("live.json", state);
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    let said = r"the user `ann@acme.io` looks like `\u{430}nn@acme.io` and is another one";
    assert!(ended.stderr.contains(said), "{ended}");
    assert_eq!(desk.run("plan --emulate live.json --strict").code, 65);
    // Somebody wrote a file that names the other one.
    desk.file("live.json", live());
    for (forged, shown) in [
        (FORGED, r"\u{430}nn@acme.io"),
        ("a\u{ad}nn@acme.io", r"a\u{ad}nn@acme.io"),
        ("\u{ff41}nn@acme.io", r"\u{ff41}nn@acme.io"),
    ] {
        desk.file(
            "iam.yaml",
            edit(FILE, &[("[ann@acme.io, bob@acme.io]", &format!("[\"{forged}\", bob@acme.io]"))]),
        );
        let said = format!("the user `{shown}` looks like `ann@acme.io` and is another one");
        for call in ["plan --emulate live.json", "validate"] {
            let ended = desk.run(call);
            assert!(ended.stderr.contains(&said), "{call}: {ended}");
        }
    }
}

#[test]
fn names_of_ascii_alone_and_names_that_look_different_are_not() {
    let mut state = live();
    for (number, email) in [(7, "andr\u{e9}@acme.io"), (8, "andre@acme.io"), (9, "b0b@acme.io")] {
        let user = json!({"id": format!("ac3e0000-0000-4000-8000-00000000000{number}"), "email": email, "username": format!("u{number}"), "type": "member"});
        state["users"].as_array_mut().unwrap().push(user);
    }
    let desk = desk();
    desk.file("live.json", state);
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert!(!ended.stderr.contains("looks like"), "{ended}");
}

#[test]
fn projects_that_look_the_same_are_pointed_out() {
    let desk = desk();
    let more = "  \"pr\u{43e}d\": ac3e0000-0000-4000-8000-000000000000\n";
    desk.file("iam.yaml", edit(FILE, &[("projects:\n", &format!("projects:\n{more}"))]));
    let ended = desk.run("validate").ends_with(0);
    assert!(
        ended.stderr.contains(r"the project `prod` looks like `pr\u{43e}d` and is another one"),
        "{ended}"
    );
}

#[test]
fn a_pin_that_gives_a_projects_name_to_another_is_a_warning_once_something_is_planned() {
    let swapped = [
        ("  prod: ac3e0000-0000-4000-8000-0000000000a1\n", "  prod: ac3e0000-0000-4000-8000-0000000000a2\n"),
        (
            "  staging: ac3e0000-0000-4000-8000-0000000000a2\n",
            "  staging: ac3e0000-0000-4000-8000-0000000000a1\n",
        ),
        ("description: Deploys", "description: Builds"),
    ];
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &swapped));
    let said = "`prod` is pinned to ac3e0000-0000-4000-8000-0000000000a2, which is the project `staging`, while ac3e0000-0000-4000-8000-0000000000a1 is named `prod`";
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert_eq!(ended.stderr.matches(said).count(), 1, "{ended}");
    let drift = desk.run("drift --emulate live.json").ends_with(2);
    assert_eq!(drift.stderr.matches(said).count(), 1, "{drift}");
    // A name of one's own for a project is no such thing.
    let own = [("  prod: ", "  production: "), ("description: Deploys", "description: Builds")];
    desk.file("iam.yaml", edit(FILE, &own));
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert!(!ended.stderr.contains("is pinned to"), "{ended}");
}

#[test]
fn a_pinned_project_that_is_gone_is_left_out_once_something_is_planned() {
    let mut state = live();
    state["projects"].as_array_mut().unwrap().retain(|project| project["name"] != "prod");
    let desk = desk();
    desk.file("live.json", state);
    desk.file("iam.yaml", edit(FILE, &[("scope: [staging]\n  look", "scope: [staging, prod]\n  look")]));
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains("project prod, named by `projects`"), "{ended}");
    assert!(!ended.stdout.contains("on prod"), "{ended}");
}

#[test]
fn names_are_known_wherever_a_plan_shows_something() {
    let desk = desk();
    // No file names the project; the group is adopted, and somebody joins it.
    let mut state = live();
    for kind in ["applications", "groups", "policies"] {
        for object in state[kind].as_array_mut().unwrap() {
            object["tags"] = json!([]);
        }
    }
    desk.file("live.json", state);
    desk.file("iam.yaml", "version: 1\norganization: ac3e0000-0000-4000-8000-000000000000\ngroups:\n  developers:\n    members: {users: [ann@acme.io, bob@acme.io, cho@acme.io]}\n");
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains("+ gains InstancesFullAccess on staging\n"), "{ended}");
    let json = desk.run("plan --emulate live.json -o json").ends_with(0).json();
    assert_eq!(json["organization_name"], "acme");
    assert_eq!(json["projects"], json!([{"id": "ac3e0000-0000-4000-8000-0000000000a2", "name": "staging"}]));
    let markdown = desk.run("plan --emulate live.json -o markdown").stdout;
    assert!(
        markdown.contains("in organization `acme` (`ac3e0000-0000-4000-8000-000000000000`)\n"),
        "{markdown}"
    );
    let drift = desk.run("drift --emulate live.json").ends_with(2);
    assert!(drift.stdout.contains("AllProductsReadOnly on staging"), "{drift}");
}

#[test]
fn a_key_that_may_not_read_projects_plans_all_the_same() {
    const SECRET: &str = "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e8";
    let mut state = live();
    state["api_keys"][0]["secret_key"] = SECRET.into();
    // Whoever may read all of IAM may read projects.
    let sets = ["IAMApplicationReadOnly", "IAMGroupReadOnly", "IAMPolicyReadOnly", "IAMUserReadOnly"];
    let rule = json!({"permission_set_names": sets, "condition": "", "organization_id": ORGANIZATION});
    object(&mut state, "policies", "ci-push")["rules"].as_array_mut().unwrap().push(rule);
    let desk = desk();
    desk.file("live.json", state);
    let may_read = format!("      - permission_sets: [{}]\n        scope: organization\n", sets.join(", "));
    let push = "[ContainerRegistryFullAccess]\n        scope: [staging]\n";
    desk.file(
        "iam.yaml",
        edit(FILE, &[("description: Deploys", "description: Builds"), (push, &format!("{push}{may_read}"))]),
    );
    let api = desk.emulate("live.json", "");
    let call = desk.command("plan -v").against(&api.url, ORGANIZATION);
    let call = call.env("SCW_ACCESS_KEY", "SCWAC3E0000000000001").env("SCW_SECRET_KEY", SECRET);
    let ended = call.run().ends_with(0);
    assert!(ended.stdout.contains("Plan: 1 to change (1 application); 1 step."), "{ended}");
    let refused = |what: &str| ended.stderr.lines().any(|line| line.contains(what) && line.contains(" 403 "));
    assert!(refused("/projects?") && refused("/projects/"), "{ended}");
}

#[test]
fn the_projects_of_a_plan_are_read_one_by_one_where_they_are_few_and_as_pinned() {
    const PINNED: &str = "projects:\n";
    let asked = |state: serde_json::Value, more: &str| {
        let desk = desk();
        desk.file("live.json", state);
        desk.file(
            "iam.yaml",
            edit(
                FILE,
                &[("description: Deploys", "description: Builds"), (PINNED, &format!("{PINNED}{more}"))],
            ),
        );
        let api = desk.emulate("live.json", "");
        let ended = desk.command("plan").against(&api.url, ORGANIZATION).run().ends_with(0);
        let asked =
            api.requests().into_iter().filter_map(|it| Some(it.strip_prefix("GET /account/v3/")?.to_owned()));
        let mut asked: Vec<String> = asked.collect();
        asked.sort_unstable();
        (asked.join(" "), ended.stderr)
    };
    const EACH: &str =
        "projects/ac3e0000-0000-4000-8000-0000000000a1 projects/ac3e0000-0000-4000-8000-0000000000a2";
    assert_eq!(asked(live(), "").0, EACH);
    // What is called otherwise may be another's name, which only the list tells.
    let mut state = live();
    (state["projects"][1]["name"], state["projects"][2]["name"]) = ("staging".into(), "prod".into());
    let (each_and_list, said) = asked(state, "");
    assert_eq!(each_and_list, format!("projects {EACH}"));
    assert!(said.contains("is pinned to"), "{said}");
    let mut state = live();
    let more = (0..9).map(|n| format!("ac3e0000-0000-4000-8000-0000000000b{n}")).map(|id| {
        let mut project = state["projects"][1].clone();
        (project["id"], project["name"]) = (id.clone().into(), format!("more-{id}").into());
        state["projects"].as_array_mut().unwrap().push(project);
        format!("  more-{id}: {id}\n")
    });
    let more: String = more.collect();
    assert_eq!(asked(state, &more).0, "projects");
}

#[test]
fn who_cannot_log_in_is_marked_in_plans_and_in_drift() {
    let mut state = live();
    let cho =
        state["users"].as_array_mut().unwrap().iter_mut().find(|user| user["username"] == "cho").unwrap();
    (cho["locked"], cho["status"]) = (true.into(), "invitation_pending".into());
    object(&mut state, "groups", "admins")["user_ids"]
        .as_array_mut()
        .unwrap()
        .push("ac3e0000-0000-4000-8000-000000000004".into());
    let desk = desk();
    desk.file("live.json", state);
    let mark = "cho@acme.io (locked, not activated)";
    let plan = desk.run("plan --emulate live.json");
    assert!(
        plan.stdout.contains(&format!("user {mark}")) && plan.stdout.contains(&format!("- {mark} leaves")),
        "{plan}"
    );
    let json = desk.run("plan --emulate live.json -o json").json();
    assert_eq!(
        (&json["access"][0]["locked"], &json["access"][0]["not_activated"]),
        (&json!(true), &json!(true))
    );
    let drift = desk.run("drift --emulate live.json");
    assert!(drift.stdout.contains(&format!("escalation: user {mark} has IAMManager")), "{drift}");
    let markdown = desk.run("drift --emulate live.json -o markdown").stdout;
    assert!(markdown.contains("`cho@acme.io` (locked, not activated) has IAMManager"), "{markdown}");
    let json = desk.run("drift --emulate live.json -o json").json();
    assert_eq!(json["drift"][0]["asleep"], "locked, not activated");
}
