//! The plan file: written by `plan --out`, and planned again by `apply`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::Exit;
use super::arguments::{Common, Judge};
use super::failure::Failure;
use super::output::{Format, json, talk, talk_with, write_whole};
use super::prepare::{self, Prepared};
use super::session::Session;
use crate::config::{self, Files, Source};
use crate::live::Live;
use crate::plan::file::{
    Difference, Document, FileDocument, MadeFrom, Mismatch, Stale, Standing, Unreadable, digest,
};
use crate::plan::{Caller, Options, Plan};
use crate::render;

/// The largest plan file that is written or read, in bytes.
const PLAN_MOST: u64 = 64 << 20;

/// Writes a plan to a file, and says which SHA-256 the file has.
pub(super) fn write(path: &Path, document: &Document) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).context("cannot write JSON")?;
    let bytes = json(format!("{text}\n").as_bytes());
    if bytes.len() as u64 > PLAN_MOST {
        return Err(Failure::error(anyhow::anyhow!(
            "cannot save the plan: the file would have {} bytes; the limit is {PLAN_MOST}\nhint: apply the files directly",
            bytes.len()
        )));
    }
    write_whole(path, &bytes)?;
    talk(&format!("Saved the plan in {}, SHA-256 {}", path.display(), sha256(&bytes)));
    Ok(())
}

/// What a plan that was just made was made from.
pub(super) fn made_from(files: &Files, options: &Options, digest: String) -> MadeFrom {
    let file = |(path, text): (&Path, &str)| FileDocument {
        path: path.display().to_string(),
        text: text.to_owned(),
    };
    MadeFrom::new(files.texts().map(file).collect(), options, digest)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A plan file whose text was read.
pub(super) struct PlanFile {
    name: String,
    text: Vec<u8>,
}

/// A plan file that may be applied if planning again gives the same plan.
pub(super) struct SavedPlan {
    name: String,
    document: Document,
    made_from: MadeFrom,
    pub(super) files: Files,
}

/// What became of a plan that was made again.
pub(super) enum Again {
    /// It is the same.
    Same(Plan, Caller),
    /// It was applied already; this is the plan for what is left, which is nothing.
    Applied(Plan),
}

impl PlanFile {
    /// Returns the plan file, when a single path is given and it holds one.
    pub(super) fn find(paths: &[PathBuf]) -> Result<Option<Self>, Failure> {
        let [path] = paths else { return Ok(None) };
        let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= PLAN_MOST);
        if !is_file {
            return Ok(None);
        }
        let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        // Known by its content; a file of the language may begin with a brace too.
        let start = text.trim_ascii_start();
        let said = start.get(..200).unwrap_or(start);
        let plan = start.starts_with(b"{") && said.windows(16).any(|word| word == b"\"format_version\"");
        Ok(plan.then(|| Self { name: path.display().to_string(), text }))
    }

    /// Refuses a file whose SHA-256 is not the expected one.
    pub(super) fn expect(&self, expected: &str) -> Result<(), Failure> {
        let (name, sha) = (&self.name, sha256(&self.text));
        if expected.eq_ignore_ascii_case(&sha) {
            return Ok(());
        }
        let words = format!(
            "{name} has the SHA-256 {sha}, not {expected}\nhint: it is not the plan that was reviewed"
        );
        Err(Failure::with(Exit::Stale, words))
    }

    /// Reads the plan, and the desired state in it as it was when the plan was made.
    pub(super) fn open(self, common: &Common, max_age: Duration) -> Result<SavedPlan, Failure> {
        let Self { name, text } = self;
        let document = Document::parse(&text).map_err(|error| mismatch(common, &name, error.into()))?;
        let most = SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX);
        let made_from = document.usable(common.now(), most);
        let made_from = made_from.map_err(|error| mismatch(common, &name, error))?.clone();
        if made_from.files.is_empty() {
            return Err(mismatch(common, &name, Unreadable::Report.into()));
        }
        let files = read(&made_from.files, document.created_at);
        let files = files.inspect_err(|_| talk(&format!("{name} holds a desired state with errors:")))?;
        Ok(SavedPlan { name, document, made_from, files })
    }
}

fn read(files: &[FileDocument], created_at: Timestamp) -> Result<Files, config::Mistakes> {
    let source = |file: &FileDocument| Source::Text {
        name: (&file.path).into(),
        bytes: file.text.clone().into_bytes(),
    };
    config::read(&files.iter().map(source).collect::<Vec<_>>(), created_at)
}

impl SavedPlan {
    /// Plans again for what is live now, judged for today's caller, and compares.
    pub(super) async fn plan_again(
        &self,
        common: &Common,
        judge: &Judge,
        session: &Session,
    ) -> Result<Again, Failure> {
        let options = self.made_from.options(&judge.options(common.strict));
        let common = &Common { strict: options.strict, ..common.clone() };
        let (mut live, caller) = prepare::read_as(session, &prepare::needs(&self.files), judge).await?;
        let digest = digest(&prepare::facts(common, &live, &caller), live.catalogue.as_ref());
        let desired = prepare::resolve(common, &self.files, &live);
        let desired = desired.map_err(|failure| self.misfit(failure, &digest))?;
        let plan = prepare::plan(common, &options, &live, &caller, &desired);
        let plan = plan.map_err(|failure| self.misfit(failure, &digest))?;
        let standing = self.document.check(&plan, &digest, common.now());
        let standing = standing.map_err(|error| mismatch(common, &self.name, error))?;
        let plan = if prepare::read_key_ages(session, &mut live, &plan).await? {
            prepare::plan(common, &options, &live, &caller, &desired)?
        } else {
            plan
        };
        let plan = plan.dated(self.document.created_at);
        Ok(match standing {
            Standing::Same => Again::Same(plan, caller),
            Standing::Applied => Again::Applied(plan),
        })
    }

    /// Files that could be planned when the plan was made, and cannot be now: the organization changed. Where it did not,
    /// the files in the plan did.
    fn misfit(&self, failure: Failure, digest: &str) -> Failure {
        if self.made_from.digest == digest {
            return match failure {
                Failure::Mistakes(mistakes) => Failure::Mistakes(mistakes),
                Failure::Error { error, .. } => Failure::Error { exit: Exit::Mistakes, error },
            };
        }
        let error = match failure {
            Failure::Mistakes(mistakes) => {
                talk_with(|out| render::mistake::write(out, &mistakes, render::mistake::Colour::Off));
                anyhow::anyhow!("its desired state no longer fits the organization\nhint: plan again")
            }
            // With --strict, the warnings were shown.
            Failure::Error { exit: Exit::Mistakes, error } => {
                return Failure::Error { exit: Exit::Mistakes, error };
            }
            Failure::Error { error, .. } => error,
        };
        Failure::Error { exit: Exit::Stale, error: error.context(stale(&self.name)) }
    }

    /// What to say of a plan that was applied already.
    pub(super) fn already_applied(&self, common: &Common) -> Result<(), Failure> {
        let text = format!("Already applied: the organization is as {} leaves it.\n", self.name);
        for output in common.outputs().iter().filter(|it| it.format == Format::Text && it.file.is_none()) {
            output.write(text.as_bytes())?;
        }
        Ok(())
    }
}

fn stale(name: &str) -> String {
    format!("{name} is stale; nothing was written")
}

/// Says why a plan file is not applied: what differs for people on stderr, and for programs where they asked for it.
fn mismatch(common: &Common, name: &str, mismatch: Mismatch) -> Failure {
    let differences: &[Difference] = match &mismatch {
        Mismatch::Unreadable(Unreadable::Edited(differences))
        | Mismatch::Stale(Stale::Changed(differences)) => differences,
        Mismatch::Unreadable(_) | Mismatch::Stale(_) => &[],
    };
    talk_with(|out| render::stale::text(out, differences));
    match mismatch {
        Mismatch::Unreadable(error) => {
            let exit = match &error {
                Unreadable::Refused => Exit::Refused,
                Unreadable::Shape(_)
                | Unreadable::Format { .. }
                | Unreadable::Version { .. }
                | Unreadable::Report
                | Unreadable::Edited(_) => Exit::Mistakes,
            };
            Failure::Error { exit, error: anyhow::Error::new(error).context(format!("cannot apply {name}")) }
        }
        Mismatch::Stale(why) => {
            for output in common.outputs().into_iter().filter(|output| output.format == Format::Json) {
                if let Err(error) = output.write(format!("{:#}\n", render::stale::json(&why)).as_bytes()) {
                    return Failure::error(error);
                }
            }
            Failure::Error { exit: Exit::Stale, error: anyhow::Error::new(why).context(stale(name)) }
        }
    }
}

/// While somebody thought about a plan, the organization may have changed: plans again, and compares as with a file.
pub(super) async fn still(common: &Common, judge: &Judge, prepared: &Prepared) -> Result<Again, Failure> {
    let Prepared { session, files, caller, plan, .. } = prepared;
    let mut live: Live = prepare::refresh(session, files).await?;
    let quiet = Common { strict: false, ..common.clone() };
    let desired = prepare::resolve(&quiet, files, &live)?;
    let options = judge.options(common.strict);
    let again = prepare::plan_with_key_ages(common, &options, session, &mut live, caller, &desired).await?;
    match plan.document().check(&again, "", common.now()) {
        Ok(Standing::Same) => Ok(Again::Same(again.dated(plan.created_at()), caller.clone())),
        Ok(Standing::Applied) => Ok(Again::Applied(again)),
        Err(why) => Err(mismatch(common, "the plan", why)),
    }
}
