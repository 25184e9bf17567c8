//! The command as a child process, so that its time and its memory are its own.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use scw_iam::emulator::{self, Emulator, EmulatorOptions, Latency};
use serde_json::Value;
use tokio::process::Command;

use crate::organization::ID;

/// Returns the program to run: this build, or another one to compare it with.
pub(crate) fn binary() -> OsString {
    std::env::var_os("SCW_IAM_BENCH_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_scw-iam").into())
}

/// How often a child's memory is looked at. The system keeps the peak, so that only a rise in the last moment is missed.
const GLANCE: Duration = Duration::from_millis(3);

/// What a run took.
pub(crate) struct Ran {
    pub(crate) took: Duration,
    pub(crate) requests: u64,
    /// Peak resident memory in KiB, where the system tells.
    pub(crate) peak: Option<u64>,
    /// What `-o json` wrote.
    pub(crate) document: Value,
}

/// How a run sends its requests.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// As it does unless told otherwise.
    Usual,
    /// So many in flight, and a rate that keeps nobody waiting.
    Places(u64),
}

/// What stands before the API and refuses.
#[derive(Clone, Copy)]
pub(crate) enum Gateway {
    Open,
    /// So many requests a second pass; the others are refused, with or without a time to wait.
    Limit(f64, Option<u16>),
}

/// Runs `scw-iam COMMAND` on files against an emulator of this state, at recorded latency.
pub(crate) async fn run(command: &[&str], state: Value, files: &Value, pace: Pace, gateway: Gateway) -> Ran {
    let (rate_limit, retry_after) = match gateway {
        Gateway::Open => (None, None),
        Gateway::Limit(rate, retry_after) => (Some(rate), retry_after),
    };
    let latency = Latency::Recorded;
    let options = EmulatorOptions {
        state: Some(state),
        latency,
        rate_limit,
        retry_after,
        ..EmulatorOptions::default()
    };
    let emulator = emulator::start(options).await.expect("the state is good");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("iam.yaml"), files.to_string()).expect("a file");
    let started = Instant::now();
    let mut child = start(command, &emulator, folder.path(), pace);
    let (mut peak, id) = (None, child.id().expect("it runs"));
    let status = loop {
        peak = peak_of(id).max(peak);
        tokio::select! {
            ended = child.wait() => break ended.expect("a child"),
            () = tokio::time::sleep(GLANCE) => {}
        }
    };
    let took = started.elapsed();
    let said = std::fs::read_to_string(folder.path().join("said")).unwrap_or_default();
    assert!(status.success(), "{status}: {said}");
    let document = std::fs::read(folder.path().join("run.json")).expect("the result");
    let document = serde_json::from_slice(&document).expect("JSON");
    Ran { took, requests: emulator.requests().values().sum(), peak, document }
}

fn start(command: &[&str], emulator: &Emulator, folder: &Path, pace: Pace) -> tokio::process::Child {
    let said = File::create(folder.join("said")).expect("a file");
    let pace = match pace {
        Pace::Usual => Vec::new(),
        Pace::Places(places) => {
            vec!["--parallelism".to_owned(), places.to_string(), "--max-rps=1000".to_owned()]
        }
    };
    Command::new(binary())
        .args(command)
        .args(pace)
        .args(["-o", "json=run.json", "-o", "text", "iam.yaml"])
        .env_clear()
        .env("HOME", folder)
        .env("SCW_API_URL", emulator.url())
        .env("SCW_ACCESS_KEY", emulator::EMULATOR_ACCESS_KEY)
        .env("SCW_SECRET_KEY", "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7")
        .env("SCW_DEFAULT_ORGANIZATION_ID", ID)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(said.try_clone().expect("a file"))
        .stderr(said)
        .kill_on_drop(true)
        .spawn()
        .expect("the binary is built")
}

/// Returns the most memory that a process has held so far, in KiB.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Returns how long `scw-iam --version` takes: the median of fifty.
pub(crate) fn version() -> Duration {
    let spawn = |_| {
        let started = Instant::now();
        let ended =
            std::process::Command::new(binary()).arg("--version").output().expect("the binary is built");
        assert!(ended.status.success());
        started.elapsed()
    };
    median((0..50).map(spawn).collect())
}

pub(crate) fn median<T: Ord>(mut of: Vec<T>) -> T {
    of.sort_unstable();
    of.swap_remove(of.len() / 2)
}
