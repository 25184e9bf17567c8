//! The life of an SSH key: added, found again, disabled, renamed, replaced, removed.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, live};
use crate::command::{Desk, by_name};

const PROD: &str = "ac3e0000-0000-4000-8000-0000000000a1";
const STAGING: &str = "ac3e0000-0000-4000-8000-0000000000a2";
const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO";
const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/EzP50WHDiwNmfcfMP8GVsje3UHMHX09N2sNvmheLz";
const THREE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIItbnbDBPbJCVsgpqjZKqQxtLroxi5IypKuTE7lU01Vf";

fn key(number: u16, name: &str, project: &str, public_key: &str) -> Value {
    json!({
        "id": format!("ac3e0000-0000-4000-8000-{number:012x}"), "name": name, "project_id": project,
        "public_key": public_key, "created_at": "2026-01-12T09:00:00.000000Z", "updated_at": "2026-01-12T09:00:00.000000Z",
    })
}

/// A desk with these SSH keys, live.
fn desk(keys: &[Value]) -> Desk {
    let mut state = live();
    state["ssh_keys"] = keys.into();
    let desk = Desk::new();
    desk.file("live.json", state);
    desk
}

/// Declares the SSH keys of `prod`, beside everything else that is live.
fn declare(desk: &Desk, of_prod: &str) {
    desk.file("iam.yaml", format!("{FILE}ssh_keys:\n  prod: {of_prod}\n"));
}

fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().unwrap().iter();
    steps
        .map(|step| format!("{} {}", step["action"].as_str().unwrap(), step["address"].as_str().unwrap()))
        .collect()
}

/// What a plan would do, by `create ssh_key prod/a`.
fn planned(desk: &Desk) -> Vec<String> {
    steps(&desk.run("plan --emulate live.json --allow keys=1 -o json").json())
}

/// Applies, and returns the names of the keys that are there then, with their public keys.
fn apply(desk: &Desk, options: &str) -> Vec<String> {
    let call = format!("apply --emulate live.json --save next.json --yes {options}");
    _ = desk.run(&call).ends_with(0);
    let state = desk.json("next.json");
    desk.file("live.json", &state);
    assert_eq!(planned(desk), [""; 0], "nothing is left to do");
    let keys = state["ssh_keys"].as_array().unwrap().iter();
    let disabled = |key: &Value| if key["disabled"] == true { " (disabled)" } else { "" };
    let name = |key: &Value| format!("{}{}", key["name"].as_str().unwrap(), disabled(key));
    // The last signs tell the public keys apart.
    let material = |key: &Value| {
        let text = key["public_key"].as_str().unwrap();
        text[text.len() - 4..].to_owned()
    };
    let mut keys: Vec<_> = keys.map(|key| format!("{} {}", name(key), material(key))).collect();
    keys.sort();
    keys
}

#[test]
fn a_key_lives() {
    let desk = desk(&[key(0x51, "old", STAGING, TWO)]);
    declare(&desk, &format!("{{keys: {{alice: {{public_key: {ONE} alice@laptop}}}}}}"));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Access
      the holder of SSH key prod/alice
        + gains SSH to prod

    Steps
      1  + SSH key prod/alice
           public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO

    Left unchanged
      1 SSH key: not owned by any stack
          staging/old

    Plan: 1 to create (1 SSH key); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_eq!(apply(&desk, ""), ["alice PlpO", "old heLz"]);
    // Another comment is no other key.
    declare(&desk, &format!("{{keys: {{alice: {{public_key: {ONE} alice@desk}}}}}}"));
    assert_eq!(planned(&desk), [""; 0]);
    declare(&desk, &format!("{{keys: {{alice-laptop: {{public_key: {ONE}}}}}}}"));
    assert_eq!(planned(&desk), ["update ssh_key prod/alice-laptop"]);
    assert_eq!(apply(&desk, ""), ["alice-laptop PlpO", "old heLz"]);
    declare(&desk, &format!("{{keys: {{alice-laptop: {{public_key: {ONE}, disabled: true}}}}}}"));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Access
      the holder of SSH key prod/alice-laptop
        - loses SSH to prod

    Steps
      1  ~ SSH key prod/alice-laptop
           disabled: false → true

    Left unchanged
      1 SSH key: not owned by any stack
          staging/old

    Plan: 1 to change (1 SSH key); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_eq!(apply(&desk, ""), ["alice-laptop (disabled) PlpO", "old heLz"]);
    // Another key is added beside it: nobody says that the old one may go.
    declare(&desk, &format!("{{keys: {{alice-laptop: {{public_key: {THREE}}}}}}}"));
    assert_eq!(planned(&desk), ["create ssh_key prod/alice-laptop"]);
    assert_eq!(apply(&desk, ""), ["alice-laptop (disabled) PlpO", "alice-laptop 01Vf", "old heLz"]);
    declare(&desk, &format!("{{membership: exact, keys: {{alice-laptop: {{public_key: {THREE}}}}}}}"));
    let refused = desk.run("plan --emulate live.json").ends_with(3);
    assert!(refused.stdout.contains("refused by keys: would delete 1 SSH key (limit: 0)"), "{refused}");
    assert!(refused.stdout.contains("no change in access"), "it was disabled: {refused}");
    assert_eq!(apply(&desk, "--allow keys=1"), ["alice-laptop 01Vf", "old heLz"], "staging is not managed");
    declare(&desk, "{membership: exact, keys: {}}");
    assert_eq!(apply(&desk, "--allow keys=1"), ["old heLz"]);
}

#[test]
fn a_key_is_replaced_where_the_entry_names_the_live_one() {
    let desk = desk(&[key(0x51, "alice", PROD, ONE)]);
    let entry =
        format!("{{keys: {{alice: {{public_key: {TWO}, id: ac3e0000-0000-4000-8000-000000000051}}}}}}");
    declare(&desk, &entry);
    let mut steps = planned(&desk);
    steps.sort();
    let gone = "delete ssh_key id:ac3e0000-0000-4000-8000-000000000051";
    assert_eq!(steps, ["create ssh_key prod/alice", gone]);
    assert_eq!(apply(&desk, "--allow keys=1"), ["alice heLz"]);
}

#[test]
fn an_entry_that_is_disabled_leaves_no_key_of_its_name_enabled_and_adds_none() {
    let desk = desk(&[key(0x51, "alice", PROD, ONE)]);
    declare(&desk, &format!("{{keys: {{alice: {{public_key: {TWO}, disabled: true}}}}}}"));
    assert_eq!(planned(&desk), ["update ssh_key prod/alice"]);
    assert_eq!(apply(&desk, ""), ["alice (disabled) PlpO"]);
    declare(&desk, &format!("{{keys: {{bob: {{public_key: {TWO}, disabled: true}}}}}}"));
    assert_eq!(planned(&desk), [""; 0]);
}

#[test]
fn keys_of_one_name_or_of_one_material_are_told_apart() {
    let live = [
        key(0x51, "a", PROD, ONE),
        key(0x52, "a", PROD, TWO),
        key(0x53, "b", PROD, TWO),
        key(0x54, "a", STAGING, ONE),
        key(0x55, "", PROD, THREE),
    ];
    let desk = desk(&live);
    let keys = format!("a: {{public_key: {ONE}}}, b: {{public_key: {TWO}}}, c: {{public_key: {THREE}}}");
    declare(&desk, &format!("{{keys: {{{keys}}}}}"));
    assert_eq!(planned(&desk), ["update ssh_key prod/c"], "the one without a name gets one");
    declare(&desk, &format!("{{membership: exact, keys: {{{keys}}}}}"));
    let steps = planned(&desk);
    assert_eq!(steps, ["update ssh_key prod/c", "delete ssh_key id:ac3e0000-0000-4000-8000-000000000052"]);
}

#[test]
fn what_is_wrong_with_a_key_is_said_with_its_place_and_a_private_one_is_never_shown() {
    let desk = desk(&[]);
    let text = format!(
        "{FILE}ssh_keys:
  prod:
    membership: at_last
    keys:
      a: {{public_key: {ONE}}}
      b: {{public_key: {ONE} again}}
      c: {{}}
      d: {{public_key: {TWO}, disabled: 'yes'}}
  {ORGANIZATION}: {{keys: {{}}}}
  staging:
    keys:
      e:
        public_key: |
          -----BEGIN OPENSSH PRIVATE KEY-----
          c2VjcmV0IGFuZCBub2JvZHkncw==
"
    );
    desk.file("iam.yaml", text);
    let ended = desk.run("validate");
    assert!(!format!("{ended}").contains("c2VjcmV0"), "{ended}");
    assert_snapshot!(ended, @"
    -- stderr
    error: `membership` must be `exact` or `at_least`, not `at_last`
      --> iam.yaml:54:17
       |
    54 |     membership: at_last
       |                 ^^^^^^^ did you mean `at_least`?

    error: the public key `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO` is listed twice
      --> iam.yaml:57:7
       |
    57 |       b: {public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO again}
       |       ^ listed again here
       |
      ::: iam.yaml:56:7
       |
    56 |       a: {public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO}
       |       - first listed here

    error: SSH key `c` has no `public_key`
      --> iam.yaml:58:7
       |
    58 |       c: {}
       |       ^ needs `public_key`

    error: `disabled` must be `true` or `false`, not `yes`
      --> iam.yaml:59:115
       |
    59 |       d: {public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/EzP50WHDiwNmfcfMP8GVsje3UHMHX09N2sNvmheLz, disabled: 'yes'}
       |                                                                                                                   ^^^^^

    error: `ac3e0000-0000-4000-8000-000000000000` is an id, but projects are referred to by name
      --> iam.yaml:60:3
       |
    60 |   ac3e0000-0000-4000-8000-000000000000: {keys: {}}
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ give it a name under `projects`

    error: the public key of `e` must begin with the type of a public key, as `ssh-ed25519` (the file ends with `.pub`)
      --> iam.yaml:63:7
       |
    63 |       e:
       |       ^
    -- exit 65
    ");
    desk.file(
        "iam.yaml",
        FILE.replace("stack: web\n", "") + "ssh_keys: {prod: {membership: exact, keys: {}}}\n",
    );
    assert_snapshot!(desk.run("validate"), @"
    -- stderr
    error: `membership: exact` has no effect without `stack`
      --> iam.yaml:51:12
       |
    51 | ssh_keys: {prod: {membership: exact, keys: {}}}
       |            ^^^^ without a stack, nothing is owned or deleted
    -- exit 65
    ");
}

#[test]
fn an_export_has_the_keys_and_plans_to_nothing() {
    let desk = desk(&[key(0x51, "alice@laptop", PROD, ONE), key(0x52, "", STAGING, TWO), {
        let mut key = key(0x53, "bob", STAGING, THREE);
        key["disabled"] = true.into();
        key
    }]);
    _ = desk.run("export --emulate live.json --out out --stack web").ends_with(0);
    assert_snapshot!(desk.read("out/ssh_keys.yaml"), @"
    # yaml-language-server: $schema=scw-iam.schema.json

    ssh_keys:
      prod:
        keys:
          alice@laptop:
            public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO
      staging:
        keys:
          bob:
            public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIItbnbDBPbJCVsgpqjZKqQxtLroxi5IypKuTE7lU01Vf
            disabled: true
      # Not declared:
      # - `` (ac3e0000-0000-4000-8000-000000000052): its name is not unique, or breaks the rules for names
    ");
    _ = desk.run("plan out --emulate live.json --detailed-exitcode").ends_with(0);
}

#[test]
fn drift_tells_keys_that_no_list_has_apart_from_those_that_are_to_go() {
    let desk = desk(&[key(0x51, "alice", PROD, ONE), key(0x52, "mallory", PROD, TWO)]);
    let keys = format!("keys: {{alice: {{public_key: {ONE}}}}}");
    declare(&desk, &format!("{{{keys}}}"));
    _ = desk.run("drift --emulate live.json").ends_with(0);
    declare(&desk, &format!("{{membership: exact, {keys}}}"));
    assert_snapshot!(desk.run("drift --emulate live.json --now 2026-11-26T12:00:00Z"), @r#"
    -- stdout
    Access: live compared with the files
      the holder of SSH key prod/mallory
        + has SSH to prod, which the files do not grant

    Who did it
      unknown (no matching event in the last 90 days)

    Steps: what an apply would change
      1  - SSH key prod/mallory

    an apply would be refused by keys: would delete 1 SSH key (limit: 0)
      (--allow keys=1)
        SSH key prod/mallory
        to let exactly this pass, add to `allow`: - {guard: keys, of:
          ["ssh_key:prod/mallory"], until: 2026-12-10, reason: WHY}

    Drift: 1 to delete (1 SSH key); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    "#);
    declare(&desk, &format!("{{{keys}}}"));
    let state = desk.json("live.json");
    assert_eq!(by_name(&state, "ssh_keys").len(), 2);
}
