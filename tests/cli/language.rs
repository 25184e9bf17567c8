//! What files say, and what they leave alone.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::command::{Desk, Ended, by_name};

const ORGANIZATION: &str = "0a0a0a0a-0000-4000-8000-000000000000";

/// A live side: two people, the application `ci` of stack `web`, a group of stack `platform` and one of stack `web`, and a
/// policy.
fn live() -> Value {
    let tags = |stack: &str| json!([format!("scw-iam={stack}"), "cost-center=42"]);
    let (alice, ci) = ("0a0a0a0a-0001-4000-8000-000000000002", "0a0a0a0a-0002-4000-8000-000000000001");
    json!({
        "organization": {"id": ORGANIZATION, "name": "hunt"},
        "users": [
            {"id": "0a0a0a0a-0001-4000-8000-000000000001", "email": "owner@example.com", "username": "owner", "type": "owner"},
            {"id": alice, "email": "alice@example.com", "username": "alice", "type": "member"},
        ],
        "projects": [
            {"id": ORGANIZATION, "name": "default"},
            {"id": "0a0a0a0a-0004-4000-8000-0000000000aa", "name": "prod"},
        ],
        "applications": [{"id": ci, "name": "ci", "description": "Deploys", "tags": tags("web")}],
        "groups": [
            {"id": "0a0a0a0a-0003-4000-8000-000000000001", "name": "leads", "user_ids": [alice], "tags": tags("platform")},
            {"id": "0a0a0a0a-0003-4000-8000-000000000002", "name": "devs", "description": "People", "user_ids": [alice], "tags": tags("web")},
        ],
        "policies": [{
            "id": "0a0a0a0a-0005-4000-8000-000000000001", "name": "leads-run", "tags": tags("platform"),
            "group_id": "0a0a0a0a-0003-4000-8000-000000000001",
            "rules": [{
                "permission_set_names": ["SecretManagerReadOnly"],
                "condition": "request.user_agent.startsWith(\"scaleway-cli/\")",
                "project_ids": ["0a0a0a0a-0004-4000-8000-0000000000aa"],
            }],
        }],
    })
}

/// A folder with the live side and a file of stack `web` that says this.
fn desk(says: &str) -> Desk {
    let desk = Desk::new();
    let file = format!(
        "version: 1\norganization: {ORGANIZATION}\nstack: web\n\
         projects: {{prod: 0a0a0a0a-0004-4000-8000-0000000000aa}}\n{says}"
    );
    desk.file("live.json", live()).file("iam.yaml", file);
    desk
}

fn plan(says: &str) -> Ended {
    desk(says).run("plan --emulate live.json")
}

/// Applies what the file says, plans once more, and returns what is live then.
fn applied(says: &str) -> Value {
    let desk = desk(says);
    apply(&desk);
    let again = desk.run("plan --detailed-exitcode --emulate live.json");
    assert_eq!(again.code, 0, "{again}");
    desk.json("live.json")
}

/// Applies what the file says, and keeps what is live then.
fn apply(desk: &Desk) {
    let ended = desk.run("apply --yes --emulate live.json --save after.json");
    assert_eq!(ended.code, 0, "{ended}");
    desk.file("live.json", desk.read("after.json"));
}

#[test]
fn what_is_absent_is_left_as_it_is() {
    let ended = desk("applications: {ci: {}}\ngroups: {devs: {}}\n")
        .run("plan --detailed-exitcode --emulate live.json");
    assert_eq!(ended.code, 0, "{ended}");
    let live = applied("applications: {ci: {tags: []}}\ngroups: {devs: {description: Developers}}\n");
    assert_eq!(by_name(&live, "applications")["ci"]["tags"], json!(["scw-iam=web"]));
    assert_eq!(by_name(&live, "applications")["ci"]["description"], "Deploys");
    let devs = &by_name(&live, "groups")["devs"];
    assert_eq!(devs["tags"], json!(["scw-iam=web", "cost-center=42"]));
    assert_eq!(devs["description"], "Developers");
}

#[test]
fn what_is_absent_is_nothing_on_a_new_object() {
    let live = applied("applications: {ci: {}, robot: {}}\ngroups: {devs: {}}\n");
    let robot = &by_name(&live, "applications")["robot"];
    assert_eq!((&robot["description"], &robot["tags"]), (&json!(""), &json!(["scw-iam=web"])));
}

#[test]
fn an_export_says_what_is_there_and_leaves_out_what_is_not() {
    let desk = desk("applications: {ci: {}}\ngroups: {devs: {}}\n");
    let ended = desk.run("export --stack web --emulate live.json");
    assert!(
        ended.stdout.contains("  ci:\n    description: Deploys\n    tags: [cost-center=42]\n"),
        "{ended}"
    );
}

#[test]
fn a_value_of_nothing_is_an_error() {
    for (says, key) in [("description:", "description"), ("tags: ~", "tags"), ("tags: null", "tags")] {
        let ended = plan(&format!("applications:\n  ci:\n    {says}\n"));
        assert_eq!(ended.code, 65, "{ended}");
        assert!(ended.stderr.contains(&format!("`{key}` has no value")), "{ended}");
    }
}

#[test]
fn white_space_at_the_ends_of_a_condition_and_a_description_has_no_meaning() {
    let desk = Desk::new();
    let file = |condition: &str| {
        format!(
            "version: 1\norganization: {ORGANIZATION}\nprojects: {{prod: 0a0a0a0a-0004-4000-8000-0000000000aa}}\n\
             groups: {{devs: {{description: \"  People\\n\"}}, leads: {{}}}}\n\
             policies:\n  leads-run:\n    principal: {{group: leads}}\n    rules:\n\
             \x20     - permission_sets: [SecretManagerReadOnly]\n        scope: [prod]\n        condition: {condition}\n"
        )
    };
    let text = "request.user_agent.startsWith(\"scaleway-cli/\")";
    desk.file("live.json", live()).file("iam.yaml", file(&format!("|+\n          {text}\n\n")));
    let ended = desk.run("plan --detailed-exitcode --emulate live.json");
    assert_eq!(ended.code, 0, "{ended}");
    desk.file("iam.yaml", file("\"true\\n&& true\""));
    let ended = desk.run("plan --detailed-exitcode --emulate live.json");
    assert_eq!(ended.code, 3, "white space within is a change, and another stack's policy: {ended}");
}

#[test]
fn an_application_joins_a_group_of_another_stack_and_leaves_it_again() {
    let says = "applications: {ci: {}}\nmemberships: {leads: {applications: [ci]}}\n";
    assert_snapshot!(plan(says).stdout, @r#"
    Access
      application ci
        + gains SecretManagerReadOnly on prod
              if request.user_agent.startsWith("scaleway-cli/")
            ← group leads ← policy leads-run, rule 1

    Steps
      1  + application ci joins group leads

    Left unchanged
      1 group: the files have no section for this kind
          devs
      2 objects: the files have no section for this kind

    Plan: 1 to change (1 group); 1 step.
    "#);
    let desk = desk(says);
    apply(&desk);
    let leads = by_name(&desk.json("live.json"), "groups")["leads"].clone();
    assert_eq!(leads["application_ids"], json!(["0a0a0a0a-0002-4000-8000-000000000001"]));
    assert_eq!(leads["user_ids"], json!(["0a0a0a0a-0001-4000-8000-000000000002"]), "nobody else is touched");
    let again = desk.run("plan --detailed-exitcode --emulate live.json");
    assert_eq!(again.code, 0, "{again}");
    desk.file("iam.yaml", desk.read("iam.yaml").replace("applications: [ci]}", "applications: []}"));
    apply(&desk);
    let leads = by_name(&desk.json("live.json"), "groups")["leads"].clone();
    assert_eq!(leads["application_ids"], json!([]));
    assert_eq!(leads["user_ids"], json!(["0a0a0a0a-0001-4000-8000-000000000002"]));
}

#[test]
fn a_membership_that_has_ended_is_taken_back() {
    let says = |until: &str| {
        format!(
            "applications: {{ci: {{}}}}\nmemberships: {{leads: {{applications: [{{name: ci, until: {until}}}]}}}}\n"
        )
    };
    let desk = desk(&says("2100-01-01"));
    apply(&desk);
    desk.file("iam.yaml", desk.read("iam.yaml").replace("2100-01-01", "2020-01-01"));
    let ended = desk.run("plan --emulate live.json");
    assert!(ended.stdout.contains("application ci leaves group leads"), "{ended}");
}

#[test]
fn a_stack_cannot_take_a_group_of_another_and_learns_how_to_join_it() {
    let ended = plan(
        "applications: {ci: {}}\ngroups: {devs: {}, leads: {membership: at_least, members: {applications: [ci]}}}\n",
    );
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.to_string().contains("members of it under `memberships`"), "{ended}");
}

#[test]
fn memberships_are_for_groups_that_are_there_and_take_members() {
    for (group, words) in [
        ("laeds", "the organization has no group `laeds`"),
        ("All Users", "nothing can change the members of group `All Users`"),
    ] {
        let ended =
            plan(&format!("applications: {{ci: {{}}}}\nmemberships: {{{group}: {{applications: [ci]}}}}\n"));
        assert_eq!(ended.code, 65, "{ended}");
        assert!(ended.stderr.contains(words), "{ended}");
    }
}

#[test]
fn a_released_object_stays_and_belongs_to_nobody() {
    let says = "groups: {}\nrelease: [group:devs]\n";
    let steps = plan(says).stdout;
    assert!(steps.contains("1  ~ group devs\n       owner: stack web → nobody\n"), "{steps}");
    let live = applied(says);
    let devs = &by_name(&live, "groups")["devs"];
    assert_eq!(devs["tags"], json!(["cost-center=42"]));
    assert_eq!(devs["user_ids"], json!(["0a0a0a0a-0001-4000-8000-000000000002"]));
}

#[test]
fn what_is_not_released_is_deleted_and_what_is_external_says_how_to_release_it() {
    let ended = plan("groups: {}\n");
    assert!(ended.stdout.contains("- group devs"), "{ended}");
    let ended = plan("groups: {}\nexternal: {groups: [devs]}\n");
    assert!(ended.to_string().contains("list it under `release` to stop managing it"), "{ended}");
}

#[test]
fn what_is_not_ours_is_not_released() {
    let live = applied("groups: {devs: {}}\nrelease: [group:leads, group:nobody]\n");
    assert_eq!(by_name(&live, "groups")["leads"]["tags"], json!(["scw-iam=platform", "cost-center=42"]));
}

#[test]
fn a_variable_that_is_new_to_us_is_an_error_with_a_way_out() {
    let policy = "policies:\n  p:\n    principal: none\n    rules:\n      - permission_sets: [SecretManagerReadOnly]\n        scope: [prod]\n        condition: request.mfa == true\n";
    let ended = desk(policy).run("validate");
    assert_eq!(ended.code, 65, "{ended}");
    assert!(ended.stderr.contains("`settings.conditions.variables`"), "{ended}");
    let known = format!("settings: {{conditions: {{variables: [request.mfa]}}}}\n{policy}");
    let ended = desk(&known).run("validate");
    assert_eq!(ended.code, 0, "{ended}");
    let other = format!("settings: {{conditions: {{variables: [request.mf]}}}}\n{policy}");
    assert_eq!(desk(&other).run("validate").code, 65);
}

#[test]
fn nobody_can_say_what_an_unknown_variable_is() {
    let says = "settings: {conditions: {variables: [request.mfa]}}\npolicies:\n  p:\n    principal: {user: alice@example.com}\n    rules:\n      - permission_sets: [SecretManagerReadOnly]\n        scope: [prod]\n        condition: request.mfa == true\n";
    let ended = desk(says).run("who-can SecretManagerReadOnly --on prod");
    assert!(ended.stdout.contains("alice@example.com"), "{ended}");
}

#[test]
fn an_entry_that_has_ended_may_name_who_is_gone() {
    let says = |until: &str| {
        format!(
            "groups:\n  devs:\n    members:\n      users: [alice@example.com, {{email: left@example.com, until: {until}}}]\n\
             \x20     applications: [{{name: gone, until: {until}}}]\n\
             policies:\n  p:\n    principal: none\n    rules:\n\
             \x20     - {{permission_sets: [NoSuchSet], scope: [nowhere], until: {until}}}\n"
        )
    };
    let ended = plan(&says("2020-01-01"));
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(ended.stderr.matches("has ended").count(), 3, "{ended}");
    let ended = plan(&says("2100-01-01"));
    assert_eq!(ended.code, 65, "{ended}");
}
