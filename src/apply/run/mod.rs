//! Runs a schedule: starts what may start, waits for what runs, keeps the journal. The caller provides the action of a step.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;

use super::gate::{SendGate, Sendable};
use super::progress::Progress;
use super::schedule::{Next, Schedule};
use super::slot::KeysOutcome;
use super::{End, How, Journal, Outcome, Receipt, StepEnd, StepError, StepOutcome, Stop, StopSignal, WhyNot};
use crate::plan::Step;

/// How fast steps are started.
pub(super) struct Pace {
    /// How many are under way at most.
    pub(super) parallelism: usize,
    /// How long to wait along each edge that keeps a law of access.
    pub(super) settle: Duration,
}

/// What came of sending a step.
pub(super) struct Sent {
    pub(super) result: Result<How, StepError>,
    pub(super) receipt: Receipt,
}

/// Runs the steps, each by `send`.
pub(super) async fn run<'s, F: Future<Output = Sent> + Send>(
    steps: &'s [Step],
    send: impl Fn(&'s Step) -> F,
    gate: &SendGate,
    journal: &mut Journal,
    progress: &dyn Progress,
    stop: &mut StopSignal,
    settings: &Pace,
) -> Outcome {
    let began = Instant::now();
    let mut run = Run {
        steps,
        schedule: Schedule::new(steps),
        gate,
        ends: steps.iter().map(|_| None).collect(),
        journal,
        progress,
        end: End::Done,
    };
    let mut running = FuturesUnordered::new();
    if stop.now() > Stop::No {
        run.stop(End::Stopped, WhyNot::Stopped);
    }
    loop {
        let (batch, wake) = run.batch(settings.parallelism.max(1).saturating_sub(running.len()));
        for at in batch {
            running.push(guarded(at, send(&steps[at])));
        }
        if running.is_empty() && wake.is_none() {
            break;
        }
        tokio::select! {
            biased;
            asked = stop.changed() => match asked {
                Stop::No => {}
                Stop::Soon => run.stop(End::Stopped, WhyNot::Stopped),
                Stop::Now => {
                    run.stop(End::Abandoned, WhyNot::Stopped);
                    run.end = End::Abandoned;
                    break;
                }
            },
            Some((at, sent)) = running.next() => {
                run.finish(at, sent, settings.settle);
                // Steps that ended in the meantime share one sync of the journal.
                while let Some(Some((at, sent))) = running.next().now_or_never() {
                    run.finish(at, sent, settings.settle);
                }
            }
            () = sleep_until(wake) => {}
        }
    }
    run.outcome(began.elapsed())
}

/// Runs one step; a panic fails only this step.
async fn guarded(at: usize, step: impl Future<Output = Sent>) -> (usize, Sent) {
    let began = Instant::now();
    let sent = AssertUnwindSafe(step).catch_unwind().await.unwrap_or_else(|panic| Sent {
        result: Err(StepError::Panicked(words(panic.as_ref()))),
        receipt: Receipt {
            how: How::Sent,
            request_id: None,
            status: None,
            writes: 0,
            elapsed: began.elapsed(),
        },
    });
    (at, sent)
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

/// A run under way.
struct Run<'s, 'j> {
    steps: &'s [Step],
    schedule: Schedule,
    /// What lets the steps send that are under way.
    gate: &'j SendGate,
    ends: Vec<Option<StepEnd>>,
    journal: &'j mut Journal,
    progress: &'j dyn Progress,
    end: End,
}

impl Run<'_, '_> {
    /// Picks up to so many steps to start, and says when the next one may; nothing starts that the journal does not
    /// hold safely.
    fn batch(&mut self, most: usize) -> (Vec<usize>, Option<Instant>) {
        let now = Instant::now();
        let (mut batch, mut wake) = (Vec::new(), None);
        while batch.len() < most {
            match self.schedule.next(now) {
                Next::Start(at) => batch.push(at),
                Next::At(then) => {
                    wake = Some(then);
                    break;
                }
                Next::Nothing => break,
            }
        }
        for at in &batch {
            self.journal.started(&self.steps[*at]);
        }
        if let Err(error) = self.journal.sync() {
            for at in batch.drain(..) {
                self.schedule.put_back(at);
            }
            self.unwritable(&error);
            wake = None;
        }
        for at in &batch {
            self.progress.started(&self.steps[*at]);
        }
        (batch, wake)
    }

    fn finish(&mut self, at: usize, sent: Sent, settle: Duration) {
        let Sent { result, mut receipt } = sent;
        let end = match result {
            Ok(how) => {
                receipt.how = how;
                self.schedule.done(at, Instant::now() + settle);
                StepEnd::Done(receipt)
            }
            Err(StepError::Unsent) => {
                // Whatever closed the gate keeps it from starting again.
                self.schedule.put_back(at);
                self.journal.unsent(&self.steps[at]);
                return;
            }
            Err(error) => {
                self.schedule.failed(at);
                self.gate.narrow(Sendable::Revocations);
                if self.end == End::Done {
                    self.end = End::Failed;
                }
                StepEnd::Failed { error, receipt }
            }
        };
        if let Err(error) = self.journal.finished(&self.steps[at], &end) {
            self.unwritable(&error);
        }
        self.progress.finished(&self.steps[at], &end);
        self.ends[at] = Some(end);
    }

    fn unwritable(&mut self, error: &std::io::Error) {
        self.stop(End::Journal(error.to_string()), WhyNot::Journal);
    }

    /// Lets nothing more start. A failed step takes precedence over an interruption, an unwritable journal over both.
    fn stop(&mut self, end: End, why: WhyNot) {
        self.schedule.shut(why);
        self.gate.narrow(Sendable::Nothing);
        let says_more = match &self.end {
            End::Done => true,
            End::Failed | End::Stopped => matches!(end, End::Journal(_)),
            End::NotConverged(_) | End::Twins(_) | End::Abandoned | End::Journal(_) => false,
        };
        if says_more {
            self.end = end;
        }
    }

    fn outcome(self, elapsed: Duration) -> Outcome {
        let Self { steps, schedule, gate, ends, journal, end, .. } = self;
        let mut running = |at: usize| {
            let step: &Step = &steps[at];
            match (schedule.running(at), gate.passed(step.id)) {
                (true, true) => return StepEnd::Abandoned,
                (true, false) => journal.unsent(step),
                (false, _) => {}
            }
            StepEnd::NotStarted(schedule.why_not(at))
        };
        let ends = ends.into_iter().enumerate().map(|(at, end)| end.unwrap_or_else(|| running(at)));
        let steps: Vec<StepOutcome> = steps
            .iter()
            .zip(ends)
            .map(|(step, end)| StepOutcome {
                id: step.id,
                address: step.action.address(),
                action: step.action.word(),
                end,
            })
            .collect();
        Outcome { steps, end, elapsed, keys: KeysOutcome::default() }
    }
}

#[cfg(test)]
mod tests;
