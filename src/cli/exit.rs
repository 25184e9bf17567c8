//! How a command ends.

use crate::apply::{End, Outcome};
use crate::plan::Plan;

/// How a command ends, whatever the format of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to do, or done.
    Done,
    /// Credentials, a wrong organization, the network, a 403, a live side that cannot be read, a declined prompt, a
    /// signal before anything was written.
    Error,
    /// There are changes, or there is drift.
    Changes,
    /// A guard refused, or a test failed.
    Refused,
    /// The plan no longer matches the live organization.
    Stale,
    /// It stopped part-way, and something was written.
    PartWay,
    /// It was applied, but the live organization does not match the plan.
    NotConverged,
    /// The command line is wrong, or there is no terminal and no `--yes`.
    Usage,
    /// There are errors in the input.
    Mistakes,
}

impl Exit {
    /// Returns how an apply ends that did everything it could: a policy that was not rewritten does not match the files.
    pub(super) fn of_rest(plan: &Plan) -> Self {
        if plan.blocked().is_empty() { Self::Done } else { Self::NotConverged }
    }

    /// Returns how a command ends whose plan was sent.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match (&outcome.end, outcome.wrote()) {
            (End::Done, true) if !outcome.keys.is_done() => Self::PartWay,
            (End::Done, false) if !outcome.keys.is_done() => Self::Error,
            (End::Done, _) => Self::Done,
            (End::NotConverged(_), _) => Self::NotConverged,
            (End::Twins(_), _) => Self::PartWay,
            (End::Failed, false) if outcome.overtaken() => Self::Stale,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), true) => Self::PartWay,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), false) => Self::Error,
        }
    }

    /// Returns the number that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Refused => 3,
            Self::Stale => 4,
            Self::PartWay => 5,
            Self::NotConverged => 6,
            Self::Usage => 64,
            Self::Mistakes => 65,
        }
    }
}
