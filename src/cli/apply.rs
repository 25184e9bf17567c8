//! `scw-iam apply`

use std::io::{IsTerminal, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::Exit;
use super::arguments::{Common, Judge, Paths, Reach};
use super::failure::Failure;
use super::output::{Format, style_on_stderr, talk, talk_with};
use super::prepare::{self, Prepared};
use super::session::Session;
use crate::apply::{self, End, Journal, Options, Progress, StepEnd};
use crate::config;
use crate::files::{self, FileError, Opened};
use crate::live;
use crate::model::Stack;
use crate::plan::file::{Document, Reread, Stale, Unreadable};
use crate::plan::{Caller, Plan, Step};
use crate::render;
use crate::render::paint::Paint;

/// The largest plan file that is read, in bytes.
const PLAN_MOST: u64 = 64 << 20;

const EXAMPLES: &str = "\
Examples:
  scw-iam apply iam
  scw-iam apply iam --yes --journal journal.jsonl
  scw-iam apply plan.json
  scw-iam apply iam --yes --emulate state.json --save after.json";

/// Plans, asks, and applies, in an order that never opens a door on the way
///
/// A plan file (`plan --out plan.json`) is applied without asking, exactly as it was reviewed, or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Apply {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    judge: Judge,
    /// For a plan file: how old it may be
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "24h")]
    max_age: Duration,
    /// For a plan file: the SHA-256 that it must have, so that what was reviewed is what is applied
    #[arg(long, value_name = "SHA256")]
    expect_sha: Option<String>,
    /// Do not ask; for a plan file nothing is asked anyway
    #[arg(short, long)]
    yes: bool,
    /// Write a line for each write, before and after it, to this file
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Wait this long where access must have gone before other access may come, for the API's caches: 60s, 1m
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    settle: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| "not a duration as in 60s, 2m or 24h".to_owned())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" if number <= 1_000_000 => Ok(Duration::from_secs(number * 60)),
        "h" if number <= 100_000 => Ok(Duration::from_secs(number * 3600)),
        _ => Err("not a duration as in 60s, 2m or 24h".to_owned()),
    }
}

impl Apply {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        if let Some(text) = self.saved(common)? {
            return self.run_saved(common, &text).await;
        }
        if self.expect_sha.is_some() {
            return Err(Failure::usage("--expect-sha is for a plan file, and none was given"));
        }
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if !self.yes && !terminal {
            return Err(Failure::usage(
                "there is no terminal to ask on\nhint: say --yes to apply without asking",
            ));
        }
        if self.paths.paths.iter().any(|path| path.as_os_str() == "-") && !self.yes {
            return Err(Failure::usage(
                "the files come from standard input, so nothing can be asked\nhint: say --yes",
            ));
        }
        let (files, session) = prepare::open(common, &self.paths, &self.reach).await?;
        // Before live is read: what another apply does meanwhile would not be in the plan.
        let mut lock = lock(&session, files.stack()).await?;
        let prepared = prepare::compare(common, &self.judge, files, session).await?;
        let machine =
            common.outputs().iter().all(|output| output.format != Format::Text || output.file.is_some());
        if machine {
            // The one who is asked reads on the terminal; the result comes in the format that was asked for.
            talk_with(|out| render::plan::text(out, &prepared.plan, style_on_stderr()));
        } else {
            prepare::show(&text_only(common), &prepared.plan, false)?;
        }
        let exit = self.go_on(common, &prepared, &mut lock).await?;
        prepared.session.close().await?;
        Ok(exit)
    }

    /// The text of the plan file, when a single file is given that holds one.
    fn saved(&self, common: &Common) -> Result<Option<Vec<u8>>, Failure> {
        let [path] = self.paths.paths.as_slice() else { return Ok(None) };
        let file = match files::open(path, self.paths.follow.links()) {
            Ok(Opened::File(file)) => file,
            Ok(Opened::Folder(_)) | Err(FileError::Io(_)) => return Ok(None),
            Err(FileError::Link(_) | FileError::Special) => {
                // What is no file is said as it is of a file of the language, before anything is asked.
                config::read(&self.paths.sources(), common.now())?;
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
        Ok(plan.then_some(text))
    }

    /// Applies a saved plan, if it still fits.
    async fn run_saved(&self, common: &Common, text: &[u8]) -> Result<Exit, Failure> {
        let name = self.paths.paths.first().map(|path| path.display().to_string()).unwrap_or_default();
        let sha: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        if let Some(expected) =
            self.expect_sha.as_ref().filter(|expected| !expected.eq_ignore_ascii_case(&sha))
        {
            let words = format!(
                "{name} has the SHA-256 {sha}, not {expected}\nhint: it is not the plan that was reviewed"
            );
            return Err(Failure::with(Exit::Stale, words));
        }
        let document = Document::parse(text).map_err(|error| Failure::Error {
            exit: Exit::Mistakes,
            error: anyhow::Error::new(error).context(format!("cannot apply {name}")),
        })?;
        let organization =
            document.organization.parse().with_context(|| format!("{name} names no organization"))?;
        let session = Session::open(&self.reach, Some(organization)).await?;
        let stack = document.stack.as_deref().map(str::parse).transpose();
        let stack: Option<Stack> = stack.with_context(|| format!("{name} names no stack"))?;
        let mut lock = lock(&session, stack.as_ref()).await?;
        let needs = live::Needs { projects: document.names_projects(), ..live::Needs::default() };
        let (live, caller) = prepare::read_as(&session, &needs, &self.judge).await?;
        let facts = prepare::facts(common, &live, &caller);
        let most = jiff::SignedDuration::try_from(self.max_age).unwrap_or(jiff::SignedDuration::MAX);
        let plan = match document.reread(&facts, &self.judge.options(common.strict), most) {
            Ok(plan) => plan,
            Err(Reread::Unreadable(error)) => {
                let exit = match &error {
                    Unreadable::Refused => Exit::Refused,
                    Unreadable::Organization { .. } => Exit::Error,
                    Unreadable::Shape(_) | Unreadable::Unfit(_) | Unreadable::Version { .. } => {
                        Exit::Mistakes
                    }
                };
                let error = anyhow::Error::new(error).context(format!("cannot apply {name}"));
                return Err(Failure::Error { exit, error });
            }
            Err(Reread::Stale(stale)) => {
                show_stale(common, &stale)?;
                let error =
                    anyhow::Error::new(stale).context(format!("{name} is stale; nothing was written"));
                return Err(Failure::Error { exit: Exit::Stale, error });
            }
        };
        prepare::show(&text_only(common), &plan, false)?;
        if plan.refused() {
            report(common, &plan, None)?;
            return Ok(Exit::Refused);
        }
        let exit = if plan.is_empty() {
            report(common, &plan, None)?;
            Exit::Done
        } else {
            self.send(common, &session, &caller, &plan, &mut lock).await?
        };
        session.close().await?;
        Ok(exit)
    }

    async fn go_on(
        &self,
        common: &Common,
        prepared: &Prepared,
        lock: &mut Option<apply::Guard>,
    ) -> Result<Exit, Failure> {
        let plan = &prepared.plan;
        if plan.refused() {
            report(common, plan, None)?;
            return Ok(Exit::Refused);
        }
        if plan.is_empty() {
            report(common, plan, None)?;
            return Ok(Exit::Done);
        }
        if !self.yes {
            if !ask(prepared)? {
                talk("Nothing was changed.");
                return Ok(Exit::Error);
            }
            self.still(common, prepared).await?;
        }
        self.send(common, &prepared.session, &prepared.caller, plan, lock).await
    }

    /// Sends the steps.
    async fn send(
        &self,
        common: &Common,
        session: &Session,
        caller: &Caller,
        plan: &Plan,
        lock: &mut Option<apply::Guard>,
    ) -> Result<Exit, Failure> {
        // A file that cannot be written is better known before anything changes.
        report(&files_only(common), plan, None)?;
        let mut journal = match &self.journal {
            None => Journal::none(),
            Some(path) => Journal::open(path, &session.run_id, &plan_name(plan))
                .with_context(|| format!("cannot write the journal {}", path.display()))?,
        };
        let options = Options {
            parallelism: self.reach.parallelism.into(),
            settle: self.settle,
            caller: match caller {
                Caller::Known(principal) => Some(principal.clone()),
                Caller::Unresolved(_) => None,
            },
            ..Options::default()
        };
        let style = style_on_stderr();
        let watch = Lines { plan, paint: style.paint, done: AtomicUsize::new(0) };
        let mut ids = plan.ids().clone();
        let (stopper, stop) = apply::stop_signal();
        common.interrupts.stop_with(stopper);
        if let Some(lock) = lock {
            lock.writing().context("cannot write the lock file")?;
        }
        let client = &session.client;
        let outcome = apply::apply(plan, client, &mut ids, &mut journal, &watch, stop, &options).await;
        let exit = match (&outcome.end, outcome.wrote()) {
            (End::Done, _) => Exit::Done,
            (End::NotConverged(_), _) => Exit::NotConverged,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), true) => Exit::PartWay,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), false) => Exit::Error,
        };
        talk_with(|out| render::outcome::text(out, plan, &outcome, style));
        report(common, plan, Some(&outcome))?;
        Ok(exit)
    }

    /// While somebody thought about it, live may have changed.
    async fn still(&self, common: &Common, prepared: &Prepared) -> Result<(), Failure> {
        let Prepared { session, files, caller, .. } = prepared;
        let mut live = prepare::refresh(session, files).await?;
        let quiet = Common { strict: false, ..common.clone() };
        let desired = prepare::resolve(&quiet, files, &live)?;
        let again =
            prepare::plan_with_key_ages(common, &self.judge, session, &mut live, caller, &desired).await?;
        if again.steps() == prepared.plan.steps() && again.before() == prepared.plan.before() {
            return Ok(());
        }
        talk("Live has changed since the plan was shown. It would be this now:");
        talk_with(|out| render::plan::text(out, &again, style_on_stderr()));
        Err(Failure::with(
            Exit::Stale,
            "live has changed while the plan was read; nothing was written\nhint: apply again",
        ))
    }
}

/// The outputs that are text, for showing a plan before it is applied.
fn text_only(common: &Common) -> Common {
    let outputs =
        common.outputs().into_iter().filter(|output| output.format == Format::Text && output.file.is_none());
    Common { output: outputs.collect(), ..common.clone() }
}

/// Writes why a saved plan is stale: for people on stderr, for programs where they asked for it.
fn show_stale(common: &Common, stale: &Stale) -> Result<(), Failure> {
    talk_with(|out| render::stale::text(out, stale));
    for output in common.outputs().into_iter().filter(|output| output.format == Format::Json) {
        output.write(format!("{:#}\n", render::stale::json(stale)).as_bytes())?;
    }
    Ok(())
}

/// The outputs that go to files.
fn files_only(common: &Common) -> Common {
    let outputs = common.outputs().into_iter().filter(|output| output.file.is_some());
    Common { output: outputs.collect(), ..common.clone() }
}

/// How long to wait for requests that a killed apply may have left on their way. Fact: the slowest recorded write took
/// three seconds.
const AFTERMATH: Duration = Duration::from_secs(5);

/// Keeps other applies on this machine out, and lets the requests of a killed one arrive before live is read.
async fn lock(session: &Session, stack: Option<&Stack>) -> Result<Option<apply::Guard>, Failure> {
    if session.emulates() {
        return Ok(None);
    }
    let folder = apply::state_dir().map_err(anyhow::Error::new)?;
    let guard = apply::lock(&folder, session.organization, stack).map_err(anyhow::Error::new)?;
    if let Some(holder) = guard.crashed() {
        talk(&format!(
            "An earlier apply was killed while it wrote ({holder}); waiting {} s for what it may have left on its way.",
            AFTERMATH.as_secs()
        ));
        tokio::time::sleep(AFTERMATH).await;
    }
    Ok(Some(guard))
}

/// A name for a plan in the journal: what it is about and when it was made.
fn plan_name(plan: &Plan) -> String {
    format!("{} {}", plan.organization(), plan.created_at())
}

/// Writes the result in every format that was asked for; text was shown on the way.
fn report(common: &Common, plan: &Plan, outcome: Option<&apply::Outcome>) -> Result<(), Failure> {
    for output in common.outputs() {
        let mut bytes = Vec::new();
        match (output.format, &output.file) {
            (Format::Text, None) => continue,
            (Format::Text, Some(_)) => {
                render::plan::text(&mut bytes, plan, render::plan::Style::default())?;
                if let Some(outcome) = outcome {
                    render::outcome::text(&mut bytes, plan, outcome, render::plan::Style::default())?;
                }
            }
            (Format::Json, _) => {
                let mut document = serde_json::to_value(plan.document()).context("cannot write JSON")?;
                document["outcome"] = outcome.map_or(serde_json::Value::Null, render::outcome::json);
                bytes.extend(format!("{document:#}\n").into_bytes());
            }
            (Format::Markdown, _) => {
                render::plan::markdown(&mut bytes, plan, false)?;
                if let Some(outcome) = outcome {
                    render::outcome::markdown(&mut bytes, plan, outcome)?;
                }
            }
        }
        output.write(&bytes)?;
    }
    Ok(())
}

fn ask(prepared: &Prepared) -> Result<bool, Failure> {
    let emulator = if prepared.session.emulates() { "the emulator of " } else { "" };
    let organization = prepared.session.organization;
    // Not locked while the answer is awaited: a signal has something to say too.
    let mut err = std::io::stderr();
    write!(err, "Apply this to {emulator}organization {organization}? Only `yes` does: ")?;
    err.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

/// A line for each step that is done.
struct Lines<'p> {
    plan: &'p Plan,
    paint: Paint,
    done: AtomicUsize,
}

impl Progress for Lines<'_> {
    fn finished(&self, step: &Step, end: &StepEnd) {
        if let StepEnd::Done(_) = end {
            let number = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            talk(&render::outcome::progress(self.plan, number, step, end, self.paint));
        }
    }
}
