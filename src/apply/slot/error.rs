use crate::api;
use crate::live;
use crate::model::{AccessKeyId, Address, Hint};

/// Why the work of a slot was not done. No variant holds what a secret could be in.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    /// A call failed.
    #[error("could not {doing}: {source}")]
    Api {
        /// What was to be done.
        doing: &'static str,
        /// How the call failed.
        source: api::Error,
    },
    /// What is live could not be read.
    #[error("could not look at the slot right before its work: {0}")]
    Unseen(#[source] live::Error),
    /// The slot needs something else than the plan said.
    #[error("it changed since the plan was made")]
    Changed,
    /// Another run made a key of the slot at the same time.
    #[error(
        "another run made a key of this slot at the same time ({other}), so the one that this run made ({mine}) was deleted"
    )]
    Twin {
        /// The key that this run made.
        mine: AccessKeyId,
        /// The one that stays.
        other: AccessKeyId,
    },
    /// The key that is being delivered is not what this run made any more.
    #[error("the key {0} was changed or deleted by somebody else while it was being delivered")]
    Touched(AccessKeyId),
    /// The deliveries took too long.
    #[error("the key {0} was made more than 10 minutes ago, so no further delivery of it is started")]
    TooLate(AccessKeyId),
    /// A delivery does not hold what was delivered.
    #[error("{0} does not hold the key that was delivered there")]
    Unconfirmed(String),
    /// A secret is not what it was.
    #[error("secret {0} was made by another run at the same time")]
    SecretTwin(String),
    /// A secret takes no more versions.
    #[error("secret {0} has 20 versions, which is all that it can have")]
    Full(String),
    /// A file could not be written.
    #[error("could not deliver file {path}: {why}")]
    File {
        /// Its path below the folder.
        path: String,
        /// Why not.
        why: String,
    },
    /// A command did not take the key.
    #[error("command {label} {why}")]
    Command {
        /// Its label.
        label: String,
        /// What became of it.
        why: String,
    },
    /// The plan names what nobody knows.
    #[error("{0} has no id: the plan does not match the organization")]
    Unknown(Address),
    /// The journal could not be written.
    #[error("the journal could not be written: {0}")]
    Journal(String),
    /// A signal came before it was begun.
    #[error("stopped before it was begun")]
    Stopped,
    /// A second signal came while it was under way.
    #[error("stopped at once; it may have been done in part")]
    Abandoned,
    /// What went wrong while a key was delivered that is left as it is.
    #[error(
        "{source}; the key {key} is not in use yet, and a run that starts 15 minutes after it was made goes on with it"
    )]
    Left {
        /// The key.
        key: AccessKeyId,
        /// What went wrong.
        source: Box<Self>,
    },
    /// What went wrong before a key was delivered anywhere, so that it was deleted again.
    #[error("{0}; the new key was deleted again")]
    Withdrawn(#[source] Box<Self>),
}

impl SlotError {
    pub(super) const fn api(doing: &'static str, source: api::Error) -> Self {
        Self::Api { doing, source }
    }

    /// Says whether something may have been written.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Api { source, .. } => source.may_have_happened(),
            Self::Unseen(_)
            | Self::Changed
            | Self::Unknown(_)
            | Self::Journal(_)
            | Self::Full(_)
            | Self::Stopped => false,
            Self::Twin { .. }
            | Self::Touched(_)
            | Self::TooLate(_)
            | Self::Unconfirmed(_)
            | Self::SecretTwin(_)
            | Self::File { .. }
            | Self::Command { .. }
            | Self::Abandoned
            | Self::Left { .. }
            | Self::Withdrawn(_) => true,
        }
    }

    /// Returns what may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Api { source, .. } => source.hint().map(Hint::from),
            Self::Changed | Self::Stopped | Self::Abandoned | Self::Twin { .. } | Self::SecretTwin(_) => {
                Some("apply again".into())
            }
            Self::Left { source, .. } | Self::Withdrawn(source) => source.hint(),
            Self::Unseen(_)
            | Self::Touched(_)
            | Self::TooLate(_)
            | Self::Unconfirmed(_)
            | Self::Full(_)
            | Self::File { .. }
            | Self::Command { .. }
            | Self::Unknown(_)
            | Self::Journal(_) => None,
        }
    }
}
