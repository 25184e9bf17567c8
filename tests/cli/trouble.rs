//! Credentials, organizations and the network when they are not as they should be: a clear word, 1, and no write.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, desk, live};
use crate::command::{Desk, edit};
use crate::plan::MORE;

const SECRET: &str = "b0b00000-0000-4000-8000-000000000000";

/// A desk whose files ask for a change.
fn desk_with_a_change() -> Desk {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    desk
}

/// The organization as long as only Cho's key is known, who holds nothing of IAM.
fn closed() -> Value {
    let mut state = live();
    let key = &mut state["api_keys"][0];
    key["application_id"] = json!(null);
    key["user_id"] = "ac3e0000-0000-4000-8000-000000000004".into();
    key["secret_key"] = SECRET.into();
    state
}

#[test]
fn without_credentials_it_says_which_variable_to_set() {
    let desk = desk_with_a_change();
    for command in ["plan", "apply --yes", "drift", "export", "snapshot --out state.json"] {
        assert_eq!(desk.run(command).code, 1, "{command}");
    }
    assert_snapshot!(desk.run("plan"), @"
    -- stderr
    error: no secret key
    hint: set SCW_SECRET_KEY, or run `scw init`, which writes a configuration file
    -- exit 1
    ");
    assert_snapshot!(desk.run("export"), @"
    -- stderr
    error: no secret key
    hint: set SCW_SECRET_KEY, or run `scw init`, which writes a configuration file
    -- exit 1
    ");
    let half = desk.command("plan").env("SCW_ACCESS_KEY", "SCWAC3E0000000000001");
    assert_snapshot!(half.run(), @"
    -- stderr
    error: no secret key
    hint: set SCW_SECRET_KEY, or run `scw init`, which writes a configuration file
    -- exit 1
    ");
    assert_eq!(desk.files(), ["iam.yaml", "live.json"]);
}

#[test]
fn a_malformed_key_and_an_unknown_profile_are_named_without_their_secret() {
    let desk = desk_with_a_change();
    let key = desk.command("plan").env("SCW_ACCESS_KEY", "AKIA1").env("SCW_SECRET_KEY", SECRET);
    assert_snapshot!(key.run(), @"
    -- stderr
    error: invalid access key format, expected SCWXXXXXXXXXXXXXXXXX (variable SCW_ACCESS_KEY)
    -- exit 1
    ");
    let secret =
        desk.command("plan").env("SCW_ACCESS_KEY", "SCWAC3E0000000000001").env("SCW_SECRET_KEY", "hunter2");
    assert_snapshot!(secret.run(), @"
    -- stderr
    error: invalid secret key format, expected a UUID (variable SCW_SECRET_KEY)
    -- exit 1
    ");
    assert_snapshot!(desk.command("plan").env("SCW_PROFILE", "work").run(), @"
    -- stderr
    error: given profile work does not exist in [DESK]/home/.config/scw/config.yaml
    -- exit 1
    ");
}

#[test]
fn a_profile_of_the_official_configuration_is_enough() {
    let desk = desk();
    let api = desk.emulate("live.json", "");
    let profile = format!(
        "profiles:\n  work:\n    access_key: SCWEMULATOR000000000\n    secret_key: {SECRET}\n    default_organization_id: {ORGANIZATION}\n    api_url: {}\n",
        api.url
    );
    desk.file("home/.config/scw/config.yaml", profile);
    let ended = desk.command("plan").env("SCW_PROFILE", "work").run().ends_with(0);
    assert!(!ended.to_string().contains(SECRET));
    assert!(api.requests().iter().any(|request| request == "GET /policies"));
}

#[test]
fn files_about_another_organization_than_the_credentials_ask_nobody() {
    let desk = desk_with_a_change();
    let api = desk.emulate("live.json", "");
    let other = "0ffe0000-0000-4000-8000-000000000000";
    for command in ["plan", "apply --yes", "drift", "validate --online"] {
        assert_eq!(desk.command(command).against(&api.url, other).run().code, 1, "{command}");
    }
    assert_snapshot!(desk.command("apply --yes").against(&api.url, other).run(), @"
    -- stderr
    error: the files are for organization ac3e0000-0000-4000-8000-000000000000, but the credentials are for 0ffe0000-0000-4000-8000-000000000000
    hint: choose the profile of that organization with SCW_PROFILE, or set SCW_DEFAULT_ORGANIZATION_ID
    -- exit 1
    ");
    assert_eq!(api.requests(), [""; 0]);
}

#[test]
fn files_about_another_organization_than_the_state_are_refused() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("organization: ac3e", "organization: 0ffe")]));
    assert_snapshot!(desk.run("apply --yes --emulate live.json"), @"
    -- stderr
    error: cannot emulate live.json
      because: the files are for organization 0ffe0000-0000-4000-8000-000000000000, but the state is for ac3e0000-0000-4000-8000-000000000000
    -- exit 1
    ");
}

#[test]
fn a_state_that_cannot_be_read_is_named() {
    let desk = desk();
    assert_snapshot!(desk.run("plan --emulate nowhere.json"), @"
    -- stderr
    error: cannot read nowhere.json
      because: No such file or directory (os error 2)
    hint: `scw-iam snapshot --out STATE.json` writes the state of an organization
    -- exit 1
    ");
    assert_snapshot!(desk.run("plan --emulate iam.yaml"), @"
    -- stderr
    error: iam.yaml is not valid JSON
      because: expected value at line 1 column 1
    hint: `scw-iam snapshot --out STATE.json` writes the state of an organization
    -- exit 1
    ");
    let mut state = live();
    state["groups"][0]["user_ids"] = "everybody".into();
    desk.file("live.json", state);
    assert_snapshot!(desk.run("plan --emulate live.json"), @r#"
    -- stderr
    error: cannot emulate live.json
      because: cannot load the state
      because: groups[0] `admins`: `user_ids`: invalid type: string "everybody", expected a sequence
    -- exit 1
    "#);
}

#[test]
fn a_refused_connection_is_reported_after_four_tries() {
    let desk = desk_with_a_change();
    // A port that is taken, and where nobody listens.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let ended = desk.command("apply --yes").against(&url, ORGANIZATION).run();
    assert_eq!(ended.code, 1, "{ended}");
    let words = one_list(&ended.stderr);
    assert_snapshot!(words, @"
    error: cannot read organization ac3e0000-0000-4000-8000-000000000000
      because: could not read the groups
      because: `GET /iam/v1alpha1/groups` could not connect to the API (4 tries)
      because: error sending request
      because: client error (Connect)
      because: tcp connect error
      because: Connection refused (os error 111)
    hint: check the network, the proxy variables and SCW_API_URL
    ");
}

#[test]
fn what_the_key_may_not_read_is_named_and_nothing_is_planned() {
    let desk = desk_with_a_change();
    desk.file("closed.json", closed());
    let api = desk.emulate("closed.json", "");
    let run = |command: &str| {
        let call = desk.command(command).against(&api.url, ORGANIZATION);
        call.env("SCW_ACCESS_KEY", "SCWAC3E0000000000001").env("SCW_SECRET_KEY", SECRET).run()
    };
    for command in ["plan", "drift", "export", "snapshot --out state.json"] {
        let ended = run(command);
        assert_eq!(ended.code, 1, "{command}: {ended}");
        assert_eq!(ended.stdout, "", "{command}");
    }
    let ended = run("apply --yes");
    assert_eq!(ended.code, 1);
    let words = one_list(&ended.stderr);
    assert_snapshot!(words, @"
    error: cannot read organization ac3e0000-0000-4000-8000-000000000000
      because: could not read the groups
      because: `GET /iam/v1alpha1/groups` answered 403 permissions_denied: insufficient permissions; read on group (request id [REQUEST])
    hint: to read, the key needs IAMReadOnly and ProjectReadOnly on the organization; to apply, IAMManager too
    ");
    assert_eq!(api.writes(), [""; 0]);
    assert!(!desk.has("state.json"));
}

#[test]
fn a_secret_that_nobody_knows_is_said_to_be_so() {
    let desk = desk_with_a_change();
    desk.file("closed.json", closed());
    let api = desk.emulate("closed.json", "");
    let ended = desk.command("apply --yes").against(&api.url, ORGANIZATION).run();
    assert_eq!(ended.code, 1);
    let words = one_list(&ended.stderr);
    assert_snapshot!(words, @"
    error: cannot read organization ac3e0000-0000-4000-8000-000000000000
      because: could not read the groups
      because: `GET /iam/v1alpha1/groups` answered 401 denied_authentication: authentication is denied (reason not_found, request id [REQUEST])
    hint: the secret key is unknown, expired or deleted
    ");
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn a_list_that_is_cut_is_never_taken_for_less_than_there_is() {
    let desk = desk_with_a_change();
    // Whole for HTTP, cut for JSON: who would read on to the end of what there is would find fewer groups.
    let url =
        answering("{\"groups\": [], \"applications\": [], \"policies\": [], \"users\": [], \"total_cou");
    for command in ["drift", "export --out files", "snapshot --out state.json"] {
        assert_eq!(desk.command(command).against(&url, ORGANIZATION).run().code, 1, "{command}");
    }
    let ended = desk.command("apply --yes").against(&url, ORGANIZATION).run();
    assert_eq!(ended.code, 1);
    assert_snapshot!(one_list(&ended.stderr), @"
    error: cannot read organization ac3e0000-0000-4000-8000-000000000000
      because: could not read the groups
      because: `GET /iam/v1alpha1/groups` received a response that does not come from the API: EOF while parsing a string at line 1 column 74
    ");
    assert_eq!(desk.files(), ["iam.yaml", "live.json"]);
}

/// Answers every request with this, as long as the test runs.
fn answering(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            // A connection that was opened ahead and not needed.
            if read == 0 {
                continue;
            }
            assert!(request[..read].starts_with(b"GET "), "a write");
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}",
                body.len()
            );
            _ = stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n{body}").as_bytes());
        }
    });
    url
}

/// Which of the lists fails first is chance.
fn one_list(text: &str) -> String {
    let lists = ["applications", "policies", "users", "API keys", "api-keys"].map(|list| (list, "groups"));
    let kinds = ["read on application", "read on policy", "read on user", "read on api_key"];
    let kinds = kinds.map(|kind| (kind, "read on group"));
    let scim = [
        ("whether SCIM is on", "the groups"),
        ("organizations/ac3e0000-0000-4000-8000-000000000000/scim", "groups"),
    ];
    lists
        .iter()
        .chain(&kinds)
        .chain(&scim)
        .fold(text.to_owned(), |text, (other, group)| text.replace(other, group))
}

#[test]
fn an_answer_that_is_cut_once_is_asked_for_again() {
    let desk = desk_with_a_change();
    let api = desk.emulate("live.json", "--faults truncated:GET/policies=#1,truncated:GET/rules=#2");
    let ended = desk.command("apply --yes").against(&api.url, ORGANIZATION).run();
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(api.writes(), ["PUT /rules"]);
}

#[test]
fn an_answer_of_another_type_is_no_answer() {
    let desk = desk_with_a_change();
    let api = desk.emulate("live.json", "--faults wrong-content-type:GET/groups=#1-");
    assert_snapshot!(desk.command("plan").against(&api.url, ORGANIZATION).run(), @"
    -- stderr
    error: cannot read organization ac3e0000-0000-4000-8000-000000000000
      because: could not read the groups
      because: `GET /iam/v1alpha1/groups` received a response that does not come from the API: its content type is not JSON (request id [REQUEST])
    -- exit 1
    ");
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    let desk = desk();
    let api = desk.emulate("live.json", "--faults 503:GET/groups=#1-2,cut-before:GET/users=#1");
    let ended = desk.command("plan").against(&api.url, ORGANIZATION).run();
    assert_eq!(ended.code, 0, "{ended}");
}
