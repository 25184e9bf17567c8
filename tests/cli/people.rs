//! People by username and id, where an e-mail address does not tell who is meant.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, desk, live, object};
use crate::command::{Desk, edit};

const LAPTOP: &str = "ac3e0000-0000-4000-8000-000000000005";
const ONCALL: &str = "ac3e0000-0000-4000-8000-000000000006";
const GHOST: &str = "ac3e0000-0000-4000-8000-0000000000dd";

/// The organization with two people of one address, of whom one is in `developers`.
fn shared() -> Value {
    let mut state = live();
    for (id, username) in [(LAPTOP, "ops-laptop"), (ONCALL, "ops-oncall")] {
        let user = json!({"id": id, "email": "ops@acme.io", "username": username, "type": "member"});
        state["users"].as_array_mut().unwrap().push(user);
    }
    object(&mut state, "groups", "developers")["user_ids"].as_array_mut().unwrap().push(ONCALL.into());
    state
}

/// A file in which `developers` has one more member.
fn with_member(member: &str) -> String {
    edit(FILE, &[("[ann@acme.io, bob@acme.io]", &format!("[ann@acme.io, bob@acme.io, {member}]"))])
}

fn beside(state: Value, file: &str) -> Desk {
    let desk = desk();
    desk.file("live.json", state).file("iam.yaml", file);
    desk
}

#[test]
fn an_address_that_two_people_have_is_refused_with_what_tells_them_apart() {
    let desk = beside(shared(), &with_member("ops@acme.io"));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stderr
    error: 2 people have the address `ops@acme.io`
      --> iam.yaml:24:41
       |
    24 |       users: [ann@acme.io, bob@acme.io, ops@acme.io]
       |                                         ^^^^^^^^^^^ name one of them: `{username: ops-laptop}` (ac3e0000-0000-4000-8000-000000000005) or `{username: ops-oncall}` (ac3e0000-0000-4000-8000-000000000006)
    -- exit 65
    ");
    assert_snapshot!(desk.run("explain user:ops@acme.io --live --emulate live.json"), @"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: 2 users are called `ops@acme.io`
    hint: name one of them: `user:username=ops-laptop` (ac3e0000-0000-4000-8000-000000000005) or `user:username=ops-oncall` (ac3e0000-0000-4000-8000-000000000006)
    -- exit 64
    ");
}

#[test]
fn a_username_and_an_id_name_one_of_two_people() {
    for (member, code) in [
        ("{username: ops-oncall}".to_owned(), 0),
        (format!("{{id: {ONCALL}}}"), 0),
        ("{username: ops-laptop, until: 2099-01-31}".to_owned(), 2),
    ] {
        let desk = beside(shared(), &with_member(&member));
        let ended = desk.run("plan --emulate live.json --detailed-exitcode");
        assert_eq!(ended.code, code, "{member}: {ended}");
    }
    let desk = beside(shared(), &with_member("{username: ops-laptop}"));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Access
      user username=ops-laptop
        + gains InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
      user username=ops-oncall
        - loses InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1

    Steps
      1  - username=ops-oncall leaves group developers
      2  + username=ops-laptop joins group developers    after 1

    Plan: 1 to change (1 group); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn a_username_and_an_id_name_anybody_wherever_people_are_named() {
    let bob = "ac3e0000-0000-4000-8000-000000000003";
    for who in ["username: bob".to_owned(), format!("id: {bob}")] {
        let text = who.replace(": ", "=");
        let more = format!(
            "settings: {{protect: [\"user:{text}\"]}}
assertions:
  - {{principal: {{user: {{{who}}}}}, can: InstancesFullAccess, \"on\": staging}}
  - {{principal: {{user: {{{who}}}}}, cannot: IAMManager, \"on\": organization}}
"
        );
        let members = format!("[ann@acme.io, {{{who}}}]");
        let policy = format!("principal: {{user: {{{who}}}}}");
        let file = edit(
            FILE,
            &[("[ann@acme.io, bob@acme.io]", &members), ("principal: {application: ci}", &policy)],
        );
        let desk = beside(live(), &format!("{file}{more}"));
        let ended = desk.run(&format!("plan --emulate live.json --caller user:{text}")).ends_with(3);
        assert!(ended.stdout.contains("principal: application ci → user bob@acme.io"), "{ended}");
        assert!(
            ended.stdout.contains("refused by protect") && ended.stdout.contains("[user:bob@acme.io]"),
            "{ended}"
        );
        assert!(!ended.stdout.contains("assertions"), "{ended}");
        // The entry that is printed is one that files can hold, in the words of the files too.
        for entry in ["user:bob@acme.io", &format!("user:{text}")] {
            let allow = format!(
                "allow:\n  - {{guard: protect, of: [\"{entry}\"], until: 2026-12-01, reason: bob pushes}}\n"
            );
            desk.file("iam.yaml", format!("{file}{more}{allow}"));
            let call = "plan --emulate live.json --now 2026-11-22T12:00:00Z --caller user:owner@acme.io";
            assert_eq!(desk.run(call).code, 0, "{entry}");
        }
        let explained = desk.run(&format!("explain user:{text} --live --emulate live.json")).ends_with(0);
        assert!(explained.stdout.starts_with("user bob@acme.io\n"), "{explained}");
    }
}

#[test]
fn an_export_names_people_who_share_an_address_by_their_usernames() {
    let mut state = shared();
    object(&mut state, "policies", "ci-push")["user_id"] = LAPTOP.into();
    object(&mut state, "policies", "ci-push").as_object_mut().unwrap().remove("application_id");
    object(&mut state, "groups", "developers")["user_ids"].as_array_mut().unwrap().push(GHOST.into());
    let desk = beside(state, "");
    let exported = desk.run("export --stack web --emulate live.json").ends_with(0).stdout;
    assert!(
        exported.contains(&format!("        - {{username: ops-oncall}}\n        - {{id: {GHOST}}}\n")),
        "{exported}"
    );
    assert!(exported.contains("principal: {user: {username: ops-laptop}}"), "{exported}");
    desk.file("iam.yaml", exported);
    assert_eq!(desk.run("plan --emulate live.json --detailed-exitcode").code, 0);
    assert_eq!(desk.run("drift --emulate live.json").code, 0);
}

#[test]
fn a_hidden_member_that_is_declared_is_no_drift_and_gone_once_it_left() {
    let mut state = live();
    object(&mut state, "groups", "developers")["user_ids"].as_array_mut().unwrap().push(GHOST.into());
    let file = with_member(&format!("{{id: {GHOST}}}"));
    let desk = beside(state, &file);
    let ended = desk.run("drift --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains(GHOST), "shown all the same: {ended}");
    let desk = beside(live(), &file);
    let ended = desk.run("drift --emulate live.json").ends_with(2);
    assert!(ended.stdout.contains(&format!("gone: user {GHOST}")), "{ended}");
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Missing from the organization; left out of the plan
      user ac3e0000-0000-4000-8000-0000000000dd, named by group `developers`
          (iam.yaml:24:46)

    No changes. The live organization matches the files.
    -- stderr
    warning: group `developers` names the user ac3e0000-0000-4000-8000-0000000000dd, which nothing in the organization refers to
      --> iam.yaml:24:46
       |
    24 |       users: [ann@acme.io, bob@acme.io, {id: ac3e0000-0000-4000-8000-0000000000dd}]
       |                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ left out of the plan
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn a_hidden_application_may_be_declared_and_a_listed_one_has_a_name() {
    let mut state = live();
    object(&mut state, "groups", "developers")["application_ids"] = json!([GHOST]);
    let users = "      users: [ann@acme.io, bob@acme.io]\n";
    let with = |id: &str| edit(FILE, &[(users, &format!("{users}      applications: [{{id: {id}}}]\n"))]);
    let desk = beside(state.clone(), &with(GHOST));
    assert_eq!(desk.run("drift --emulate live.json").code, 0);
    let desk = beside(state, &with("ac3e0000-0000-4000-8000-000000000012"));
    let ended = desk.run("plan --emulate live.json").ends_with(65);
    assert!(ended.stderr.contains("is listed by the API as `ci`"), "{ended}");
}

#[test]
fn a_person_is_named_in_exactly_one_way() {
    for (member, said) in [
        ("{username: ops, email: ops@acme.io}", "write exactly one of them"),
        ("{until: 2099-01-31}", "write exactly one of them"),
        ("{username: o}", "must have at least 2 characters"),
        ("{id: \"7\"}", "is not an id"),
        ("{name: ops}", "a user has no key `name`"),
    ] {
        let desk = beside(live(), &with_member(member));
        let ended = desk.run("validate").ends_with(65);
        assert!(ended.stderr.contains(said), "{member}: {ended}");
    }
}

#[test]
fn a_guardrail_names_people_as_the_files_do() {
    let mut state = shared();
    object(&mut state, "groups", "developers")["user_ids"].as_array_mut().unwrap().push(GHOST.into());
    let file = with_member("{username: ops-oncall}");
    for who in ["user:username=ops-oncall", &format!("user:id={GHOST}")] {
        let guardrail = format!("guardrails: [{{name: not them, forbid: 'grant.principal == \"{who}\"'}}]\n");
        let desk = beside(state.clone(), &format!("{file}{guardrail}"));
        let ended = desk.run("drift --emulate live.json --fail-on broken").ends_with(2);
        assert!(ended.stdout.contains("broken: guardrail `not them`"), "{ended}");
    }
}
