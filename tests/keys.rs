//! Lives of API keys on the emulator, whose clock moves: made, delivered, rotated, taken away; killed before and after each
//! request on the way.

#[cfg(unix)]
#[path = "support/environment.rs"]
mod environment;
#[cfg(unix)]
#[path = "keys/lives.rs"]
mod lives;
#[path = "keys/panics.rs"]
mod panics;
#[cfg(unix)]
#[path = "support/surroundings.rs"]
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use scw_iam::api::wire::{Revision, SecretVersionStatus};
use scw_iam::api::{Client, ListApiKeys, ListSecrets, Region, RetryPolicy, Secret};
use scw_iam::apply::slot::{DeliveryTools, SlotError};
use scw_iam::apply::{Journal, Outcome, stop_signal};
use scw_iam::config::{Source, read};
use scw_iam::emulator::{self, EMULATOR_ACCESS_KEY, Emulator};
use scw_iam::model::Id;
use scw_iam::plan::slot::SlotWait;
use scw_iam::reconcile::{ApplyOptions, Error, KeyOptions, PlanOptions, Planned, Session};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const STORED: &str = "{secret_manager: {project: main, region: fr-par, path: /ci, name: scw-key}}";

/// A time so many minutes after the first of January 2030.
fn at(minutes: i64) -> Timestamp {
    let first: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    first + SignedDuration::from_mins(minutes)
}

const DAY: i64 = 24 * 60;

/// When a request kills the run that sends it.
#[derive(Debug, Clone, Copy)]
enum Kill {
    Never,
    /// Before this request, from 1, arrives.
    Before(usize),
    /// After it was done, and before its answer.
    After(usize),
}

/// An organization with an application and a slot.
struct Life {
    emulator: Emulator,
    organization: String,
    deliver: String,
    tools: DeliveryTools,
    folder: tempfile::TempDir,
}

impl Life {
    async fn new(deliver: &[&str]) -> Self {
        let options = emulator::EmulatorOptions {
            now: Some(at(0)),
            seed: Some(7),
            ..emulator::EmulatorOptions::default()
        };
        let emulator = emulator::start(options).await.unwrap();
        let organization = emulator.state()["organization"]["id"].as_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        Self { emulator, organization, deliver: deliver.join(", "), tools: DeliveryTools::default(), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn files(&self) -> String {
        let Self { organization, deliver, .. } = self;
        format!(
            "version: 1\norganization: {organization}\nstack: platform\nprojects: {{main: {organization}}}\napplications:\n  ci:\n    \
             api_keys:\n      deploy: {{expires_after: 90d, rotate_before: 14d, overlap: 7d, deliver: [{deliver}]}}\n"
        )
    }

    fn client(&self, url: &str, now: Option<Timestamp>) -> Client {
        let client = Client::builder(Secret::new("any"), self.organization.parse().unwrap())
            .api_url(url)
            .max_rps(10_000.0)
            .retry(RetryPolicy::default());
        let client = match now {
            Some(now) => client.emulated_time(now),
            None => client,
        };
        client.build().unwrap()
    }

    fn session(&self, url: &str, now: Timestamp) -> Session {
        let organization: Id = self.organization.parse().unwrap();
        let session = Session::new(self.client(url, Some(now)), organization);
        session.with_access_key(EMULATOR_ACCESS_KEY.parse().ok())
    }

    async fn plan(&self, session: &Session, text: &str, now: Timestamp) -> Result<Planned, Error> {
        let source = Source::Text { name: "iam.yaml".into(), bytes: text.as_bytes().to_vec() };
        let files = read(&[source], now).unwrap();
        let keys = KeyOptions { tools: Some(self.tools.clone()), ..KeyOptions::default() };
        session.plan(&files, &PlanOptions { now, keys, ..PlanOptions::default() }).await
    }

    /// Plans and applies at a time; `None` when it was killed.
    async fn run_on(&self, minute: i64, kill: Kill) -> Option<Result<Outcome, Error>> {
        let trap = Trap::before(self.emulator.url(), kill).await;
        let session = self.session(&trap.url, at(minute));
        let run = async {
            let planned = self.plan(&session, &self.files(), at(minute)).await?;
            session.apply(&planned, ApplyOptions::default()).await
        };
        tokio::select! {
            biased;
            () = trap.killed.notified() => None,
            ended = run => Some(ended),
        }
    }

    async fn run(&self, minute: i64) -> Outcome {
        self.run_on(minute, Kill::Never).await.unwrap().unwrap()
    }

    /// A run after which all that its plan said is done.
    async fn well(&self, minute: i64) {
        let outcome = self.run(minute).await;
        assert!(outcome.keys.is_done(), "{minute}: {:?}", outcome.keys);
    }

    /// Does what is due at a time, and nothing else.
    async fn due(&self, minute: i64, text: &str) -> (Planned, Outcome) {
        let session = self.session(&self.emulator.url(), at(minute));
        let source = Source::Text { name: "iam.yaml".into(), bytes: text.as_bytes().to_vec() };
        let files = read(&[source], at(minute)).unwrap();
        let keys = KeyOptions { tools: Some(self.tools.clone()), ..KeyOptions::default() };
        let options = PlanOptions { now: at(minute), keys, ..PlanOptions::default() };
        let planned = session.plan_due(&files, &options).await.unwrap();
        let outcome = session.apply(&planned, ApplyOptions::default()).await.unwrap();
        (planned, outcome)
    }

    /// Makes a secret of a stack where the slot delivers to.
    async fn secret_of(&self, stack: &str, minute: i64) {
        let wanted = scw_iam::api::wire::CreateSecret {
            project_id: self.organization.parse().unwrap(),
            name: "scw-key".to_owned(),
            path: "/ci".to_owned(),
            tags: vec![format!("scw-iam={stack}")],
            description: String::new(),
            kind: scw_iam::api::wire::SecretKind::KeyValue,
            protected: false,
        };
        let client = self.client(&self.emulator.url(), Some(at(minute)));
        client.create_secret(&"fr-par".parse().unwrap(), &wanted).await.unwrap();
    }

    async fn live(&self) -> Keys {
        let client = self.client(&self.emulator.url(), None);
        let keys = client.list_api_keys(&ListApiKeys::default()).all().await.unwrap();
        let keys: BTreeMap<_, _> =
            keys.into_iter().map(|key| (key.access_key.to_string(), key.description)).collect();
        let region: Region = "fr-par".parse().unwrap();
        let secrets = client.list_secrets(&region, &ListSecrets::default()).all().await.unwrap();
        let mut versions = Vec::new();
        for secret in &secrets {
            for version in client.list_secret_versions(&region, &secret.id, &[]).all().await.unwrap() {
                let enabled = version.status == SecretVersionStatus::Enabled;
                let revision = Revision::from(version.revision.number());
                let data = if enabled {
                    let read = client.access_secret_version(&region, &secret.id, &revision).await.unwrap();
                    String::from_utf8(read.data.expose().to_vec()).unwrap()
                } else {
                    String::new()
                };
                let key = version.description.strip_prefix("scw-iam: ").unwrap().to_owned();
                versions.push(Version { key, enabled, latest: version.latest, data });
            }
        }
        Keys { keys, versions, secrets: secrets.len() }
    }
}

#[derive(Debug)]
struct Version {
    key: String,
    enabled: bool,
    latest: bool,
    data: String,
}

/// What is live.
#[derive(Debug)]
struct Keys {
    keys: BTreeMap<String, String>,
    versions: Vec<Version>,
    secrets: usize,
}

impl Keys {
    /// What holds at every moment.
    fn are_sound(&self, when: &str) {
        for version in self.versions.iter().filter(|version| version.enabled) {
            assert!(
                self.keys.contains_key(&version.key),
                "{when}: an enabled version names no live key: {self:?}"
            );
            assert!(version.data.contains(&version.key), "{when}: a version says another key than it holds");
        }
        let latest = self.versions.iter().find(|version| version.latest);
        assert!(
            latest.is_none_or(|latest| latest.enabled),
            "{when}: whoever reads the latest version is refused"
        );
        assert!(self.versions.len() <= 20, "{when}: {} versions", self.versions.len());
        assert!(self.secrets <= 1, "{when}: two secrets");
    }

    /// What holds once a run has mended everything.
    fn are_settled(&self, when: &str) {
        self.are_sound(when);
        let held: BTreeSet<_> = self.versions.iter().filter(|it| it.enabled).map(|it| &it.key).collect();
        for (key, description) in &self.keys {
            assert!(held.contains(key), "{when}: nobody holds {key} ({description})");
        }
        let latest = self.versions.iter().find(|version| version.latest).unwrap_or_else(|| panic!("{when}"));
        assert!(self.keys[&latest.key].starts_with("scw-iam=deploy ok "), "{when}: {self:?}");
    }
}

/// Passes requests on to a server, one connection each way, until one of them kills whoever sends it.
struct Trap {
    url: String,
    killed: Arc<Notify>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Trap {
    async fn before(server: String, kill: Kill) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let killed = Arc::new(Notify::new());
        let server = server.strip_prefix("http://").unwrap().to_owned();
        let accepting = tokio::spawn({
            let (killed, requests) = (Arc::clone(&killed), Arc::new(AtomicUsize::new(0)));
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let (killed, requests) = (Arc::clone(&killed), Arc::clone(&requests));
                    tokio::spawn(pass(client, server.clone(), kill, killed, requests));
                }
            }
        });
        Self { url, killed, accepting }
    }
}

/// Reads a whole message of HTTP/1.1 with a `content-length`, or none of a body.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let whole = head + length.unwrap_or(0usize);
    while bytes.len() < whole {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
    }
    Some(bytes)
}

async fn pass(
    mut client: TcpStream,
    server: String,
    kill: Kill,
    killed: Arc<Notify>,
    requests: Arc<AtomicUsize>,
) -> Option<()> {
    let mut upstream = TcpStream::connect(server).await.ok()?;
    loop {
        let request = message(&mut client).await?;
        let number = requests.fetch_add(1, Ordering::SeqCst) + 1;
        let last = match kill {
            Kill::Never => usize::MAX,
            Kill::Before(last) | Kill::After(last) => last,
        };
        // What a dead program sends arrives nowhere.
        if number > last || matches!(kill, Kill::Before(_)) && number == last {
            killed.notify_one();
            return None;
        }
        upstream.write_all(&request).await.ok()?;
        let answer = message(&mut upstream).await?;
        if number == last {
            killed.notify_one();
            return None;
        }
        client.write_all(&answer).await.ok()?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_made_delivered_rotated_and_taken_away() {
    let life = Life::new(&[STORED]).await;
    life.well(0).await;
    let first = life.live().await;
    first.are_settled("the first key");
    assert_eq!((first.keys.len(), first.versions.len()), (1, 1));
    // Nothing is to be done until it is about to end.
    life.well(75 * DAY).await;
    assert_eq!(life.live().await.keys.len(), 1);
    life.well(77 * DAY).await;
    let both = life.live().await;
    both.are_settled("the overlap");
    assert_eq!((both.keys.len(), both.versions.len()), (2, 2));
    life.well(84 * DAY + 1).await;
    let second = life.live().await;
    second.are_settled("after the overlap");
    assert_eq!(second.keys.len(), 1);
    assert!(!second.keys.contains_key(first.keys.keys().next().unwrap()), "the first key is gone");
    // Two years of it stay within what a secret can have.
    for month in 3..26 {
        life.well(month * 30 * DAY).await;
        life.live().await.are_settled("a later month");
    }
}

/// Kills the run at `minute` of a life at each of its requests, and runs again.
async fn kill_everywhere(before: &[i64], minute: i64, again: i64) {
    let mut number = 0;
    loop {
        number += 1;
        let mut ended = false;
        for kill in [Kill::Before(number), Kill::After(number)] {
            let when = format!("minute {minute}, {kill:?}");
            let life = Life::new(&[STORED]).await;
            for earlier in before {
                life.well(*earlier).await;
            }
            ended = life.run_on(minute, kill).await.is_some();
            life.live().await.are_sound(&when);
            // Within a quarter of an hour the slot is left alone, or all is well.
            _ = life.run(minute + 1).await;
            life.live().await.are_sound(&when);
            let outcome = life.run(minute + again).await;
            assert!(outcome.keys.is_done(), "{when}: {:?}", outcome.keys);
            life.live().await.are_settled(&when);
        }
        if ended {
            break;
        }
    }
    assert!(number > 12, "only {number} requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_while_it_makes_the_first_key_is_mended_by_the_next() {
    kill_everywhere(&[], 0, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_while_it_rotates_is_mended_by_the_next() {
    kill_everywhere(&[0], 77 * DAY, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_while_it_takes_the_old_key_away_is_mended_by_the_next() {
    kill_everywhere(&[0, 77 * DAY], 85 * DAY, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_the_same_time_leave_one_key() {
    for round in 0..8 {
        let life = Life::new(&[STORED]).await;
        if round % 2 == 1 {
            life.well(0).await;
        }
        let minute = if round % 2 == 1 { 77 * DAY } else { 0 };
        let (one, two) = tokio::join!(life.run_on(minute, Kill::Never), life.run_on(minute, Kill::Never));
        for outcome in [one.unwrap(), two.unwrap()] {
            let Ok(outcome) = outcome else { continue };
            for error in outcome.keys.errors() {
                let known = matches!(
                    error,
                    SlotError::Twin { .. }
                        | SlotError::Changed
                        | SlotError::SecretTwin(_)
                        | SlotError::Unknown(_)
                );
                assert!(known, "{error}");
            }
        }
        life.live().await.are_sound("two runs");
        life.well(minute + 20).await;
        let live = life.live().await;
        live.are_settled("after two runs");
        assert_eq!(live.keys.len(), 1 + round % 2, "{live:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_key_is_in_no_journal_no_plan_and_no_outcome() {
    let life = Life::new(&[STORED]).await;
    let session = life.session(&life.emulator.url(), at(0));
    let planned = life.plan(&session, &life.files(), at(0)).await.unwrap();
    let path = life.path("journal.jsonl");
    let journal: Journal = session.journal(&path, &planned).unwrap();
    let options = ApplyOptions { journal, ..ApplyOptions::default() };
    let outcome = session.apply(&planned, options).await.unwrap();
    assert!(outcome.keys.is_done(), "{:?}", outcome.keys);
    let live = life.live().await;
    let data: serde_json::Value = serde_json::from_str(&live.versions[0].data).unwrap();
    let secret = data["secret_key"].as_str().unwrap();
    let journal = std::fs::read_to_string(path).unwrap();
    assert!(journal.contains(&live.versions[0].key), "the journal names the key: {journal}");
    assert!(
        journal.lines().last().unwrap().contains("\"event\":\"end\""),
        "keys are part of the run: {journal}"
    );
    let document = serde_json::to_string(&planned.document()).unwrap();
    let seen = [journal, document, format!("{outcome:?} {planned:?} {session:?}")];
    let base64 = base64::engine::general_purpose::STANDARD;
    for form in [secret.to_owned(), base64.encode(secret), secret.replace('-', "%2D")] {
        assert!(seen.iter().all(|text| !text.contains(&form)), "{form}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_and_a_command_get_the_key_and_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut life = Life::new(&[STORED, "{file: ci/key.json}", "{command: hook}"]).await;
    // Without the person who starts the apply the slot is left alone.
    let outcome = life.run(0).await;
    assert!(outcome.keys.slots.is_empty(), "{:?}", outcome.keys);
    assert_eq!(life.live().await.keys.len(), 0);
    let (input, environment) = (life.path("input"), life.path("environment"));
    let script = format!("cat > '{}'; env > '{}'", input.display(), environment.display());
    let words = ["sh", "-c", &script].map(str::to_owned).to_vec();
    life.tools.folder = Some(life.path(""));
    life.tools.commands.insert("hook".parse().unwrap(), words);
    life.well(1).await;
    let live = life.live().await;
    live.are_settled("all three deliveries");
    let file = life.path("ci/key.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let written: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&live.versions[0].data).unwrap();
    assert_eq!(written, stored);
    let read: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(input).unwrap()).unwrap();
    assert_eq!((&read["application"], &read["slot"]), (&"ci".into(), &"deploy".into()));
    assert_eq!((&read["access_key"], &read["secret_key"]), (&stored["access_key"], &stored["secret_key"]));
    let environment = std::fs::read_to_string(environment).unwrap();
    assert!(!environment.lines().any(|line| line.starts_with("SCW_")), "{environment}");
    assert!(!environment.contains(stored["secret_key"].as_str().unwrap()));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_fails_leaves_the_key_and_the_next_run_finishes_it() {
    let mut life = Life::new(&[STORED, "{command: hook}"]).await;
    let failing = ["sh", "-c", "cat >/dev/null; exit 3"].map(str::to_owned).to_vec();
    life.tools.commands.insert("hook".parse().unwrap(), failing);
    let outcome = life.run(0).await;
    let errors: Vec<_> = outcome.keys.errors().map(ToString::to_string).collect();
    assert!(errors[0].contains("command hook failed (exit status: 3)"), "{errors:?}");
    let left = life.live().await;
    left.are_sound("a command failed");
    life.tools.commands.insert("hook".parse().unwrap(), vec!["cat".to_owned()]);
    life.well(20).await;
    let finished = life.live().await;
    finished.are_settled("finished");
    assert_eq!(finished.keys.keys().collect::<Vec<_>>(), left.keys.keys().collect::<Vec<_>>());
    assert_eq!(finished.versions.len(), 1, "it is not delivered twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_of_somebody_else_gets_nothing() {
    let life = Life::new(&[STORED]).await;
    life.secret_of("other", 0).await;
    let session = life.session(&life.emulator.url(), at(0));
    let text = life.files().replace("name: scw-key", "name: scw-key, adopt: true");
    let planned = life.plan(&session, &text, at(0)).await.unwrap();
    let slot = &planned.plan.keys().slots[0];
    assert!(matches!(slot.waits[..], [SlotWait::Foreign(..)]), "{slot:?}");
    let outcome = session.apply(&planned, ApplyOptions::default()).await.unwrap();
    assert!(outcome.keys.slots.is_empty());
    assert_eq!(life.live().await.keys.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_secrets_that_killed_runs_left_become_one() {
    let life = Life::new(&[STORED]).await;
    life.secret_of("platform", 0).await;
    life.secret_of("platform", 1).await;
    // The run that made the second one may still be at work.
    _ = life.run(10).await;
    assert_eq!((life.live().await.keys.len(), life.live().await.secrets), (0, 2));
    life.well(20).await;
    life.live().await.are_settled("the first key");
    // Which one is empty counts, and not which one is older.
    life.secret_of("platform", 30).await;
    life.well(60).await;
    life.live().await.are_settled("one more");
    // What another stack has is left alone, and so is the slot.
    life.secret_of("other", 60).await;
    _ = life.run(80 * 24 * 60).await;
    assert_eq!((life.live().await.keys.len(), life.live().await.secrets), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_a_week_ahead_lets_nothing_rotate() {
    // The emulator lives in January 2030, and this machine does not.
    let life = Life::new(&[STORED]).await;
    let organization: Id = life.organization.parse().unwrap();
    let session = Session::new(life.client(&life.emulator.url(), None), organization);
    let session = session.with_access_key(EMULATOR_ACCESS_KEY.parse().ok());
    let planned = life.plan(&session, &life.files(), at(0)).await.unwrap();
    let refused = session.apply(&planned, ApplyOptions::default()).await;
    assert!(matches!(refused, Err(Error::Clock(_))), "{refused:?}");
    let live = life.live().await;
    assert_eq!((live.keys.len(), live.secrets), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_job_replaces_keys_and_takes_away_what_has_ended_and_gives_nobody_access() {
    let life = Life::new(&[STORED]).await;
    // Not the first key, and no application either.
    let (planned, _) = life.due(0, &life.files()).await;
    assert!(planned.plan.is_empty(), "{:?}", planned.plan.steps());
    let more = "groups:\n  ops:\n    members: {applications: [{name: ci, until: 2030-03-15}]}\n";
    let rules = "policies:\n  look:\n    principal: {group: ops}\n    rules:\n      - {permission_sets: [IAMReadOnly], scope: organization, until: 2030-03-15}\n";
    let text = format!("{}{more}{rules}", life.files());
    let session = life.session(&life.emulator.url(), at(0));
    let planned = life.plan(&session, &text, at(0)).await.unwrap();
    let outcome = session.apply(&planned, ApplyOptions::default()).await.unwrap();
    assert!(outcome.keys.is_done(), "{:?}", outcome.keys);
    // By then the files grant more, which is for somebody to apply, and deliver elsewhere too.
    let grown = text
        .replace("[IAMReadOnly]", "[IAMManager]")
        .replace("ops:\n    members", "ops:\n    description: more\n    members");
    let (planned, outcome) = life.due(77 * DAY, &grown).await;
    assert!(outcome.keys.is_done(), "{:?}", outcome.keys);
    let words: Vec<_> = planned.plan.steps().iter().map(|step| step.action.word()).collect();
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(
        planned
            .plan
            .access()
            .iter()
            .all(|change| change.grants.iter().all(|it| !format!("{it:?}").contains("Gained")))
    );
    let state = life.emulator.state();
    assert_eq!(state["groups"][0]["application_ids"], serde_json::json!([]), "{}", state["groups"]);
    assert_eq!(state["groups"][0]["description"], "");
    assert_eq!(state["policies"][0]["rules"], serde_json::json!([]), "{}", state["policies"]);
    let live = life.live().await;
    live.are_settled("a scheduled job");
    assert_eq!(live.keys.len(), 2, "the key was replaced");
    // A second delivery is a new place.
    let elsewhere = "{secret_manager: {project: main, region: fr-par, path: /else, name: scw-key}}";
    let grown = text.replace(STORED, &format!("{STORED}, {elsewhere}"));
    let (planned, _) = life.due(154 * DAY, &grown).await;
    let slot = &planned.plan.keys().slots[0];
    assert!(slot.waits.iter().any(|wait| matches!(wait, SlotWait::NewPlace(_))), "{slot:?}");
    assert_eq!(life.live().await.secrets, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_manager_that_refuses_gets_no_key_and_leaves_none_behind() {
    for (fault, kept) in [
        // Before anything was delivered, the key is deleted again.
        ("500:POST/secrets/*/versions=1", 0),
        ("cut-before:POST/secrets/*/versions=1", 0),
        ("500:GET/secrets/*/versions/*/access=1", 1),
        // The version came to be without an answer: it is found.
        ("cut-after:POST/secrets/*/versions=#1", 1),
        ("500-after:POST/secrets=#1", 1),
        ("500:PATCH/api-keys/*=1", 1),
    ] {
        let faults = fault.parse().unwrap();
        let options = emulator::EmulatorOptions {
            now: Some(at(0)),
            seed: Some(7),
            faults,
            ..emulator::EmulatorOptions::default()
        };
        let life = Life { emulator: emulator::start(options).await.unwrap(), ..Life::new(&[STORED]).await };
        let outcome = life.run(0).await;
        let client = life.client(&life.emulator.url(), None);
        let keys = client.list_api_keys(&ListApiKeys::default()).all().await.unwrap();
        assert!(keys.len() <= kept.max(1), "{fault}: {keys:?}");
        let errors: Vec<_> = outcome.keys.errors().map(ToString::to_string).collect();
        if fault.ends_with("=#1") {
            assert!(errors.is_empty(), "{fault}: {errors:?}");
            life.live().await.are_settled(fault);
        } else {
            assert_eq!(errors.len(), 1, "{fault}");
            assert!(keys.iter().all(|key| key.description == "scw-iam=deploy new"), "{fault}: {keys:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_whose_slot_is_gone_goes_under_the_guard_and_one_without_a_slot_only_where_it_is_asked_for() {
    let life = Life::new(&[STORED]).await;
    life.well(0).await;
    let state = life.emulator.state();
    let application = state["applications"][0]["id"].as_str().unwrap().parse().unwrap();
    let client = life.client(&life.emulator.url(), None);
    let theirs = scw_iam::api::wire::CreateApiKey {
        bearer: scw_iam::api::wire::Bearer::Application(application),
        description: "somebody's".to_owned(),
        expires_at: None,
        default_project_id: None,
    };
    let theirs = client.create_api_key(&theirs).await.unwrap().key.access_key.to_string();
    let none = life.files().split("      deploy:").next().unwrap().replace("api_keys:\n", "api_keys: {}\n");
    let session = life.session(&life.emulator.url(), at(DAY));
    let planned = life.plan(&session, &none, at(DAY)).await.unwrap();
    let guard = planned.plan.findings().iter().find(|finding| finding.guard.to_string() == "keys").unwrap();
    assert_eq!((guard.found, planned.plan.keys().strays.len()), (1, 1));
    let refused = session.apply(&planned, ApplyOptions::default()).await;
    assert!(matches!(refused, Err(Error::Refused)), "{refused:?}");
    let lifted = format!("{none}settings: {{limits: {{keys: 1}}}}\n");
    let planned = life.plan(&session, &lifted, at(DAY)).await.unwrap();
    let outcome = session.apply(&planned, ApplyOptions::default()).await.unwrap();
    assert!(outcome.keys.is_done() && outcome.keys.pruned.len() == 1, "{:?}", outcome.keys);
    let keys = client.list_api_keys(&ListApiKeys::default()).all().await.unwrap();
    assert_eq!(keys.iter().map(|key| key.access_key.to_string()).collect::<Vec<_>>(), [theirs]);
    let exact = lifted.replace("api_keys: {}", "api_keys: {}\n    api_keys_membership: exact");
    let planned = life.plan(&session, &exact, at(DAY)).await.unwrap();
    assert_eq!(planned.plan.keys().pruned.len(), 1);
    // Without pruning nothing of it goes.
    let kept = exact.replace("settings: {", "settings: {prune: none, ");
    let planned = life.plan(&session, &kept, at(DAY)).await.unwrap();
    assert_eq!(planned.plan.keys().pruned.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_there_is_adopted_replaced_and_deleted_after_the_overlap() {
    let life = Life::new(&[STORED]).await;
    let client = life.client(&life.emulator.url(), None);
    let none = life.files().split("      deploy:").next().unwrap().replace("api_keys:\n", "api_keys: {}\n");
    let session = life.session(&life.emulator.url(), at(0));
    let planned = life.plan(&session, &none, at(0)).await.unwrap();
    assert!(session.apply(&planned, ApplyOptions::default()).await.unwrap().wrote());
    let application = life.emulator.state()["applications"][0]["id"].as_str().unwrap().parse().unwrap();
    let theirs = scw_iam::api::wire::CreateApiKey {
        bearer: scw_iam::api::wire::Bearer::Application(application),
        description: "by hand".to_owned(),
        expires_at: None,
        default_project_id: None,
    };
    let theirs = client.create_api_key(&theirs).await.unwrap().key.access_key.to_string();
    let text = life.files().replace("overlap: 7d", &format!("overlap: 7d, adopt: {theirs}"));
    for (minute, keys) in [(1, 2), (DAY, 2), (8 * DAY, 1), (9 * DAY, 1)] {
        let session = life.session(&life.emulator.url(), at(minute));
        let planned = life.plan(&session, &text, at(minute)).await.unwrap();
        let outcome = session.apply(&planned, ApplyOptions::default()).await.unwrap();
        assert!(outcome.keys.is_done(), "{minute}: {:?}", outcome.keys);
        let live = life.live().await;
        assert_eq!(live.keys.len(), keys, "{minute}: {live:?}");
        live.are_sound("an adopted key");
    }
    assert!(!life.live().await.keys.contains_key(&theirs));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_plan_makes_the_first_key_and_rotates_nothing() {
    let life = Life::new(&[STORED]).await;
    let apply = async |minute: i64, made: i64| {
        let session = life.session(&life.emulator.url(), at(minute));
        let planned = life.plan(&session, &life.files(), at(made)).await.unwrap();
        let text = serde_json::to_vec(&planned.document()).unwrap();
        let day = std::time::Duration::from_secs(24 * 3600);
        let saved = scw_iam::reconcile::SavedPlan::read("plan.json", &text, at(minute), day).unwrap();
        let options = PlanOptions { now: at(minute), ..PlanOptions::default() };
        match session.plan_saved(&saved, &options).await.unwrap() {
            scw_iam::reconcile::Again::Same(planned) => {
                let outcome = session.apply(&planned, ApplyOptions::default()).await.unwrap();
                assert!(outcome.keys.is_done(), "{:?}", outcome.keys);
            }
            scw_iam::reconcile::Again::Applied(_) => {}
        }
        life.live().await.keys.len()
    };
    assert_eq!(apply(1, 0).await, 1, "the first key is a part of the plan");
    assert_eq!(apply(77 * DAY + 1, 77 * DAY).await, 1, "a rotation is not");
    life.well(77 * DAY + 2).await;
    assert_eq!(life.live().await.keys.len(), 2);
}

#[tokio::test]
async fn once_a_signal_came_nothing_is_begun() {
    let life = Life::new(&[STORED]).await;
    assert!(life.run_on(0, Kill::Never).await.unwrap().is_ok());
    let session = life.session(&life.emulator.url(), at(80 * DAY));
    let source = Source::Text { name: "iam.yaml".into(), bytes: life.files().into_bytes() };
    let files = read(&[source], at(80 * DAY)).unwrap();
    let slot = ("application:ci".parse().unwrap(), "deploy".parse().unwrap());
    let options = PlanOptions { now: at(80 * DAY), ..PlanOptions::default() };
    let planned = session.plan_rotation(&files, (&slot.0, &slot.1), &options).await.unwrap();
    let (stopper, stop) = stop_signal();
    stopper.stop();
    let before = life.emulator.state()["api_keys"].clone();
    let outcome = session.rotate(&planned, &life.tools, &mut Journal::none(), &stop).await.unwrap();
    assert!(matches!(outcome.slots[0].error, Some(SlotError::Stopped)), "{outcome:?}");
    assert!(!outcome.wrote() && !outcome.is_done());
    assert_eq!(life.emulator.state()["api_keys"], before);
}
