//! Whole lives of API keys, by the program itself: made, delivered, rotated with overlap, and gone with the application;
//! killed at random moments, twice at the same time, overtaken, and with a Secret Manager that fails, refuses or is slow.
//!
//! `SCW_IAM_LIVES` sets how many lives; `SCW_IAM_LIVES_SEED` the first seed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use scw_iam::emulator::{self, Emulator, Latency};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::{DAY, at, message};
use crate::environment::as_owner;

const HERE: &str = "{secret_manager: {project: main, region: fr-par, path: /ci, name: scw-key}}";
const THERE: &str = "{secret_manager: {project: main, region: nl-ams, path: /ci, name: scw-key}}";
const FILE: &str = "{file: ci/key.json}";
const COMMAND: &str = "{command: hook}";

/// Where the keys of a life go.
const DELIVERIES: &[&[&str]] =
    &[&[HERE], &[HERE, FILE], &[HERE, COMMAND], &[HERE, THERE, FILE, COMMAND], &[FILE], &[COMMAND]];

/// What goes wrong with the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// These faults, all the time.
    Faults(&'static str),
    /// Secret Manager refuses what is written, except in a run that mends.
    Refuses,
    /// Every answer takes its time.
    Slow,
}

const TROUBLES: &[Trouble] = &[
    Trouble::None,
    Trouble::Refuses,
    Trouble::Faults(
        "500:POST/secrets/*/versions=30%,500:GET/secrets/*/versions/*/access=10%,503:GET/secrets=5%",
    ),
    Trouble::Slow,
    Trouble::Faults(
        "cut-after:POST/secrets/*/versions=30%,500-after:POST/secrets=30%,cut-after:POST/api-keys=10%",
    ),
    Trouble::None,
    Trouble::Faults("cut-before:PATCH/api-keys/*=10%,cut-after=4%,cut-before=4%,truncated:POST=5%"),
];

/// A small generator, so that a life follows from its seed, but for how fast the machine is.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn minutes(&mut self, most: i64) -> i64 {
        i64::try_from(self.below(most.unsigned_abs())).unwrap()
    }
}

/// What was done, over all lives.
#[derive(Debug, Default)]
struct Tally {
    runs: AtomicUsize,
    killed: AtomicUsize,
    /// Killed after the run had written something.
    midway: AtomicUsize,
    together: AtomicUsize,
    overtaken: AtomicUsize,
    /// How many times everything was looked at, after an answer of the API.
    looks: AtomicUsize,
    /// The keys that were made.
    keys: AtomicUsize,
}

fn add(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// An organization with an application and a slot, and what its keys are delivered to.
struct World {
    emulator: Emulator,
    folder: tempfile::TempDir,
    organization: String,
    deliver: &'static [&'static str],
    trouble: Trouble,
    /// Whether Secret Manager refuses what is written now.
    refuses: AtomicBool,
    /// What did not hold at some moment.
    wrong: Mutex<Option<String>>,
    requests: watch::Sender<usize>,
    tally: Arc<Tally>,
    starts: AtomicUsize,
    /// How long a run takes that nobody kills, in milliseconds.
    usual: AtomicU64,
}

/// What the files declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    Nothing,
    Application,
    Slot,
}

/// What a run meets on its way to the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Free,
    /// At this request, from 1, everything waits: one that reads before it arrives, one that writes before its answer does.
    HeldAt(usize),
}

/// The way of one run to the API.
struct Road {
    url: String,
    held: watch::Receiver<bool>,
    release: watch::Sender<bool>,
    /// The number of the first request that wrote, from 1; 0 before.
    wrote: watch::Receiver<usize>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Road {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What requests on a road share.
struct Traffic {
    world: Arc<World>,
    way: Way,
    number: AtomicUsize,
    held: watch::Sender<bool>,
    release: watch::Receiver<bool>,
    wrote: watch::Sender<usize>,
}

impl Traffic {
    /// Passes requests on and answers back, and looks at everything after each.
    async fn pass(&self, mut client: TcpStream) -> Option<()> {
        let address = self.world.emulator.address();
        let mut server = TcpStream::connect(address).await.ok()?;
        loop {
            let request = message(&mut client).await?;
            let head = String::from_utf8_lossy(&request);
            let (method, target) = head.split_once(' ').map(|(m, t)| (m.to_owned(), t.to_owned()))?;
            let target = target.split(' ').next()?.to_owned();
            let reads = method == "GET";
            let number = self.number.fetch_add(1, Ordering::SeqCst) + 1;
            let holds = self.way == Way::HeldAt(number);
            if holds && reads {
                self.hold().await;
            }
            let stored = target.starts_with("/secret-manager/");
            let answer = if stored && !reads && self.world.refuses.load(Ordering::SeqCst) {
                refusal()
            } else {
                self.world.requests.send_modify(|count| *count += 1);
                let answer = self.exchange(&mut server, &request).await;
                self.world.look(&format!("{method} {target}"));
                self.world.requests.send_modify(|count| *count -= 1);
                if !reads {
                    self.wrote.send_if_modified(|first| {
                        *first == 0 && {
                            *first = number;
                            true
                        }
                    });
                }
                answer?
            };
            if holds && !reads {
                self.hold().await;
            }
            client.write_all(&answer).await.ok()?;
        }
    }

    async fn exchange(&self, server: &mut TcpStream, request: &[u8]) -> Option<Vec<u8>> {
        server.write_all(request).await.ok()?;
        message(server).await
    }

    async fn hold(&self) {
        self.held.send_replace(true);
        _ = self.release.clone().wait_for(|released| *released).await;
    }
}

fn refusal() -> Vec<u8> {
    let body = r#"{"message":"insufficient permissions","type":"permissions_denied","details":[]}"#;
    let length = body.len();
    format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl World {
    async fn new(
        seed: u64,
        trouble: Trouble,
        deliver: &'static [&'static str],
        tally: Arc<Tally>,
    ) -> Arc<Self> {
        let faults = if let Trouble::Faults(faults) = trouble { faults } else { "" };
        let options = emulator::EmulatorOptions {
            now: Some(at(0)),
            seed: Some(seed),
            faults: faults.parse().unwrap(),
            latency: Latency::Fixed(Duration::from_millis(if trouble == Trouble::Slow { 15 } else { 1 })),
            ..emulator::EmulatorOptions::default()
        };
        let emulator = emulator::start(options).await.unwrap();
        let organization = emulator.state()["organization"]["id"].as_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("delivered")).unwrap();
        Arc::new(Self {
            emulator,
            folder,
            organization,
            deliver,
            trouble,
            refuses: AtomicBool::new(false),
            wrong: Mutex::new(None),
            requests: watch::channel(0).0,
            tally,
            starts: AtomicUsize::new(0),
            usual: AtomicU64::new(200),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn stored(&self) -> bool {
        self.deliver.contains(&HERE)
    }

    fn write_files(&self, files: Files) {
        let organization = &self.organization;
        let mut text = format!(
            "version: 1\norganization: {organization}\nstack: platform\nprojects: {{main: {organization}}}\nsettings: \
             {{limits: {{deletes: 1, keys: 9}}}}\napplications:"
        );
        if files == Files::Slot {
            let deliver = self.deliver.join(", ");
            text += &format!(
                "\n  ci:\n    api_keys:\n      deploy: {{expires_after: 90d, rotate_before: 14d, overlap: 7d, deliver: \
                 [{deliver}]}}\n"
            );
        } else if files == Files::Application {
            text += "\n  ci: {api_keys: {}}\n";
        } else {
            text += " {}\n";
        }
        std::fs::write(self.path("iam.yaml"), text).unwrap();
    }

    async fn road(self: &Arc<Self>, way: Way) -> Road {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ((held, held_seen), (release, released)) = (watch::channel(false), watch::channel(false));
        let (wrote, wrote_seen) = watch::channel(0);
        let traffic = Arc::new(Traffic {
            world: Arc::clone(self),
            way,
            number: AtomicUsize::new(0),
            held,
            release: released,
            wrote,
        });
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let traffic = Arc::clone(&traffic);
                tokio::spawn(async move { traffic.pass(client).await });
            }
        });
        Road { url, held: held_seen, release, wrote: wrote_seen, accepting }
    }

    /// Starts an apply. Each is one of another machine, which no lock tells to wait.
    fn start(&self, road: &Road, minute: i64, due: bool) -> Child {
        add(&self.tally.runs);
        let number = self.starts.fetch_add(1, Ordering::SeqCst);
        let mut command = Command::new(env!("CARGO_BIN_EXE_scw-iam"));
        command
            .args(["apply", "--yes", "--max-rps", "1000", "--now", &at(minute).to_string()])
            .args(due.then_some("--due"))
            .arg("--deliver-dir")
            .arg(self.path("delivered"))
            .args(["--deliver-command", &format!("hook=tee -a {}", self.path("hook").display())])
            .arg(self.path("iam.yaml"));
        let folders = (self.folder.path(), &*self.path(&format!("state-{number}")));
        as_owner(&mut command, folders, (&road.url, &self.organization)).spawn().unwrap()
    }

    /// Runs an apply to its end, and returns how it ended and what it said.
    async fn run(self: &Arc<Self>, minute: i64, due: bool) -> (Option<i32>, String) {
        let road = self.road(Way::Free).await;
        let began = Instant::now();
        let ended = self.start(&road, minute, due).wait_with_output().await.unwrap();
        let took = u64::try_from(began.elapsed().as_millis()).unwrap();
        self.usual.store(took.max(5), Ordering::Relaxed);
        let said = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        (ended.status.code(), said.concat())
    }

    /// Waits until all that dead programs sent has arrived.
    async fn quiet(&self) {
        _ = self.requests.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Runs an apply and kills it after a part of the time that it takes, in thousandths; in half of the cases, after such a
    /// part of that time from its first write on.
    async fn kill(self: &Arc<Self>, minute: i64, due: bool, part: u64) {
        let mut road = self.road(Way::Free).await;
        let mut child = self.start(&road, minute, due);
        let mut moment = Duration::from_micros(self.usual.load(Ordering::Relaxed) * part);
        if part.is_multiple_of(2) {
            moment /= 4;
            tokio::select! {
                _ = road.wrote.wait_for(|first| *first > 0) => {}
                _ = child.wait() => {}
            }
        }
        if tokio::time::timeout(moment, child.wait()).await.is_err() {
            child.kill().await.unwrap();
            add(&self.tally.killed);
            self.quiet().await;
            self.tally.midway.fetch_add(usize::from(*road.wrote.borrow() > 0), Ordering::Relaxed);
        }
    }

    /// Runs an apply that is so slow at one of its requests that another one comes and goes, 20 minutes later. Returns how it
    /// ends; `None` where it has fewer requests.
    async fn overtake(
        self: &Arc<Self>,
        minute: i64,
        due: bool,
        request: usize,
    ) -> Option<std::process::ExitStatus> {
        let mut road = self.road(Way::HeldAt(request)).await;
        let mut slow = self.start(&road, minute, due);
        let held = tokio::select! {
            held = road.held.wait_for(|held| *held) => held.is_ok(),
            _ = slow.wait() => false,
        };
        if !held {
            return None;
        }
        add(&self.tally.overtaken);
        _ = self.run(minute + 20, due).await;
        road.release.send_replace(true);
        Some(slow.wait().await.unwrap())
    }

    /// Notes the first thing that did not hold at some moment.
    fn look(&self, after: &str) {
        add(&self.tally.looks);
        if let Err(why) = self.soundness() {
            self.wrong.lock().unwrap().get_or_insert(format!("after {after}: {why}"));
        }
    }

    /// The key that a delivered text holds.
    fn delivered(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.path(name)).ok()?;
        let halves: Value = serde_json::from_str(text.lines().next_back()?).ok()?;
        Some(halves["access_key"].as_str()?.to_owned())
    }

    /// What holds at every moment.
    fn soundness(&self) -> Result<(), String> {
        // What was delivered first: it is not replaced between the two by anything that is deleted so soon.
        let held = ["delivered/ci/key.json", "hook"].map(|name| self.delivered(name));
        let state = self.emulator.state();
        let keys = keys(&state);
        let there = !state["applications"].as_array().unwrap().is_empty();
        for secret in secrets(&state) {
            let versions = secret["versions"].as_array().unwrap();
            let counted = versions.iter().filter(|version| version["status"] != "deleted").count();
            if counted > 20 {
                return Err(format!("{counted} versions: {secret}"));
            }
            for version in versions {
                let names = version["description"].as_str().unwrap().strip_prefix("scw-iam: ").unwrap();
                let live = keys.iter().any(|(key, _)| key == names);
                if there && version["status"] == "enabled" && !live {
                    return Err(format!("an enabled version names {names}, which is no live key: {state:#}"));
                }
                if there && version["latest"] == true && version["status"] != "enabled" {
                    return Err(format!("the latest version is {}: {state:#}", version["status"]));
                }
            }
        }
        for secret in secrets(&state) {
            let same = secrets(&state).filter(|it| it["region"] == secret["region"]).count();
            // Between its creation and the look after it, two runs may have made one each.
            let full = secrets(&state)
                .filter(|it| it["region"] == secret["region"])
                .filter(|it| !it["versions"].as_array().unwrap().is_empty());
            if same > 1 && full.count() > 1 {
                return Err(format!("two secrets of one place have versions: {state:#}"));
            }
        }
        for key in held.into_iter().flatten().filter(|_| there) {
            if !keys.iter().any(|(live, _)| *live == key) {
                return Err(format!(
                    "{key} was delivered to a file or a command, and is no live key: {state:#}"
                ));
            }
        }
        Ok(())
    }

    /// What holds once a run has mended everything.
    fn settled(&self) -> Result<(), String> {
        let state = self.emulator.state();
        let keys = keys(&state);
        let mut held: Vec<String> =
            ["delivered/ci/key.json", "hook"].into_iter().filter_map(|name| self.delivered(name)).collect();
        let newest = keys.iter().filter(|(_, description)| description.starts_with("scw-iam=deploy ok "));
        let newest = newest.max_by_key(|(_, description)| description.clone());
        let Some((current, _)) = newest else { return Err(format!("no key is in use: {state:#}")) };
        if let Some(key) = held.iter().find(|key| *key != current) {
            return Err(format!("{key} was delivered, and {current} is in use: {state:#}"));
        }
        let places = self.deliver.iter().filter(|it| it.contains("secret_manager")).count();
        let found = secrets(&state).count();
        if found != places {
            return Err(format!("{found} secrets for {places} places: {state:#}"));
        }
        for secret in secrets(&state) {
            let versions = secret["versions"].as_array().unwrap();
            let latest = versions.iter().find(|version| version["latest"] == true);
            if latest.is_none_or(|latest| latest["description"] != format!("scw-iam: {current}")) {
                return Err(format!("the latest version is not of {current}: {state:#}"));
            }
            let enabled = versions.iter().filter(|version| version["status"] == "enabled");
            held.extend(enabled.map(|it| it["description"].as_str().unwrap()[9..].to_owned()));
        }
        // Nobody can tell what a file or a command has held before, so that such a key stays for the overlap.
        let nobody = keys.iter().find(|(key, _)| self.stored() && !held.contains(key));
        nobody.map_or(Ok(()), |(key, _)| Err(format!("nobody holds {key}: {state:#}")))
    }

    fn sound(&self, when: &str) {
        if let Some(why) = &*self.wrong.lock().unwrap() {
            panic!("{when}, {why}");
        }
    }

    /// Runs again, 16 minutes later each time, until everything is as it should be; at once, where the API is well.
    async fn mend(self: &Arc<Self>, minute: i64, well: bool, when: &str) -> i64 {
        self.refuses.store(false, Ordering::SeqCst);
        let mut minute = minute;
        for round in 0.. {
            minute += 16;
            let (code, said) = self.run(minute, false).await;
            self.sound(when);
            let settled = self.settled();
            if code == Some(0) && settled.is_ok() {
                break;
            }
            assert!(!well && round < 30, "{when}, mended in vain ({code:?}, {settled:?}):\n{said}");
        }
        minute
    }
}

fn keys(state: &Value) -> Vec<(String, String)> {
    let keys = state["api_keys"].as_array().unwrap().iter().filter(|key| key["application_id"].is_string());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    keys.map(|key| (text(&key["access_key"]), text(&key["description"]))).collect()
}

fn secrets(state: &Value) -> impl Iterator<Item = &Value> {
    let secrets = state["secrets"].as_array().into_iter().flatten();
    secrets.filter(|secret| secret["deletion_requested_at"].is_null())
}

/// Lets a moment of a life go wrong: killed up to three times, with another run beside it, or overtaken by the next.
async fn moment(world: &Arc<World>, dice: &mut Dice, minute: i64, due: bool) -> i64 {
    let trouble = dice.below(4);
    world.refuses.store(dice.below(2) == 0 && world.trouble == Trouble::Refuses, Ordering::SeqCst);
    match trouble {
        0 | 1 => {
            // A key that a file or a command may hold waits for another one; three of them wait for a person.
            let most = if world.stored() { 3 } else { 1 };
            let mut now = minute;
            for _ in 0..=dice.below(most) {
                world.kill(now, due, dice.below(1100)).await;
                now += 1 + dice.minutes(20);
            }
            now
        }
        2 => {
            add(&world.tally.together);
            let part = dice.below(1100);
            let other = async {
                if dice.below(2) == 0 {
                    world.kill(minute, due, part).await;
                } else {
                    _ = world.run(minute, due).await;
                }
            };
            _ = tokio::join!(world.run(minute, due), other);
            minute
        }
        _ => {
            world.overtake(minute, due, 1 + usize::try_from(dice.below(45)).unwrap()).await;
            minute + 20
        }
    }
}

async fn live(seed: u64, tally: Arc<Tally>) {
    let trouble = TROUBLES[usize::try_from(seed).unwrap() % TROUBLES.len()];
    let deliver = DELIVERIES[usize::try_from(seed / 2).unwrap() % DELIVERIES.len()];
    let world = World::new(seed, trouble, deliver, tally).await;
    let well = !matches!(world.trouble, Trouble::Faults(_));
    let mut dice = Dice(seed ^ 0x9e37_79b9_7f4a_7c15);
    let mut minute = 0;
    world.write_files(Files::Slot);
    for cycle in 0..3 {
        let when = format!("seed {seed}, {:?}, {:?}, key {cycle}", world.deliver, world.trouble);
        let due = cycle > 0 && dice.below(3) == 0;
        minute = moment(&world, &mut dice, minute, due).await;
        minute = world.mend(minute, well, &when).await;
        // The old key goes.
        minute += 7 * DAY + 1 + dice.minutes(DAY);
        minute = moment(&world, &mut dice, minute, false).await;
        minute = world.mend(minute, well, &format!("{when}, after the overlap")).await;
        let state = world.emulator.state();
        assert!(!well || keys(&state).len() == 1, "{when}: after the overlap one key is there: {state:#}");
        minute += 70 * DAY + dice.minutes(5 * DAY);
    }
    let when = format!("seed {seed}, {:?}, {:?}, the end", world.deliver, world.trouble);
    world.write_files(Files::Nothing);
    world.refuses.store(false, Ordering::SeqCst);
    world.kill(minute, false, dice.below(1100)).await;
    for round in 0.. {
        let (code, said) = world.run(minute + 16 + round, false).await;
        if code == Some(0) {
            break;
        }
        assert!(!well && round < 30, "{when}, {code:?}:\n{said}");
    }
    world.sound(&when);
    let state = world.emulator.state();
    assert!(
        keys(&state).is_empty() && state["applications"] == Value::Array(Vec::new()),
        "{when}: {state:#}"
    );
    let posts = ("POST".to_owned(), "/iam/v1alpha1/api-keys".to_owned());
    let made = world.emulator.requests().get(&posts).copied().unwrap_or(0);
    world.tally.keys.fetch_add(usize::try_from(made).unwrap(), Ordering::Relaxed);
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_lives_of_keys_that_are_killed_at_random_moments_are_sound_at_every_moment() {
    let (from, lives) = (number("SCW_IAM_LIVES_SEED", 0), number("SCW_IAM_LIVES", 14));
    println!("seeds {from} to {}", from + lives - 1);
    let tally = Arc::new(Tally::default());
    let all = stream::iter(from..from + lives)
        .map(|seed| {
            let life = tokio::spawn(live(seed, Arc::clone(&tally)));
            async move { life.await.err().map(|panic| format!("seed {seed}: {panic}")) }
        })
        .buffer_unordered(4)
        .collect::<Vec<_>>()
        .await;
    println!("{lives} lives: {tally:?}");
    let wrong: Vec<String> = all.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let killed = tally.killed.load(Ordering::Relaxed);
    assert!(killed > 0 && tally.midway.load(Ordering::Relaxed) > 0, "nothing was killed midway: {tally:?}");
}

/// Overtakes an apply that makes the first key at each of its requests.
async fn overtaken_everywhere(before: Files, deliver: &'static [&'static str]) {
    let new = async || {
        let world = World::new(7, Trouble::None, deliver, Arc::default()).await;
        world.write_files(before);
        _ = world.run(0, false).await;
        world.write_files(Files::Slot);
        world
    };
    let world = new().await;
    let road = world.road(Way::Free).await;
    world.start(&road, 0, false).wait_with_output().await.unwrap();
    // What comes before its first write is planning.
    let first = *road.wrote.borrow();
    let mut request = first - 1;
    loop {
        let world = new().await;
        let when = format!("{deliver:?}, slow at request {request}");
        let Some(ended) = world.overtake(0, false, request).await else { break };
        assert_ne!(ended.code(), Some(6), "{when}: it does not wait for what the other one did");
        world.sound(&when);
        world.mend(20, true, &when).await;
        request += 1;
    }
    assert!(request > first + 6, "only {request} requests, and the first write is {first}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_run_that_the_next_one_overtakes_delivers_nothing_more() {
    tokio::join!(
        overtaken_everywhere(Files::Application, &[HERE, FILE]),
        overtaken_everywhere(Files::Nothing, &[FILE])
    );
}
