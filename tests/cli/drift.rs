//! `scw-iam drift`

use insta::assert_snapshot;

use crate::acme::{FILE, desk, live, object};
use crate::command::edit;

#[test]
fn without_drift_it_ends_with_0() {
    let desk = desk();
    assert_snapshot!(desk.run("drift --emulate live.json"), @"
    -- stdout
    No drift. The live organization matches the files.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn what_somebody_changed_by_hand_ends_with_2() {
    let desk = desk();
    let mut state = live();
    let members = object(&mut state, "groups", "admins")["user_ids"].as_array_mut().unwrap();
    members.push("ac3e0000-0000-4000-8000-000000000004".into());
    object(&mut state, "applications", "ci")["description"] = "Deploys, and more".into();
    desk.file("live.json", state);
    assert_snapshot!(desk.run("drift --emulate live.json"), @r#"
    -- stdout
    Findings
      escalation: user cho@acme.io has IAMManager on organization, as a member of a
          group that no file lists
          ← group admins ← policy admins-iam, rule 1
          fingerprint 6d8aa16a4035

    Access: live compared with the files
      user cho@acme.io
        + has IAMManager on organization, which the files do not grant
              [can escalate]
            ← group admins ← policy admins-iam, rule 1

    Who did it
      unknown (no matching event in the last 90 days)

    Steps: what an apply would change
      1  ~ application ci
           description: "Deploys, and more" → "Deploys"
      2  - cho@acme.io leaves group admins

    Drift: 2 to change (1 application, 1 group); 2 steps; 1 escalation.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    assert_snapshot!(desk.run("drift --emulate live.json -o markdown"), @r#"
    -- stdout
    <!-- scw-iam drift ac3e0000-0000-4000-8000-000000000000 web -->
    ### Access drift of stack `web` in organization `acme` (`ac3e0000-0000-4000-8000-000000000000`)

    **2 to change (1 application, 1 group); 2 steps; 1 escalation**

    - 🛑 **escalation**: user `cho@acme.io` has IAMManager on organization, as a member of a group that no file lists ← group admins ← policy admins-iam, rule 1 (`6d8aa16a4035`)

    Live compared with the files:

    | who | | what | by |
    |---|---|---|---|
    | user `cho@acme.io` | ➕ has | IAMManager on organization, which the files do not grant **can escalate** | group admins ← policy admins-iam, rule 1 |

    Who did it: unknown (no matching event in the last 90 days)

    <details><summary>Steps and details</summary>

    ```text
    Steps: what an apply would change
      1  ~ application ci
           description: "Deploys, and more" → "Deploys"
      2  - cho@acme.io leaves group admins
    ```

    </details>
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    assert_eq!(desk.run("drift --emulate live.json -o json").ends_with(2).json()["summary"]["updated"], 2);
}

#[test]
fn drift_says_on_which_side_access_is() {
    let desk = desk();
    let mut state = live();
    // By hand: Bob is taken out, ci may push elsewhere, backup got a policy, one condition is set and another gone.
    let rule = |set: &str, project: &str, condition: &str| serde_json::json!([{"permission_set_names": [set], "condition": condition, "project_ids": [project]}]);
    let (prod, staging) = ("ac3e0000-0000-4000-8000-0000000000a1", "ac3e0000-0000-4000-8000-0000000000a2");
    object(&mut state, "groups", "developers")["user_ids"] =
        serde_json::json!(["ac3e0000-0000-4000-8000-000000000002"]);
    object(&mut state, "policies", "ci-push")["rules"] = rule("ContainerRegistryFullAccess", prod, "");
    object(&mut state, "policies", "look")["rules"] =
        rule("AllProductsReadOnly", staging, "request.ip == \"192.0.2.1\"");
    let condition =
        "[InstancesFullAccess]\n        scope: [staging]\n        condition: request.ip == \"192.0.2.2\"";
    let file = edit(FILE, &[("[InstancesFullAccess]\n        scope: [staging]", condition)]);
    desk.file("live.json", state).file("iam.yaml", edit(&file, &[("{application: backup}", "none")]));
    assert_snapshot!(desk.run("drift --emulate live.json"), @r#"
    -- stdout
    Access: live compared with the files
      user ann@acme.io
        ~ has AllProductsReadOnly on staging under a condition that the files do not
              set
            ← group All Users ← policy look, rule 1 (iam.yaml:51)
        ~ has InstancesFullAccess on staging without the condition that the files
              set: request.ip == "192.0.2.2"
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
      user bob@acme.io
        - lacks InstancesFullAccess on staging if request.ip == "192.0.2.2", which
              the files grant
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
        ~ has AllProductsReadOnly on staging under a condition that the files do not
              set
            ← group All Users ← policy look, rule 1 (iam.yaml:51)
      user cho@acme.io
        ~ has AllProductsReadOnly on staging under a condition that the files do not
              set
            ← group All Users ← policy look, rule 1 (iam.yaml:51)
      application backup, has no access in the files
        + has ObjectStorageFullAccess on all projects, which the files do not grant
            ← policy backup-store, rule 1
      application ci
        - lacks ContainerRegistryFullAccess on staging, which the files grant
            ← policy ci-push, rule 1 (iam.yaml:40)
        + has ContainerRegistryFullAccess on prod, which the files do not grant
            ← policy ci-push, rule 1

    Who did it
      unknown (no matching event in the last 90 days)

    Steps: what an apply would change
      1  ~ policy backup-store
           principal: application backup → none
      2  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
               scope: [staging]
           +   condition: request.ip == "192.0.2.2"
      3  + bob@acme.io joins group developers    after 2
      4  ~ rules of policy ci-push
             - permission_sets: [ContainerRegistryFullAccess]
           -   scope: [prod]
           +   scope: [staging]
      5  ~ rules of policy look
             - permission_sets: [AllProductsReadOnly]
               scope: [staging]
           -   condition: request.ip == "192.0.2.1"

    Drift: 5 to change (1 group, 4 policies); 5 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    let markdown = desk.run("drift --emulate live.json -o markdown").ends_with(2).stdout;
    assert_snapshot!(markdown.split("<details>").next().unwrap(), @r#"
    <!-- scw-iam drift ac3e0000-0000-4000-8000-000000000000 web -->
    ### Access drift of stack `web` in organization `acme` (`ac3e0000-0000-4000-8000-000000000000`)

    **5 to change (1 group, 4 policies); 5 steps**

    Live compared with the files:

    | who | | what | by |
    |---|---|---|---|
    | user `ann@acme.io` | ✏️ has | AllProductsReadOnly on staging under a condition that the files do not set | group All Users ← policy look, rule 1 (iam.yaml:51) |
    |  | ✏️ has | InstancesFullAccess on staging without the condition that the files set: request.ip == "192.0.2.2" | group developers ← policy developers-run, rule 1 (iam.yaml:45) |
    | user `bob@acme.io` | ➖ lacks | InstancesFullAccess on staging if request.ip == "192.0.2.2", which the files grant | group developers ← policy developers-run, rule 1 (iam.yaml:45) |
    |  | ✏️ has | AllProductsReadOnly on staging under a condition that the files do not set | group All Users ← policy look, rule 1 (iam.yaml:51) |
    | user `cho@acme.io` | ✏️ has | AllProductsReadOnly on staging under a condition that the files do not set | group All Users ← policy look, rule 1 (iam.yaml:51) |
    | application backup, **has no access in the files** | ➕ has | ObjectStorageFullAccess on all projects, which the files do not grant | policy backup-store, rule 1 |
    | application ci | ➖ lacks | ContainerRegistryFullAccess on staging, which the files grant | policy ci-push, rule 1 (iam.yaml:40) |
    |  | ➕ has | ContainerRegistryFullAccess on prod, which the files do not grant | policy ci-push, rule 1 |

    Who did it: unknown (no matching event in the last 90 days)
    "#);
}

#[test]
fn drift_is_never_refused_by_a_guard() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("users: [ann@acme.io, bob@acme.io]", "users: []")]));
    let ended = desk.run("drift --emulate live.json").ends_with(2);
    assert!(ended.stdout.contains("an apply would be refused by emptied:"), "{ended}");
    assert_eq!(desk.run("plan --emulate live.json").code, 3);
    assert_eq!(desk.run("drift --emulate live.json").code, 2);
}

#[test]
fn drift_lifts_no_guard() {
    let desk = desk();
    assert_snapshot!(desk.run("drift --emulate live.json --allow deletes=1"), @"
    -- stderr
    error: unexpected argument '--allow' found

      tip: to pass '--allow' as a value, use '-- --allow'

    Usage: scw-iam drift --emulate <STATE.json> [PATH]...

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn a_guardrail_with_an_unknown_project_is_broken_in_drift_and_an_error_in_plan() {
    let desk = desk();
    let guardrail =
        "guardrails:\n  - name: nothing on the old project\n    forbid: grant.scope == \"gone\"\n";
    desk.file("iam.yaml", format!("{FILE}\n{guardrail}"));
    assert_snapshot!(desk.run("drift iam.yaml --emulate live.json"), @r#"
    -- stdout
    Findings
      broken: project gone (iam.yaml:55) is named by a guardrail, and is not in the
          organization
          fingerprint fa65d5753e1f

    Missing from the organization; left out of the plan
      project gone, named by a guardrail (iam.yaml:55:28)

    Drift: 1 broken.
    -- stderr
    warning: the guardrail names project `gone`, which is not in the organization
      --> iam.yaml:55:28
       |
    55 |     forbid: grant.scope == "gone"
       |                            ^^^^^^ no project there has this name
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    let json = desk.run("drift iam.yaml --emulate live.json -o json").ends_with(2).json();
    assert_eq!(json["drift"][0]["kind"], "broken", "{json}");
    let planned = desk.run("plan iam.yaml --emulate live.json").ends_with(65);
    assert!(planned.stderr.contains("the guardrail names project `gone`"), "{planned}");
}
