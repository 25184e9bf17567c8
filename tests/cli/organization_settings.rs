//! The settings of an organization: read, changed field by field, never deleted; and the guards that keep people able to log in.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, live};
use crate::command::{Desk, Ended, edit};

const NOW: &str = "--now 2026-11-22T12:00:00Z";

/// A desk whose organization has only the settings that the emulator makes up.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("live.json", live());
    desk
}

/// Declares settings, beside everything else that is live.
fn declare(desk: &Desk, settings: &str) {
    desk.file("iam.yaml", format!("{FILE}organization_settings: {settings}\n"));
}

fn plan(desk: &Desk, options: &str) -> Ended {
    desk.run(&format!("plan --emulate live.json {NOW} {options}"))
}

/// Applies, and keeps the resulting state for the next command.
fn apply(desk: &Desk, options: &str) -> Value {
    let call = format!("apply --emulate live.json --save next.json --yes {NOW} {options}");
    _ = desk.run(&call).ends_with(0);
    let state = desk.json("next.json");
    desk.file("live.json", &state);
    _ = plan(desk, "--detailed-exitcode").ends_with(0);
    state["organization"].clone()
}

#[test]
fn only_what_is_written_is_changed_by_a_request_for_each_part() {
    let desk = desk();
    declare(
        &desk,
        "{security: {max_api_key_expiration: 365d, login_attempts_before_locked: 5, grace_period: 3d}, login_methods: {password: true, magic_code: false}}",
    );
    assert_snapshot!(plan(&desk, ""), @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ organization settings
           login_attempts_before_locked: 10 → 5
           max_api_key_expiration_duration: none → 365d
      2  ~ organization settings    after 1
           login_magic_code_enabled: true → false

    Plan: 1 to change (organization settings); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let api = desk.emulate("live.json", "--now 2026-11-22T12:00:00Z");
    let call = desk.command(&format!("apply --yes {NOW} --journal journal.jsonl"));
    _ = call.against(&api.url, ORGANIZATION).run().ends_with(0);
    let path = format!("/organizations/{ORGANIZATION}");
    assert_eq!(
        api.writes(),
        [format!("PATCH {path}/security-settings"), format!("PATCH {path}/login-methods")]
    );
    let bodies: Vec<Value> = desk
        .read("home/traffic.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["method"] == "PATCH")
        .map(|line| line["request"].clone())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({"login_attempts_before_locked": 5, "max_api_key_expiration_duration": "31536000s"}),
            json!({"login_magic_code_enabled": false}),
        ]
    );
    let changes: Vec<Value> = desk
        .read("journal.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["address"] == "organization settings" && line["event"] == "started")
        .collect();
    assert_eq!(changes.len(), 2);
    let field = &changes[0]["changes"]["fields"]["max_api_key_expiration_duration"];
    assert_eq!(field, &json!({"from": "0s", "to": "31536000s"}), "{changes:?}");
    let organization = &api.stop()["organization"];
    assert_eq!(organization["security_settings"]["max_login_session_duration"], "2592000s", "{organization}");
    assert!(organization.get("login_oauth2_enabled").is_none(), "{organization}");
}

#[test]
fn a_setting_that_somebody_changed_is_drift_and_goes_back_by_a_saved_plan() {
    let desk = desk();
    declare(&desk, "{security: {max_api_key_expiration: 90d}, login_methods: {oauth2: true}}");
    let organization = apply(&desk, "");
    assert_eq!(organization["security_settings"]["max_api_key_expiration_duration"], "7776000s");
    _ = desk.run(&format!("drift --emulate live.json {NOW}")).ends_with(0);
    let mut state = desk.json("live.json");
    state["organization"]["login_oauth2_enabled"] = false.into();
    state["organization"]["security_settings"]["max_api_key_expiration_duration"] = "0s".into();
    // Settings that no file has are not managed.
    state["organization"]["security_settings"]["enforce_password_renewal"] = true.into();
    desk.file("live.json", &state);
    assert_snapshot!(desk.run(&format!("drift --emulate live.json {NOW}")), @"
    -- stdout
    Access: live compared with the files
      no difference in access

    Who did it
      unknown (no matching event in the last 90 days)

    Steps: what an apply would change
      1  ~ organization settings
           max_api_key_expiration_duration: none → 90d
      2  ~ organization settings    after 1
           login_oauth2_enabled: false → true

    Drift: 1 to change (organization settings); 2 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 2
    ");
    _ = plan(&desk, "--out plan.json").ends_with(0);
    let saved = desk.run(&format!("apply plan.json --emulate live.json --save next.json --yes {NOW}"));
    _ = saved.ends_with(0);
    let organization = desk.json("next.json")["organization"].clone();
    assert_eq!(organization["login_oauth2_enabled"], true, "{organization}");
    assert_eq!(organization["security_settings"]["enforce_password_renewal"], true, "{organization}");
    // The organization has changed since the plan.
    state["organization"]["login_magic_code_enabled"] = false.into();
    desk.file("live.json", &state);
    let stale = desk.run(&format!("apply plan.json --emulate live.json --yes {NOW}")).ends_with(4);
    assert!(stale.stderr.contains("organization_settings organization is no longer as planned"), "{stale}");
}

#[test]
fn settings_need_no_stack_and_no_reading_where_no_file_has_them() {
    let desk = desk();
    let settings = "organization_settings: {security: {login_attempts_before_locked: 3}}\n";
    desk.file("iam.yaml", format!("version: 1\norganization: {ORGANIZATION}\n{settings}"));
    let organization = apply(&desk, "");
    assert_eq!(organization["security_settings"]["login_attempts_before_locked"], 3);
    desk.file("iam.yaml", format!("version: 1\norganization: {ORGANIZATION}\n"));
    let api = desk.emulate("live.json", "--now 2026-11-22T12:00:00Z");
    _ = desk
        .command(&format!("plan {NOW} --detailed-exitcode"))
        .against(&api.url, ORGANIZATION)
        .run()
        .ends_with(0);
    let requests = api.requests();
    assert!(!requests.iter().any(|request| request.contains("/organizations/")), "{requests:?}");
    // Without any key in it the section manages nothing.
    declare(&desk, "{}");
    _ = plan(&desk, "--detailed-exitcode").ends_with(0);
}

#[test]
fn an_export_has_the_settings_and_plans_to_nothing() {
    let desk = desk();
    let mut state = live();
    state["organization"]["login_saml_enabled"] = true.into();
    // A second more than files can say, and no maximum.
    state["organization"]["security_settings"] =
        json!({"grace_period_duration": "259201s", "max_api_key_expiration_duration": "0s"});
    desk.file("live.json", &state);
    _ = desk.run("export --emulate live.json --out out --stack web").ends_with(0);
    assert_snapshot!(desk.read("out/organization_settings.yaml"), @"
    # yaml-language-server: $schema=scw-iam.schema.json

    organization_settings:
      security:
        enforce_password_renewal: false
        login_attempts_before_locked: 10
        max_login_session: 30d
        max_api_key_expiration: none
      login_methods:
        password: true
        magic_code: true
        oauth2: true
        saml: true
    ");
    _ = desk.run(&format!("plan out --emulate live.json {NOW} --detailed-exitcode")).ends_with(0);
    // A snapshot holds them too.
    _ = desk.run(&format!("snapshot --emulate live.json --out copy.json {NOW}")).ends_with(0);
    _ = desk.run(&format!("plan out --emulate copy.json {NOW} --detailed-exitcode")).ends_with(0);
}

#[test]
fn what_is_wrong_with_a_setting_is_said_with_its_place() {
    let desk = desk();
    declare(
        &desk,
        "
  security:
    login_attempts_before_locked: 51
    grace_period: none
    max_login_session: 90s
    max_api_key_expiration: never
    mfa: true
  login_methods: {password: 'yes', sso: true}",
    );
    assert_snapshot!(desk.run("validate"), @"
    -- stderr
    error: `login_attempts_before_locked` must be a number from 1 to 50
      --> iam.yaml:54:35
       |
    54 |     login_attempts_before_locked: 51
       |                                   ^^

    error: `none` is not a span of time
      --> iam.yaml:55:19
       |
    55 |     grace_period: none
       |                   ^^^^ write a number of days, hours or minutes, as in `90d`, `12h` or `30m`

    error: `90s` is not a span of time
      --> iam.yaml:56:24
       |
    56 |     max_login_session: 90s
       |                        ^^^ write a number of days, hours or minutes, as in `90d`, `12h` or `30m`

    error: `never` is not a span of time
      --> iam.yaml:57:29
       |
    57 |     max_api_key_expiration: never
       |                             ^^^^^ write a number of days, hours or minutes, as in `90d`, `12h` or `30m`

    error: `security` has no key `mfa`
      --> iam.yaml:58:5
       |
    58 |     mfa: true
       |     ^^^ the keys are `enforce_password_renewal`, `grace_period`, `login_attempts_before_locked`, `max_login_session` and `max_api_key_expiration`

    error: `password` must be `true` or `false`, not `yes`
      --> iam.yaml:59:29
       |
    59 |   login_methods: {password: 'yes', sso: true}
       |                             ^^^^^

    error: `login_methods` has no key `sso`
      --> iam.yaml:59:36
       |
    59 |   login_methods: {password: 'yes', sso: true}
       |                                    ^^^ the keys are `password`, `magic_code`, `oauth2` and `saml`
    -- exit 65
    ");
    desk.file("more.yaml", "organization_settings: {}\n");
    declare(&desk, "[]");
    assert_snapshot!(desk.run("validate iam.yaml more.yaml"), @"
    -- stderr
    error: `organization_settings` must be a map, not a list
      --> iam.yaml:52:24
       |
    52 | organization_settings: []
       |                        ^^ write `key: value`

    error: the organization settings `organization` is declared in two files
      --> more.yaml:1:24
       |
     1 | organization_settings: {}
       |                        ^^ declared again here
       |
      ::: iam.yaml:52:24
       |
    52 | organization_settings: []
       |                        -- first declared here
    -- exit 65
    ");
}

#[test]
fn the_last_way_to_log_in_is_kept() {
    let desk = desk();
    declare(&desk, "{login_methods: {password: false, magic_code: false, oauth2: false}}");
    assert_snapshot!(plan(&desk, "").ends_with(3), @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ organization settings
           login_password_enabled: true → false
           login_magic_code_enabled: true → false
           login_oauth2_enabled: true → false

    refused by login: would leave people no way to log in (--allow login=1)
        organization settings
        to let exactly this pass, add to `allow`: - {guard: login, of:
          [organization_settings:organization], until: 2026-12-06, reason: WHY}

    Plan: 1 to change (organization settings); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    // Removing the limit is sent; here the API itself refuses it.
    let entry = "allow: [{guard: login, of: ['organization_settings:organization'], until: 2026-12-01, reason: test}]\n";
    desk.file("iam.yaml", desk.read("iam.yaml") + entry);
    _ = plan(&desk, "").ends_with(0);
    _ = plan(&desk, "--allow login=1").ends_with(0);
}

#[test]
fn saml_alone_has_to_work() {
    let desk = desk();
    let only_saml = "{login_methods: {password: false, magic_code: false, oauth2: false, saml: true}}";
    declare(&desk, only_saml);
    let refused = plan(&desk, "").ends_with(3);
    assert_snapshot!(refused, @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ organization settings
           login_password_enabled: true → false
           login_magic_code_enabled: true → false
           login_oauth2_enabled: true → false
           login_saml_enabled: false → true

    refused by login: would leave SAML as the only way to log in, and it is not set
      up; everybody but the owner would be locked out (--allow login=1)
        organization settings
        to let exactly this pass, add to `allow`: - {guard: login, of:
          [organization_settings:organization], until: 2026-12-06, reason: WHY}

    Plan: 1 to change (organization settings); 1 step; refused.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 3
    ");
    // It is read where a plan relies on it, and only there.
    let api = desk.emulate("live.json", "--now 2026-11-22T12:00:00Z");
    let run = |text: &str| {
        declare(&desk, text);
        desk.command(&format!("plan {NOW}")).against(&api.url, ORGANIZATION).run()
    };
    _ = run("{login_methods: {saml: true}}").ends_with(0);
    assert!(!api.requests().iter().any(|request| request.ends_with("/saml")));
    _ = run(only_saml).ends_with(3);
    assert!(api.requests().iter().any(|request| request.ends_with("/saml")));
    let mut state = live();
    state["organization"]["saml"] = json!({
        "id": "ac3e0000-0000-4000-8000-0000000000f1", "entity_id": "acme", "single_sign_on_url": "https://id.acme.io",
        "certificates": [{"id": "ac3e0000-0000-4000-8000-0000000000f2", "type": "signing", "content": "PEM"}],
    });
    desk.file("live.json", state);
    let organization = apply(&desk, "");
    assert_eq!(organization["login_password_enabled"], false, "{organization}");
}

#[test]
fn what_was_so_before_is_no_reason_to_refuse() {
    let desk = desk();
    let mut state = live();
    for method in ["password", "magic_code", "oauth2"] {
        state["organization"][format!("login_{method}_enabled")] = false.into();
    }
    state["organization"]["login_saml_enabled"] = true.into();
    desk.file("live.json", &state);
    declare(&desk, "{security: {grace_period: 5d}, login_methods: {saml: true}}");
    _ = plan(&desk, "").ends_with(0);
    desk.file("iam.yaml", edit(&desk.read("iam.yaml"), &[("grace_period: 5d", "grace_period: 12h")]));
    assert_eq!(apply(&desk, "")["security_settings"]["grace_period_duration"], "43200s");
}

#[test]
fn keys_are_planned_with_the_maximum_that_the_plan_sets() {
    let desk = Desk::new();
    desk.file("live.json", include_str!("../../examples/keys/organization.json"));
    let with = |most: &str| {
        let settings = format!("organization_settings: {{security: {{max_api_key_expiration: {most}}}}}\n");
        desk.file("iam.yaml", include_str!("../../examples/keys/iam.yaml").to_owned() + &settings);
        plan(&desk, "").ends_with(0).stdout.replace("\n      ", " ")
    };
    assert!(with("none").contains("make a key and deliver it to secret /ci/scw-key"));
    // It would be due as soon as it is made.
    let short = with("7d");
    assert!(!short.contains("make a key and deliver it to secret /ci/scw-key"), "{short}");
    assert!(short.contains("the organization lets keys live 7 days"), "{short}");
}
