//! `scw-iam report` and `scw-iam compare`: who has what, what is wrong with it, and what differs.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{desk, live, object};
use crate::command::{Desk, Ended};
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
fn refusing(to: &str, path: &'static str) -> String {
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
    assert_snapshot!(desk.run(&format!("report live.json {NOW}")), @"
    -- stdout
    Access report of acme
    Not everything could be judged: 8 findings were not looked for.
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
      Who administers IAM: 2 people, 0 applications (2)
        user owner@acme.io
            Holds: everything; Way: owner; Now: yes
        user ann@acme.io
            Holds: IAMManager on organization; Way: group admins ← policy
                admins-iam, rule 1; Now: yes
      Who reads secrets in default: 1 person, 1 application (2)
        user owner@acme.io
            Holds: everything; Way: owner; Now: yes
        application backup
            Holds: AllProductsFullAccess on all projects; Way: policy backup-store,
                rule 1; Now: yes
      Who reads secrets in prod: 1 person, 1 application (2)
        user owner@acme.io
            Holds: everything; Way: owner; Now: yes
        application backup
            Holds: AllProductsFullAccess on all projects; Way: policy backup-store,
                rule 1; Now: yes
      Who reads secrets in staging: 1 person, 1 application (2)
        user owner@acme.io
            Holds: everything; Way: owner; Now: yes
        application backup
            Holds: AllProductsFullAccess on all projects; Way: policy backup-store,
                rule 1; Now: yes
      Who has full access to everything: 1 person, 1 application (2)
        user owner@acme.io
            Holds: everything; Way: owner; Now: yes
        application backup
            Holds: AllProductsFullAccess on all projects; Way: policy backup-store,
                rule 1; Now: yes
      Who reads the audit log: 1 person, 0 applications (1)
        user owner@acme.io
            Holds: everything; Way: owner; Now: yes

    Findings (8)
      high: An administrator logs in without a second factor [admin-without-mfa] (1)
        user ann@acme.io can escalate, and logs in without a second factor
            Fingerprint: 76617058db1a
      When it is fine: If people can only log in through SAML, and the identity
          provider requires a second factor. How to check that it is gone: The
          person turns on multi-factor authentication in the console; `mfa` of the
          user is then true.
      high: A policy is attached to All Users or All Applications [everybody-grant]
          (1)
        policy look gives AllProductsReadOnly on staging to everybody, now and later
            Fingerprint: 1896d2443302
      When it is fine: For access that everybody should have, such as reading a
          shared registry. How to check that it is gone: Attach the policy to a
          group with members instead, so that the built-in group has no policy.
      high: Full access to every product [all-products] (1)
        policy backup-store gives AllProductsFullAccess on all projects to
            application backup
            Fingerprint: 6d37a760a7c0
      When it is fine: In a sandbox project, or for a break-glass group that is
          watched. How to check that it is gone: Grant the permission sets of the
          products instead; `scw-iam who-can AllProductsFullAccess --on all_projects
          --live` then lists nobody.
      medium: Somebody logs in without a second factor [mfa-off] (2)
        user bob@acme.io logs in without a second factor
            Fingerprint: 502f21c66bba
        user cho@acme.io logs in without a second factor
            Fingerprint: e434d66c2d61
      When it is fine: If people can only log in through SAML, and the identity
          provider requires a second factor. How to check that it is gone: The
          person turns on multi-factor authentication; the organization can enforce
          it with a grace period.
      low: Somebody was invited and never logged in [never-logged-in] (3)
        user ann@acme.io was invited and has never logged in
            Fingerprint: fab3b41806ba
        user bob@acme.io was invited and has never logged in
            Fingerprint: 6d45d6c6ed4c
        user cho@acme.io was invited and has never logged in
            Fingerprint: 0565edf31817
      When it is fine: Within 30 days after the invitation, when it is not reported.
          How to check that it is gone: Remove the person, or wait until they log
          in.
      What was looked for (34)
        owner-key
            What it is: The owner has an API key; Result: not judged: the snapshot
                does not record whether the API keys were read
        key-without-expiry
            What it is: An API key never expires; Result: not judged: the snapshot
                does not record whether the API keys were read
        no-key-maximum
            What it is: Nothing limits how long API keys live; Result: not judged:
                the snapshot does not hold the organization's security settings
        and 31 more (--full shows all)

    Who can escalate (1)
      Not modelled: keys outside of the organization, and policies of resources. Not
          judged: who can read keys that are delivered to secrets (a snapshot does
          not hold secrets).
      The shortest path to each end point (1)
        user ann@acme.io
            Reaches: everything; Path: edit-policies (IAMManager) → everything;
                When: always

    Access profiles and projects
      Number of permission sets, and the highest: F full, W write, R read (6)
        profile 1
            Holders: 1; all projects: 1 F
        profile 2
            Holders: 1; staging: 1 F
        profile 3
            Holders: 1; staging: 1 R
        and 3 more (--full shows all)

    People (4)
      People (4)
        ann@acme.io
            Username: ann; Type: member; Status: active; Second factor: no; Last
                log-in: never; Groups: admins, developers; Access: 3 sets on 2
                scopes; Findings: admin-without-mfa, never-logged-in
        bob@acme.io
            Username: bob; Type: member; Status: active; Second factor: no; Last
                log-in: never; Groups: developers; Access: 2 sets on 1 scope;
                Findings: mfa-off, never-logged-in
        cho@acme.io
            Username: cho; Type: member; Status: active; Second factor: no; Last
                log-in: never; Access: 1 set on 1 scope; Findings: mfa-off,
                never-logged-in
        owner@acme.io
            Username: owner; Type: owner; Status: active; Second factor: yes; Last
                log-in: never; Groups: admins; Access: 2 sets on 2 scopes

    Applications (2) and API keys
      Applications (2)
        backup
            API keys: 0; Access: 1 set on 1 scope; Owner: scw-iam=web
        ci
            API keys: 1; Access: 1 set on 1 scope; Owner: scw-iam=web
      The API keys were not read.

    Profiles (6)
      What each profile grants, and by which group and policy (10)
        profile 1 (1 holder)
            Policy: backup-store; Grants: AllProductsFullAccess on all projects
        profile 2 (1 holder)
            Policy: ci-push; Grants: ContainerRegistryFullAccess on staging
        profile 3 (1 holder)
            Group: All Users; Policy: look; Grants: AllProductsReadOnly on staging
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
    ");
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
        user ann@acme.io
            Difference: lost; What: InstancesFullAccess on staging; Way: group
                developers ← policy developers-run, rule 1
        user cho@acme.io
            Difference: gained; What: IAMManager on organization [can escalate];
                Way: group admins ← policy admins-iam, rule 1
        user cho@acme.io
            Difference: gained; What: InstancesFullAccess on staging; Way: group
                developers ← policy developers-run, rule 1
        application ci
            Difference: tightened; What: ContainerRegistryFullAccess on staging if
                request.ip == "192.0.2.1"; Way: policy ci-push, rule 1

    Objects (4)
      Objects that differ (4)
        application copies
            What: was named backup
        group admins
            What: has other members
        group developers
            What: has other members
        policy ci-push
            What: has other rules
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
fn give_her_what_he_has() {
    let desk = desk();
    let ended = desk.run("compare live.json --principals user:bob@acme.io user:ann@acme.io");
    assert_snapshot!(ended, @"
    -- stdout
    What user ann@acme.io has that user bob@acme.io has not (gained), and the other
        way round (lost)
      tool: scw-iam 0.1.0

    Access (1)
      Access that differs (1)
        user ann@acme.io
            Difference: gained; What: IAMManager on organization [can escalate];
                Way: group admins ← policy admins-iam, rule 1
    -- exit 2
    ");
    _ = desk.run("compare live.json --principals user:bob@acme.io user:nobody@acme.io").ends_with(64);
}
