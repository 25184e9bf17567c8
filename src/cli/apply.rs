//! `scw-iam apply`

use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{Common, Judge, Paths, Reach};
use super::failure::Failure;
use super::output::{Output, style_on_stderr, talk, talk_with};
use super::plan_file::{self, Again, PlanFile};
use super::prepare::{self, Prepared};
use super::session::Session;
use crate::apply::{self, End, Journal, Options, Progress, StepEnd};
use crate::model::Stack;
use crate::plan::{Caller, Plan, Step};
use crate::render::outcome::OutcomeReport;
use crate::render::paint::Paint;
use crate::render::plan::PlanReport;
use crate::render::{self, Format, Report as _};

const EXAMPLES: &str = "\
Examples:
  scw-iam apply iam
  scw-iam apply iam --yes --journal journal.jsonl
  scw-iam apply plan.json
  scw-iam apply iam --yes --emulate state.json --save after.json";

/// Plans, asks, and applies, in an order that never opens a door on the way
///
/// A plan file (`plan --out plan.json`) is applied without asking, exactly as it was reviewed, or not at all: its desired
/// state is planned again, and nothing is written unless that gives the same plan.
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
        if let Some(file) = PlanFile::find(common, &self.paths)? {
            return self.run_saved(common, file).await;
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
            talk_with(|out| PlanReport::new(&prepared.plan).text(out, style_on_stderr()));
        } else {
            text_only(common).show(&PlanReport::new(&prepared.plan))?;
        }
        let exit = self.go_on(common, &prepared, &mut lock).await?;
        prepared.session.close().await?;
        Ok(exit)
    }

    /// Applies a saved plan, if planning again gives the same one.
    async fn run_saved(&self, common: &Common, file: PlanFile) -> Result<Exit, Failure> {
        if let Some(expected) = &self.expect_sha {
            file.expect(expected)?;
        }
        let saved = file.open(common, self.max_age)?;
        let session = Session::open(&self.reach, Some(saved.files.organization())).await?;
        let mut lock = lock(&session, saved.files.stack()).await?;
        let exit = match saved.plan_again(common, &self.judge, &session).await? {
            Again::Applied(plan) => {
                saved.already_applied(common)?;
                report(common, &plan, None)?;
                Exit::Done
            }
            Again::Same(plan, caller) => {
                text_only(common).show(&PlanReport::new(&plan))?;
                self.send_unless_refused(common, &session, &caller, &plan, &mut lock).await?
            }
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
        let Prepared { session, caller, plan, .. } = prepared;
        if self.yes || plan.refused() || plan.is_empty() {
            return self.send_unless_refused(common, session, caller, plan, lock).await;
        }
        if !ask(prepared)? {
            talk("Nothing was changed.");
            return Ok(Exit::Error);
        }
        match plan_file::still(common, &self.judge, prepared).await? {
            Again::Same(plan, caller) => {
                self.send_unless_refused(common, session, &caller, &plan, lock).await
            }
            Again::Applied(plan) => {
                talk("Already applied: somebody else made these changes meanwhile.");
                report(common, &plan, None)?;
                Ok(Exit::Done)
            }
        }
    }

    /// Sends the steps of a plan that was shown, if there are any and no guard refuses them.
    async fn send_unless_refused(
        &self,
        common: &Common,
        session: &Session,
        caller: &Caller,
        plan: &Plan,
        lock: &mut Option<apply::Guard>,
    ) -> Result<Exit, Failure> {
        if plan.refused() || plan.is_empty() {
            report(common, plan, None)?;
            return Ok(if plan.refused() { Exit::Refused } else { done(plan) });
        }
        self.send(common, session, caller, plan, lock).await
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
            (End::Done, _) => done(plan),
            (End::NotConverged(_), _) => Exit::NotConverged,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), true) => Exit::PartWay,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), false) => Exit::Error,
        };
        talk_with(|out| render::outcome::text(out, plan, &outcome, style));
        report(common, plan, Some(&outcome))?;
        Ok(exit)
    }
}

/// How an apply ends that has done all that it could: policies that were not rewritten are not as the files say.
fn done(plan: &Plan) -> Exit {
    for blocked in plan.blocked() {
        talk(&format!("{} was not rewritten: it is not what the files say", blocked.address));
    }
    if plan.blocked().is_empty() { Exit::Done } else { Exit::NotConverged }
}

/// The outputs that are text, for showing a plan before it is applied.
fn text_only(common: &Common) -> Common {
    let outputs =
        common.outputs().into_iter().filter(|output| output.format == Format::Text && output.file.is_none());
    Common { output: outputs.collect(), ..common.clone() }
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
    let unseen = |output: &Output| output.format != Format::Text || output.file.is_some();
    for output in common.outputs().into_iter().filter(unseen) {
        output.report(&OutcomeReport { plan, outcome })?;
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
