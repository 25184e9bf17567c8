//! The emulator over its socket, and as a command.

#[path = "support/surroundings.rs"]
mod surroundings;

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, Response, StatusCode};
use scw_iam::emulator::{self, Emulator, EmulatorOptions, Latency, OneWriter};
use serde_json::{Value, json};

const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
const USER: &str = "00000001-0000-4000-8000-000000000000";
const GROUP: &str = "00000002-0000-4000-8000-000000000000";
const POLICY: &str = "00000003-0000-4000-8000-000000000000";

fn state() -> Value {
    json!({
        "organization": {"id": ORGANIZATION},
        "users": [{"id": USER, "email": "alice@example.com"}],
        "groups": [{"id": GROUP, "name": "ops"}],
        "policies": [{"id": POLICY, "name": "p"}],
    })
}

async fn emulator(options: EmulatorOptions) -> Emulator {
    let _ = rustls::crypto::ring::default_provider().install_default();
    emulator::start(EmulatorOptions { state: Some(state()), seed: Some(1), ..options }).await.unwrap()
}

async fn faulty(faults: &str) -> Emulator {
    emulator(EmulatorOptions { faults: faults.parse().unwrap(), ..EmulatorOptions::default() }).await
}

async fn send(emulator: &Emulator, method: Method, path: &str, body: Value) -> reqwest::Result<Response> {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.request(method, format!("{}/iam/v1alpha1/{path}", emulator.url()));
    let request = request.header("X-Auth-Token", "any");
    if body.is_null() { request.send().await } else { request.body(body.to_string()).send().await }
}

fn groups() -> String {
    format!("groups?organization_id={ORGANIZATION}")
}

fn new_group(name: &str) -> Value {
    json!({"name": name, "organization_id": ORGANIZATION})
}

fn names(emulator: &Emulator) -> Vec<String> {
    let state = emulator.state();
    state["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn answers_have_the_recorded_headers() {
    let emulator = emulator(EmulatorOptions::default()).await;
    let got = send(&emulator, Method::GET, &groups(), Value::Null).await.unwrap();
    assert_eq!(got.headers()["content-type"], "application/json");
    assert_eq!(got.headers()["x-request-id"].len(), 36);
    assert!(got.headers()["server"].to_str().unwrap().starts_with("Scaleway API Gateway"));
    assert!(got.headers().contains_key("date") && got.headers().contains_key("content-length"));
    assert_eq!(got.json::<Value>().await.unwrap()["total_count"], 3);
    let gone = send(&emulator, Method::DELETE, &format!("groups/{GROUP}"), Value::Null).await.unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(gone.headers()["content-type"], "application/json");
    assert!(!gone.headers().contains_key("content-length"));
    assert!(gone.bytes().await.unwrap().is_empty());
    let counted = emulator.requests();
    assert_eq!(counted[&("GET".to_owned(), "/iam/v1alpha1/groups".to_owned())], 1);
    assert_eq!(counted[&("DELETE".to_owned(), "/iam/v1alpha1/groups/{group_id}".to_owned())], 1);
}

#[tokio::test]
async fn more_than_the_rate_is_429_without_a_word() {
    let emulator = emulator(EmulatorOptions { rate_limit: Some(2.0), ..EmulatorOptions::default() }).await;
    // So many at once that a busy machine would have to take ten seconds for all of them to pass.
    let path = groups();
    let all = (0..20).map(|_| send(&emulator, Method::GET, &path, Value::Null));
    let mut refused = 0;
    for answer in futures::future::join_all(all).await {
        let answer = answer.unwrap();
        if answer.status() == 429 {
            refused += 1;
            assert_eq!(answer.headers()["x-envoy-ratelimited"], "true");
            assert!(
                !answer.headers().contains_key("content-type")
                    && !answer.headers().contains_key("retry-after")
            );
            assert!(answer.bytes().await.unwrap().is_empty());
        }
    }
    assert!((1..=18).contains(&refused), "{refused}");
}

#[tokio::test]
async fn more_than_the_rate_names_a_time_where_that_is_asked_for() {
    let options =
        EmulatorOptions { rate_limit: Some(1.0), retry_after: Some(3), ..EmulatorOptions::default() };
    let emulator = emulator(options).await;
    let path = groups();
    let all = (0..20).map(|_| send(&emulator, Method::GET, &path, Value::Null));
    let answers = futures::future::join_all(all).await.into_iter().map(Result::unwrap);
    let refused: Vec<_> = answers.filter(|answer| answer.status() == 429).collect();
    assert!(!refused.is_empty() && refused.iter().all(|answer| answer.headers()["retry-after"] == "3"));
}

#[tokio::test]
async fn a_cut_before_leaves_nothing_and_a_cut_after_leaves_the_effect() {
    let emulator = faulty("cut-before:POST/groups=#1,cut-after:POST/groups=#1").await;
    for (name, known) in
        [("one", vec!["ops"]), ("two", vec!["ops", "two"]), ("three", vec!["ops", "two", "three"])]
    {
        let answer = send(&emulator, Method::POST, "groups", new_group(name)).await;
        assert_eq!(answer.is_ok(), name == "three", "{name}");
        assert_eq!(names(&emulator), known);
    }
}

#[tokio::test]
async fn answers_break_as_asked() {
    let emulator = faulty(
        "truncated:GET=#1,slow-body:GET=#1,wrong-content-type:GET=#1,429-retry-after=#1,500=#1,503=#1",
    )
    .await;
    let get = || send(&emulator, Method::GET, "users", Value::Null);
    let truncated = get().await.unwrap();
    assert_eq!(truncated.status(), 200);
    assert!(truncated.bytes().await.is_err());
    let (slow, before) = (get().await.unwrap(), Instant::now());
    assert_eq!(slow.json::<Value>().await.unwrap()["total_count"], 1);
    assert!(before.elapsed() > Duration::from_millis(200));
    assert_eq!(get().await.unwrap().headers()["content-type"], "text/html");
    assert_eq!(get().await.unwrap().headers()["retry-after"], "1");
    assert_eq!(get().await.unwrap().status(), 500);
    assert_eq!(get().await.unwrap().status(), 503);
    assert_eq!(get().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_403_may_follow_a_grant() {
    let emulator = faulty("403-after-grant=100%").await;
    let get = || send(&emulator, Method::GET, "users", Value::Null);
    assert_eq!(get().await.unwrap().status(), 200);
    let rules = json!({"policy_id": POLICY, "rules": []});
    assert_eq!(send(&emulator, Method::PUT, "rules", rules).await.unwrap().status(), 200);
    let refused = get().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json::<Value>().await.unwrap()["type"], "permissions_denied");
}

/// Sends a write twice at once until one finds the other in flight: on a busy machine they may come one after the other.
async fn side_by_side<F: Future<Output = reqwest::Result<Response>>>(
    write: impl Fn() -> F,
) -> (Response, Response) {
    for _ in 0..50 {
        let (one, other) = tokio::join!(write(), write());
        let (one, other) = (one.unwrap(), other.unwrap());
        if one.status() != other.status() {
            return (one, other);
        }
        assert_eq!(one.status(), StatusCode::OK, "one of them takes effect");
    }
    panic!("both took effect each time");
}

#[tokio::test]
async fn of_two_writes_to_a_group_one_is_409() {
    let latency = Latency::Fixed(Duration::from_millis(150));
    let emulator = emulator(EmulatorOptions { latency, ..EmulatorOptions::default() }).await;
    let path = format!("groups/{GROUP}/add-member");
    let add = || send(&emulator, Method::POST, &path, json!({"user_id": USER}));
    let (one, other) = side_by_side(add).await;
    let statuses: HashSet<StatusCode> = [one.status(), other.status()].into();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT].into());
    let late = if one.status() == 409 { one } else { other };
    assert_eq!(
        late.text().await.unwrap(),
        format!(
            r#"{{"current_state":"updating","message":"resource is in a transient state","resource":"group","resource_id":"{GROUP}","type":"transient_state"}}"#
        )
    );
    assert_eq!(add().await.unwrap().status(), 200);
    let rules = || send(&emulator, Method::PUT, "rules", json!({"policy_id": POLICY, "rules": []}));
    let (one, other) = tokio::join!(rules(), rules());
    assert_eq!((one.unwrap().status(), other.unwrap().status()), (StatusCode::OK, StatusCode::OK));
}

#[tokio::test]
async fn a_policy_has_one_writer_when_asked() {
    let latency = Latency::Fixed(Duration::from_millis(150));
    let emulator = emulator(EmulatorOptions {
        latency,
        one_writer: OneWriter::PerGroupAndPolicy,
        ..EmulatorOptions::default()
    })
    .await;
    let rules = || send(&emulator, Method::PUT, "rules", json!({"policy_id": POLICY, "rules": []}));
    let (one, other) = side_by_side(rules).await;
    let late = if one.status() == 409 { one } else { other };
    assert_eq!(late.json::<Value>().await.unwrap()["resource"], "policy");
}

/// Time stands still until nothing else is left to do, so the answer cannot come before the client has left.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_has_written_all_the_same() {
    let latency = Latency::Fixed(Duration::from_millis(1500));
    let emulator = emulator(EmulatorOptions { latency, ..EmulatorOptions::default() }).await;
    let impatient = send(&emulator, Method::POST, "groups", new_group("left"));
    let arrived = async {
        while !emulator.requests().contains_key(&("POST".to_owned(), "/iam/v1alpha1/groups".to_owned())) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = arrived => {}
        answer = impatient => panic!("it was answered first: {answer:?}"),
    }
    let state = emulator.shutdown().await.unwrap();
    assert_eq!(state["groups"][1]["name"], "left");
}

#[tokio::test]
async fn recorded_latency_is_that_of_the_call() {
    let emulator =
        emulator(EmulatorOptions { latency: Latency::Recorded, ..EmulatorOptions::default() }).await;
    let before = Instant::now();
    send(&emulator, Method::POST, "groups", new_group("slow")).await.unwrap();
    assert!(before.elapsed() >= Duration::from_millis(191));
}

#[tokio::test]
async fn the_traffic_is_written_down_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traffic.jsonl");
    let emulator = emulator(EmulatorOptions {
        record: Some(std::fs::File::create(&path).unwrap()),
        ..EmulatorOptions::default()
    })
    .await;
    let made = send(&emulator, Method::POST, "api-keys", json!({"user_id": USER})).await.unwrap();
    let secret = made.json::<Value>().await.unwrap()["secret_key"].as_str().unwrap().to_owned();
    send(&emulator, Method::DELETE, &format!("groups/{GROUP}"), Value::Null).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(&secret));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["method", "path", "request", "status", "response", "ms"]
    );
    assert_eq!(lines[0]["response"]["secret_key"], "11111111-1111-1111-1111-111111111111");
    assert_eq!(
        (&lines[1]["method"], &lines[1]["status"], &lines[1]["response"]),
        (&json!("DELETE"), &json!(204), &Value::Null)
    );
}

#[tokio::test]
async fn bodies_and_heads_have_bounds() {
    let emulator = emulator(EmulatorOptions::default()).await;
    let large = send(&emulator, Method::POST, "groups", json!("x".repeat(5 << 20))).await.unwrap();
    assert_eq!(large.status(), 413);
    assert!(large.json::<Value>().await.unwrap()["message"].is_string());
    let client = Client::builder().no_proxy().build().unwrap();
    let long = client.get(emulator.url()).header("X-Long", "x".repeat(256 << 10)).send().await.unwrap();
    assert_eq!(long.status(), 431);
    let mut garbage = TcpStream::connect(emulator.address()).unwrap();
    tokio::task::spawn_blocking(move || {
        garbage.write_all(b"\x16\x03\x01 garbage\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let _ = garbage.read_to_end(&mut answer);
    })
    .await
    .unwrap();
    assert_eq!(send(&emulator, Method::GET, &groups(), Value::Null).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_shut_down_emulator_takes_no_connection() {
    let emulator = emulator(EmulatorOptions::default()).await;
    let address = emulator.address();
    assert!(address.ip().is_loopback());
    send(&emulator, Method::GET, &groups(), Value::Null).await.unwrap();
    let state = emulator.shutdown().await.unwrap();
    assert_eq!(state["groups"][0]["name"], "ops");
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_clock_starts_where_it_is_told() {
    let now = "2031-01-01T00:00:00Z".parse().unwrap();
    let emulator = emulator(EmulatorOptions { now: Some(now), ..EmulatorOptions::default() }).await;
    let made = send(&emulator, Method::POST, "groups", new_group("later")).await.unwrap();
    let made = made.json::<Value>().await.unwrap()["created_at"].as_str().unwrap().to_owned();
    // It goes on from there, and a busy machine takes its time.
    assert!(made.starts_with("2031-01-01T00:"), "{made}");
}

/// The command, killed when it is dropped.
struct Emulate(Child);

impl Emulate {
    fn start(arguments: &[&str]) -> (Self, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scw-iam"));
        command
            .env_clear()
            .envs(surroundings::variables())
            .arg("emulate")
            .args(arguments)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        (Self(child), url)
    }
}

impl Drop for Emulate {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_command_saves_when_it_is_asked_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("state.json"), state().to_string()).unwrap();
    for signal in ["-TERM", "-INT"] {
        let (mut command, url) =
            Emulate::start(&["--state", &path("state.json"), "--save", &path("saved.json")]);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("{url}/iam/v1alpha1/groups")).header("X-Auth-Token", "any");
        assert_eq!(request.body(new_group("new").to_string()).send().await.unwrap().status(), 200);
        assert!(Command::new("kill").args([signal, &command.0.id().to_string()]).status().unwrap().success());
        assert!(command.0.wait().unwrap().success());
        let saved: Value =
            serde_json::from_str(&std::fs::read_to_string(path("saved.json")).unwrap()).unwrap();
        assert_eq!(saved["groups"][1]["name"], "new");
        std::fs::remove_file(path("saved.json")).unwrap();
    }
}

#[test]
fn the_command_names_what_is_wrong_with_a_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    std::fs::write(&path, r#"{"groups": [{"name": "ops"}]}"#).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scw-iam"));
    command.env_clear().envs(surroundings::variables());
    let output = command.arg("emulate").arg("--state").arg(&path).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("groups[0] `ops`: `id`: is missing"), "{said}");
}

#[tokio::test]
async fn a_request_moves_the_clock_forward_and_never_back() {
    let emulator = emulator(EmulatorOptions {
        now: Some("2026-11-22T12:00:00Z".parse().unwrap()),
        ..EmulatorOptions::default()
    })
    .await;
    let date = async |header: &str| {
        let client = Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("{}/iam/v1alpha1/{}", emulator.url(), groups()));
        let answer =
            request.header("X-Auth-Token", "any").header("X-Emulated-Time", header).send().await.unwrap();
        answer.headers()["date"].to_str().unwrap().to_owned()
    };
    assert!(date("").await.starts_with("Sun, 22 Nov 2026 12:00:"));
    assert!(date("2027-03-01T08:00:00Z").await.starts_with("Mon, 01 Mar 2027 08:00:"));
    assert!(date("2026-11-22T12:00:00Z").await.starts_with("Mon, 01 Mar 2027 08:00:"));
}

#[tokio::test]
async fn secret_manager_fails_refuses_and_is_slow_as_asked() {
    let faults = "500:POST/secrets=#1,403-after-grant:GET/secrets=1,503:/secrets/*/versions=#1";
    let emulator = faulty(faults).await;
    let status = async |method: Method, path: &str| {
        let client = Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/secret-manager/v1beta1/regions/fr-par/{path}", emulator.url());
        let body = json!({"project_id": ORGANIZATION, "name": "s"}).to_string();
        client.request(method, url).header("X-Auth-Token", "any").body(body).send().await.unwrap().status()
    };
    assert_eq!(status(Method::POST, "secrets").await, 500);
    assert_eq!(status(Method::POST, "secrets").await, 200);
    assert_eq!(status(Method::GET, &format!("secrets/{GROUP}/versions")).await, 503);
    assert_eq!(status(Method::GET, &format!("secrets/{GROUP}/versions")).await, 404);
}
