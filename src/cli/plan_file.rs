//! The plan file, which `plan --out` writes and `apply` reads.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::arguments::Paths;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{json, talk, write_whole};
use crate::config;
use crate::files::{self, FileError, Opened};
use crate::model::Hint;
use crate::plan::file::PlanDocument;
use crate::reconcile::{Error, SavedPlan};

/// The largest plan file that is written or read, in bytes.
const PLAN_MOST: u64 = 64 << 20;

/// Writes a plan to a file, and says which SHA-256 the file has.
pub(super) fn write(path: &Path, document: &PlanDocument, refused: bool) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).context("cannot write JSON")?;
    let bytes = json(format!("{text}\n").as_bytes());
    if bytes.len() as u64 > PLAN_MOST {
        let size = bytes.len();
        return Err(Failure::error(anyhow::anyhow!(
            "cannot save the plan: the file would have {size} bytes, but the limit is {PLAN_MOST}"
        ))
        .hint("apply the files directly"));
    }
    write_whole(path, &bytes)?;
    let (name, sha) = (path.display(), sha256(&bytes));
    talk(&format!("Saved the plan in {name}, SHA-256 {sha}"));
    if !refused {
        talk(&format!("hint: apply exactly this plan with `scw-iam apply {name} --expect-sha {sha}`"));
    }
    Ok(())
}

/// Says that a plan file is still the one of before.
pub(super) fn still_there(path: &Path) -> Hint {
    let name = path.display();
    format!("{name} still holds an earlier plan, which `apply` would accept; delete it or plan again").into()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A plan file whose text was read.
pub(super) struct PlanFile {
    name: String,
    text: Vec<u8>,
}

impl PlanFile {
    /// Returns the plan file, when a single path is given and it holds one.
    pub(super) fn find(paths: &Paths, now: Timestamp) -> Result<Option<Self>, Failure> {
        let [path] = paths.paths.as_slice() else { return Ok(None) };
        let file = match files::open(path, paths.follow.links()) {
            Ok(Opened::File(file)) => file,
            Ok(Opened::Folder(_)) | Err(FileError::Io(_)) => return Ok(None),
            Err(FileError::Link(_) | FileError::Special) => {
                // A path that is not a file is reported like a file of the language, before anything is asked.
                config::read(&paths.sources(), now)?;
                return Ok(None);
            }
        };
        let found = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
        if !found.is_file() || found.len() > PLAN_MOST {
            return Ok(None);
        }
        let mut text = Vec::new();
        let read = file.take(PLAN_MOST).read_to_end(&mut text);
        read.with_context(|| format!("cannot read {}", path.display()))?;
        // Known by its content; a file of the language may begin with a brace too.
        let start = text.trim_ascii_start();
        let said = start.get(..200).unwrap_or(start);
        let plan = start.starts_with(b"{") && said.windows(16).any(|word| word == b"\"format_version\"");
        Ok(plan.then(|| Self { name: path.display().to_string(), text }))
    }

    /// Returns what the file is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Refuses a file whose SHA-256 is not the expected one.
    pub(super) fn expect(&self, expected: Option<&str>) -> Result<(), Failure> {
        let (name, sha) = (&self.name, sha256(&self.text));
        match expected {
            Some(expected) if !expected.eq_ignore_ascii_case(&sha) => {
                let words = format!("{name} has the SHA-256 {sha}, not {expected}");
                Err(Failure::with(Exit::Stale, words).hint("it is not the plan that was reviewed"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Reads the plan, which may be this old at most.
    pub(super) fn open(&self, now: Timestamp, max_age: Duration) -> Result<SavedPlan, Failure> {
        let saved = SavedPlan::read(&self.name, &self.text, now, max_age);
        if let Err(Error::Files(_)) = &saved {
            talk(&format!("The files in {} have errors:", self.name));
        }
        Ok(saved?)
    }
}
