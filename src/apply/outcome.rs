use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Difference;
use super::slot::KeysOutcome;
use super::words::{ChangedField, FieldMismatch};
use crate::api;
use crate::live;
use crate::model::{Address, Hint, Id};
use crate::plan::StepId;

/// The result of each step of a plan.
#[must_use]
#[derive(Debug)]
pub struct Outcome {
    /// Every step of the plan, in the plan's order.
    pub steps: Vec<StepOutcome>,
    /// How it ended.
    pub end: End,
    /// How long the steps took, without the check afterwards.
    pub elapsed: Duration,
    /// What became of the API keys.
    pub keys: KeysOutcome,
}

/// The result of one step.
#[derive(Debug)]
pub struct StepOutcome {
    /// Its number.
    pub id: StepId,
    /// The object that it writes.
    pub address: Address,
    /// The word for what it does, as in the plan's JSON.
    pub action: &'static str,
    /// Its result.
    pub end: StepEnd,
}

/// How an apply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every step is done, and the changed objects match the outcome of the plan.
    Done,
    /// Every step is done, but the changed objects do not match the outcome of the plan, or could not be read.
    NotConverged(Vec<Difference>),
    /// Every step is done, but another run created the same objects at the same time, so these were deleted again.
    Twins(Vec<Address>),
    /// A step failed.
    Failed,
    /// The apply was interrupted; steps in flight have finished.
    Stopped,
    /// The apply was interrupted immediately; steps in flight may or may not have been done.
    Abandoned,
    /// The journal could not be written, so nothing more was.
    Journal(String),
}

/// The result of a step.
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
    /// It was in flight when the apply was interrupted immediately: it may or may not have been done.
    Abandoned,
    /// It was not started.
    NotStarted(WhyNot),
}

/// Why a step was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// This step, or one before it, failed.
    After(StepId),
    /// A step failed; after that, only steps that take access away start.
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
    /// What it removes was already gone.
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
    /// The API refused, or did not answer.
    #[error(transparent)]
    Api(#[from] api::Error),
    /// The object has changed since the plan, so overwriting it would lose somebody's work.
    #[error("{address} has changed since it was planned: {}", list(changes))]
    Changed {
        /// The object.
        address: Address,
        /// What differs.
        changes: Vec<ChangedField>,
    },
    /// Somebody asked to stop, or another step failed, while the step was reading. Its outcome is [`StepEnd::NotStarted`].
    #[error("nothing was sent")]
    Unsent,
    /// The object that the step changes or relies on no longer exists.
    #[error("{0} no longer exists")]
    Vanished(Address),
    /// Somebody attached a policy to a group that somebody was about to join.
    #[error(
        "{group} has changed since it was planned: policy `{}` has been attached to it",
        api::escaped(policy)
    )]
    Attached {
        /// The group.
        group: Address,
        /// The name of the policy.
        policy: String,
    },
    /// A policy is not attached any more to a group that somebody was about to join.
    #[error("{group} has changed since it was planned: {policy} is not attached to it any more")]
    Detached {
        /// The group.
        group: Address,
        /// The policy.
        policy: Address,
    },
    /// The object could not be read right before the step.
    #[error("{address} could not be read before the step was sent")]
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
    /// A create after which the list could not be read.
    #[error("{}; the list could not be read to find out", unlisted(address, create.as_deref()))]
    Unlisted {
        /// The object.
        address: Address,
        /// Why it is not known whether it was created; `None` where it was, and another run may have created it too.
        create: Option<String>,
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
        "{address} may not have been created: the request got no answer, and the object that now has the name ({id}) is different: {}",
        list(mismatches)
    )]
    Other {
        /// The object.
        address: Address,
        /// The object that has the name.
        id: Id,
        /// What differs: as it was to be made, and as it is.
        mismatches: Vec<FieldMismatch>,
    },
    /// A create whose outcome stayed unknown however often it was sent.
    #[error("{address} was not created: several requests got no answer")]
    NotMade {
        /// The object.
        address: Address,
        /// The result of the last try.
        source: api::Error,
    },
    /// The API gave an object an id that is invalid, or that another object has.
    #[error(
        "{address} was created, but the API returned the id `{id}`, which is invalid or belongs to another object"
    )]
    BadId {
        /// The object.
        address: Address,
        /// The id, escaped.
        id: String,
    },
    /// The plan names an object whose id nobody knows.
    #[error("{0} has no id: the plan does not match the organization")]
    Unknown(Address),
    /// The plan holds a rule that cannot be written.
    #[error("{0} holds a rule that this version cannot write")]
    Unwritable(Address),
    /// A bug, which did not stop the other steps.
    #[error("bug: the step panicked: {0}; please report it")]
    Panicked(String),
}

fn unlisted(address: &Address, create: Option<&str>) -> String {
    match create {
        Some(error) => format!("{address} may have been created: {error}"),
        None => format!("{address} was created, and another run may have created it too"),
    }
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
            | Self::Unsent
            | Self::Unwritable(_) => false,
        }
    }

    /// Says whether it failed because the organization has changed since the plan.
    #[must_use]
    pub fn overtaken(&self) -> bool {
        match self {
            Self::Changed { .. }
            | Self::Vanished(_)
            | Self::Attached { .. }
            | Self::Detached { .. }
            | Self::Taken { .. } => true,
            // Somebody else has the name, or has done the same.
            Self::Api(error) => error.kind() == api::ErrorKind::Conflict,
            Self::Unseen { .. }
            | Self::TwinRemoved { .. }
            | Self::TwinLeft { .. }
            | Self::AfterTry(_)
            | Self::Unlisted { .. }
            | Self::Twins { .. }
            | Self::Other { .. }
            | Self::NotMade { .. }
            | Self::BadId { .. }
            | Self::Unknown(_)
            | Self::Unsent
            | Self::Unwritable(_)
            | Self::Panicked(_) => false,
        }
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
            Self::Api(source) if self.overtaken() => source.hint().or(Some("plan again")),
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
            Self::Twins { .. } => Some("delete those that are not wanted, and plan again"),
            Self::BadId { .. } | Self::Unsent | Self::Unwritable(_) | Self::Panicked(_) => None,
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
            | Self::Unsent
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
        self.steps.iter().any(|step| step.end.wrote()) || self.keys.wrote()
    }

    /// Says whether nothing was written because the organization has changed since the plan.
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
