//! The ways in which an apply ends early: what it says is what happened.

use std::collections::BTreeSet;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr};

use crate::support::bench::arrived;
use crate::support::gate::Shuts;
use crate::support::organizations::Case;
use crate::support::program::{Desk, with_owner};
use crate::support::replay::writes;
use crate::support::small::{changed, group, key};
use crate::support::state_json::{from_json, ids};

/// What a program says while it runs.
type Words = BufReader<ChildStderr>;

/// A case whose plan makes thirty groups.
fn thirty() -> Case {
    with_owner(changed(|state| {
        for n in 0..30 {
            state.insert(key(&format!("team-{n}")), group(&[]));
        }
    }))
}

/// Starts an apply and waits until it has written something, and what it sends is not answered any more.
async fn under_way(desk: &Desk) -> Child {
    desk.gate().shuts(Shuts::AtWrite(4));
    let mut apply = desk.apply();
    apply.args(["-o", "json", "--parallelism", "3"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = apply.spawn().unwrap();
    tokio::task::block_in_place(|| desk.gate().wait_until_shut());
    child
}

/// Interrupts it, and waits until it says so; what it said until then is the result.
async fn interrupted(child: &mut Child, words: &mut Words, name: &str) -> String {
    signal(child, name);
    let mut said = String::new();
    while !said.lines().any(|line| line.starts_with("Stopping once")) {
        assert!(words.read_line(&mut said).await.unwrap() > 0, "it ended before it was stopped: {said}");
    }
    said
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    let status = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
    assert!(status.success());
}

/// The steps of a report with this status, by address.
fn with_status(report: &Value, status: &str) -> BTreeSet<String> {
    let steps = report["outcome"]["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["status"] == status)
        .map(|step| step["address"].as_str().unwrap().to_owned())
        .collect()
}

/// The groups that the emulator made, by the record.
fn made(desk: &Desk) -> BTreeSet<String> {
    writes(&desk.text("record.jsonl")).iter().filter_map(crate::support::replay::Write::made).collect()
}

/// The journal's steps with this event, by address.
fn journalled(desk: &Desk, event: &str) -> BTreeSet<String> {
    let lines = desk.text("journal.jsonl");
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["event"] == event)
        .map(|line| line["address"].as_str().unwrap().to_owned())
        .collect()
}

fn report(ended: &Output) -> Value {
    serde_json::from_slice(&ended.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ended.stderr)))
}

async fn a_second_apply_finishes(desk: &Desk, case: &Case) {
    let ended = desk.apply().output().await.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let state = desk.state();
    let again = Case { live: from_json(&state), ids: ids(&state), desired: case.desired.clone() };
    let plan = again.plan().unwrap();
    assert!(plan.is_empty());
    arrived(&plan, &state).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_it_finishes_what_is_in_flight_and_the_report_is_true() {
    for name in ["INT", "TERM"] {
        let case = thirty();
        let desk = Desk::of(&case, "", 1, Duration::ZERO).await;
        let mut child = under_way(&desk).await;
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut words = interrupted(&mut child, &mut stderr, name).await;
        desk.gate().open();
        stderr.read_to_string(&mut words).await.unwrap();
        let ended = child.wait_with_output().await.unwrap();
        assert_eq!(ended.status.code(), Some(5), "{words}");
        assert!(words.contains("Stopping once the requests in flight have finished."), "{words}");
        assert!(!words.contains('\u{1b}'), "the terminal is left clean");
        let report = report(&ended);
        assert_eq!(report["outcome"]["end"], "stopped");
        let done = with_status(&report, "done");
        assert_eq!((&done, &done), (&made(&desk), &journalled(&desk, "done")));
        assert_eq!(done.len() + with_status(&report, "not_started").len(), 30);
        // Three were answered, and three were in flight: what waits or reads sends nothing any more.
        assert!(done.len() <= 6, "{done:?}");
        a_second_apply_finishes(&desk, &case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_twice_it_stops_at_once_and_says_what_may_have_been_done() {
    let case = thirty();
    let desk = Desk::of(&case, "", 1, Duration::ZERO).await;
    let mut child = under_way(&desk).await;
    // Both signals may come before either is looked at, so the second waits for the word that the first has arrived.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let _ = interrupted(&mut child, &mut stderr, "INT").await;
    signal(&child, "INT");
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(5));
    let report = report(&ended);
    assert_eq!(report["outcome"]["end"], "abandoned");
    let abandoned = with_status(&report, "abandoned");
    assert!((1..=3).contains(&abandoned.len()), "{abandoned:?}");
    // What was in flight arrives nevertheless, if it was on its way already: all of it was told as perhaps done.
    desk.gate().open();
    tokio::task::block_in_place(|| desk.gate().wait_until_quiet());
    let done = with_status(&report, "done");
    let told: BTreeSet<_> = done.union(&abandoned).cloned().collect();
    assert!(done.is_subset(&made(&desk)) && made(&desk).is_subset(&told));
    let unsent = journalled(&desk, "not_sent");
    assert_eq!(told, journalled(&desk, "started").difference(&unsent).cloned().collect());
    a_second_apply_finishes(&desk, &case).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_it_gives_up_and_the_report_is_true() {
    let case = thirty();
    let mut desk = Desk::of(&case, "", 1, Duration::ZERO).await;
    let child = under_way(&desk).await;
    desk.unplug();
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(5), "{}", String::from_utf8_lossy(&ended.stderr));
    let report = report(&ended);
    assert_eq!(report["outcome"]["end"], "failed");
    let (done, failed) = (with_status(&report, "done"), with_status(&report, "failed"));
    assert!(!failed.is_empty());
    assert_eq!((&done, &failed), (&journalled(&desk, "done"), &journalled(&desk, "failed")));
    // What was cut off on its way may have been made, and nothing else was.
    let told: BTreeSet<_> = done.union(&failed).cloned().collect();
    assert!(done.is_subset(&made(&desk)) && made(&desk).is_subset(&told));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_written_keeps_it_from_writing_anything() {
    let case = thirty();
    let desk = Desk::of(&case, "", 1, Duration::ZERO).await;
    let ended = desk.program(&["apply", "--yes", "--journal", "/dev/full"]).output().await.unwrap();
    let words = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{words}");
    assert!(words.contains("cannot write the journal /dev/full"), "{words}");
    assert!(made(&desk).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_apply_at_once_is_kept_out_and_told_by_whom() {
    let case = thirty();
    let desk = Desk::of(&case, "", 1, Duration::ZERO).await;
    let child = under_way(&desk).await;
    let pid = child.id().unwrap();
    let second = desk.apply().output().await.unwrap();
    let words = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{words}");
    assert!(words.contains("another apply of the same organization and stack is under way"), "{words}");
    assert!(words.contains(&format!("process {pid} since ")), "{words}");
    desk.gate().open();
    assert!(child.wait_with_output().await.unwrap().status.success());
    assert_eq!(made(&desk).len(), 30);
}
