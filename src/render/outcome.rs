//! The outcome of an apply: as text and Markdown for people, as JSON for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::pretty;
use super::style::Style;
use crate::apply::{End, Outcome, StepEnd, StepOutcome, WhyNot};
use crate::plan::{Plan, Step, StepId};
use crate::render::escape::{markdown as escape, terminal};
use crate::render::paint::{Ink, Paint};
use crate::render::plan::{PlanReading, PlanReport, details, head, headline};
use crate::render::report::Report;
use crate::render::wrap::{Screen, WrappedLine};

/// Returns one line for a step that has ended: `done step 3: rules of policy look (12 ms)`.
#[must_use]
pub fn line(plan: &Plan, step: &Step, end: &StepEnd, paint: Paint) -> String {
    let (ink, word) = match end {
        StepEnd::Done(_) => (Ink::Add, "done"),
        StepEnd::Failed { .. } => (Ink::Alarm, "failed"),
        StepEnd::Abandoned => (Ink::Alarm, "abandoned"),
        StepEnd::NotStarted(_) => (Ink::Faint, "not started"),
    };
    let what = terminal(&headline(plan, step)).into_owned();
    format!("{} step {}: {what}{}", paint.text(ink, word), step.id, time(end))
}

/// Returns the line for the step that is the `number`th to be done: `[12 of 78] done step 7: …`.
#[must_use]
pub fn progress(plan: &Plan, number: usize, step: &Step, end: &StepEnd, paint: Paint) -> String {
    let all = plan.steps().len();
    let width = all.to_string().len();
    format!("  [{number:>width$} of {all}] {}", line(plan, step, end, paint))
}

fn time(end: &StepEnd) -> String {
    match end {
        StepEnd::Done(receipt) | StepEnd::Failed { receipt, .. } => {
            format!(" ({} ms)", receipt.elapsed.as_millis())
        }
        StepEnd::Abandoned | StepEnd::NotStarted(_) => String::new(),
    }
}

/// Up to so many steps that were not started for one reason have lines of their own.
const MOST_ALONE: usize = 3;

/// Writes the result of every step that is not done, and how the apply ended.
///
/// # Errors
/// When the writer fails.
pub fn text(out: &mut dyn Write, plan: &Plan, outcome: &Outcome, style: Style) -> io::Result<()> {
    let paint = style.paint;
    for (step, ended) in plan.steps().iter().zip(&outcome.steps) {
        match &ended.end {
            StepEnd::Done(_) | StepEnd::NotStarted(_) => {}
            StepEnd::Failed { error, .. } => {
                writeln!(out, "  {}", line(plan, step, &ended.end, paint))?;
                for words in words_of(error) {
                    writeln!(out, "        {}", terminal(&words))?;
                }
            }
            StepEnd::Abandoned => {
                writeln!(out, "  {}: it may or may not have been done", line(plan, step, &ended.end, paint))?;
            }
        }
    }
    let screen = Screen { paint, width: style.width };
    for idle in idle(plan, outcome) {
        if idle.steps.len() <= MOST_ALONE {
            for (step, ended, why) in &idle.steps {
                writeln!(out, "  {}, because {why}", line(plan, step, ended, paint))?;
            }
            continue;
        }
        let ids: Vec<StepId> = idle.steps.iter().map(|(step, ..)| step.id).collect();
        let rest = format!(": {} steps ({}), because {}", ids.len(), ranges(&ids), idle.why);
        WrappedLine::of(Some(Ink::Faint), "not started").and(None, &rest).write(out, screen, 2, 4)?;
    }
    if let End::NotConverged(differences) = &outcome.end {
        for difference in differences {
            writeln!(out, "  {}", terminal(&difference.to_string()))?;
        }
    }
    super::keys::outcome(out, &outcome.keys, style)?;
    for hint in hints(outcome) {
        writeln!(out, "hint: {}", terminal(&hint))?;
    }
    let end = end_words(plan, outcome);
    WrappedLine::of(Some(Ink::Heading), &terminal(&end)).write(out, screen, 0, 2)
}

/// The hints for the failures, each once.
fn hints(outcome: &Outcome) -> Vec<String> {
    let mut hints = Vec::new();
    for hint in outcome.failures().flat_map(|(_, error)| error.hints()) {
        let hint = hint.to_string();
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

/// Says how it all ended.
fn end_words(plan: &Plan, outcome: &Outcome) -> String {
    let (done, all) = (outcome.done(), plan.steps().len());
    let again = if outcome.failures().all(|(_, error)| error.may_pass_again()) {
        "plan and apply again to finish"
    } else {
        "a quota is full, so another apply stops there too"
    };
    match &outcome.end {
        End::Done if !outcome.keys.is_done() => {
            format!("{done} of {all} steps done, but not everything about API keys; apply again to finish.")
        }
        End::Done => {
            let seconds = outcome.elapsed.as_secs_f64();
            format!(
                "Applied: {done} of {all} steps done in {seconds:.1} s; the live organization matches the plan."
            )
        }
        End::NotConverged(_) => {
            format!(
                "Applied {done} of {all} steps, but the live organization does not match the plan; {again}."
            )
        }
        End::Twins(twins) => {
            let twins: Vec<_> = twins.iter().map(ToString::to_string).collect();
            format!(
                "Applied {done} of {all} steps, but another run created the same objects at the same time, so the ones that this run created were deleted: {}; {again}.",
                twins.join(", ")
            )
        }
        End::Failed => format!("Stopped after a failure: {done} of {all} steps done; {again}."),
        End::Stopped => format!("Interrupted: {done} of {all} steps done; {again}."),
        End::Abandoned => {
            format!("Interrupted at once: {done} of {all} steps are known to be done; {again}.")
        }
        End::Journal(why) => {
            format!(
                "Stopped because the journal cannot be written ({why}): {done} of {all} steps done; {again}."
            )
        }
    }
}

/// Steps that were not started, for one reason.
struct Idle<'o> {
    why: String,
    steps: Vec<(&'o Step, &'o StepEnd, WhyNot)>,
}

/// The steps that were not started, by their reasons, in the order of the plan.
fn idle<'o>(plan: &'o Plan, outcome: &'o Outcome) -> Vec<Idle<'o>> {
    let mut all: Vec<Idle<'_>> = Vec::new();
    for (step, ended) in plan.steps().iter().zip(&outcome.steps) {
        let StepEnd::NotStarted(why) = ended.end else { continue };
        let words = match why {
            WhyNot::After(_) => "they depend on a step that failed".to_owned(),
            WhyNot::NoGrantAfterFailure | WhyNot::Stopped | WhyNot::Journal => why.to_string(),
        };
        match all.iter_mut().find(|idle| idle.why == words) {
            Some(idle) => idle.steps.push((step, &ended.end, why)),
            None => all.push(Idle { why: words, steps: vec![(step, &ended.end, why)] }),
        }
    }
    all
}

/// `3, 5–9, 12`.
fn ranges(ids: &[StepId]) -> String {
    let runs: Vec<String> = ids
        .chunk_by(|a, b| a + 1 == *b)
        .map(|run| match run {
            [first, .., last] => format!("{first}–{last}"),
            one => one.iter().map(ToString::to_string).collect(),
        })
        .collect();
    runs.join(", ")
}

/// Up to so many steps of a pull request's comment are not folded.
const MOST_UNFOLDED: usize = 5;

/// Writes the result of every step for a pull request's comment: failures first, long lists folded.
fn markdown(out: &mut dyn Write, plan: &Plan, outcome: &Outcome) -> io::Result<()> {
    writeln!(out, "\n### Outcome\n\n**{}**", escape(&end_words(plan, outcome)))?;
    if let End::NotConverged(differences) = &outcome.end {
        writeln!(out)?;
        for difference in differences {
            writeln!(out, "- 🛑 {}", escape(&difference.to_string()))?;
        }
    }
    let (mut failed, mut done, mut not_started) = (Vec::new(), Vec::new(), Vec::new());
    for (step, ended) in plan.steps().iter().zip(&outcome.steps) {
        let what = format!("step {}: {}", step.id, headline(plan, step));
        match &ended.end {
            StepEnd::Done(_) => done.push(escape(&format!("{what}{}", time(&ended.end)))),
            StepEnd::NotStarted(why) => not_started.push(escape(&format!("{what}, because {why}"))),
            StepEnd::Abandoned => {
                failed.push(escape(&format!("{what}: abandoned, it may or may not have been done")));
            }
            StepEnd::Failed { error, receipt } => {
                let mut item = format!("failed {}", escape(&format!("{what}{}", time(&ended.end))));
                let words = words_of(error);
                let request = receipt.request_id.as_ref();
                let unsaid = request.filter(|id| !words.iter().any(|words| words.contains(id.as_str())));
                let unsaid = unsaid.map(|id| format!("request id {id}"));
                for words in words.into_iter().chain(unsaid) {
                    item.push_str(&format!("\n  - {}", escape(&words)));
                }
                failed.push(item);
            }
        }
    }
    if !failed.is_empty() {
        writeln!(out)?;
        for item in failed {
            writeln!(out, "- 🛑 {item}")?;
        }
        for hint in hints(outcome) {
            writeln!(out, "- hint: {}", escape(&hint))?;
        }
    }
    fold(out, "done", &done)?;
    fold(out, "not started", &not_started)
}

/// A list, folded where it is long.
fn fold(out: &mut dyn Write, what: &str, items: &[String]) -> io::Result<()> {
    let number = items.len();
    if number == 0 {
        return Ok(());
    }
    let title = if number == 1 { format!("1 step {what}") } else { format!("{number} steps {what}") };
    let list: String = items.iter().map(|item| format!("- {item}\n")).collect();
    if number <= MOST_UNFOLDED {
        return write!(out, "\n{title}:\n\n{list}");
    }
    writeln!(out, "\n<details><summary>{title}</summary>\n\n{list}\n</details>")
}

/// What went wrong, cause after cause, in lines.
fn words_of(error: &dyn std::error::Error) -> Vec<String> {
    chain(error).iter().flat_map(|cause| cause.lines()).map(ToOwned::to_owned).collect()
}

fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

/// Returns the result of every step as JSON.
fn json(outcome: &Outcome) -> Value {
    let (end, differences) = match &outcome.end {
        End::Done => ("done", Vec::new()),
        End::NotConverged(differences) => {
            ("not_converged", differences.iter().map(ToString::to_string).collect::<Vec<_>>())
        }
        End::Twins(twins) => ("twins", twins.iter().map(ToString::to_string).collect()),
        End::Failed => ("failed", Vec::new()),
        End::Stopped => ("stopped", Vec::new()),
        End::Abandoned => ("abandoned", Vec::new()),
        End::Journal(why) => ("journal", vec![why.clone()]),
    };
    let steps: Vec<_> = outcome.steps.iter().map(step).collect();
    let mut value = json!({"end": end, "differences": differences, "hints": hints(outcome), "steps": steps});
    if !outcome.keys.slots.is_empty() || !outcome.keys.pruned.is_empty() {
        value["keys"] = super::keys::outcome_json(&outcome.keys);
    }
    value
}

fn step(step: &StepOutcome) -> Value {
    let (status, message, receipt) = match &step.end {
        StepEnd::Done(receipt) => ("done", None, Some(receipt)),
        StepEnd::Failed { error, receipt } => ("failed", Some(chain(error).join(": ")), Some(receipt)),
        StepEnd::Abandoned => ("abandoned", None, None),
        StepEnd::NotStarted(why) => ("not_started", Some(why.to_string()), None),
    };
    json!({
        "id": step.id,
        "action": step.action,
        "address": step.address.to_string(),
        "status": status,
        "message": message,
        "how": receipt.map(|receipt| receipt.how.word()),
        "request_id": receipt.and_then(|receipt| receipt.request_id.as_deref()),
        "ms": receipt.map(|receipt| u64::try_from(receipt.elapsed.as_millis()).unwrap_or(u64::MAX)),
    })
}

/// A plan and its outcome: the result of `apply`.
#[derive(Debug, Clone, Copy)]
pub struct OutcomeReport<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its outcome; `None` when it was not applied.
    pub outcome: Option<&'a Outcome>,
}

impl Report for OutcomeReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        PlanReport::new(self.plan).text(out, style)?;
        self.outcome.map_or(Ok(()), |outcome| text(out, self.plan, outcome, style))
    }

    /// The outcome comes before the steps, because a long comment is cut at its end.
    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        head(out, (self.plan, None), PlanReading::Plan)?;
        if let Some(outcome) = self.outcome {
            markdown(out, self.plan, outcome)?;
            writeln!(out)?;
        }
        details(out, (self.plan, None), PlanReading::Plan)
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut document = serde_json::to_value(self.plan.document())?;
        document["outcome"] = self.outcome.map_or(Value::Null, json);
        pretty(out, &document)
    }
}
