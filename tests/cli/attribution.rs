//! Who did what `drift` finds.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, live, object};
use crate::command::{Api, Desk, Ended, edit};
use crate::report::refusing;

pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";
pub(crate) const ANN: &str = "a0000000-0000-4000-8000-000000000001";
pub(crate) const LOOKER: &str = "a0000000-0000-4000-8000-000000000002";
/// The official command's User-Agent.
pub(crate) const CLI: &str = "scaleway-cli/2.45.0 (go1.25.3; linux; amd64)";

/// An organization in which developers read secrets from the office alone, and its file. Ann administers, `looker` reads.
pub(crate) fn office() -> Desk {
    let mut state = live();
    let rules = object(&mut state, "policies", "developers-run")["rules"].as_array_mut().unwrap();
    let mut from_office = rules[0].clone();
    from_office["permission_set_names"] = json!(["SecretManagerSecretAccess"]);
    from_office["condition"] = json!("request.ip == \"192.0.2.10\"");
    rules.push(from_office);
    let key = |access_key: &str, secret: &str, bearer: Value| {
        let mut key = json!({
            "access_key": access_key, "secret_key": secret, "description": "",
            "created_at": "2026-01-12T09:00:00.000000Z",
        });
        key.as_object_mut().unwrap().extend(bearer.as_object().unwrap().clone());
        key
    };
    let looker = "ac3e0000-0000-4000-8000-000000000013";
    let mut application = object(&mut state, "applications", "ci").clone();
    application["id"] = json!(looker);
    application["name"] = json!("looker");
    application["description"] = json!("");
    application["tags"] = json!([]);
    state["applications"].as_array_mut().unwrap().push(application);
    let mut policy = object(&mut state, "policies", "admins-iam").clone();
    policy["id"] = json!("ac3e0000-0000-4000-8000-000000000036");
    policy["name"] = json!("looker-reads");
    policy["tags"] = json!([]);
    policy["group_id"] = Value::Null;
    policy["application_id"] = json!(looker);
    policy["rules"][0]["permission_set_names"] = json!(["IAMReadOnly"]);
    let mut projects = policy["rules"][0].clone();
    projects["permission_set_names"] = json!(["ProjectReadOnly"]);
    policy["rules"].as_array_mut().unwrap().push(projects);
    state["policies"].as_array_mut().unwrap().push(policy);
    let keys = state["api_keys"].as_array_mut().unwrap();
    keys.push(key("SCWAC3E0000000000009", ANN, json!({"user_id": "ac3e0000-0000-4000-8000-000000000002"})));
    keys.push(key("SCWAC3E0000000000008", LOOKER, json!({"application_id": looker})));
    let owner = json!({"user_id": "ac3e0000-0000-4000-8000-000000000001"});
    keys.push(key("SCWEMULATOR000000000", "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7", owner));
    let desk = Desk::new();
    let condition = "      - permission_sets: [SecretManagerSecretAccess]\n        scope: [staging]\n        condition: request.ip == \"192.0.2.10\"\n  look:\n";
    desk.file("live.json", state).file("iam.yaml", edit(FILE, &[("  look:\n", condition)]));
    desk
}

pub(crate) fn id(number: u16) -> String {
    format!("ac3e0000-0000-4000-8000-{number:012x}")
}

/// What `scw iam rule create` does: it reads the rules of a policy, and sends them back without their conditions and with
/// another one.
fn create_rule(api: &Api, set: &str) {
    let policy = id(0x34);
    let rules = api.send(ANN, CLI, "GET", &format!("/rules?policy_id={policy}"), &Value::Null);
    let mut sent: Vec<Value> = rules["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| json!({"permission_set_names": rule["permission_set_names"], "project_ids": rule["project_ids"]}))
        .collect();
    sent.push(json!({"permission_set_names": [set], "project_ids": [id(0xa2)]}));
    let _ = api.send(ANN, CLI, "PUT", "/rules", &json!({"policy_id": policy, "rules": sent}));
}

fn drift(desk: &Desk, api: &Api, options: &str) -> Ended {
    desk.command(&format!("drift iam.yaml --now {NOW} {options}")).against(&api.url, ORGANIZATION).run()
}

/// The part of a text that begins with a heading.
fn part<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("no `{heading}` in:\n{text}"));
    rest.split("\n\n").next().unwrap()
}

/// Removes from snapshots what differs from run to run.
fn steady() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"2026-11-22T12:\d\d:\d\dZ", "[WHEN]");
    settings.add_filter("[0-9a-f]{8}-[0-9a-f-]{27}", "[REQUEST]");
    settings.bind_to_scope()
}

#[test]
fn a_rule_made_by_hand_takes_the_conditions_away_and_drift_says_whose_hand_it_was() {
    let desk = office();
    let _steady = steady();
    let api = desk.emulate("live.json", &format!("--now {NOW} --audit-delay 0 --seed 7"));
    assert_eq!(drift(&desk, &api, "").code, 0);
    create_rule(&api, "ObservabilityReadOnly");
    let ended = drift(&desk, &api, "").ends_with(2);
    assert_snapshot!(ended.stdout, @r#"
    Access: live compared with the files
      users ann@acme.io and bob@acme.io
        ~ has SecretManagerSecretAccess on staging without the condition that the
              files set: request.ip == "192.0.2.10"
            ← group developers ← policy developers-run, rule 2 (iam.yaml:47)
        + has ObservabilityReadOnly on staging, which the files do not grant
            ← group developers ← policy developers-run, rule 3

    Who did it
      policy developers-run: user ann@acme.io at [WHEN] from 127.0.0.1
          with scaleway-cli/2.45.0 (SetRules, request
          [REQUEST])

    Steps: what an apply would change
      1  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
               scope: [staging]
           - - permission_sets: [ObservabilityReadOnly]
           -   scope: [staging]
             - permission_sets: [SecretManagerSecretAccess]
               scope: [staging]
           +   condition: request.ip == "192.0.2.10"

    Access that no file declares
      application looker
        IAMReadOnly on organization
            ← policy looker-reads, rule 1
        ProjectReadOnly on organization
            ← policy looker-reads, rule 2

    Left unchanged
      1 application: not owned by any stack
          looker
      1 policy: not owned by any stack
          looker-reads

    Drift: 1 to change (1 policy); 1 step.
    "#);
    let found = drift(&desk, &api, "-o json").json();
    let finding = &found["drift"][0];
    assert_eq!((&finding["kind"], &finding["subject"]), (&json!("changed"), &json!("policy developers-run")));
    let by = &finding["done_by"];
    assert_eq!((&by["known"], &by["principal"]), (&json!("exact"), &json!("user ann@acme.io")), "{by:#}");
    assert_eq!((&by["principal_id"], &by["method"]), (&json!(id(2)), &json!("SetRules")));
    assert_eq!(
        (&by["client"], &by["address"], &by["run_id"]),
        (&json!(CLI), &json!("127.0.0.1"), &Value::Null)
    );
    assert!(by["request_id"].as_str().is_some_and(|id| id.len() == 36), "{by:#}");
    // Changed by hand again: the last write is named, as `likely`.
    create_rule(&api, "RedisReadOnly");
    let again = drift(&desk, &api, "-o json").json();
    assert_eq!(again["drift"][0]["done_by"]["known"], "likely");
    // Only what was found is asked about: one request.
    let asked = |api: &Api| api.requests().iter().filter(|it| it.ends_with("/events")).count();
    let before = asked(&api);
    let _ = drift(&desk, &api, "");
    assert_eq!(asked(&api), before + 1);
}

#[test]
fn each_of_what_somebody_did_by_hand_is_found_and_attributed() {
    let desk = office();
    let _steady = steady();
    let api = desk.emulate("live.json", &format!("--now {NOW} --audit-delay 0 --seed 7"));
    let by_hand = |method: &str, path: &str, body: Value| api.send(ANN, CLI, method, path, &body);
    let _ = by_hand("POST", &format!("/groups/{}/add-member", id(0x21)), json!({"user_id": id(4)}));
    let rules = json!([{"permission_set_names": ["IAMManager"], "organization_id": ORGANIZATION}]);
    let policy = json!({"organization_id": ORGANIZATION, "name": "by-hand", "application_id": id(0x12), "rules": rules});
    let _ = by_hand("POST", "/policies", policy);
    let key = by_hand("POST", "/api-keys", json!({"application_id": id(0x12), "description": "mine"}));
    let _ = by_hand("POST", &format!("/users/{}/lock", id(3)), json!({}));
    let _ = by_hand("DELETE", &format!("/policies/{}", id(0x32)), Value::Null);
    let ended = drift(&desk, &api, "").ends_with(2);
    let text = ended.stdout.replace(key["access_key"].as_str().unwrap(), "[KEY]");
    assert_snapshot!(part(&text, "Findings\n"), @"
    escalation: user cho@acme.io has IAMManager on organization, as a member of a
        group that no file lists
        ← group admins ← policy admins-iam, rule 1
        fingerprint 6d8aa16a4035
    escalation: application ci (iam.yaml:15) has 2 API keys ([KEY],
        SCWAC3E0000000000001) that no file lists, and can escalate by IAMManager
        on organization
        ← policy by-hand, rule 1
        fingerprint 64e81c2751eb
    escalation: application ci (iam.yaml:15) has IAMManager on organization, by a
        policy that no file declares
        ← policy by-hand, rule 1
        fingerprint e023da218daf
    locked: user bob@acme.io (locked) cannot use the access that the files grant
        fingerprint 6df31703f55a
    ");
    assert_snapshot!(part(&text, "Who did it\n"), @"
    user cho@acme.io, group admins: user ann@acme.io at [WHEN] from
        127.0.0.1 with scaleway-cli/2.45.0 (AddGroupMember, request
        [REQUEST])
    application ci, policy by-hand: user ann@acme.io at [WHEN] from
        127.0.0.1 with scaleway-cli/2.45.0 (CreatePolicy, request
        [REQUEST])
    application ci: user ann@acme.io at [WHEN] from 127.0.0.1 with
        scaleway-cli/2.45.0 (CreateAPIKey, request
        [REQUEST])
    user bob@acme.io: user ann@acme.io at [WHEN] from 127.0.0.1 with
        scaleway-cli/2.45.0 (LockMember, request
        [REQUEST])
    policy backup-store: user ann@acme.io at [WHEN] from 127.0.0.1
        with scaleway-cli/2.45.0 (DeletePolicy, request
        [REQUEST])
    ");
    let found = drift(&desk, &api, "-o json").json();
    for finding in found["drift"].as_array().unwrap() {
        let by = &finding["done_by"];
        let before_all =
            finding["subject"] == "application looker" || finding["subject"] == "policy looker-reads";
        let known = if before_all { "unknown" } else { "exact" };
        assert_eq!(by["known"], known, "{finding:#}");
        assert!(before_all || by["principal"] == "user ann@acme.io", "{finding:#}");
    }
    // In the formats that have room for it.
    let csv = drift(&desk, &api, "-o csv").stdout;
    assert!(
        csv.lines().any(|row| row.contains("\"locked-with-access\"")
            && row.contains("\"user ann@acme.io\",\"2026-11-22T12:00:")),
        "{csv}"
    );
    let markdown = drift(&desk, &api, "-o markdown").stdout;
    assert!(
        markdown.contains("| application ci, policy by-hand | user `ann@acme.io` at 2026-11-22T12:00:"),
        "{markdown}"
    );
    let html = drift(&desk, &api, "-o html").stdout;
    assert!(
        html.contains(">Done by</th>") && html.contains("user ann@acme.io at 2026-11-22T12:00:"),
        "{html}"
    );
}

#[test]
fn a_run_of_this_program_is_told_from_a_hand() {
    let desk = office();
    let api = desk.emulate("live.json", &format!("--now {NOW} --audit-delay 0"));
    let file = desk.read("iam.yaml");
    desk.file("iam.yaml", edit(&file, &[("[InstancesFullAccess]", "[InstancesReadOnly]")]));
    let apply = desk.command("apply iam.yaml --yes --allow losses=9").against(&api.url, ORGANIZATION).run();
    _ = apply.ends_with(0);
    desk.file("iam.yaml", file);
    let text = drift(&desk, &api, "").ends_with(2).stdout;
    assert!(part(&text, "Who did it\n").contains("by a run of scw-iam, "), "{text}");
    let by = drift(&desk, &api, "-o json").json()["drift"][0]["done_by"].clone();
    // The event of what somebody did after it may still be on its way.
    assert_eq!((&by["known"], by["run_id"].as_str().map(str::len)), (&json!("likely"), Some(16)), "{by:#}");
}

#[test]
fn without_the_permission_it_is_less_sure_or_not_available_and_nothing_else_changes() {
    let desk = office();
    let api = desk.emulate("live.json", &format!("--now {NOW} --audit-delay 0 --seed 7"));
    create_rule(&api, "ObservabilityReadOnly");
    let with = drift(&desk, &api, "-o json").ends_with(2).json();
    // Without the permission for Audit Trail, IAM's own logs say who changed the policy, but not how.
    let call = desk.command(&format!("drift iam.yaml --now {NOW} -o json")).against(&api.url, ORGANIZATION);
    let call = call.env("SCW_ACCESS_KEY", "SCWAC3E0000000000008").env("SCW_SECRET_KEY", LOOKER);
    let without = call.run().ends_with(2).json();
    let by = |drift: &Value| drift["drift"][0]["done_by"].clone();
    assert_eq!(
        (by(&without)["known"].clone(), by(&without)["principal"].clone()),
        (json!("likely"), json!("user ann@acme.io"))
    );
    // If nothing can be read, the result says so, and the findings are the same.
    let url = refusing(&refusing(&api.url, "/events"), "/logs");
    let call = desk.command(&format!("drift iam.yaml --now {NOW} -o json")).against(&url, ORGANIZATION);
    let failed = call.run().ends_with(2);
    let said = json!({"known": "not available", "why": "403 on Audit Trail; needs AuditTrailReadOnly"});
    assert_eq!(by(&failed.json()), said, "{failed}");
    let findings = |drift: &Value| -> Vec<Value> {
        let found = drift["drift"].as_array().unwrap().iter();
        found.map(|it| json!([it["kind"], it["subject"], it["what"], it["fingerprint"]])).collect()
    };
    assert_eq!(findings(&with), findings(&without));
    assert_eq!(findings(&with), findings(&failed.json()));
}
