//! Applies that are killed at random moments, on good days and bad ones, and run again until they are done.
//!
//! `SCW_IAM_CHAOS_CASES` sets how many random organizations; `SCW_IAM_CHAOS_SEED` the first seed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::bench::{arrived, cases};
use crate::support::gate::Shuts;
use crate::support::laws::Laws;
use crate::support::organizations::Case;
use crate::support::program::{Desk, owned};
use crate::support::replay::{Replay, writes};
use crate::support::state_json::{from_json, ids, same, twins};
use futures::stream::{self, StreamExt as _};
use scw_iam::plan::Plan;
use serde_json::Value;

/// How long each answer takes, so that a kill finds requests under way.
const LATENCY: Duration = Duration::from_millis(6);

/// What else may go wrong.
const DAYS: &[&str] = &[
    "",
    "cut-after=5%,cut-before=5%",
    "429=10%,503=5%,409=10%",
    "500-after:POST=30%,truncated:POST=20%",
    "403-after-grant=5%,500=5%",
];

/// A small generator, so that kills follow from the seed alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Plans what an emulator holds.
fn planned(case: &Case, state: &Value) -> Plan {
    let again = Case { live: from_json(state), ids: ids(state), desired: case.desired.clone() };
    again.plan().unwrap()
}

/// What a case came to.
#[derive(Default)]
struct Tally {
    kills: u64,
    /// Kills of an apply that had written something.
    midway: u64,
    runs: u64,
    writes: u64,
}

async fn chaos(seed: u64) -> Result<Tally, String> {
    let case = owned(seed);
    let mut dice = Dice(seed ^ 0x9e37_79b9_7f4a_7c15);
    let faults = DAYS[usize::try_from(seed).unwrap() % DAYS.len()];
    let mut desk = Desk::of(&case, faults, seed, LATENCY).await;
    let start = desk.state();
    let plan = planned(&case, &start);
    let (mut laws, goal) = (Laws::of(&plan), plan.outcome().clone());
    let mut tally = Tally::default();
    let kills = 1 + dice.below(4);
    while tally.kills < kills {
        laws.excuse(&planned(&case, &desk.state()));
        desk.lift().await;
        // Another machine, which no lock file tells to wait.
        let _ = std::fs::remove_dir_all(desk.path("state"));
        tally.runs += 1;
        let before = writes(&desk.text("record.jsonl")).len();
        match desk.killed(Duration::from_millis(20 + dice.below(280))).await {
            Some(status) if status.success() => break,
            Some(_) => {}
            None => {
                tally.kills += 1;
                tally.midway += u64::from(writes(&desk.text("record.jsonl")).len() > before);
            }
        }
        if tally.runs > 40 {
            break;
        }
    }
    loop {
        laws.excuse(&planned(&case, &desk.state()));
        desk.lift().await;
        let _ = std::fs::remove_dir_all(desk.path("state"));
        tally.runs += 1;
        let ended = desk.apply().output().await.unwrap();
        match ended.status.code() {
            Some(0) => break,
            // Part-way, not converged as far as it could be read, an error before the first write: again.
            Some(1 | 5 | 6) if !faults.is_empty() && tally.runs < 60 => {}
            // A late write of the killed one has changed the number that a guard was lifted for, or the API did not let
            // the key be read just now: again, with the number that is found then.
            Some(3) if tally.runs < 60 => {}
            code => {
                let (out, err) = (&ended.stdout, &ended.stderr);
                let words = [out, err].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
                return Err(format!("apply ended with {code:?}:\n{words}"));
            }
        }
    }
    let state = desk.state();
    arrived(&planned(&case, &state), &state)?;
    same(&from_json(&state), &goal)?;
    tally.writes = lawful(&laws, &start, &desk.text("record.jsonl"), &goal)?;
    told(&desk.text("journal.jsonl"), &desk.text("record.jsonl"))?;
    Ok(tally)
}

/// Judges every state that the record led through; it ends where it should.
fn lawful(laws: &Laws, start: &Value, record: &str, goal: &scw_iam::model::State) -> Result<u64, String> {
    let (mut replay, writes) = (Replay::of(start), writes(record));
    for (at, write) in writes.iter().enumerate() {
        replay.follow(write);
        let state = replay.state();
        let found = twins(&state);
        if !found.is_empty() {
            return Err(format!("twins after write {at}: {found:?}"));
        }
        laws.judge(&from_json(&state))
            .map_err(|why| format!("after write {at}, {} {}: {why}", write.method, write.path))?;
    }
    same(&from_json(&replay.state()), goal).map_err(|why| format!("the record: {why}"))?;
    Ok(writes.len() as u64)
}

/// The journal names everything that was made, and but for lines that a kill cut short it is whole.
fn told(journal: &str, record: &str) -> Result<(), String> {
    let lines: Vec<Value> = journal.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let started: BTreeSet<String> = lines
        .iter()
        .filter(|line| line["event"] == "started")
        .map(|line| format!("{} {}", line["action"].as_str().unwrap(), line["address"].as_str().unwrap()))
        .collect();
    for write in writes(record).iter().filter(|write| write.method == "POST") {
        let Some(made) = write.made() else { continue };
        if !started.contains(&format!("create {made}")) {
            return Err(format!("the journal does not tell of {made}"));
        }
    }
    Ok(())
}

fn first() -> u64 {
    std::env::var("SCW_IAM_CHAOS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_and_run_again_it_is_done_without_twins_and_no_door_was_opened() {
    let (from, cases) = (first(), cases("SCW_IAM_CHAOS_CASES", 24));
    println!("seeds {from} to {}", from + cases - 1);
    let all = stream::iter(from..from + cases)
        .map(|seed| async move { (seed, tokio::spawn(chaos(seed)).await) })
        .buffer_unordered(4)
        .collect::<Vec<_>>()
        .await;
    let mut sum = Tally::default();
    let mut wrong = Vec::new();
    for (seed, ended) in all {
        match ended {
            Ok(Ok(tally)) => {
                sum.kills += tally.kills;
                sum.midway += tally.midway;
                sum.runs += tally.runs;
                sum.writes += tally.writes;
            }
            Ok(Err(why)) => wrong.push(format!("seed {seed}: {why}")),
            Err(panic) => wrong.push(format!("seed {seed}: {panic}")),
        }
    }
    let Tally { kills, midway, runs, writes } = sum;
    println!(
        "{cases} organizations, {runs} applies, {kills} killed, {midway} after a first write; {writes} writes"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_the_next_apply_on_the_machine_waits_for_what_may_be_on_its_way() {
    let case = owned(3);
    let mut desk = Desk::of(&case, "", 3, LATENCY).await;
    desk.lift().await;
    let state = desk.path("state/scw-iam");
    let lock = |folder: &Path| {
        let file = std::fs::read_dir(folder).ok()?.next()?.ok()?;
        std::fs::read_to_string(file.path()).ok()
    };
    desk.gate().shuts(Shuts::AtWrite(1));
    let mut child = desk.apply().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::task::block_in_place(|| desk.gate().wait_until_shut());
    assert!(lock(&state).unwrap().contains("writing"));
    child.kill().await.unwrap();
    desk.gate().open();
    desk.lift().await;
    let began = std::time::Instant::now();
    let ended = desk.apply().output().await.unwrap();
    let words = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{words}");
    assert!(words.contains("An earlier apply (process "), "{words}");
    assert!(began.elapsed() >= Duration::from_secs(5));
    assert_eq!(lock(&state).as_deref(), Some(""), "a proper end leaves nothing to wait for");
}
