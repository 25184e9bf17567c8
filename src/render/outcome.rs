//! What became of a plan: for people as text, for programs as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::apply::{End, Outcome, StepEnd, StepOutcome};
use crate::plan::{Plan, Step};
use crate::render::escape::terminal;
use crate::render::paint::{Ink, Paint};
use crate::render::plan::headline;

/// Returns one line for a step that has ended.
#[must_use]
pub fn line(plan: &Plan, step: &Step, end: &StepEnd, paint: Paint) -> String {
    let total = plan.steps().len();
    let width = total.to_string().len();
    let (ink, word) = match end {
        StepEnd::Done(_) => (Ink::Add, "done"),
        StepEnd::Failed { .. } => (Ink::Alarm, "failed"),
        StepEnd::Abandoned => (Ink::Alarm, "abandoned"),
        StepEnd::NotStarted(_) => (Ink::Faint, "not started"),
    };
    let time = match end {
        StepEnd::Done(receipt) | StepEnd::Failed { receipt, .. } => {
            format!(" ({} ms)", receipt.elapsed.as_millis())
        }
        StepEnd::Abandoned | StepEnd::NotStarted(_) => String::new(),
    };
    let what = terminal(&headline(plan, step)).into_owned();
    format!("  {:>width$}/{total} {} {what}{time}", step.id, paint.text(ink, word))
}

/// Writes what became of every step that is not done, and how it all ended.
///
/// # Errors
/// When the writer fails.
pub fn text(out: &mut dyn Write, plan: &Plan, outcome: &Outcome, paint: Paint) -> io::Result<()> {
    for (step, ended) in plan.steps().iter().zip(&outcome.steps) {
        match &ended.end {
            StepEnd::Done(_) => {}
            StepEnd::Failed { error, .. } => {
                writeln!(out, "{}", line(plan, step, &ended.end, paint))?;
                for cause in chain(error) {
                    for part in cause.lines() {
                        writeln!(out, "        {}", terminal(part))?;
                    }
                }
            }
            StepEnd::Abandoned => {
                writeln!(out, "{}: it may or may not have been done", line(plan, step, &ended.end, paint))?;
            }
            StepEnd::NotStarted(why) => {
                writeln!(out, "{}: {why}", line(plan, step, &ended.end, paint))?;
            }
        }
    }
    let (done, all) = (outcome.done(), plan.steps().len());
    let seconds = outcome.elapsed.as_secs_f64();
    let again = "plan and apply again to finish";
    let words = match &outcome.end {
        End::Done => {
            format!("Applied: {done} of {all} steps done in {seconds:.1} s; live is as planned.")
        }
        End::NotConverged(differences) => {
            for difference in differences {
                writeln!(out, "  {}", terminal(&difference.to_string()))?;
            }
            format!("Applied {done} of {all} steps, but live is not what it should be: {again}.")
        }
        End::Failed => format!("Stopped after a failure: {done} of {all} steps done; {again}."),
        End::Stopped => format!("Stopped as asked: {done} of {all} steps done; {again}."),
        End::Abandoned => format!("Stopped at once: {done} of {all} steps are known to be done; {again}."),
        End::Journal(why) => {
            format!(
                "Stopped, for the journal cannot be written ({why}): {done} of {all} steps done; {again}."
            )
        }
    };
    writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&words)))
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

/// Returns what became of every step as JSON.
#[must_use]
pub fn json(outcome: &Outcome) -> Value {
    let (end, differences) = match &outcome.end {
        End::Done => ("done", Vec::new()),
        End::NotConverged(differences) => {
            ("not_converged", differences.iter().map(ToString::to_string).collect::<Vec<_>>())
        }
        End::Failed => ("failed", Vec::new()),
        End::Stopped => ("stopped", Vec::new()),
        End::Abandoned => ("abandoned", Vec::new()),
        End::Journal(why) => ("journal", vec![why.clone()]),
    };
    let steps: Vec<_> = outcome.steps.iter().map(step).collect();
    json!({"end": end, "differences": differences, "steps": steps})
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
