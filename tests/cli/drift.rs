//! `scw-iam drift`

use insta::assert_snapshot;

use crate::acme::{FILE, desk, live, object};
use crate::command::edit;

#[test]
fn without_drift_it_ends_with_0() {
    let desk = desk();
    assert_snapshot!(desk.run("drift --emulate live.json"), @"
    -- stdout
    Left alone
      1 group: a product manages it, or it is built in
          All Users

    No drift: live is what the files say.
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
    Access
      user cho@acme.io
        - loses IAMManager on organization
            ← group admins ← policy admins-iam, rule 1

    Steps
      1  ~ application ci
           description: "Deploys, and more" → "Deploys"
      2  - cho@acme.io leaves group admins

    Left alone
      1 group: a product manages it, or it is built in
          All Users

    Drift: 2 to change (1 application, 1 group); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    assert_snapshot!(desk.run("drift --emulate live.json -o markdown"), @r#"
    -- stdout
    ### Access drift

    **2 to change (1 application, 1 group); 2 steps**

    | who | | what | by |
    |---|---|---|---|
    | user cho&#64;acme.io | ➖ loses | IAMManager on organization | group admins ← policy admins-iam, rule 1 |

    <details><summary>Steps and details</summary>

    ```text
    Access
      user cho@acme.io
        - loses IAMManager on organization
            ← group admins ← policy admins-iam, rule 1

    Steps
      1  ~ application ci
           description: "Deploys, and more" → "Deploys"
      2  - cho@acme.io leaves group admins

    Left alone
      1 group: a product manages it, or it is built in
          All Users

    Drift: 2 to change (1 application, 1 group); 2 steps.
    ```

    </details>
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    assert_eq!(desk.run("drift --emulate live.json -o json").ends_with(2).json()["summary"]["updated"], 2);
}

#[test]
fn drift_is_never_refused_by_a_guard() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("users: [ann@acme.io, bob@acme.io]", "users: []")]));
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
