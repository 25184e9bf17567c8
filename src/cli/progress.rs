//! A line for each step that is done.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::output::{colour_on_stderr, talk};
use crate::apply::{Progress, StepEnd};
use crate::plan::{Plan, Step};
use crate::render::outcome;

/// Writes the lines to standard error.
pub(super) struct StepLines<'p> {
    plan: &'p Plan,
    done: AtomicUsize,
}

impl<'p> StepLines<'p> {
    pub(super) const fn of(plan: &'p Plan) -> Self {
        Self { plan, done: AtomicUsize::new(0) }
    }
}

impl Progress for StepLines<'_> {
    fn finished(&self, step: &Step, end: &StepEnd) {
        if let StepEnd::Done(_) = end {
            let number = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            talk(&outcome::progress(self.plan, number, step, end, colour_on_stderr()));
        }
    }
}
