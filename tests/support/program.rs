//! The program itself, on an emulator, in an environment of its own.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use scw_iam::emulator::{self, Emulator, Latency};
use scw_iam::model::{Address, Id, Key, User, UserType};
use serde_json::Value;

use super::bench::{case, emulate};
use super::environment::as_owner;
use super::files::yaml;
use super::gate::{Gate, Shuts};
use super::organizations::Case;

/// A random organization with an owner, who runs the program.
pub(crate) fn owned(seed: u64) -> Case {
    with_owner(case(seed))
}

/// Adds an owner, whom the emulator takes its callers for.
pub(crate) fn with_owner(mut case: Case) -> Case {
    let email = Key::Email("owner@x.io".parse().unwrap());
    let owner = User { kind: UserType::Owner, ..User::member("owner") };
    case.live.insert(email.clone(), owner.clone());
    case.desired.state.insert(email.clone(), owner);
    case.ids.insert(Address::user(email), Id::from_bits(999));
    case
}

/// A folder with the files, the journal, the record and the user's home.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    emulator: Option<Emulator>,
    gate: Option<Gate>,
    url: String,
    organization: String,
    allow: Vec<String>,
}

impl Desk {
    /// `latency` is how long each answer takes.
    pub(crate) async fn of(case: &Case, faults: &str, seed: u64, latency: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("iam")).unwrap();
        std::fs::write(folder.path().join("iam/iam.yaml"), yaml(&case.desired)).unwrap();
        let options = emulator::EmulatorOptions {
            faults: faults.parse().unwrap(),
            seed: Some(seed),
            latency: Latency::Fixed(latency),
            record: Some(std::fs::File::create(folder.path().join("record.jsonl")).unwrap()),
            ..emulator::EmulatorOptions::default()
        };
        let emulator = emulate(case, options).await;
        let organization = case.live.organization.to_string();
        let gate = Gate::to(&emulator.url(), Shuts::Never);
        let url = gate.url();
        Self { folder, emulator: Some(emulator), gate: Some(gate), url, organization, allow: Vec::new() }
    }

    /// Returns what the emulator holds.
    pub(crate) fn state(&self) -> Value {
        self.emulator.as_ref().unwrap().state()
    }

    /// The way on which the program reaches the emulator.
    pub(crate) fn gate(&self) -> &Gate {
        self.gate.as_ref().unwrap()
    }

    /// Ends the emulator: from now on nobody answers.
    pub(crate) fn unplug(&mut self) {
        (self.gate, self.emulator) = (None, None);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns the program, in an environment of its own.
    pub(crate) fn program(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_scw-iam"));
        command.args(arguments).args(&self.allow).args(["--max-rps", "1000"]).arg(self.path("iam"));
        as_owner(&mut command, (self.folder.path(), &self.path("state")), (&self.url, &self.organization));
        command
    }

    pub(crate) fn apply(&self) -> tokio::process::Command {
        let journal = self.path("journal.jsonl");
        self.program(&["apply", "--yes", "--journal", journal.to_str().unwrap()])
    }

    /// Kills an apply after some time, unless it is done before.
    pub(crate) async fn killed(&self, after: Duration) -> Option<ExitStatus> {
        let mut child = self.apply().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let ended = tokio::time::timeout(after, child.wait()).await;
        if let Ok(status) = ended {
            return Some(status.unwrap());
        }
        child.kill().await.unwrap();
        // What it left on its way arrives; a lock file tells the next one of the same machine to wait for that.
        tokio::task::block_in_place(|| self.gate().wait_until_quiet());
        None
    }

    /// Lifts the guards that refuse.
    pub(crate) async fn lift(&mut self) {
        self.allow.clear();
        let shown = self.program(&["plan", "-o", "json"]).output().await.unwrap();
        let Ok(plan) = serde_json::from_slice::<Value>(&shown.stdout) else { return };
        // A plan that failed is an error in JSON, without guards.
        let Some(guards) = plan["guards"].as_array() else { return };
        for guard in guards.iter().filter(|guard| guard["verdict"] == "refused") {
            let name = guard["guard"].as_str().unwrap();
            self.allow.extend(["--allow".to_owned(), format!("{name}={}", guard["found"])]);
        }
    }
}
