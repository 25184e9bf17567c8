//! Whose an object is, and what follows for it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, desk, live, object};
use crate::command::{Desk, edit};

/// A plan of the file with changes against a live side that was changed too.
fn planned(changes: &[(&str, &str)], disturb: impl FnOnce(&mut Value)) -> (Desk, String) {
    let desk = desk();
    let mut state = live();
    disturb(&mut state);
    desk.file("live.json", state).file("iam.yaml", edit(FILE, changes));
    let ended = desk.run("plan --emulate live.json --now 2026-11-22T12:00:00Z").to_string();
    (desk, ended)
}

/// Nobody owns anything.
fn untagged(state: &mut Value) {
    for kind in ["applications", "groups", "policies"] {
        for object in state[kind].as_array_mut().unwrap() {
            object["tags"] = json!([]);
        }
    }
}

/// The application `backup` and its policy are not in the files.
const WITHOUT_BACKUP: [(&str, &str); 2] = [
    ("  backup:\n    description: Nightly copies\n", ""),
    (
        "  backup-store:\n    principal: {application: backup}\n    rules:\n      - permission_sets: [ObjectStorageFullAccess]\n        scope: all_projects\n",
        "",
    ),
];

#[test]
fn without_a_stack_nothing_is_tagged_and_nothing_deleted() {
    let changes =
        [WITHOUT_BACKUP.as_slice(), &[("stack: web\n", ""), ("description: Deploys", "description: Builds")]]
            .concat();
    let (desk, ended) = planned(&changes, untagged);
    assert_snapshot!(ended, @r#"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ application ci
           description: "Deploys" → "Builds"

    Left unchanged
      1 application: the files have no `stack`, so nothing is deleted
          backup
      1 policy: the files have no `stack`, so nothing is deleted
          backup-store

    Plan: 1 to change (1 application); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
    assert_eq!(desk.run("apply --yes --emulate live.json --save saved.json").code, 0);
    assert!(!desk.read("saved.json").contains("scw-iam="));
}

#[test]
fn a_first_run_with_a_stack_adopts_and_deletes_nothing() {
    let (_desk, ended) = planned(&WITHOUT_BACKUP, untagged);
    assert_snapshot!(ended, @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ application ci: adopted
      2–3  ~ 2 groups adopted: admins, developers
      4–7  ~ 4 policies adopted: admins-iam, ci-push, developers-run, and 1 more

    Adopted applications with API keys
      application ci comes with 1 API key, the oldest 314 days old

    Left unchanged
      1 application: not owned by any stack
          backup
      1 policy: not owned by any stack
          backup-store

    Plan: 7 to adopt (1 application, 2 groups, 4 policies); 7 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn what_is_owned_and_no_longer_declared_is_deleted() {
    let (_desk, ended) = planned(&WITHOUT_BACKUP, |_| {});
    assert_snapshot!(ended, @"
    -- stdout
    Access
      application backup, loses all access
        - loses ObjectStorageFullAccess on all projects
            ← policy backup-store, rule 1

    Steps
      1  - policy backup-store
      2  - application backup    after 1

    note: to stop managing an object without deleting it, list it under `release`

    Plan: 2 to delete (1 application, 1 policy); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn with_prune_none_it_stays() {
    let changes =
        [WITHOUT_BACKUP.as_slice(), &[("stack: web\n", "stack: web\nsettings: {prune: none}\n")]].concat();
    let (_desk, ended) = planned(&changes, |_| {});
    assert_snapshot!(ended, @"
    -- stdout
    Left unchanged
      1 application: kept because `settings.prune` is `none`
          backup
      1 policy: kept because `settings.prune` is `none`
          backup-store

    No changes. The live organization has everything the files declare;
      1 application and 1 policy that no file declares are left unchanged.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn what_another_stack_owns_is_refused() {
    let theirs = |state: &mut Value| object(state, "groups", "developers")["tags"] = json!(["scw-iam=data"]);
    let (_desk, ended) = planned(&[], theirs);
    assert_snapshot!(ended, @"
    -- stdout
    refused: group developers (iam.yaml:22) belongs to stack data; to take it over,
      add `data` to `settings.takes_over`, or list it under `external`, and your own
      members of it under `memberships`

    Plan: 0 steps; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    let (_desk, ended) = planned(&[("stack: web\n", "stack: web\nsettings: {takes_over: [data]}\n")], theirs);
    assert_snapshot!(ended, @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ group developers: adopted
           owner: stack data → stack web

    refused by adoptions: would adopt 1 object into stack web, which already owns
      objects (--allow adoptions=1)
        group developers
        to let exactly this pass, add to `allow`: - {guard: adoptions, of:
          [group:developers], until: 2026-12-06, reason: WHY}

    Plan: 1 to adopt (1 group); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
}

#[test]
fn what_another_stack_owns_and_nobody_declares_is_left_alone() {
    let (_desk, ended) = planned(&WITHOUT_BACKUP, |state| {
        object(state, "applications", "backup")["tags"] = json!(["scw-iam=data"]);
        object(state, "policies", "backup-store")["tags"] = json!(["scw-iam=data"]);
    });
    assert_snapshot!(ended, @"
    -- stdout
    Left unchanged
      2 objects: owned by stack data

    No changes. The live organization matches the files.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn declaring_what_a_product_manages_is_a_mistake() {
    let (_desk, ended) = planned(&[("groups:\n", "groups:\n  nodes: {}\n")], |state| {
        let mut nodes = object(state, "groups", "developers").clone();
        nodes["id"] = "ac3e0000-0000-4000-8000-000000000029".into();
        nodes["name"] = "nodes".into();
        nodes["tags"] = json!([]);
        nodes["managed"] = true.into();
        nodes["editable"] = false.into();
        state["groups"].as_array_mut().unwrap().push(nodes);
    });
    assert_snapshot!(ended, @"
    -- stderr
    error: the group `nodes` is managed by a product and cannot be declared
      --> iam.yaml:19:3
       |
    19 |   nodes: {}
       |   ^^^^^ list it under `external`
    -- exit 65
    ");
}

#[test]
fn a_rename_that_is_done_is_noted_and_one_that_both_bear_is_refused() {
    let renamed = [
        ("  developers:\n", "  engineers:\n    previously: developers\n"),
        ("{group: developers}", "{group: engineers}"),
    ];
    let (_desk, ended) =
        planned(&renamed, |state| object(state, "groups", "developers")["name"] = "engineers".into());
    assert_snapshot!(ended, @"
    -- stdout
    note: `previously` of group engineers is no longer needed and can be removed

    No changes. The live organization matches the files.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let (_desk, ended) = planned(&renamed, |state| {
        let mut twin = object(state, "groups", "developers").clone();
        twin["id"] = "ac3e0000-0000-4000-8000-000000000029".into();
        twin["name"] = "engineers".into();
        state["groups"].as_array_mut().unwrap().push(twin);
    });
    assert_snapshot!(ended, @"
    -- stdout
    Access
      no change in access

    Steps
      1  - group ac3e0000-0000-4000-8000-000000000029 (engineers)
      2  ~ group engineers (was developers)    after 1
           name: developers → engineers

    Plan: 1 to change (1 group), 1 to delete (1 group); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn an_id_finds_its_object_under_any_name() {
    let (_desk, ended) = planned(
        &[(
            "  ci:\n    description: Deploys",
            "  ci:\n    id: ac3e0000-0000-4000-8000-000000000012\n    description: Deploys",
        )],
        |state| object(state, "applications", "ci")["name"] = "pipeline".into(),
    );
    assert_snapshot!(ended, @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ application ci (was pipeline)
           name: pipeline → ci

    Plan: 1 to change (1 application); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let (_desk, ended) = planned(
        &[(
            "  ci:\n    description: Deploys",
            "  ci:\n    id: ac3e0000-0000-4000-8000-0000000000ff\n    description: Deploys",
        )],
        |_| {},
    );
    assert_snapshot!(ended, @"
    -- stderr
    error: cannot plan iam.yaml:15:3
      because: application ci is declared with the id ac3e0000-0000-4000-8000-0000000000ff, which no live object has
    -- exit 1
    ");
}

#[test]
fn a_declared_name_that_two_live_objects_bear_is_refused_with_both_ids() {
    let twin = |state: &mut Value| {
        let mut twin = object(state, "applications", "ci").clone();
        twin["id"] = "ac3e0000-0000-4000-8000-000000000019".into();
        twin["description"] = "By hand".into();
        state["applications"].as_array_mut().unwrap().push(twin);
    };
    let (_desk, ended) = planned(&[], twin);
    assert_snapshot!(ended, @"
    -- stderr
    error: cannot plan iam.yaml:15:3
      because: application ci is the name of 2 live objects: ac3e0000-0000-4000-8000-000000000012, ac3e0000-0000-4000-8000-000000000019
    hint: say which one is meant with `id:`, or rename the others
    -- exit 1
    ");
}

/// What a run made that was killed while another run made the same.
fn twins_of_two_runs(state: &mut Value) {
    for (kind, name, id) in [("applications", "ci", 0x19), ("policies", "ci-push", 0x39)] {
        let mut twin = object(state, kind, name).clone();
        twin["id"] = format!("ac3e0000-0000-4000-8000-0000000000{id:02x}").into();
        twin["created_at"] = "2026-01-12T09:00:00.100000Z".into();
        if kind == "policies" {
            twin["application_id"] = "ac3e0000-0000-4000-8000-000000000019".into();
        }
        state[kind].as_array_mut().unwrap().push(twin);
    }
}

#[test]
fn of_what_two_runs_made_at_the_same_time_the_later_ones_go() {
    let (_desk, ended) = planned(&[], twins_of_two_runs);
    let text = ended.to_string();
    assert!(text.contains("- application ac3e0000-0000-4000-8000-000000000019"), "{text}");
    assert!(text.contains("- policy ac3e0000-0000-4000-8000-000000000039"), "{text}");
    assert!(text.contains("2 to delete") && text.contains("-- exit 0"), "{text}");
}

#[test]
fn unless_somebody_has_given_the_later_one_a_key() {
    let (_desk, ended) = planned(&[], |state| {
        twins_of_two_runs(state);
        let mut key = state["api_keys"][0].clone();
        key["access_key"] = "SCWAC3E0000000000002".into();
        key["application_id"] = "ac3e0000-0000-4000-8000-000000000019".into();
        state["api_keys"].as_array_mut().unwrap().push(key);
    });
    let text = ended.to_string();
    assert!(text.contains("application ci is the name of 2 live objects"), "{text}");
}

#[test]
fn an_id_settles_which_of_several_of_a_name_is_meant() {
    let declared = [
        (
            "  ci:\n    description: Deploys",
            "  ci:\n    id: ac3e0000-0000-4000-8000-000000000019\n    description: Deploys",
        ),
        ("  ci-push:\n", "  ci-push:\n    id: ac3e0000-0000-4000-8000-000000000039\n"),
    ];
    let (_desk, ended) = planned(&declared, |state| {
        state["api_keys"] = json!([]);
        twins_of_two_runs(state);
    });
    let text = ended.to_string();
    assert!(text.contains("- application ac3e0000-0000-4000-8000-000000000012"), "{text}");
    assert!(text.contains("- policy ac3e0000-0000-4000-8000-000000000033"), "{text}");
    assert!(text.contains("2 to delete") && text.contains("-- exit 0"), "{text}");
}

#[test]
fn other_duplicates_are_left_alone() {
    let (_desk, ended) = planned(&[], |state| {
        for number in [0x19, 0x1a] {
            let mut twin = object(state, "applications", "ci").clone();
            twin["id"] = format!("ac3e0000-0000-4000-8000-0000000000{number:02x}").into();
            twin["name"] = "twin".into();
            twin["tags"] = json!([]);
            state["applications"].as_array_mut().unwrap().push(twin);
        }
    });
    assert_snapshot!(ended, @"
    -- stdout
    Left unchanged
      2 applications: not owned by any stack
          ac3e0000-0000-4000-8000-000000000019 (twin),
            ac3e0000-0000-4000-8000-00000000001a (twin)

    No changes. The live organization has everything the files declare;
      2 applications that no file declares are left unchanged.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn a_deleted_application_says_how_many_keys_go_with_it() {
    let with_keys = |state: &mut Value| object(state, "applications", "backup")["nb_api_keys"] = 2.into();
    let (_desk, ended) = planned(&WITHOUT_BACKUP, with_keys);
    assert!(ended.contains("- application backup, and its 2 API keys with it"), "{}", ended);
}
