//! Rules that cannot be written, and rules that grant nothing any more.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, desk, live, object};
use crate::command::{Desk, edit};

/// The organization with another rule in the policy of the developers, and files in which bob has left and the policy
/// grants less.
fn organization(rule: Value) -> Desk {
    let desk = desk();
    let mut state = live();
    object(&mut state, "policies", "developers-run")["rules"].as_array_mut().unwrap().push(rule);
    desk.file("live.json", state);
    desk
}

/// Somebody leaves.
const LEAVES: (&str, &str) = ("users: [ann@acme.io, bob@acme.io]", "users: [ann@acme.io]");
/// The policy of the developers grants less.
const LESS: (&str, &str) = ("permission_sets: [InstancesFullAccess]", "permission_sets: [InstancesReadOnly]");

#[test]
fn a_rule_whose_projects_were_deleted_is_in_nobodys_way() {
    let gone = json!({
        "permission_set_names": ["ObjectStorageFullAccess"], "condition": "",
        "permission_sets_scope_type": "unknown_scope_type",
    });
    let desk = organization(gone);
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    note: rule 2 of policy developers-run (ObjectStorageFullAccess) grants nothing,
      because its projects were deleted; the next change of the policy's rules
      removes it

    No changes. The live organization matches the files.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_eq!(desk.run("drift --emulate live.json").code, 0);
    desk.file("iam.yaml", edit(FILE, &[LEAVES]));
    assert_eq!(desk.run("apply --yes --emulate live.json --save after.json").code, 0);
    let after = desk.json("after.json");
    let group = after["groups"].as_array().unwrap().iter().find(|group| group["name"] == "developers");
    assert_eq!(group.unwrap()["user_ids"].as_array().unwrap().len(), 1);
    desk.file("iam.yaml", edit(FILE, &[LESS]));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Access
      users ann@acme.io and bob@acme.io
        + gains InstancesReadOnly on staging
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
        - loses InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1

    Steps
      1  ~ rules of policy developers-run
           - - permission_sets: [InstancesFullAccess]
           + - permission_sets: [InstancesReadOnly]
               scope: [staging]
           - - permission_sets: [ObjectStorageFullAccess]
           -   scope: []  # its projects are gone

    note: rule 2 of policy developers-run (ObjectStorageFullAccess) grants nothing,
      because its projects were deleted; step 1 removes it

    Plan: 1 to change (1 policy); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_eq!(desk.run("apply --yes --emulate live.json --save after.json").code, 0);
}

#[test]
fn what_cannot_be_rewritten_is_named_and_the_rest_is_done() {
    let other = json!({
        "permission_set_names": ["ObjectStorageFullAccess"], "condition": "",
        "permission_sets_scope_type": "projects", "account_root_user_id": "ac3e0000-0000-4000-8000-0000000000ff",
    });
    let desk = organization(other);
    desk.file("iam.yaml", edit(FILE, &[LEAVES, LESS]));
    assert_snapshot!(desk.run("plan --emulate live.json --detailed-exitcode"), @"
    -- stdout
    Access that stays: user ann@acme.io keeps InstancesFullAccess on staging,
      because policy developers-run cannot be rewritten
    Access that stays: user ann@acme.io keeps ObjectStorageFullAccess on account
      root user ac3e0000-0000-4000-8000-0000000000ff, because policy developers-run
      cannot be rewritten

    Access
      user bob@acme.io
        - loses InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1
        - loses ObjectStorageFullAccess on account root user
              ac3e0000-0000-4000-8000-0000000000ff
            ← group developers ← policy developers-run, rule 2

    Steps
      1  - bob@acme.io leaves group developers

    not rewritten: policy developers-run (iam.yaml:42) keeps its rules and its
      principal, because this version cannot write rule 2 (account root user
      ac3e0000-0000-4000-8000-0000000000ff); change the policy in the console

    Plan: 1 to change (1 group); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    ");
    assert_snapshot!(desk.run("plan --emulate live.json -o markdown"), @"
    -- stdout
    <!-- scw-iam plan ac3e0000-0000-4000-8000-000000000000 web -->
    ### Access plan of stack `web` in organization `acme` (`ac3e0000-0000-4000-8000-000000000000`)

    🛑 Access that stays: user `ann@acme.io` keeps InstancesFullAccess on staging, because policy developers-run cannot be rewritten

    🛑 Access that stays: user `ann@acme.io` keeps ObjectStorageFullAccess on account root user `ac3e0000-0000-4000-8000-0000000000ff`, because policy developers-run cannot be rewritten

    **1 to change (1 group); 1 step**

    | who | | what | by |
    |---|---|---|---|
    | user `bob@acme.io` | ➖ loses | InstancesFullAccess on staging | group developers ← policy developers-run, rule 1 |
    |  | ➖ loses | ObjectStorageFullAccess on account root user `ac3e0000-0000-4000-8000-0000000000ff` | group developers ← policy developers-run, rule 2 |

    <details><summary>Steps and details</summary>

    ```text
    Steps
      1  - bob@acme.io leaves group developers

    not rewritten: policy developers-run (iam.yaml:42) keeps its rules and its
      principal, because this version cannot write rule 2 (account root user
      ac3e0000-0000-4000-8000-0000000000ff); change the policy in the console
    ```

    </details>
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let applied = desk.run("apply --yes --emulate live.json --save after.json");
    assert_eq!(applied.code, 6, "{applied}");
    let after = desk.json("after.json");
    let group = after["groups"].as_array().unwrap().iter().find(|group| group["name"] == "developers");
    assert_eq!(group.unwrap()["user_ids"].as_array().unwrap().len(), 1);
    desk.file("live.json", after);
    assert_eq!(desk.run("plan --emulate live.json --detailed-exitcode").code, 2);
    let drift = desk.run("drift --emulate live.json -o json").ends_with(2).json();
    let found: Vec<_> =
        drift["drift"].as_array().unwrap().iter().filter(|it| it["kind"] == "changed").collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["subject"], "policy developers-run");
    for (on, code) in [("changed", 2), ("missing,extra,broken,gone,escalation", 0)] {
        let ended = desk.run(&format!("drift --emulate live.json --fail-on {on}")).ends_with(code);
        assert!(ended.stdout.contains("changed: policy developers-run"), "{ended}");
        assert!(ended.stdout.contains("Drift: 1 changed."), "{ended}");
    }
    // What is known does not count.
    let ignore = format!(
        "settings: {{drift: {{ignore: [{{fingerprint: {}, reason: the console's, until: 2099-01-01}}]}}}}\n",
        found[0]["fingerprint"].as_str().unwrap()
    );
    desk.file("iam.yaml", format!("{}{ignore}", edit(FILE, &[LEAVES, LESS])));
    assert_eq!(desk.run("drift --emulate live.json").code, 0);
    desk.file("iam.yaml", edit(FILE, &[LEAVES, LESS]));
    assert_eq!(desk.run("apply --yes --emulate live.json").code, 6);
    let json: Value = serde_json::from_str(&desk.run("plan --emulate live.json -o json").stdout).unwrap();
    assert_eq!(json["blocked"][0]["address"], "policy developers-run");
}
