//! People as files declare them: invited, adopted, changed, locked, released, removed; and what is left alone.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, live, object};
use crate::command::{Desk, edit};

const DEVELOPERS: &str = "users: [ann@acme.io, bob@acme.io]";

/// A desk whose people are these, live.
fn desk(change: impl FnOnce(&mut Value)) -> Desk {
    let mut state = live();
    change(&mut state);
    let desk = Desk::new();
    desk.file("live.json", state);
    desk
}

/// Nobody is changed: the organization as it is, with the people whom the stack owns.
fn as_it_is(_: &mut Value) {}

/// The stack owns these people.
fn owned<'a>(people: &'a [&'a str]) -> impl Fn(&mut Value) + 'a {
    move |state| {
        for name in people {
            user(state, name)["tags"] = json!(["scw-iam=web"]);
        }
    }
}

fn user<'a>(state: &'a mut Value, name: &str) -> &'a mut Value {
    let email = format!("{name}@acme.io");
    let users = state["users"].as_array_mut().unwrap();
    users.iter_mut().find(|user| user["email"] == email).unwrap_or_else(|| panic!("no {name}"))
}

/// Writes the file, with these people and these changes.
fn declare(desk: &Desk, users: &str, changes: &[(&str, &str)]) {
    desk.file("iam.yaml", format!("{}users:{users}\n", edit(FILE, changes)));
}

fn plan(desk: &Desk, options: &str) -> crate::command::Ended {
    desk.run(&format!("plan --emulate live.json --now 2026-11-22T12:00:00Z {options}"))
}

/// What a plan would do, by `create user a@acme.io`.
fn steps(desk: &Desk, options: &str) -> Vec<String> {
    let plan = plan(desk, &format!("{options} -o json")).json();
    let step =
        |step: &Value| format!("{} {}", step["action"].as_str().unwrap(), step["address"].as_str().unwrap());
    plan["steps"].as_array().unwrap().iter().map(step).collect()
}

/// Applies, checks that nothing is left to do, and continues from there.
fn apply(desk: &Desk, options: &str) -> Value {
    let call =
        format!("apply --emulate live.json --save next.json --yes --now 2026-11-22T12:00:00Z {options}");
    _ = desk.run(&call).ends_with(0);
    let state = desk.json("next.json");
    desk.file("live.json", &state);
    assert_eq!(steps(desk, ""), [""; 0], "nothing is left to do");
    state
}

#[test]
fn a_person_is_invited_joins_a_group_changes_group_and_leaves() {
    let desk = desk(as_it_is);
    let dee = " {dee@acme.io: {username: dee, first_name: Dee, tags: [team=web], welcome_email: true}}";
    let joins = [(DEVELOPERS, "users: [ann@acme.io, bob@acme.io, dee@acme.io]")];
    declare(&desk, dee, &joins);
    assert_snapshot!(plan(&desk, ""), @"
    -- stdout
    Access
      user dee@acme.io
        + gains AllProductsReadOnly on staging
            ← group All Users ← policy look, rule 1 (iam.yaml:50)
        + gains InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)

    Invitations
      dee@acme.io as dee: a welcome is sent by e-mail

    Steps
      1  + user dee@acme.io
           username: dee
           first_name: Dee
           locale: en_US
           send_welcome_email: true
      2  + dee@acme.io joins group developers    after 1

    Left unchanged
      3 users: not owned by any stack
          ann@acme.io, bob@acme.io, cho@acme.io

    Plan: 1 to create (1 user), 1 to change (1 group); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let state = apply(&desk, "");
    let made = &state["users"][4];
    assert_eq!((&made["username"], &made["first_name"]), (&json!("dee"), &json!("Dee")));
    assert_eq!(made["tags"], json!(["scw-iam=web", "team=web"]));
    // She changes group.
    let moves = [("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io, ann@acme.io, dee@acme.io]")];
    declare(&desk, dee, &moves);
    assert_eq!(steps(&desk, ""), ["remove_member group developers", "add_members group admins"]);
    _ = apply(&desk, "");
    // She leaves, with a key and a policy of her own.
    let id = state["users"][4]["id"].clone();
    let mut state = desk.json("live.json");
    state["api_keys"].as_array_mut().unwrap().push(json!({
        "access_key": "SCWAC3E0000000000002", "secret_key": null, "description": "laptop",
        "created_at": "2026-01-12T09:00:00.000000Z", "user_id": id,
    }));
    state["policies"].as_array_mut().unwrap().push(json!({
        "id": "ac3e0000-0000-4000-8000-000000000036", "name": "dees-own", "user_id": id, "tags": [],
        "rules": [{"permission_set_names": ["BillingReadOnly"], "condition": "", "organization_id": ORGANIZATION}],
    }));
    desk.file("live.json", state);
    declare(&desk, " {}", &[]);
    assert_snapshot!(plan(&desk, "").ends_with(3), @"
    -- stdout
    Access
      user dee@acme.io, loses all access
        - loses BillingReadOnly on organization
            ← policy dees-own, rule 1
        - loses AllProductsReadOnly on staging
            ← group All Users ← policy look, rule 1
        - loses IAMManager on organization
            ← group admins ← policy admins-iam, rule 1

    Steps
      1  - user dee@acme.io, and their API key with them
           policy dees-own loses its principal; leaves group admins

    Left unchanged
      3 users: not owned by any stack
          ann@acme.io, bob@acme.io, cho@acme.io
      1 policy: not owned by any stack
          dees-own

    note: to stop managing an object without deleting it, list it under `release`

    refused by keys: would delete 1 API key (limit: 0) (--allow keys=1)
        user dee@acme.io with 1 API key
        to let exactly this pass, add to `allow`: - {guard: keys, of:
          [user:dee@acme.io], until: 2026-12-06, reason: WHY}
    refused by people: would remove 1 person (limit: 0) (--allow people=1)
        user dee@acme.io is removed
        to let exactly this pass, add to `allow`: - {guard: people, of:
          [user:dee@acme.io], until: 2026-12-06, reason: WHY}

    Plan: 1 to delete (1 user); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    let state = apply(&desk, "--allow people=1 --allow keys=1");
    assert_eq!(state["users"].as_array().unwrap().len(), 4);
    assert_eq!(state["api_keys"].as_array().unwrap().len(), 1);
    assert_eq!(object(&mut state.clone(), "policies", "dees-own")["no_principal"], true);
}

#[test]
fn what_differs_is_changed_by_the_call_that_changes_it_and_nothing_else_is_touched() {
    let desk = desk(owned(&["bob"]));
    declare(&desk, " {bob@acme.io: {first_name: Bob, tags: [a]}}", &[]);
    assert_eq!(steps(&desk, ""), ["update user bob@acme.io"], "absent is not managed");
    declare(
        &desk,
        " {bob@acme.io: {username: robert, last_name: B, phone_number: '+33', locale: fr_FR}}",
        &[],
    );
    assert_snapshot!(plan(&desk, ""), @r#"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ user bob@acme.io
           last_name: "" → "B"
           phone_number: "" → "+33"
           locale: "en_US" → "fr_FR"
      2  ~ user bob@acme.io    after 1
           username: "bob" → "robert"

    Left unchanged
      2 users: not owned by any stack
          ann@acme.io, cho@acme.io

    Plan: 1 to change (1 user); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
    let api = desk.emulate("live.json", "");
    _ = desk.command("apply --yes").against(&api.url, ORGANIZATION).run().ends_with(0);
    let writes: Vec<String> = api.requests().into_iter().filter(|it| !it.starts_with("GET")).collect();
    assert_snapshot!(writes.join("\n"), @"
    PATCH /users/ac3e0000-0000-4000-8000-000000000003
    POST /users/ac3e0000-0000-4000-8000-000000000003/update-username
    ");
    let state = api.stop();
    assert_eq!(state["users"][2]["phone_number"], "+33");
    assert_eq!(state["users"][2]["tags"], json!(["scw-iam=web"]));
}

#[test]
fn an_address_that_changes_keeps_the_person() {
    let desk = desk(owned(&["bob"]));
    let bob = " {bob@acme.example: {previously: bob@acme.io}}";
    let renamed = [(DEVELOPERS, "users: [ann@acme.io, bob@acme.example]")];
    declare(&desk, bob, &renamed);
    assert_snapshot!(plan(&desk, ""), @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ user bob@acme.example (was bob@acme.io)
           email: bob@acme.io → bob@acme.example

    Left unchanged
      2 users: not owned by any stack
          ann@acme.io, cho@acme.io

    Plan: 1 to change (1 user); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let state = apply(&desk, "");
    assert_eq!(state["users"][2]["email"], "bob@acme.example");
    // A reference by the old address is an error that says so.
    let desk = self::desk(owned(&["bob"]));
    declare(&desk, bob, &[]);
    assert_snapshot!(plan(&desk, "").ends_with(65), @"
    -- stderr
    error: group `developers` names user `bob@acme.io`, which is not declared
      --> iam.yaml:24:28
       |
    24 |       users: [ann@acme.io, bob@acme.io]
       |                            ^^^^^^^^^^^ it has been renamed to `bob@acme.example`
    -- exit 65
    ");
    let by_username = [(DEVELOPERS, "users: [ann@acme.io, {username: bob}]")];
    declare(&desk, bob, &by_username);
    assert_snapshot!(plan(&desk, "").ends_with(65), @"
    -- stderr
    error: user `username=bob` is declared as `bob@acme.example`
      --> iam.yaml:24:39
       |
    24 |       users: [ann@acme.io, {username: bob}]
       |                                       ^^^ write the address
    -- exit 65
    ");
}

#[test]
fn people_are_adopted_taken_over_and_released() {
    let desk = desk(|state| user(state, "cho")["tags"] = json!(["scw-iam=old"]));
    declare(&desk, " {bob@acme.io: {}, cho@acme.io: {}}", &[]);
    let refused = plan(&desk, "").ends_with(3);
    assert!(refused.stdout.contains("user cho@acme.io (iam.yaml:52) belongs to stack old"), "{refused}");
    let takes = [("stack: web\n", "stack: web\nsettings: {takes_over: [old]}\n")];
    declare(&desk, " {bob@acme.io: {}, cho@acme.io: {}}", &takes);
    assert_snapshot!(plan(&desk, "--allow adoptions=2"), @"
    -- stdout
    Access
      no change in access

    Steps
      1–2  ~ 2 users adopted: bob@acme.io, cho@acme.io

    Left unchanged
      1 user: not owned by any stack
          ann@acme.io

    allowed by adoptions: would adopt 2 objects into stack web, which already owns
      objects (--allow adoptions=2)
        user bob@acme.io
        user cho@acme.io

    Plan: 2 to adopt (2 users); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let state = apply(&desk, "--allow adoptions=2");
    assert_eq!(
        (&state["users"][2]["tags"], &state["users"][3]["tags"]),
        (&json!(["scw-iam=web"]), &json!(["scw-iam=web"]))
    );
    let release = [("stack: web\n", "stack: web\nrelease: [user:cho@acme.io]\n")];
    declare(&desk, " {bob@acme.io: {}}", &release);
    let state = apply(&desk, "");
    assert_eq!(state["users"][3]["tags"], json!([]));
}

#[test]
fn a_lock_is_declared_and_counts_as_losing_everything() {
    let desk = desk(owned(&["ann", "bob"]));
    declare(&desk, " {ann@acme.io: {}, bob@acme.io: {locked: true}}", &[]);
    let strict = [("stack: web\n", "stack: web\nsettings: {limits: {losses: 0, lost_access: 0}}\n")];
    declare(&desk, " {ann@acme.io: {}, bob@acme.io: {locked: true}}", &strict);
    assert_snapshot!(plan(&desk, "").ends_with(3), @"
    -- stdout
    Access
      no change in access

    Locked out
      bob@acme.io: can neither log in nor use API keys until unlocked; policies stay
          as they are

    Steps
      1  ~ user bob@acme.io is locked
           locked: false → true

    Left unchanged
      1 user: not owned by any stack
          cho@acme.io

    refused by losses: would take access away from 1 principal (limit: 0)
      (--allow losses=1)
        user bob@acme.io, who is locked
        to let exactly this pass, add to `allow`: - {guard: losses, of:
          [user:bob@acme.io], until: 2026-12-06, reason: WHY}
    refused by lost_access: would take all access from 1 principal (limit: 0)
      (--allow lost_access=1)
        user bob@acme.io
        to let exactly this pass, add to `allow`: - {guard: lost_access, of:
          [user:bob@acme.io], until: 2026-12-06, reason: WHY}
    refused by locks: would lock 1 person (limit: 0) (--allow locks=1)
        user bob@acme.io is locked
        to let exactly this pass, add to `allow`: - {guard: locks, of:
          [user:bob@acme.io], until: 2026-12-06, reason: WHY}

    Plan: 1 to change (1 user); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    let state = apply(&desk, "--allow locks=1 --allow losses=1 --allow lost_access=1");
    assert_eq!(state["users"][2]["locked"], true);
    // Locking an administrator is noticed, and removing the line unlocks nobody.
    declare(&desk, " {ann@acme.io: {locked: true}, bob@acme.io: {}}", &[]);
    let refused = plan(&desk, "--allow locks=1").ends_with(3);
    assert!(refused.stdout.contains("refused by min_iam_admins"), "{refused}");
    declare(&desk, " {ann@acme.io: {}, bob@acme.io: {}}", &[]);
    assert_eq!(steps(&desk, ""), [""; 0]);
}

#[test]
fn the_owner_and_whoever_applies_are_compared_and_never_changed() {
    let desk = desk(owned(&["bob"]));
    declare(
        &desk,
        " {owner@acme.io: {username: boss}, ann@acme.io: {first_name: Ann, tags: [a]}, bob@acme.io: {}}",
        &[],
    );
    let options = "--caller user:ann@acme.io";
    assert_snapshot!(plan(&desk, options), @"
    -- stdout
    Left unchanged
      1 user: not owned by any stack
          cho@acme.io
      1 user: the owner of the organization, who is never changed; differs from the
          files: username
          owner@acme.io
      1 user: the caller of this plan, who is never changed; differs from the files:
          first_name, tags
          ann@acme.io

    No changes. The live organization matches the files, except for objects that no
      plan changes.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let drift = desk.run("drift --emulate live.json --now 2026-11-22T12:00:00Z");
    assert_snapshot!(drift.ends_with(2), @r#"
    -- stdout
    Findings
      changed: user owner@acme.io (iam.yaml:52) differs from the files, and no plan
          changes it
          fingerprint a5218be5b849

    Access: live compared with the files
      no difference in access

    Who did it
      unknown (no matching event in the last 90 days)

    Steps: what an apply would change
      1  ~ user ann@acme.io
           first_name: "" → "Ann"
           tags: +a
           owner: nobody → stack web

    Left unchanged
      1 user: not owned by any stack
          cho@acme.io
      1 user: the owner of the organization, who is never changed; differs from the
          files: username
          owner@acme.io

    an apply would be refused by adoptions: would adopt 1 object into stack web,
      which already owns objects (--allow adoptions=1)
        user ann@acme.io
        to let exactly this pass, add to `allow`: - {guard: adoptions, of:
          [user:ann@acme.io], until: 2026-12-06, reason: WHY}

    Drift: 1 to change (1 user), 1 to adopt (1 user); 1 step; 1 changed.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    // Neither is removed.
    let desk = self::desk(owned(&["owner", "ann", "bob"]));
    declare(&desk, " {}", &[(DEVELOPERS, "users: []"), ("users: [owner@acme.io, ann@acme.io]", "users: []")]);
    let steps = steps(&desk, options);
    assert_eq!(
        steps.iter().filter(|step| step.starts_with("delete user")).collect::<Vec<_>>(),
        ["delete user bob@acme.io"]
    );
}

#[test]
fn who_is_removed_and_still_named_is_an_error() {
    let desk = desk(owned(&["bob"]));
    declare(&desk, " {}", &[]);
    assert_snapshot!(plan(&desk, "").ends_with(65), @"
    -- stderr
    error: group `developers` still names user `bob@acme.io`, who would be removed because the stack owns them and no file declares them
      --> iam.yaml:24:28
       |
    24 |       users: [ann@acme.io, bob@acme.io]
       |                            ^^^^^^^^^^^ declare the person under `users`, or remove the name here
    -- exit 65
    ");
    let kept = [("stack: web\n", "stack: web\nsettings: {prune: none}\n")];
    declare(&desk, " {}", &kept);
    assert_eq!(plan(&desk, "").code, 0);
}

#[test]
fn one_of_two_people_of_an_address_is_meant_by_id() {
    let twin = "ac3e0000-0000-4000-8000-000000000009";
    let desk = desk(|state| {
        let twin = json!({"id": twin, "email": "bob@acme.io", "username": "bob-2", "type": "member", "tags": ["scw-iam=web"]});
        state["users"].as_array_mut().unwrap().push(twin);
    });
    let by_username = [(DEVELOPERS, "users: [ann@acme.io, {username: bob}]")];
    declare(&desk, " {bob@acme.io: {}}", &by_username);
    let ended = plan(&desk, "");
    assert!(ended.stderr.contains("bob@acme.io is the name of 2 live objects"), "{ended}");
    declare(
        &desk,
        &format!(" {{bob@acme.io: {{id: {twin}, username: bob-two, first_name: B}}}}"),
        &by_username,
    );
    assert_eq!(steps(&desk, ""), ["update user bob@acme.io", "update user bob@acme.io"]);
    let state = apply(&desk, "");
    assert_eq!(state["users"][4]["username"], "bob-two");
    // The other one is meant, and the first one is not declared any more.
    let first = format!(" {{bob@acme.io: {{id: {}}}}}", "ac3e0000-0000-4000-8000-000000000003");
    declare(&desk, &first, &[]);
    let steps = steps(&desk, "--allow people=1 --allow adoptions=1");
    assert_eq!(steps, ["update user bob@acme.io", "delete user username=bob-two"]);
    let state = apply(&desk, "--allow people=1 --allow adoptions=1");
    assert_eq!(state["users"].as_array().unwrap().len(), 4);
}

#[test]
fn where_scim_is_on_the_files_say_what_it_fills() {
    let scim = |state: &mut Value| {
        owned(&["bob"])(state);
        state["organization"]["scim"] = json!({"id": "ac3e0000-0000-4000-8000-0000000000f1"});
    };
    let desk = desk(scim);
    desk.file("iam.yaml", FILE);
    let refused = plan(&desk, "").ends_with(3);
    assert!(refused.stdout.contains("refused by scim: SCIM is on"), "exact members are enough: {refused}");
    let says = ("stack: web\n", "stack: web\nsettings: {scim: {groups: [developers]}}\n");
    let users = " {bob@acme.io: {username: rob, tags: [a], locked: true}, dee@acme.io: {}}";
    declare(&desk, users, &[says, (DEVELOPERS, "users: [ann@acme.io, dee@acme.io]")]);
    assert_snapshot!(plan(&desk, ""), @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ user bob@acme.io
           tags: +a

    Missing from the organization; left out of the plan
      user dee@acme.io, named by group `developers` (iam.yaml:25:28)
      user dee@acme.io, named by `users` (iam.yaml:53:64)

    Left unchanged
      2 users: not owned by any stack
          ann@acme.io, cho@acme.io
      1 group: provisioned by SCIM; differs from the files: members
          developers
      1 user: provisioned by SCIM; differs from the files: username, locked
          bob@acme.io

    Plan: 1 to change (1 user); 1 step.
    -- stderr
    warning: group `developers` names user `dee@acme.io`, who is not in the organization
      --> iam.yaml:25:28
       |
    25 |       users: [ann@acme.io, dee@acme.io]
       |                            ^^^^^^^^^^^ left out of the plan

    warning: `dee@acme.io` is not in the organization, and no plan invites people while SCIM provisions them (`settings.scim`)
      --> iam.yaml:53:64
       |
    53 | users: {bob@acme.io: {username: rob, tags: [a], locked: true}, dee@acme.io: {}}
       |                                                                ^^^^^^^^^^^ left out of the plan
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    declare(&desk, " {}", &[says]);
    assert_eq!(steps(&desk, ""), [""; 0], "nobody is removed");
}

#[test]
fn a_key_that_may_not_ask_for_scim_is_told_and_goes_on() {
    let secret = "ac3e0000-0000-4000-8000-0000000000e1";
    let desk = desk(|state| {
        // All that a plan reads, and nothing of the organization itself.
        let sets = ["IAMUserReadOnly", "IAMGroupReadOnly", "IAMPolicyReadOnly", "IAMApplicationReadOnly"];
        state["policies"].as_array_mut().unwrap().push(json!({
            "id": "ac3e0000-0000-4000-8000-000000000037", "name": "ci-reads", "tags": [],
            "application_id": "ac3e0000-0000-4000-8000-000000000012",
            "rules": [{"permission_set_names": sets, "condition": "", "organization_id": ORGANIZATION}],
        }));
        state["api_keys"][0]["secret_key"] = secret.into();
    });
    desk.file("iam.yaml", FILE);
    let api = desk.emulate("live.json", "");
    let call = desk.command("plan").against(&api.url, ORGANIZATION);
    let call = call.env("SCW_ACCESS_KEY", "SCWAC3E0000000000001").env("SCW_SECRET_KEY", secret);
    let ended = call.run().ends_with(0);
    assert!(ended.stderr.contains("cannot tell whether SCIM provisions people"), "{ended}");
}

#[test]
fn a_new_username_is_warned_of_where_saml_is_on() {
    let desk = desk(|state| {
        owned(&["bob"])(state);
        state["organization"]["saml"] =
            json!({"id": "ac3e0000-0000-4000-8000-0000000000f2", "entity_id": "", "single_sign_on_url": ""});
    });
    declare(&desk, " {bob@acme.io: {username: rob}}", &[]);
    let ended = plan(&desk, "").ends_with(0);
    assert!(ended.stderr.contains("the username of user bob@acme.io changes, and SAML is on"), "{ended}");
}

#[test]
fn an_export_declares_people_and_a_plan_of_it_changes_nothing() {
    let desk = desk(|state| {
        owned(&["bob"])(state);
        let ann = user(state, "ann");
        (ann["first_name"], ann["locked"]) = (json!("Ann: \"A\""), json!(true));
        user(state, "cho")["tags"] = json!(["scw-iam=other"]);
    });
    _ = desk.run("export --emulate live.json --out files").ends_with(0);
    assert_snapshot!(desk.read("files/users.yaml"), @r#"
    # yaml-language-server: $schema=scw-iam.schema.json

    users:
      ann@acme.io:
        username: ann
        first_name: 'Ann: "A"'
      owner@acme.io:
        username: owner
      # Not declared:
      # - `bob@acme.io`: it belongs to the stack `web`
      # - `cho@acme.io`: it belongs to the stack `other`
    "#);
    let planned = desk.run("plan files --emulate live.json --detailed-exitcode").ends_with(0);
    assert!(planned.stdout.contains("No changes."), "{planned}");
    // A stack begins with the people whom it owns already.
    _ = desk.run("export --stack web --emulate live.json --out owned").ends_with(0);
    assert_snapshot!(desk.read("owned/users.yaml"), @"
    # yaml-language-server: $schema=scw-iam.schema.json

    users:
      bob@acme.io:
        username: bob
      # Not declared:
      # - `cho@acme.io`: it belongs to the stack `other`
    ");
    let planned = desk.run("plan owned --emulate live.json --detailed-exitcode").ends_with(0);
    assert!(planned.stdout.contains("No changes."), "{planned}");
}

#[test]
fn what_is_wrong_with_a_person_is_said_with_its_place() {
    let desk = desk(as_it_is);
    let text = format!(
        "{FILE}users:
  alice: {{}}
  a+b@acme.io: {{}}
  bob@acme.io: {{email: rob@acme.io}}
  cho@acme.io: {{locked: false, username: 'c h o', first_name: 7, welcome_email: 'yes'}}
  carol: {{email: carol@acme.io, previously: carol, description: no}}
  dee@acme.io: {{tags: ['scw-iam=web', a:b], id: 7, locale: \"{}\"}}
  DEE@acme.io: {{}}
  '@': {{}}
settings: {{scim: {{groups: [nobody, nobody]}}, limits: {{people: -1, scim: 1}}}}
",
        "x".repeat(65)
    );
    desk.file("iam.yaml", edit(&text, &[]));
    assert_snapshot!(desk.run("validate").ends_with(65), @r#"
    -- stderr
    error: `alice` has no e-mail address
      --> iam.yaml:53:3
       |
    53 |   alice: {}
       |   ^^^^^ write the address as the key, or under `email`

    error: `a+b@acme.io` needs a `username`, because the address is not a valid one
      --> iam.yaml:54:3
       |
    54 |   a+b@acme.io: {}
       |   ^^^^^^^^^^^ a username can have letters without accents, digits and `@ . _ -`

    error: the entry `bob@acme.io` has a different address under `email`: `rob@acme.io`
      --> iam.yaml:55:3
       |
    55 |   bob@acme.io: {email: rob@acme.io}
       |   ^^^^^^^^^^^ write `rob@acme.io` here; if the address changes, write the old one under `previously`

    error: `locked: false` of `cho@acme.io` would also unlock a person whom Scaleway has locked
      --> iam.yaml:56:25
       |
    56 |   cho@acme.io: {locked: false, username: 'c h o', first_name: 7, welcome_email: 'yes'}
       |                         ^^^^^ remove the line; to unlock a person, run `scw-iam unlock`

    error: the username `c h o` must not hold ' ' (character 2): letters without accents, digits and `@ . _ -`
      --> iam.yaml:56:42
       |
    56 |   cho@acme.io: {locked: false, username: 'c h o', first_name: 7, welcome_email: 'yes'}
       |                                          ^^^^^^^ not a username

    error: many YAML parsers read `7` as a number
      --> iam.yaml:56:63
       |
    56 |   cho@acme.io: {locked: false, username: 'c h o', first_name: 7, welcome_email: 'yes'}
       |                                                               ^ write "7"

    error: `welcome_email` must be `true` or `false`, not `yes`
      --> iam.yaml:56:81
       |
    56 |   cho@acme.io: {locked: false, username: 'c h o', first_name: 7, welcome_email: 'yes'}
       |                                                                                 ^^^^^

    error: `carol` is not an e-mail address: it needs one `@` with text on both sides
      --> iam.yaml:57:45
       |
    57 |   carol: {email: carol@acme.io, previously: carol, description: no}
       |                                             ^^^^^ not an e-mail address

    error: a user has no key `description`
      --> iam.yaml:57:52
       |
    57 |   carol: {email: carol@acme.io, previously: carol, description: no}
       |                                                    ^^^^^^^^^^^

    error: the tag `scw-iam=web` is written by the tool itself; name the owner with `stack`
      --> iam.yaml:58:24
       |
    58 |   dee@acme.io: {tags: ['scw-iam=web', a:b], id: 7, locale: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
       |                        ^^^^^^^^^^^^^ not a tag

    error: the tag `a:b` must not hold ':' (character 2): letters without accents, digits, `. _ - / = + @` and spaces
      --> iam.yaml:58:39
       |
    58 |   dee@acme.io: {tags: ['scw-iam=web', a:b], id: 7, locale: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
       |                                       ^^^ not a tag

    error: many YAML parsers read `7` as a number
      --> iam.yaml:58:49
       |
    58 |   dee@acme.io: {tags: ['scw-iam=web', a:b], id: 7, locale: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
       |                                                 ^ write "7"

    error: `locale` has 65 characters, but at most 64 are allowed
      --> iam.yaml:58:60
       |
    58 |   dee@acme.io: {tags: ['scw-iam=web', a:b], id: 7, locale: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
       |                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: the user `DEE@acme.io` is listed twice
      --> iam.yaml:59:3
       |
    59 |   DEE@acme.io: {}
       |   ^^^^^^^^^^^ listed again here
       |
      ::: iam.yaml:58:3
       |
    58 |   dee@acme.io: {tags: ['scw-iam=web', a:b], id: 7, locale: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
       |   ----------- first listed here

    error: `@` needs a `username`, because the address is not a valid one
      --> iam.yaml:60:3
       |
    60 |   '@': {}
       |   ^^^ a username can have letters without accents, digits and `@ . _ -`

    error: `@` is not an e-mail address: it needs one `@` with text on both sides
      --> iam.yaml:60:3
       |
    60 |   '@': {}
       |   ^^^ not an e-mail address

    error: `settings.scim` names group `nobody`, which is not declared
      --> iam.yaml:61:28
       |
    61 | settings: {scim: {groups: [nobody, nobody]}, limits: {people: -1, scim: 1}}
       |                            ^^^^^^ declare it under `groups`, or list it under `external`

    error: the group `nobody` is listed twice
      --> iam.yaml:61:36
       |
    61 | settings: {scim: {groups: [nobody, nobody]}, limits: {people: -1, scim: 1}}
       |                                    ^^^^^^ listed again here
       |
      ::: iam.yaml:61:28
       |
    61 | settings: {scim: {groups: [nobody, nobody]}, limits: {people: -1, scim: 1}}
       |                            ------ first listed here

    error: `people` must be a whole number, not `-1`
      --> iam.yaml:61:63
       |
    61 | settings: {scim: {groups: [nobody, nobody]}, limits: {people: -1, scim: 1}}
       |                                                               ^^ write digits, as in `3`

    error: `limits` has no key `scim`
      --> iam.yaml:61:67
       |
    61 | settings: {scim: {groups: [nobody, nobody]}, limits: {people: -1, scim: 1}}
       |                                                                   ^^^^
    -- exit 65
    "#);
}

#[test]
fn who_administers_goes_after_the_next_one_has_come() {
    let desk = desk(owned(&["ann"]));
    let next = ("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io, cho@acme.io]");
    let locked = ("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io, ann@acme.io, cho@acme.io]");
    let gone = (DEVELOPERS, "users: [bob@acme.io]");
    for (users, changes) in [(" {}", &[next, gone][..]), (" {ann@acme.io: {locked: true}}", &[locked])] {
        declare(&desk, users, changes);
        let allow = if users.contains("locked") { "--allow locks=1" } else { "--allow people=1" };
        let planned = plan(&desk, &format!("{allow} -o json")).ends_with(0).json();
        let steps = planned["steps"].as_array().unwrap();
        assert_eq!(
            (&steps[0]["action"], &steps[1]["address"]),
            (&json!("add_members"), &json!("user ann@acme.io"))
        );
        assert_eq!(steps[1]["after_for_safety"], json!([1]), "{users}");
    }
    // Without the next administrator, too few are left.
    declare(&desk, " {}", &[("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io]"), gone]);
    let refused = plan(&desk, "--allow people=1").ends_with(3);
    assert!(refused.stdout.contains("refused by min_iam_admins"), "{refused}");
    // Somebody who was only invited does not count either.
    let invited = ("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io, dee@acme.io]");
    declare(&desk, " {dee@acme.io: {}}", &[invited, gone]);
    let refused = plan(&desk, "--allow people=1").ends_with(3);
    assert!(refused.stdout.contains("refused by min_iam_admins"), "{refused}");
}

#[test]
fn a_saved_plan_of_people_is_applied_once() {
    let desk = desk(owned(&["bob"]));
    let users = " {bob@acme.io: {locked: true}, dee@acme.io: {username: dee, welcome_email: true}}";
    declare(&desk, users, &[(DEVELOPERS, "users: [ann@acme.io, bob@acme.io, dee@acme.io]")]);
    let api = desk.emulate("live.json", "");
    let run = |words: &str| desk.command(words).against(&api.url, ORGANIZATION).run();
    _ = run("plan --out plan.json --allow locks=1").ends_with(0);
    // Who is only named is in it by their address alone.
    let saved = desk.json("plan.json");
    let objects = saved["objects"].as_array().unwrap();
    let of = |address: &str| objects.iter().find(|object| object["address"] == address).unwrap();
    assert_eq!(of("user ann@acme.io")["planned_from"], json!({"username": "ann"}));
    assert_eq!(of("user bob@acme.io")["desired"]["fields"]["locked"], true);
    _ = run("apply plan.json").ends_with(0);
    assert_eq!(api.writes().len(), 3);
    let again = run("apply plan.json").ends_with(0);
    assert!(again.stdout.contains("Already applied"), "{again}");
    let state = api.stop();
    assert_eq!((&state["users"][2]["locked"], &state["users"][4]["username"]), (&json!(true), &json!("dee")));
}

#[test]
fn whoever_comes_takes_the_username_of_somebody_who_leaves_and_not_before() {
    let desk = desk(owned(&["bob"]));
    let users = " {rob@acme.io: {username: bob}}";
    declare(&desk, users, &[(DEVELOPERS, "users: [ann@acme.io, rob@acme.io]")]);
    let expected = ["delete user bob@acme.io", "create user rob@acme.io", "add_members group developers"];
    assert_eq!(steps(&desk, "--allow people=1"), expected);
    let state = apply(&desk, "--allow people=1");
    assert_eq!(state["users"][3]["username"], "bob");
    // Two who swap their usernames wait for each other.
    let desk = self::desk(owned(&["bob", "cho"]));
    declare(&desk, " {bob@acme.io: {username: cho}, cho@acme.io: {username: bob}}", &[]);
    let ended = plan(&desk, "");
    assert!(ended.stderr.contains("the renames around user username="), "{ended}");
}

#[test]
fn a_stack_puts_its_own_people_into_the_groups_of_others() {
    let desk = desk(owned(&["bob", "cho"]));
    let file = "\
version: 1
organization: ac3e0000-0000-4000-8000-000000000000
stack: web
external: {groups: [admins, developers]}
memberships:
  developers: {users: [cho@acme.io]}
users: {bob@acme.io: {}, cho@acme.io: {}}
";
    desk.file("iam.yaml", file);
    let mut state = desk.json("live.json");
    object(&mut state, "groups", "developers")["tags"] = json!(["scw-iam=other"]);
    desk.file("live.json", state);
    // Ann belongs to no stack, and stays.
    assert_eq!(steps(&desk, ""), ["remove_member group developers", "add_members group developers"]);
    let state = apply(&desk, "");
    let ids = ["ac3e0000-0000-4000-8000-000000000002", "ac3e0000-0000-4000-8000-000000000004"];
    assert_eq!(object(&mut state.clone(), "groups", "developers")["user_ids"], json!(ids));
}

#[test]
fn whoever_looks_for_drift_sees_what_it_says_of_them() {
    let secret = "11111111-2222-4333-8444-555555555555";
    let desk = desk(|state| {
        user(state, "cho")["tags"] = json!(["scw-iam=web"]);
        let cho = user(state, "cho")["id"].clone();
        let mut policy = object(state, "policies", "admins-iam").clone();
        policy.as_object_mut().unwrap().remove("group_id");
        for (key, value) in [("id", json!("ac3e0000-0000-4000-8000-000000000099")), ("name", json!("looks"))]
        {
            policy[key] = value;
        }
        (policy["user_id"], policy["tags"]) = (cho.clone(), json!([]));
        policy["rules"][0]["permission_set_names"] = json!(["IAMManager", "ProjectReadOnly"]);
        state["policies"].as_array_mut().unwrap().push(policy);
        state["api_keys"].as_array_mut().unwrap().push(json!({
            "access_key": "SCW00000000000000CHO", "secret_key": secret, "user_id": cho,
            "description": "", "created_at": "2026-01-12T09:00:00.000000Z",
        }));
    });
    declare(&desk, " {}", &[]);
    let api = desk.emulate("live.json", "");
    let drift = desk.command("drift -o json --now 2026-11-22T12:00:00Z").against(&api.url, ORGANIZATION);
    let drift = drift.env("SCW_ACCESS_KEY", "SCW00000000000000CHO").env("SCW_SECRET_KEY", secret);
    let found = drift.run().ends_with(2).json();
    let extra = |finding: &Value| finding["kind"] == "extra" && finding["subject"] == "user cho@acme.io";
    assert!(found["drift"].as_array().unwrap().iter().any(extra), "{found:#}");
}

#[test]
fn a_name_that_somebody_keeps_is_taken() {
    let taken = |users: &str| {
        let desk = desk(owned(&["bob", "cho"]));
        declare(&desk, users, &[]);
        let plan = plan(&desk, "--allow people=2 --allow adoptions=9");
        assert_ne!((plan.code, plan.stdout.as_str()), (0, ""), "{plan}");
        plan.stderr.lines().find(|line| line.contains("its name")).unwrap_or_default().trim().to_owned()
    };
    let cho = "cho@acme.io: {}";
    let by = "another live object has it (ac3e0000-0000-4000-8000-000000000004)";
    let username = format!("because: user username=cho cannot take its name: {by}");
    assert_eq!(taken(&format!(" {{bob@acme.io: {{username: cho}}, {cho}}}")), username);
    assert_eq!(taken(&format!(" {{bob@acme.io: {{}}, {cho}, dee@acme.io: {{username: cho}}}}")), username);
    // It becomes free.
    assert_eq!(taken(" {bob@acme.io: {username: cho}, cho@acme.io: {username: choi}}"), "");
    assert_eq!(taken(" {bob@acme.io: {username: cho}}"), "");
}

#[test]
fn files_that_speak_of_scim_where_it_is_off_are_told_and_manage_people() {
    let desk = desk(owned(&["bob"]));
    let says = ("stack: web\n", "stack: web\nsettings: {scim: {groups: [developers]}}\n");
    declare(&desk, " {bob@acme.io: {locked: true}}", &[says, (DEVELOPERS, "users: [ann@acme.io]")]);
    let found = plan(&desk, "--allow locks=1");
    assert!(
        found.stderr.contains("SCIM is off in this organization, so `settings.scim` has no effect"),
        "{found}"
    );
    let steps = steps(&desk, "--allow locks=1");
    assert!(steps.iter().any(|step| step == "update user bob@acme.io"), "{steps:?}");
    assert!(steps.iter().any(|step| step.ends_with("group developers")), "{steps:?}");
}

#[test]
fn no_format_says_no_drift_where_something_differs() {
    let desk = desk(as_it_is);
    declare(&desk, " {owner@acme.io: {username: newowner}}", &[]);
    for format in ["text", "markdown"] {
        let drift = desk
            .run(&format!("drift --emulate live.json --now 2026-11-22T12:00:00Z -o {format}"))
            .ends_with(2);
        assert!(!drift.stdout.contains("No drift"), "{drift}");
        assert!(drift.stdout.contains("owner@acme.io"), "{drift}");
    }
}

#[test]
fn what_is_allowed_to_be_locked_is_not_allowed_to_be_removed() {
    let desk = desk(owned(&["bob"]));
    let allowed = |guards: &[&str]| {
        let entry = |guard: &&str| {
            format!(
                "  - {{guard: {guard}, of: [user:bob@acme.io], until: 2026-12-06, reason: he is on leave}}\n"
            )
        };
        format!("allow:\n{}", guards.iter().map(entry).collect::<String>())
    };
    let write = |users: &str, changes: &[(&str, &str)], allow: &str| {
        declare(&desk, users, changes);
        desk.file("iam.yaml", format!("{}{allow}", desk.read("iam.yaml")));
        plan(&desk, "")
    };
    let gone = (DEVELOPERS, "users: [ann@acme.io]");
    let lock = allowed(&["locks", "losses", "lost_access"]);
    _ = write(" {bob@acme.io: {locked: true}}", &[], &lock).ends_with(0);
    let refused = write(" {}", &[gone], &lock).ends_with(3);
    assert!(refused.stdout.contains("refused by people: would remove 1 person"), "{refused}");
    let removal = allowed(&["people", "losses", "lost_access"]);
    _ = write(" {}", &[gone], &removal).ends_with(0);
    let refused = write(" {bob@acme.io: {locked: true}}", &[], &removal).ends_with(3);
    assert!(refused.stdout.contains("refused by locks: would lock 1 person"), "{refused}");
}

#[test]
fn files_that_lock_whoever_applies_them_are_refused() {
    let desk = desk(owned(&["ann", "bob"]));
    for (users, caller) in [
        (" {ann@acme.io: {locked: true}, bob@acme.io: {first_name: Bob}}", "ann@acme.io"),
        (" {ann@acme.io: {locked: true}, bob@acme.io: {}}", "ann@acme.io"),
        (" {owner@acme.io: {locked: true}, ann@acme.io: {}, bob@acme.io: {}}", "owner@acme.io"),
    ] {
        declare(&desk, users, &[]);
        let options = format!("--caller user:{caller}");
        let refused = plan(&desk, &options).ends_with(3);
        let words =
            format!("the files lock user {caller}, who runs this plan; somebody else has to apply that");
        let flat = refused.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&words), "{refused}");
        let applied = desk.run(&format!(
            "apply --emulate live.json --save next.json --yes --now 2026-11-22T12:00:00Z {options}"
        ));
        _ = applied.ends_with(3);
        let locked = |user: &Value| user["locked"] == true;
        assert!(!desk.json("next.json")["users"].as_array().unwrap().iter().any(locked));
    }
    // By somebody else it is a lock like any other.
    declare(&desk, " {ann@acme.io: {locked: true}, bob@acme.io: {}}", &[]);
    let refused = plan(&desk, "--caller user:owner@acme.io").ends_with(3);
    assert!(!refused.stdout.contains("self_lockout"), "{refused}");
    assert!(refused.stdout.contains("refused by locks"), "{refused}");
}

#[test]
fn an_end_of_a_membership_that_scim_provisions_is_for_scim() {
    let ended = (DEVELOPERS, "users: [ann@acme.io, {email: bob@acme.io, until: 2026-11-01}]");
    let says = ("stack: web\n", "stack: web\nsettings: {scim: {groups: [developers]}}\n");
    let drift = |desk: &Desk| {
        let call = "drift --emulate live.json --now 2026-11-22T12:00:00Z --fail-on changed,due,missing,extra";
        desk.run(call)
    };
    let filled = desk(|state| {
        owned(&["bob"])(state);
        state["organization"]["scim"] = json!({"id": "ac3e0000-0000-4000-8000-0000000000f1"});
    });
    declare(&filled, " {bob@acme.io: {}}", &[ended, says]);
    assert_eq!(steps(&filled, ""), [""; 0]);
    let planned = plan(&filled, "").ends_with(0);
    let words = "`until` does not end the membership of `bob@acme.io`, because SCIM fills this group";
    assert!(planned.stderr.contains(words), "{planned}");
    assert!(!planned.stderr.contains("the member leaves"), "{planned}");
    _ = drift(&filled).ends_with(0);
    // Where SCIM is off, the end is one as any other.
    let empty = desk(owned(&["bob"]));
    declare(&empty, " {bob@acme.io: {}}", &[ended, says]);
    let planned = plan(&empty, "");
    assert!(planned.stderr.contains("the member leaves") && !planned.stderr.contains(words), "{planned}");
    let due = drift(&empty).ends_with(2);
    assert!(due.stdout.contains("due: group developers"), "{due}");
}
