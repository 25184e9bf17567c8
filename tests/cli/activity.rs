//! `report --activity`: what Audit Trail recorded of people and applications.

use serde_json::{Value, json};

use crate::acme::{ORGANIZATION, object};
use crate::attribution::{ANN, CLI, LOOKER, NOW, id, office};
use crate::command::{Api, Desk, Ended};
use crate::report::refusing;

const SECRETS: &str = "/secret-manager/v1beta1/regions/fr-par/secrets";

/// The office, in which `ci` also administers IAM and Ann also writes secrets.
fn desk() -> Desk {
    let desk = office();
    let mut state = desk.json("live.json");
    let mut ci = object(&mut state, "policies", "ci-push").clone();
    (ci["id"], ci["name"]) = (json!(id(0x41)), json!("ci-iam"));
    ci["rules"] =
        json!([{"permission_set_names": ["IAMManager"], "condition": "", "organization_id": ORGANIZATION}]);
    let mut secrets = object(&mut state, "policies", "developers-run").clone();
    (secrets["id"], secrets["name"]) = (json!(id(0x42)), json!("developers-secrets"));
    secrets["rules"] = json!([{"permission_set_names": ["SecretManagerFullAccess"], "condition": "", "project_ids": [id(0xa2)]}]);
    state["policies"].as_array_mut().unwrap().extend([ci, secrets]);
    desk.file("live.json", state);
    desk
}

fn api(desk: &Desk) -> Api {
    desk.emulate("live.json", &format!("--now {NOW} --audit-delay 0 --seed 7"))
}

fn report(desk: &Desk, url: &str, options: &str) -> Ended {
    desk.command(&format!("report --now {NOW} {options}")).against(url, ORGANIZATION).run()
}

/// The row of somebody, as `column: value`.
fn row(ended: &Ended, who: &str) -> Value {
    let report = ended.json();
    let rows = report["sections"]["activity"]["tables"]["activity"]["rows"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["who"] == who).unwrap_or_else(|| panic!("no {who} in {report:#}"))
}

fn write_secret(api: &Api) {
    let secret = json!({"project_id": id(0xa2), "name": "k", "type": "opaque", "path": "/"});
    let (status, answer) = api.answer(ANN, CLI, "POST", SECRETS, &secret);
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn what_was_seen_and_what_cannot_be_seen_are_told_apart() {
    let desk = desk();
    let api = api(&desk);
    write_secret(&api);
    let _ =
        api.send(ANN, CLI, "POST", &format!("/groups/{}/add-member", id(0x22)), &json!({"user_id": id(4)}));
    for _ in 0..20 {
        let policy =
            json!({"organization_id": ORGANIZATION, "name": "mine", "no_principal": true, "rules": []});
        assert_eq!(api.answer(LOOKER, CLI, "POST", "/iam/v1alpha1/policies", &policy).0, 403);
    }
    let ended = report(&desk, &api.url, "--activity -o json").ends_with(0);
    let ann = row(&ended, "user ann@acme.io");
    assert_eq!(ann["last_call"], "2026-11-22 iam AddGroupMember in fr-par");
    assert_eq!((&ann["calls"], &ann["denied"]), (&json!("2"), &json!("0")), "{ann:#}");
    assert_eq!(ann["seen"], "IAM 2026-11-22, Secret Manager 2026-11-22");
    assert_eq!(
        (&ann["not_seen"], &ann["not_recorded"]),
        (&json!(""), &json!("Instances, all products (reads)"))
    );
    let ci = row(&ended, "application ci");
    assert_eq!((&ci["last_call"], &ci["seen"]), (&json!(""), &json!("")));
    assert_eq!((&ci["not_seen"], &ci["not_recorded"]), (&json!("IAM"), &json!("Container Registry")));
    let looker = row(&ended, "application looker");
    assert_eq!((&looker["calls"], &looker["denied"]), (&json!("20"), &json!("20")));
    assert_eq!(
        looker["not_recorded"], "IAM (reads), Projects (reads)",
        "nothing records that somebody reads"
    );
    // Only where something could have been seen, somebody is idle.
    let json = ended.json();
    let found = |id: &str| -> Vec<Value> {
        let found = json["findings"].as_array().unwrap().iter().filter(|it| it["id"] == id);
        found.map(|it| json!([it["name"], it["what"]])).collect()
    };
    assert_eq!(
        found("idle-application"),
        [json!([
            "ci",
            "made no call in 90 days that Audit Trail records for IAM; not recorded: Container Registry"
        ])]
    );
    assert_eq!(found("denied-often"), [json!(["looker", "had 20 requests denied in 90 days"])]);
    assert_eq!(json["results"]["idle-application"], "found 1");
    let words = json["sections"]["activity"]["words"][0].as_str().unwrap();
    assert!(
        words.starts_with("Audit Trail in fr-par, it-mil, nl-ams, pl-waw, since 2026-08-24. "),
        "{words}"
    );
    // In the other formats.
    let text = report(&desk, &api.url, "--activity --full").stdout;
    assert!(text.contains("application ci: no call seen; 0 recorded, 0 denied\n        not seen: IAM\n        not recorded: Container Registry\n"), "{text}");
    assert!(!text.contains("unused ") && !text.contains("never used"), "{text}");
    let csv = report(&desk, &api.url, "--activity -o csv").stdout;
    let of = |set: &str| {
        let row = csv.lines().find(|row| row.contains("\"ci\"") && row.contains(set)).unwrap();
        row.trim_end().rsplitn(3, ',').take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("IAMManager"), ["\"\"", "\"not seen\""]);
    assert_eq!(of("ContainerRegistryFullAccess"), ["\"\"", "\"not recorded\""]);
    assert!(csv.contains("\"seen\",\"2026-11-22T12:"), "{csv}");
    let html = report(&desk, &api.url, "--activity -o html").stdout;
    assert!(html.contains("Activity in the last 90 days") && html.contains(">Not recorded</th>"), "{html}");
    let markdown = report(&desk, &api.url, "--activity -o markdown").stdout;
    assert!(markdown.contains("Activity in the last 90 days"), "{markdown}");
}

#[test]
fn an_application_whose_calls_were_all_denied_is_not_idle() {
    let desk = desk();
    let mut state = desk.json("live.json");
    let secret = "a0000000-0000-4000-8000-000000000003";
    let key = json!({"access_key": "SCWAC3E0000000000007", "secret_key": secret, "application_id": id(0x12)});
    state["api_keys"].as_array_mut().unwrap().push(key);
    desk.file("live.json", state);
    let api = api(&desk);
    let stored = json!({"project_id": id(0xa2), "name": "k", "type": "opaque", "path": "/"});
    assert_eq!(api.answer(secret, CLI, "POST", SECRETS, &stored).0, 403);
    let ended = report(&desk, &api.url, "--activity -o json").ends_with(0);
    let ci = row(&ended, "application ci");
    assert_eq!((&ci["calls"], &ci["denied"]), (&json!("1"), &json!("1")), "{ci:#}");
    assert_eq!((&ci["last_call"], &ci["not_seen"]), (&json!(""), &json!("IAM")), "{ci:#}");
    assert_eq!(ended.json()["results"]["idle-application"], "none");
}

#[test]
fn the_last_call_to_a_product_is_found_behind_a_hundred_others() {
    let desk = desk();
    let api = api(&desk);
    write_secret(&api);
    for _ in 0..51 {
        let (member, group) = (json!({"user_id": id(4)}), format!("/groups/{}", id(0x22)));
        let _ = api.send(ANN, CLI, "POST", &format!("{group}/add-member"), &member);
        let _ = api.send(ANN, CLI, "POST", &format!("{group}/remove-member"), &member);
    }
    let ann = row(&report(&desk, &api.url, "--activity -o json"), "user ann@acme.io");
    assert_eq!((&ann["calls"], &ann["denied"]), (&json!("at least 100"), &json!("0")));
    assert_eq!(ann["seen"], "IAM 2026-11-22, Secret Manager 2026-11-22");
}

#[test]
fn what_audit_trail_does_not_answer_is_not_judged_and_nothing_else_changes() {
    let desk = desk();
    let api = api(&desk);
    let without = report(&desk, &api.url, "-o json").ends_with(0).json();
    assert!(without["results"]["idle-application"].as_str().unwrap().starts_with("not looked for: "));
    assert!(without["sections"]["activity"].is_null());
    let refused =
        report(&desk, &refusing(&api.url, "/audit-trail/"), "--activity -o json").ends_with(0).json();
    let why = "403 on Audit Trail; needs AuditTrailReadOnly";
    assert_eq!(refused["sections"]["activity"]["words"], json!([format!("Not available: {why}.")]));
    for id in ["idle-application", "denied-often"] {
        assert_eq!(refused["results"][id], format!("not judged: {why}"));
    }
    assert_eq!(refused["findings"], without["findings"]);
    assert_eq!(refused["complete"], false);
    // Of a part nothing is concluded about the rest.
    let partly = report(&desk, &refusing(&api.url, "/regions/it-mil/"), "--activity -o json").ends_with(0);
    assert_eq!(row(&partly, "application ci")["not_judged"], "Container Registry, IAM");
    assert_eq!(partly.json()["results"]["idle-application"], format!("not judged: {why} (it-mil)"));
    assert_eq!(partly.json()["findings"], without["findings"]);
    _ = report(&desk, &refusing(&api.url, "/regions/it-mil/"), "--activity --fail-on low").ends_with(1);
}

#[test]
fn only_applications_are_looked_up_if_only_they_are_asked_for() {
    let desk = desk();
    let api = api(&desk);
    let ended = report(&desk, &api.url, "--activity=applications -o json").ends_with(0);
    let events = api.requests().iter().filter(|it| it.ends_with("/events")).count();
    assert_eq!(events, 3 * 4, "a request for each application in each region");
    assert!(ended.stderr.contains("reading Audit Trail: at least 16 requests"), "{ended}");
    let rows = ended.json()["sections"]["activity"]["tables"]["activity"]["rows"].as_array().unwrap().len();
    assert_eq!(rows, 3);
    let not_everybody = "not looked for: only applications were looked up";
    assert_eq!(ended.json()["results"]["denied-often"], not_everybody);
    // What was found of them is still listed.
    for _ in 0..20 {
        assert_eq!(api.answer(LOOKER, CLI, "POST", SECRETS, &json!({"project_id": id(0xa2)})).0, 403);
    }
    let ended = report(&desk, &api.url, "--activity=applications -o json").ends_with(0).json();
    let findings = ended["findings"].as_array().unwrap();
    assert!(findings.iter().any(|it| it["id"] == "denied-often" && it["name"] == "looker"), "{ended:#}");
    assert_eq!(ended["results"]["denied-often"], not_everybody);
    let snapshot = desk.run("report live.json --activity").ends_with(64);
    assert!(snapshot.stderr.contains("a snapshot does not hold what Audit Trail recorded"), "{snapshot}");
}
