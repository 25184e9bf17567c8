//! Long lists: folded where people read, whole where they are asked for.

use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, desk, live};
use crate::command::{Desk, edit};

/// A desk where thirty people more join a group.
fn crowd() -> Desk {
    let desk = desk();
    let mut state = live();
    let people: Vec<String> = (0..30).map(|number| format!("person-{number:02}@acme.io")).collect();
    for (number, email) in people.iter().enumerate() {
        let id = format!("ac3e0000-0000-4000-9000-{number:012x}");
        let user =
            json!({"id": id, "email": email, "username": email, "type": "member", "locked": number == 0});
        state["users"].as_array_mut().unwrap().push(user);
    }
    let joined = format!("users: [ann@acme.io, bob@acme.io, {}]", people.join(", "));
    desk.file("live.json", state)
        .file("iam.yaml", edit(FILE, &[("users: [ann@acme.io, bob@acme.io]", &joined)]));
    desk
}

#[test]
fn everybody_is_named_where_a_list_is_folded() {
    let desk = crowd();
    let folded = desk.run("plan --emulate live.json -o markdown=plan.md -o json=plan.json").ends_with(0);
    let access = folded.stdout.split("Steps").next().unwrap().to_owned();
    assert!(access.contains("22 more") && !access.contains("person-29"), "{folded}");
    let full = desk.run("plan --emulate live.json --full").ends_with(0).stdout;
    let access = full.split("Steps").next().unwrap();
    let markdown = desk.read("plan.md");
    let json = desk.json("plan.json")["access"].to_string();
    for number in 0..30 {
        let name = format!("person-{number:02}@acme.io");
        for (text, where_to) in [(access, "--full"), (markdown.as_str(), "Markdown"), (json.as_str(), "JSON")]
        {
            assert!(text.contains(&name), "{name} in {where_to}:\n{text}");
        }
    }
}

#[test]
fn somebody_who_is_locked_is_marked_wherever_people_are_listed() {
    let desk = crowd();
    let shown = desk.run("plan --emulate live.json --full -o markdown=plan.md -o text").ends_with(0).stdout;
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    // Who gains, and who joins.
    assert_eq!(words.matches("person-00@acme.io (locked)").count(), 2, "{shown}");
    assert_eq!(words.matches("(locked)").count(), 2, "{shown}");
    assert!(desk.read("plan.md").contains("person-00@acme.io` (locked)"), "{}", desk.read("plan.md"));
}

#[test]
fn the_new_breach_of_a_guardrail_comes_before_those_that_were_there() {
    let desk = desk();
    let mut state = live();
    for number in 0..14 {
        let id = format!("ac3e0000-0000-4000-9000-{number:012x}");
        state["policies"].as_array_mut().unwrap().push(json!({
            "id": id, "name": format!("a-{number:02}"), "tags": [], "user_id": "ac3e0000-0000-4000-8000-000000000002",
            "rules": [{"permission_set_names": ["VPCFullAccess"], "condition": "",
                "project_ids": [format!("ac3e0000-0000-4000-8000-0000000000a{}", number % 2 + 1)]}],
        }));
    }
    let guardrail = "\nguardrails:\n  - {name: no VPC, forbid: grant.permission_set == \"VPCFullAccess\"}\n";
    let more = edit(FILE, &[("[InstancesFullAccess]", "[InstancesFullAccess, VPCFullAccess]")]);
    desk.file("live.json", state).file("iam.yaml", format!("{more}{guardrail}"));
    let ended = desk.run("plan --emulate live.json -o json").ends_with(3);
    let guards = ended.json()["guards"].clone();
    let found = guards.as_array().unwrap().iter().find(|guard| guard["guard"] == "guardrails").unwrap();
    let items: Vec<&str> =
        found["items"].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect();
    let known: Vec<bool> = items.iter().map(|item| item.ends_with("(existing)")).collect();
    assert!(known.is_sorted() && known.contains(&true) && !known[0], "{items:#?}");
    assert!(items[0].contains("developers-run"), "{items:#?}");
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("would violate a guardrail (") && message.contains("already do"), "{message}");
}

#[test]
fn a_comment_stays_within_what_a_forge_takes_and_says_what_was_cut() {
    let desk = desk();
    let mut state = live();
    let mut file = FILE.to_owned();
    for number in 0..400 {
        let id = format!("ac3e0000-0000-4000-9000-{number:012x}");
        let name = format!("machine-with-quite-a-long-name-{number:03}");
        state["applications"].as_array_mut().unwrap().push(json!({"id": id, "name": name, "tags": []}));
        let set = ["VPCFullAccess", "InstancesReadOnly", "ObjectStorageReadOnly"][number % 3];
        file.push_str(&format!(
            "  p-{number:03}:\n    principal: {{application: {name}}}\n    rules:\n      - {{permission_sets: [{set}], scope: [prod]}}\n"
        ));
    }
    let names: Vec<String> = (0..400).map(|n| format!("machine-with-quite-a-long-name-{n:03}")).collect();
    let external = format!("groups: [All Users]\n  applications: [{}]", names.join(", "));
    desk.file("live.json", state).file("iam.yaml", edit(&file, &[("groups: [All Users]", &external)]));
    for command in ["plan", "drift", "apply --yes"] {
        let ended = desk.run(&format!("{command} --emulate live.json -o markdown=c.md"));
        assert!([0, 2].contains(&ended.code), "{command}: {}", ended.stderr);
        let comment = desk.read("c.md");
        assert!(comment.chars().count() <= 65_000, "{command}: {}", comment.chars().count());
        assert!(comment.contains(" more lines are not shown"), "{command}");
        let word = if command == "drift" { "drift" } else { "plan" };
        assert!(comment.starts_with(&format!(
            "<!-- scw-iam {word} {ORGANIZATION} web -->\n### Access {word} of stack `web`"
        )));
        let at = |text: &str| comment.find(text).unwrap_or(usize::MAX);
        assert!(at("| who |") < at("<details>"), "access comes first");
        assert_eq!(comment.matches("\n```").count() % 2, 0, "no block of code is left open");
        assert_eq!(comment.matches("<details>").count(), comment.matches("</details>").count());
    }
}

#[test]
fn a_stack_that_cannot_take_over_is_not_told_to() {
    let desk = desk();
    desk.file(
        "iam.yaml",
        edit(FILE, &[("stack: web\n", ""), ("description: Deploys", "description: Builds")]),
    );
    let ended = desk.run("plan --emulate live.json").ends_with(3);
    assert!(ended.stdout.contains("belongs to stack web; list it under"), "{ended}");
    assert!(!ended.stdout.contains("takes_over"), "{ended}");
}

#[test]
fn a_home_that_cannot_be_written_is_told_by_apply_alone_and_before_the_first_request() {
    let desk = desk();
    let api = desk.emulate("live.json", "");
    for home in ["/proc", ""] {
        let run =
            |command: &str| desk.command(command).env("HOME", home).against(&api.url, ORGANIZATION).run();
        let ended = run("apply --yes").ends_with(1);
        assert!(ended.stderr.contains("hint: set XDG_STATE_HOME"), "{ended}");
        assert_eq!(api.requests(), [""; 0], "{ended}");
    }
    let ended = desk.command("plan").env("HOME", "/proc").against(&api.url, ORGANIZATION).run();
    assert_eq!(ended.code, 0, "{ended}");
}

#[test]
fn the_journal_says_who_applied_and_what_was_before_and_after() {
    let desk = desk();
    let more = [
        ("users: [ann@acme.io, bob@acme.io]", "users: [ann@acme.io, cho@acme.io]"),
        ("description: Deploys", "description: Builds"),
    ];
    desk.file("iam.yaml", edit(FILE, &more));
    _ = desk.run("apply --yes --emulate live.json --journal j.jsonl").ends_with(0);
    let text = desk.read("j.jsonl");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["caller"], "user owner@acme.io");
    let changes = |address: &str, action: &str| {
        let of = |line: &&Value| {
            line["event"] == "started" && line["address"] == address && line["action"] == action
        };
        lines.iter().find(of).unwrap_or_else(|| panic!("{action} {address}:\n{text}"))["changes"].clone()
    };
    assert_eq!(
        changes("application ci", "update")["description"],
        json!({"from": "Deploys", "to": "Builds"})
    );
    assert!(text.contains("user cho@acme.io") && text.contains("user bob@acme.io"), "{text}");
}
