//! Which steps may still send their writes: a step reads before it writes, and meanwhile somebody may ask to stop, or
//! another step may fail.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::StepError;
use crate::plan::{Effect, Step, StepId};

/// Which steps may send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sendable {
    #[default]
    All,
    /// Those that take access away.
    Revocations,
    Nothing,
}

/// Lets steps send, and knows which have.
#[derive(Debug, Default)]
pub(super) struct SendGate(Mutex<GateState>);

#[derive(Debug, Default)]
struct GateState {
    sendable: Sendable,
    passed: HashSet<StepId>,
}

impl SendGate {
    /// Lets no more steps send than this.
    pub(super) fn narrow(&self, to: Sendable) {
        let mut state = self.state();
        state.sendable = state.sendable.max(to);
    }

    /// Notes that a step sends its write now.
    ///
    /// # Errors
    /// [`StepError::Unsent`] when it may not any more.
    pub(super) fn pass(&self, step: &Step) -> Result<(), StepError> {
        let mut state = self.state();
        let may = match state.sendable {
            Sendable::All => true,
            Sendable::Revocations => step.effect == Effect::Revokes,
            Sendable::Nothing => false,
        };
        if !may {
            return Err(StepError::Unsent);
        }
        state.passed.insert(step.id);
        Ok(())
    }

    /// Says whether a step may have sent its write.
    pub(super) fn passed(&self, step: StepId) -> bool {
        self.state().passed.contains(&step)
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        // A panic cannot have left half of a change, because each change is one call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
