//! `scw-iam emulate` and `scw-iam demo`

use insta::assert_snapshot;

use crate::acme::{FILE, ORGANIZATION, desk};
use crate::command::{Desk, edit};
use crate::plan::MORE;

#[test]
fn the_emulator_keeps_what_an_apply_leads_to() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let api = desk.emulate("live.json", "");
    assert_eq!(desk.command("apply --yes").against(&api.url, ORGANIZATION).run().code, 0);
    desk.file("saved.json", api.stop());
    assert_eq!(desk.run("plan --emulate saved.json --detailed-exitcode").code, 0);
}

#[test]
fn without_a_state_it_is_an_organization_with_an_owner() {
    let desk = desk();
    desk.file("empty.json", "{}");
    let api = desk.emulate("empty.json", "");
    let ended = desk.command("export").against(&api.url, "00000000-0000-4000-8000-000000000000").run();
    assert_snapshot!(ended, @"
    -- stdout
    version: 1
    organization: 00000000-0000-4000-8000-000000000000

    applications: {}

    groups: {}
      # Not declared:
      # - `All Applications`: it is built in
      # - `All Users`: it is built in

    policies: {}

    organization_settings:
      security:
        enforce_password_renewal: false
        grace_period: 3d
        login_attempts_before_locked: 10
        max_login_session: 30d
        max_api_key_expiration: none
      login_methods:
        password: true
        magic_code: true
        oauth2: true
        saml: false
    -- exit 0
    ");
}

#[test]
fn a_state_it_cannot_take_is_named_before_it_listens() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("emulate --state nowhere.json"), @"
    -- stderr
    error: cannot read nowhere.json
      because: No such file or directory (os error 2)
    hint: `scw-iam snapshot --out STATE.json` writes the state of an organization
    -- exit 1
    ");
    desk.file("state.json", "[]");
    assert_snapshot!(desk.run("emulate --state state.json"), @"
    -- stderr
    error: cannot emulate state.json
      because: cannot load the state
      because: the state's top is not an object
    -- exit 1
    ");
    desk.file("state.json", r#"{"groups": [{"name": "x"}]}"#);
    assert_snapshot!(desk.run("emulate --state state.json"), @"
    -- stderr
    error: cannot emulate state.json
      because: cannot load the state
      because: groups[0] `x`: `id`: is missing
    -- exit 1
    ");
}

#[test]
fn wrong_faults_and_latencies_are_wrong_usage() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("emulate --faults 418=0.5"), @"
    -- stderr
    error: invalid value '418=0.5' for '--faults <SPEC>': no fault is called `418`

    For more information, try '--help'.
    -- exit 64
    ");
    assert_snapshot!(desk.run("emulate --latency fast"), @"
    -- stderr
    error: invalid value 'fast' for '--latency <recorded|MS>': expected `recorded` or a number of milliseconds

    For more information, try '--help'.
    -- exit 64
    ");
    assert_snapshot!(desk.run("emulate --listen localhost"), @"
    -- stderr
    error: invalid value 'localhost' for '--listen <ADDRESS:PORT>': expected an address and a port such as 127.0.0.1:[PORT] or [::1]:0

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn the_demo_goes_round_and_leaves_nothing_behind() {
    let desk = Desk::new();
    let ended = desk.run("demo").ends_with(0);
    let steps: Vec<_> =
        ended.stdout.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert_snapshot!(steps.join("\n"), @"
    1. Export the live organization as YAML
    2. Edit the file
    3. Plan: who gains, who loses, and in which order
    4. Apply it
    5. Plan again
    ");
    assert!(ended.stdout.contains("\nNo changes. The live organization matches the files.\n"), "{ended}");
    assert_snapshot!(ended.stderr, @"This ran on an emulator: nothing real was changed.");
    assert_eq!(desk.files(), [""; 0]);
}

#[test]
fn the_demo_reads_no_credential_and_no_network() {
    let desk = Desk::new();
    let call = desk.command("demo").env("SCW_PROFILE", "nowhere").env("SCW_API_URL", "http://127.0.0.1:9");
    assert_eq!(call.env("HTTP_PROXY", "http://127.0.0.1:9").run().code, 0);
}
