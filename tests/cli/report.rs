//! `scw-iam report` and `scw-iam compare`: who has what, what is wrong with it, and what differs.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, desk, live, object};
use crate::command::{Desk, Ended, edit};
use crate::formats::safe;

const NOW: &str = "--now 2026-11-22T12:00:00Z";

/// The organization with an owner's key, everything granted on all projects, a grant to everybody and a member by group.
fn risky() -> Value {
    let mut state = live();
    state["users"][0]["mfa"] = json!(true);
    let mut key = state["api_keys"][0].clone();
    key.as_object_mut().unwrap().remove("application_id");
    key["access_key"] = "SCWAC3E0000000000002".into();
    key["user_id"] = state["users"][0]["id"].clone();
    state["api_keys"].as_array_mut().unwrap().push(key);
    object(&mut state, "policies", "backup-store")["rules"] = json!([
        {"permission_set_names": ["AllProductsFullAccess"], "condition": "", "organization_id": crate::acme::ORGANIZATION},
    ]);
    state
}

fn found(ended: &Ended) -> Vec<(String, String)> {
    let report = ended.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["findings"].as_array().unwrap().iter().map(|it| (text(&it["id"]), text(&it["name"]))).collect()
}

#[test]
fn what_is_dangerous_is_named() {
    let desk = desk();
    desk.file("live.json", risky());
    let ended = desk.run(&format!("report --emulate live.json {NOW} -o json"));
    let found = found(&ended);
    for (id, name) in [
        ("owner-key", "SCWAC3E0000000000002"),
        ("all-products", "backup-store"),
        ("everybody-grant", "look"),
        ("admin-without-mfa", "ann@acme.io"),
    ] {
        assert!(found.contains(&(id.to_owned(), name.to_owned())), "{id} {name}: {found:#?}");
    }
    let questions = &ended.json()["sections"]["questions"]["tables"]["question-1"];
    assert_eq!(questions["caption"], "Who administers IAM: 2 people, 0 applications");
}

#[test]
fn keys_that_were_not_read_are_not_judged() {
    let desk = desk();
    let mut state = risky();
    let of_keys = ["owner-key", "key-without-expiry", "old-key", "expired-key", "person-key", "two-keys"];
    let results = |desk: &Desk, arguments: &str| {
        desk.run(&format!("report {arguments} {NOW} -o json")).ends_with(0).json()["results"].clone()
    };
    // A snapshot that does not say what was read.
    desk.file("old.json", &state);
    // One that was taken by somebody who may not read keys.
    state["api_keys"] = json!([]);
    state["snapshot"] = json!({"format_version": 1, "lists": {"api_keys": {"refused": 403}}});
    desk.file("refused.json", &state);
    for arguments in ["old.json", "refused.json", "--emulate refused.json"] {
        let results = results(&desk, arguments);
        for id in of_keys {
            assert!(results[id].as_str().unwrap().starts_with("not judged"), "{arguments} {id}: {results:#}");
        }
        _ = desk.run(&format!("report {arguments} {NOW} --fail-on critical")).ends_with(1);
        let junit = desk.run(&format!("report {arguments} {NOW} -o junit")).stdout;
        assert!(junit.contains("name=\"owner-key\" time=\"0\"><error"), "{junit}");
    }
    // And one that does.
    let mut state = risky();
    state["snapshot"] = json!({"format_version": 1, "lists": {"api_keys": {"read": 2}}});
    desk.file("whole.json", &state);
    assert_eq!(results(&desk, "whole.json")["owner-key"], "found 1");
    _ = desk.run(&format!("report whole.json {NOW} --fail-on critical")).ends_with(2);
    desk.file("calm.json", {
        let mut calm = live();
        calm["snapshot"] = state["snapshot"].clone();
        calm
    });
    _ = desk.run(&format!("report calm.json {NOW} --fail-on critical")).ends_with(0);
}

/// An API that refuses one path, and passes everything else on to an emulator.
pub(crate) fn refusing(to: &str, path: &'static str) -> String {
    let to = to.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, to) = (stream.unwrap(), to.clone());
            std::thread::spawn(move || {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                if head.lines().next().is_some_and(|line| line.contains(path)) {
                    let body = r#"{"type":"denied_authentication","message":"insufficient permissions"}"#;
                    let length = body.len();
                    _ = write!(
                        stream,
                        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                    );
                    return;
                }
                let mut server = TcpStream::connect(to).unwrap();
                let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
                server.write_all(head.as_bytes()).unwrap();
                let mut answer = Vec::new();
                server.read_to_end(&mut answer).unwrap();
                _ = stream.write_all(&answer);
            });
        }
    });
    url
}

#[test]
fn the_live_list_of_keys_may_be_refused() {
    let desk = desk();
    desk.file("state.json", risky());
    let api = desk.emulate("state.json", "");
    let url = refusing(&api.url, "/api-keys");
    let call = desk.command(&format!("report {NOW} -o json")).against(&url, crate::acme::ORGANIZATION);
    let report = call.run().ends_with(0).json();
    assert_eq!(report["complete"], false);
    assert_eq!(report["results"]["owner-key"], "not judged: 403 on /api-keys; needs IAMReadOnly");
    let call =
        desk.command(&format!("report {NOW} --fail-on critical")).against(&url, crate::acme::ORGANIZATION);
    _ = call.run().ends_with(1);
}

#[test]
fn the_same_snapshot_gives_the_same_bytes_in_every_format() {
    let desk = desk();
    let mut state = risky();
    state["snapshot"] =
        json!({"format_version": 1, "taken_at": "2026-11-22T12:00:00Z", "lists": {"api_keys": {"read": 2}}});
    desk.file("state.json", &state);
    for format in ["text", "json", "markdown", "junit", "openmetrics", "github", "gitlab", "csv", "html"] {
        let run = || desk.run(&format!("report state.json -o {format}")).ends_with(0).stdout;
        let first = run();
        assert!(!first.is_empty());
        assert_eq!(first, run(), "{format}");
        safe(&first, format);
    }
}

#[test]
fn a_report_in_the_terminal() {
    let desk = desk();
    desk.file("live.json", risky());
    assert_snapshot!(desk.run(&format!("report live.json {NOW}")), @r#"
    -- stdout
    Access report of acme
    Not everything could be judged: 8 kinds of findings could not be looked for.
      organization: acme (ac3e0000-0000-4000-8000-000000000000)
      taken at: not recorded
      judged as of: 2026-11-22T12:00:00Z
      from: a snapshot
      by: not recorded
      run: not recorded
      tool: scw-iam 0.1.0
      read: 4 users, 2 applications, 4 groups, 5 policies, API keys not (the
          snapshot does not record whether the API keys were read)
      content sha256:
          [SHA]

    Questions
      people: 4
      applications: 2
      without a second factor: 3
      ends within 14 days: 0
      unmanaged objects: 0
      findings, critical: 0
      findings, high: 3
      findings, medium: 2
      findings, low: 3
      findings, info: 0
      not judged: 8
      1 principal can escalate, and so could get all of this too; see "Who can
          escalate".
      Who administers IAM: 2 people, 0 applications (2)
        user owner@acme.io owns the organization
        user ann@acme.io has IAMManager on organization
            ← group admins ← policy admins-iam, rule 1
      Who reads secrets in default: 1 person, 1 application (2)
        user owner@acme.io owns the organization
        application backup has AllProductsFullAccess on all projects
            ← policy backup-store, rule 1
      Who reads secrets in prod: 1 person, 1 application (2)
        user owner@acme.io owns the organization
        application backup has AllProductsFullAccess on all projects
            ← policy backup-store, rule 1
      Who reads secrets in staging: 1 person, 1 application (2)
        user owner@acme.io owns the organization
        application backup has AllProductsFullAccess on all projects
            ← policy backup-store, rule 1
      Who has full access to everything: 1 person, 1 application (2)
        user owner@acme.io owns the organization
        application backup has AllProductsFullAccess on all projects
            ← policy backup-store, rule 1
      Who reads the audit log: 1 person, 0 applications (1)
        user owner@acme.io owns the organization

    Findings (8)
      high: An administrator logs in without a second factor [admin-without-mfa] (1)
        user ann@acme.io can escalate, and logs in without a second factor
            fingerprint 76617058db1a
      When it is fine: If people can only log in through SAML, and the identity
          provider requires a second factor. How to check that it is gone: The
          person turns on multi-factor authentication in the console; `mfa` of the
          user is then true.
      high: A policy is attached to All Users or All Applications [everybody-grant]
          (1)
        policy look gives AllProductsReadOnly on staging to everybody, now and later
            fingerprint 1896d2443302
      When it is fine: For access that everybody should have, such as reading a
          shared registry. How to check that it is gone: Attach the policy to a
          group with members instead, so that the built-in group has no policy.
      high: Full access to every product [all-products] (1)
        policy backup-store gives AllProductsFullAccess on all projects to
            application backup
            fingerprint 6d37a760a7c0
      When it is fine: In a sandbox project, or for a break-glass group that is
          watched. How to check that it is gone: Grant the permission sets of the
          products instead; `scw-iam who-can AllProductsFullAccess --on all_projects
          --live` then lists nobody.
      medium: Somebody logs in without a second factor [mfa-off] (2)
        user bob@acme.io logs in without a second factor
            fingerprint 502f21c66bba
        user cho@acme.io logs in without a second factor
            fingerprint e434d66c2d61
      When it is fine: If people can only log in through SAML, and the identity
          provider requires a second factor. How to check that it is gone: The
          person turns on multi-factor authentication; the organization can enforce
          it with a grace period.
      low: Somebody was invited and never logged in [never-logged-in] (3)
        user ann@acme.io was invited and has never logged in
            fingerprint fab3b41806ba
        user bob@acme.io was invited and has never logged in
            fingerprint 6d45d6c6ed4c
        user cho@acme.io was invited and has never logged in
            fingerprint 0565edf31817
      When it is fine: Within 30 days after the invitation; until then, it is not
          reported. How to check that it is gone: Remove the person, or wait until
          they log in.
      What was looked for (34)
        owner-key: not judged: the snapshot does not record whether the API keys
            were read
            The owner has an API key
        key-without-expiry: not judged: the snapshot does not record whether the API
            keys were read
            An API key never expires
        no-key-maximum: not judged: the snapshot does not hold the organization's
            security settings
            Nothing limits how long API keys live
        and 31 more (--full shows all)

    Who can escalate (1)
      Not modelled: keys outside of the organization, and policies of resources. Not
          judged: who can read keys that are delivered to secrets (a snapshot does
          not hold secrets).
      The shortest path to each end point (1)
        user ann@acme.io reaches everything
            edit-policies (IAMManager) → everything

    Access profiles and projects
      Number of permission sets, and the highest: F full, W write, R read (6)
        profile 1 (1 holder)
            all projects 1 F
        profile 2 (1 holder)
            staging 1 F
        profile 3 (1 holder)
            staging 1 R
        and 3 more (--full shows all)

    People (4)
      People (4)
        ann@acme.io (ann)
            member, active, no second factor, never logged in
            access: 3 sets on 2 scopes; groups: admins, developers
            findings: admin-without-mfa, never-logged-in
        bob@acme.io (bob)
            member, active, no second factor, never logged in
            access: 2 sets on 1 scope; groups: developers
            findings: mfa-off, never-logged-in
        cho@acme.io (cho)
            member, active, no second factor, never logged in
            access: 1 set on 1 scope
            findings: mfa-off, never-logged-in
        owner@acme.io (owner)
            owner, active, second factor, never logged in
            access: 2 sets on 2 scopes; groups: admins

    Applications (2) and API keys
      Applications (2)
        backup: no API key
            access: 1 set on 1 scope; owner: scw-iam=web
        ci: 1 API key
            access: 1 set on 1 scope; owner: scw-iam=web
      The API keys were not read.

    Profiles (6)
      What each profile grants, and by which group and policy (10)
        profile 1: application backup
            AllProductsFullAccess on all projects
            ← policy backup-store
        profile 2: application ci
            ContainerRegistryFullAccess on staging
            ← policy ci-push
        profile 3: user cho@acme.io
            AllProductsReadOnly on staging
            ← group All Users ← policy look
        and 7 more (--full shows all)

    What ends (0)
      What ends by itself, by date (0)

    What nobody owns
      No stack owns these (0)
      Products made these (0)

    What cannot be seen
      - Where keys are stored (workloads, CI systems, laptops) is not known, only
          that a key exists and whose it is.
      - Policies of resources, such as bucket policies of Object Storage, are not
          read.
      - Access that products grant by other means (database passwords, cluster
          tokens) is not part of IAM.
      - Conditions on the address or the resource of a request are shown, but only
          conditions on the time are evaluated.
      - Audit Trail records mostly changes, and not for every product. A principal
          that only reads looks idle.
      - Group members that no list shows, such as those of products, are shown by
          their ids.
    -- exit 0
    "#);
}

#[test]
fn a_group_manager_can_reach_everything() {
    let desk = desk();
    let mut state = live();
    object(&mut state, "policies", "developers-run")["rules"] = json!([
        {"permission_set_names": ["IAMGroupManager"], "condition": "", "organization_id": crate::acme::ORGANIZATION},
    ]);
    desk.file("live.json", &state);
    let report = desk.run(&format!("report live.json {NOW} -o json")).json();
    let paths = report["sections"]["escalation"]["tables"]["paths"]["rows"].as_array().unwrap().clone();
    let of_bob: Vec<&Value> = paths.iter().filter(|path| path["who"] == "user bob@acme.io").collect();
    let path = of_bob.iter().find(|path| path["reaches"] == "everything").unwrap();
    assert_eq!(
        path["path"],
        "join-group (IAMGroupManager) → group admins; edit-policies (IAMManager) → everything"
    );
    let found = found(&desk.run(&format!("report live.json {NOW} -o json")));
    assert!(found.contains(&("escalation".to_owned(), "bob@acme.io".to_owned())), "{found:?}");
}

#[test]
fn a_comparison_tells_who_gained_and_who_lost() {
    let desk = desk();
    let before = live();
    let mut after = before.clone();
    let member = |number: u32| json!(format!("ac3e0000-0000-4000-8000-{number:012x}"));
    object(&mut after, "groups", "developers")["user_ids"] = json!([member(3), member(4)]);
    object(&mut after, "policies", "ci-push")["rules"][0]["condition"] = "request.ip == \"192.0.2.1\"".into();
    object(&mut after, "applications", "backup")["name"] = "copies".into();
    object(&mut after, "groups", "admins")["user_ids"] = json!([member(1), member(2), member(4)]);
    desk.file("before.json", &before).file("after.json", &after);
    let ended = desk.run("compare before.json after.json");
    assert_eq!(ended.code, 2);
    assert_snapshot!(ended, @r#"
    -- stdout
    before.json compared with after.json
      tool: scw-iam 0.1.0

    Access (4)
      Access that differs (4)
        user ann@acme.io lost InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1
        user cho@acme.io gained IAMManager on organization [can escalate]
            ← group admins ← policy admins-iam, rule 1
        user cho@acme.io gained InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1
        application ci tightened ContainerRegistryFullAccess on staging if
            request.ip == "192.0.2.1"
            ← policy ci-push, rule 1

    Objects (4)
      Objects that differ (4)
        application copies: was named backup
        group admins: differs in members
        group developers: differs in members
        policy ci-push: differs in rules
    -- exit 2
    "#);
    let json = desk.run("compare after.json before.json -o json").ends_with(2).json();
    let differences: Vec<&str> =
        json["access"].as_array().unwrap().iter().map(|it| it["difference"].as_str().unwrap()).collect();
    assert_eq!(differences, ["gained", "lost", "lost", "loosened"]);
    _ = desk.run("compare before.json before.json").ends_with(0);
    _ = desk.run("compare before.json after.json --fail-on maybe").ends_with(0);
    _ = desk.run("compare before.json after.json --fail-on escalation").ends_with(2);
    _ = desk.run("compare before.json after.json --fail-on nothing").ends_with(64);
}

#[test]
fn each_of_ten_changes_by_hand_is_found() {
    let desk = desk();
    let before = live();
    let mut after = before.clone();
    let member = |number: u32| json!(format!("ac3e0000-0000-4000-8000-{number:012x}"));
    // Somebody joins, somebody leaves, a condition goes, a set is replaced, a policy gets another principal, one is deleted, one
    // is made, a description, a name, a lock.
    object(&mut after, "groups", "admins")["user_ids"] = json!([member(1), member(2), member(4)]);
    object(&mut after, "groups", "developers")["user_ids"] = json!([member(2)]);
    let mut before = before;
    object(&mut before, "policies", "ci-push")["rules"][0]["condition"] =
        "request.ip == \"192.0.2.1\"".into();
    let run = object(&mut after, "policies", "developers-run");
    run["rules"][0]["permission_set_names"] = json!(["InstancesReadOnly"]);
    object(&mut after, "policies", "backup-store")["application_id"] = member(0x12);
    let mut made = object(&mut after, "policies", "admins-iam").clone();
    (made["id"], made["name"]) = (member(0x41), json!("by-hand"));
    let policies = after["policies"].as_array_mut().unwrap();
    policies.retain(|policy| policy["name"] != "look");
    policies.push(made);
    object(&mut after, "applications", "backup")["description"] = "Copies".into();
    object(&mut after, "applications", "ci")["name"] = "pipeline".into();
    after["users"][2]["locked"] = true.into();
    desk.file("before.json", &before).file("after.json", &after);
    let json = desk.run("compare before.json after.json -o json").ends_with(2).json();
    let objects = json["objects"].as_array().unwrap().iter();
    let objects: Vec<String> = objects
        .map(|it| format!("{}: {}", it["object"].as_str().unwrap(), it["what"].as_str().unwrap()))
        .collect();
    assert_snapshot!(objects.join("\n"), @"
    user bob@acme.io: is locked now
    application backup: differs in description
    application pipeline: was named ci
    group admins: differs in members
    group developers: differs in members
    policy backup-store: differs in principal
    policy by-hand: is new
    policy ci-push: differs in rules
    policy developers-run: differs in rules
    policy look: is gone
    ");
    let gained = |who: &str| -> BTreeSet<String> {
        let access = json["access"].as_array().unwrap().iter();
        let of = access.filter(|it| it["principal"] == who && it["difference"] != "lost");
        let words = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
        of.map(|it| format!("{} {}", words(it, "difference"), words(it, "permission_set"))).collect()
    };
    let expected =
        ["gained ObjectStorageFullAccess", "loosened ContainerRegistryFullAccess"].map(str::to_owned);
    assert_eq!(gained("application ci"), expected.into(), "{json:#}");
    assert_eq!(gained("user cho@acme.io"), ["gained IAMManager".to_owned()].into(), "{json:#}");
}

#[test]
fn what_a_side_does_not_know_is_a_maybe() {
    let desk = desk();
    let file = crate::command::edit(
        crate::acme::FILE,
        &[
            ("  groups: [All Users]\n", "  groups: [All Users, developers]\n"),
            ("  developers:\n    members:\n      users: [ann@acme.io, bob@acme.io]\n", ""),
        ],
    );
    desk.file("iam.yaml", file);
    let json = desk.run("compare iam.yaml live.json -o json").json();
    assert_eq!(json["members_not_known"], json!(["All Users", "developers"]));
    let of_group: Vec<&Value> =
        json["access"].as_array().unwrap().iter().filter(|it| it["group"] == "developers").collect();
    assert!(!of_group.is_empty() && of_group.iter().all(|it| it["difference"] == "maybe gained"), "{json:#}");
}

#[test]
fn files_do_not_know_what_they_do_not_declare() {
    let desk = desk();
    let policy = "  ci-push:\n    principal: {application: ci}\n    rules:\n      - permission_sets: [ContainerRegistryFullAccess]\n        scope: [staging]\n";
    let set = ("[InstancesFullAccess]", "[InstancesReadOnly]");
    desk.file("iam.yaml", crate::command::edit(crate::acme::FILE, &[(policy, ""), set]));
    for (sides, maybe, sure) in
        [("live.json iam.yaml", "maybe lost", "lost"), ("iam.yaml live.json", "maybe gained", "gained")]
    {
        let json = desk.run(&format!("compare {sides} -o json")).json();
        let of = |policy: &str| {
            let access = json["access"].as_array().unwrap().iter().filter(|it| it["policy"] == policy);
            access.map(|it| it["difference"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(of("ci-push"), [maybe], "nothing is known of it: {json:#}");
        assert!(of("developers-run").contains(&sure), "{json:#}");
        let gone = |it: &Value| it["what"] == "is gone" || it["what"] == "is new";
        assert!(!json["objects"].as_array().unwrap().iter().any(gone), "{json:#}");
    }
}

#[test]
fn give_her_what_he_has() {
    let desk = desk();
    let ended = desk.run("compare live.json --principals user:bob@acme.io user:ann@acme.io");
    assert_snapshot!(ended, @"
    -- stdout
    user bob@acme.io and user ann@acme.io: what only one of them has
      tool: scw-iam 0.1.0

    Only user ann@acme.io has (1)
      What user ann@acme.io has and user bob@acme.io does not (1)
        IAMManager on organization [can escalate]
            ← group admins ← policy admins-iam, rule 1

    Only user bob@acme.io has (0)
      Nothing that user ann@acme.io does not have.
    -- exit 2
    ");
    _ = desk.run("compare live.json --principals user:bob@acme.io user:nobody@acme.io").ends_with(64);
}

/// What an earlier report found is gone only if this one looked for it, and new only if the earlier one did.
#[test]
fn what_was_not_looked_for_is_neither_gone_nor_new() {
    let desk = desk();
    let mut whole = risky();
    whole["snapshot"] = json!({"format_version": 1, "lists": {"api_keys": {"read": 2}}});
    let mut refused = risky();
    refused["api_keys"] = json!([]);
    refused["snapshot"] = json!({"format_version": 1, "lists": {"api_keys": {"refused": 403}}});
    desk.file("whole.json", whole).file("refused.json", refused);
    let report = |arguments: &str| desk.run(&format!("report {arguments} {NOW} -o json")).json();
    let of_keys = |report: &Value, table: &str| -> usize {
        let rows = &report["sections"]["since"]["tables"][table]["rows"];
        rows.as_array()
            .into_iter()
            .flatten()
            .filter(|row| row["what"].as_str().unwrap().starts_with("API key"))
            .count()
    };
    let later = report("refused.json --since whole.json");
    assert_eq!(of_keys(&later, "since-gone"), 0, "{later:#}");
    assert!(of_keys(&later, "since-unjudged") > 0, "{later:#}");
    let later = report("whole.json --since refused.json");
    let owner = later["findings"].as_array().unwrap().iter().find(|it| it["id"] == "owner-key").unwrap();
    assert_eq!(owner["since"], "unknown");
    // A finding that gives way to another one about the same person says so.
    let mut off = live();
    off["users"][2]["mfa"] = json!(false);
    let mut admin = off.clone();
    let join = json!(["ac3e0000-0000-4000-8000-000000000001", "ac3e0000-0000-4000-8000-000000000003"]);
    object(&mut admin, "groups", "admins")["user_ids"] = join;
    desk.file("off.json", off).file("admin.json", admin);
    let later = report("admin.json --since off.json");
    let gone = later["sections"]["since"]["tables"]["since-gone"]["rows"].as_array().unwrap().clone();
    let bob =
        gone.iter().find(|row| row["what"] == "user bob@acme.io logs in without a second factor").unwrap();
    assert_eq!((&bob["finding"], &bob["new"]), (&json!("mfa-off"), &json!("admin-without-mfa")));
}

/// Files with settings of reports.
const SETTINGS: &str = "\
settings:
  report:
    severity: {mfa-off: critical, never-logged-in: info}
    grace: 1000d
    questions:
      - {name: runs instances in staging, can: InstancesFullAccess, on: staging}
      - {name: administers IAM, can: IAMManager, on: organization}
projects:
";

#[test]
fn files_say_how_bad_findings_are_and_what_a_report_answers_first() {
    let desk = desk();
    let mut state = live();
    state["users"][0]["mfa"] = json!(true);
    for user in state["users"].as_array_mut().unwrap() {
        user["created_at"] = json!("2026-01-12T09:00:00.000000Z");
    }
    desk.file("state.json", state).file("iam.yaml", edit(FILE, &[("projects:\n", SETTINGS)]));
    let report = |options: &str| desk.run(&format!("report --emulate state.json {NOW} {options}"));
    let json = report("--files iam.yaml -o json").ends_with(0).json();
    let severity = |json: &Value, id: &str| {
        let found = json["findings"].as_array().unwrap().iter().find(|it| it["id"] == id);
        found.map(|it| it["severity"].as_str().unwrap().to_owned())
    };
    assert_eq!(severity(&json, "mfa-off").as_deref(), Some("critical"));
    // New objects are not reported for a thousand days, nor are people who never logged in.
    assert_eq!(severity(&json, "never-logged-in"), None);
    assert_eq!(severity(&report("-o json").json(), "mfa-off").as_deref(), Some("medium"));
    let tables = json["sections"]["questions"]["tables"].as_object().unwrap();
    assert_eq!(tables.len(), 2);
    assert!(
        tables["question-1"]["caption"].as_str().unwrap().starts_with("Who runs instances in staging: "),
        "{tables:#?}"
    );
    assert_eq!(report("--files iam.yaml --fail-on critical").code, 2);
    assert_eq!(report("--fail-on critical").code, 0);
    desk.file(
        "other.yaml",
        FILE.replace("ac3e0000-0000-4000-8000-000000000000", "bc3e0000-0000-4000-8000-000000000000"),
    );
    assert_eq!(report("--files other.yaml").code, 64);
    desk.file("wrong.yaml", edit(FILE, &[("projects:\n", &SETTINGS.replace("on: staging", "on: stagign"))]));
    let wrong = report("--files wrong.yaml").ends_with(65).stderr;
    assert!(wrong.contains("`stagign`"), "{wrong}");
}

#[test]
fn a_report_marks_what_is_new_and_lists_what_is_gone() {
    let desk = desk();
    let mut before = live();
    before["snapshot"] = json!({"taken_at": "2026-11-01T12:00:00Z"});
    let mut after = before.clone();
    after["snapshot"] = json!({"taken_at": "2026-11-22T12:00:00Z"});
    // Cho became an administrator; Bob got a second factor and left the developers.
    let members = object(&mut after, "groups", "admins")["user_ids"].as_array_mut().unwrap();
    members.push("ac3e0000-0000-4000-8000-000000000004".into());
    object(&mut after, "groups", "developers")["user_ids"] = json!(["ac3e0000-0000-4000-8000-000000000002"]);
    after["users"][2]["mfa"] = json!(true);
    desk.file("before.json", before).file("after.json", after);
    let report =
        |options: &str| desk.run(&format!("report after.json --since before.json {options}")).ends_with(0);
    let text = report("").stdout;
    let (_, since) = text.split_once("\nSince ").unwrap();
    assert_snapshot!(since.split("\n\n").next().unwrap(), @"
    2026-11-01T12:00:00Z
      1 new finding; the findings below are marked.
      Access that differs (2)
        user bob@acme.io lost InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1
        user cho@acme.io gained IAMManager on organization [can escalate]
            ← group admins ← policy admins-iam, rule 1
      Findings that are gone (2)
        user bob@acme.io logs in without a second factor [mfa-off]
            fingerprint 502f21c66bba
        user cho@acme.io logs in without a second factor [mfa-off]
            new about the same object: admin-without-mfa
            fingerprint e434d66c2d61
    ");
    assert!(text.contains("without a second factor: 3 (-1)\n"), "{text}");
    assert!(
        text.contains("    new: user cho@acme.io can escalate, and logs in without a second factor\n"),
        "{text}"
    );
    let json = report("-o json").json();
    let marks: BTreeSet<(String, String)> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["id"].as_str().unwrap().to_owned(), it["since"].as_str().unwrap().to_owned()))
        .collect();
    assert!(
        marks.contains(&("admin-without-mfa".into(), "new".into()))
            && marks.contains(&("never-logged-in".into(), "same".into())),
        "{marks:?}"
    );
    let csv = report("-o csv").stdout;
    let rows: Vec<&str> = csv.lines().filter(|row| row.contains("\"cho@acme.io\"")).collect();
    assert!(
        rows.iter()
            .any(|row| row.contains("\"IAMManager\"") && row.trim_end().ends_with("\"new\",\"\",\"\"")),
        "{csv}"
    );
    assert!(
        rows.iter()
            .any(|row| row.contains("\"AllProductsReadOnly\"")
                && row.trim_end().ends_with("\"same\",\"\",\"\"")),
        "{csv}"
    );
    // The same input gives the same report, byte for byte, and nothing in it is new.
    assert_eq!(report("-o html").stdout, report("-o html").stdout);
    let same = desk.run("report after.json --since after.json -o json").json();
    assert!(same["findings"].as_array().unwrap().iter().all(|it| it["since"] == "same"), "{same:#}");
}
