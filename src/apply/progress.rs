//! What an apply reports while it runs.

use super::outcome::StepEnd;
use crate::plan::Step;

/// Watches an apply. Its methods must return quickly.
pub trait Progress: Sync {
    /// A step is about to be sent.
    fn started(&self, step: &Step) {
        let _ = step;
    }

    /// A step has ended.
    fn finished(&self, step: &Step, end: &StepEnd) {
        let _ = (step, end);
    }

    /// All steps are done, and this many objects are read again.
    fn checking(&self, objects: usize) {
        let _ = objects;
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {}
