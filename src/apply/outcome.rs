use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Difference;
use super::words::{ChangedField, FieldMismatch};
use crate::api;
use crate::live;
use crate::model::{Address, Hint, Id};
use crate::plan::StepId;

/// What became of each step of a plan.
#[must_use]
#[derive(Debug)]
pub struct Outcome {
    /// Every step of the plan, in the plan's order.
    pub steps: Vec<StepOutcome>,
    /// How it ended.
    pub end: End,
    /// How long the steps took, without the check afterwards.
    pub elapsed: Duration,
}

/// What became of one step.
#[derive(Debug)]
pub struct StepOutcome {
    /// Its number.
    pub id: StepId,
    /// The object that it writes.
    pub address: Address,
    /// The word for what it does, as in the plan's JSON.
    pub action: &'static str,
    /// What became of it.
    pub end: StepEnd,
}

/// How an apply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every step is done, and what was touched is what the plan leads to.
    Done,
    /// Every step is done, and what was touched is something else, as far as it could be read.
    NotConverged(Vec<Difference>),
    /// Every step is done, and of what it made these had been made by another run at the same time, so that they were
    /// deleted again.
    Twins(Vec<Address>),
    /// A step failed.
    Failed,
    /// Somebody asked to stop; what was in flight has finished.
    Stopped,
    /// Somebody asked to stop at once; what was in flight may or may not have been done.
    Abandoned,
    /// The journal could not be written, so nothing more was.
    Journal(String),
}

/// What became of a step.
#[derive(Debug)]
pub enum StepEnd {
    /// It is done.
    Done(Receipt),
    /// It failed.
    Failed {
        /// Why.
        error: StepError,
        /// What was sent.
        receipt: Receipt,
    },
    /// It was in flight when everything was to stop at once: it may or may not have been done.
    Abandoned,
    /// It was not started.
    NotStarted(WhyNot),
}

/// Why a step was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// This step, or one before it, failed.
    After(StepId),
    /// A step failed, and then nothing starts but what takes access away.
    NoGrantAfterFailure,
    /// Somebody asked to stop.
    Stopped,
    /// The journal could not be written.
    Journal,
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(step) => write!(f, "step {step} was not done"),
            Self::NoGrantAfterFailure => f.write_str("after a failure only revocations start"),
            Self::Stopped => f.write_str("the apply was interrupted"),
            Self::Journal => f.write_str("the journal could not be written"),
        }
    }
}

/// What was sent for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How it was done, or was to be.
    pub how: How,
    /// The `X-Request-Id` of the last write's answer, which Scaleway's support asks for; `None` when none came.
    pub request_id: Option<String>,
    /// The status of the last write's answer.
    pub status: Option<u16>,
    /// How often a write was sent, each try counted.
    pub writes: u32,
    /// How long it took, with all tries and looks.
    pub elapsed: Duration,
}

/// How a step was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By its request.
    Sent,
    /// The request's answer was lost, and what it made was found.
    TakenOver,
    /// Without a request: the object was already what the step makes of it.
    AlreadySo,
    /// What it was to take away was gone already.
    AlreadyGone,
}

impl How {
    /// Returns the word for it, as in the journal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::TakenOver => "taken_over",
            Self::AlreadySo => "already_so",
            Self::AlreadyGone => "already_gone",
        }
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The API said no, or nothing.
    #[error(transparent)]
    Api(#[from] api::Error),
    /// The object is not what the plan saw, so overwriting it would lose somebody's work.
    #[error("{address} is not what the plan saw: {}", list(changes))]
    Changed {
        /// The object.
        address: Address,
        /// What differs.
        changes: Vec<ChangedField>,
    },
    /// The object is gone that the step was to change, or relies on.
    #[error("{0} is gone")]
    Vanished(Address),
    /// Somebody attached a policy to a group that somebody was about to join.
    #[error("{group} is not what the plan saw: policy `{}` has been attached to it", api::escaped(policy))]
    Attached {
        /// The group.
        group: Address,
        /// The name of the policy.
        policy: String,
    },
    /// A policy is not attached any more to a group that somebody was about to join.
    #[error("{group} is not what the plan saw: {policy} is not attached to it any more")]
    Detached {
        /// The group.
        group: Address,
        /// The policy.
        policy: Address,
    },
    /// It was to be read right before it is changed, or relied on, and could not be.
    #[error("{address} could not be read before the step was to be sent")]
    Unseen {
        /// The object.
        address: Address,
        /// Why not.
        source: Arc<live::Error>,
    },
    /// Somebody else has taken the name since the plan was made.
    #[error("the name of {address} has been taken since the plan was made, by {}", list(found))]
    Taken {
        /// The object.
        address: Address,
        /// What has the name.
        found: Vec<Id>,
    },
    /// Another run made the same object at the same time, a moment earlier.
    #[error(
        "another run created {address} at the same time ({older}), so the one that this run created ({mine}) was deleted"
    )]
    TwinRemoved {
        /// The object.
        address: Address,
        /// The one that this run made.
        mine: Id,
        /// The one that stays.
        older: Id,
    },
    /// The same, and the younger one could not be deleted.
    #[error(
        "another run created {address} at the same time ({older}), and the one that this run created ({mine}) could not be deleted"
    )]
    TwinLeft {
        /// The object.
        address: Address,
        /// The one that this run made.
        mine: Id,
        /// The one that stays.
        older: Id,
        /// Why it could not be deleted.
        source: api::Error,
    },
    /// What went wrong after a try of the same step that may have been executed.
    #[error("{0}; an earlier try of this step may have been executed")]
    AfterTry(#[source] Box<Self>),
    /// A create that got no answer, after which the list could not be read.
    #[error("{address} may have been made: {create}; and the list could not be read to see whether it was")]
    Unlisted {
        /// The object.
        address: Address,
        /// What became of the create.
        create: String,
        /// Why the list could not be read.
        source: Arc<live::Error>,
    },
    /// A create after which several objects have the name.
    #[error("several objects have the name of {address}, which was just created: {}", list(found))]
    Twins {
        /// The object.
        address: Address,
        /// Those that were not there before.
        found: Vec<Id>,
    },
    /// A create that got no answer, after which an object of that name has another content.
    #[error(
        "{address} got no answer to its creation, and the object that now bears the name ({id}) is another one: {}",
        list(mismatches)
    )]
    Other {
        /// The object.
        address: Address,
        /// What bears the name.
        id: Id,
        /// What differs: as it was to be made, and as it is.
        mismatches: Vec<FieldMismatch>,
    },
    /// A create whose outcome stayed unknown however often it was sent.
    #[error("{address} got no answer to its creation, several times, and did not come to be")]
    NotMade {
        /// The object.
        address: Address,
        /// What became of the last try.
        source: api::Error,
    },
    /// The API gave an object an id that is none, or that another one has.
    #[error("{address} was answered with the id `{id}`, which cannot be its own")]
    BadId {
        /// The object.
        address: Address,
        /// The id, escaped.
        id: String,
    },
    /// The plan names an object whose id nobody knows.
    #[error("{0} has no id: the plan does not fit the organization")]
    Unknown(Address),
    /// The plan holds a rule that cannot be written.
    #[error("{0} holds a rule that this version cannot write")]
    Unwritable(Address),
    /// Our own mistake, which did not take the rest down.
    #[error("bug: the step panicked: {0}; please report it")]
    Panicked(String),
}

impl StepError {
    /// Says whether the step may have been done, wholly or in part, although it failed.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Api(error) => error.may_have_happened(),
            Self::Unlisted { .. }
            | Self::Twins { .. }
            | Self::Other { .. }
            | Self::NotMade { .. }
            | Self::BadId { .. }
            | Self::TwinRemoved { .. }
            | Self::TwinLeft { .. }
            | Self::AfterTry(_)
            | Self::Panicked(_) => true,
            Self::Changed { .. }
            | Self::Vanished(_)
            | Self::Attached { .. }
            | Self::Detached { .. }
            | Self::Unseen { .. }
            | Self::Taken { .. }
            | Self::Unknown(_)
            | Self::Unwritable(_) => false,
        }
    }

    /// Says whether it failed because the organization is not what the plan saw any more.
    #[must_use]
    pub const fn overtaken(&self) -> bool {
        matches!(
            self,
            Self::Changed { .. }
                | Self::Vanished(_)
                | Self::Attached { .. }
                | Self::Detached { .. }
                | Self::Taken { .. }
        )
    }

    /// Says whether planning and applying again may finish what failed; otherwise something else has to change first.
    #[must_use]
    pub fn may_pass_again(&self) -> bool {
        !matches!(self, Self::Api(error) if error.kind() == api::ErrorKind::QuotaExceeded)
    }

    /// Returns what may help.
    #[must_use]
    pub fn hints(&self) -> Vec<Hint> {
        let hint = match self {
            Self::Api(source) | Self::NotMade { source, .. } => source.hint(),
            Self::Changed { .. }
            | Self::Vanished(_)
            | Self::Attached { .. }
            | Self::Detached { .. }
            | Self::Taken { .. }
            | Self::TwinRemoved { .. }
            | Self::Other { .. }
            | Self::Unknown(_) => Some("plan again"),
            Self::TwinLeft { .. } => Some("delete it, and plan again"),
            // Their causes have hints of their own.
            Self::Unseen { .. } | Self::Unlisted { .. } | Self::AfterTry(_) => None,
            Self::Twins { .. } => Some("delete those that are not meant, and plan again"),
            Self::BadId { .. } | Self::Unwritable(_) | Self::Panicked(_) => None,
        };
        hint.map(Hint::from).into_iter().collect()
    }

    /// Returns the id of the answered request that it is about, where there is one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Api(source) | Self::NotMade { source, .. } | Self::TwinLeft { source, .. } => {
                source.request_id()
            }
            Self::Unseen { source, .. } | Self::Unlisted { source, .. } => source.request_id(),
            Self::AfterTry(error) => error.request_id(),
            Self::Changed { .. }
            | Self::Vanished(_)
            | Self::Attached { .. }
            | Self::Detached { .. }
            | Self::Taken { .. }
            | Self::TwinRemoved { .. }
            | Self::Twins { .. }
            | Self::Other { .. }
            | Self::BadId { .. }
            | Self::Unknown(_)
            | Self::Unwritable(_)
            | Self::Panicked(_) => None,
        }
    }
}

fn list(things: &[impl fmt::Display]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl StepEnd {
    /// Says whether something was written, or may have been.
    #[must_use]
    pub fn wrote(&self) -> bool {
        match self {
            Self::Done(receipt) => matches!(receipt.how, How::Sent | How::TakenOver),
            Self::Failed { error, .. } => error.may_have_happened(),
            Self::Abandoned => true,
            Self::NotStarted(_) => false,
        }
    }
}

impl Outcome {
    /// Says whether anything was written, or may have been.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.steps.iter().any(|step| step.end.wrote())
    }

    /// Says whether nothing was written because the organization is not what the plan saw any more.
    #[must_use]
    pub fn overtaken(&self) -> bool {
        self.end == End::Failed && !self.wrote() && self.failures().all(|(_, error)| error.overtaken())
    }

    /// Returns how many steps are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.end, StepEnd::Done(_))).count()
    }

    /// Returns the steps that failed, and why.
    pub fn failures(&self) -> impl Iterator<Item = (&StepOutcome, &StepError)> {
        self.steps.iter().filter_map(|step| match &step.end {
            StepEnd::Failed { error, .. } => Some((step, error)),
            StepEnd::Done(_) | StepEnd::Abandoned | StepEnd::NotStarted(_) => None,
        })
    }

    /// Returns how many steps were not started.
    #[must_use]
    pub fn not_started(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.end, StepEnd::NotStarted(_))).count()
    }
}
