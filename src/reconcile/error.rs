use std::fmt;
use std::io;
use std::path::PathBuf;

use jiff::SignedDuration;

use crate::api::{self, BuildError, ErrorKind, SettingsError};
use crate::apply::LockError;
use crate::config::Mistakes;
use crate::live;
use crate::model::{Address, Delivery, Id, Key, SlotName, Stack};
use crate::plan;
use crate::plan::file::{Mismatch, Stale, Unreadable};

/// Why a session cannot go on. [`super::hints`] tells what helps.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files hold errors.
    #[error("the files contain errors:\n{0}")]
    Files(Mistakes),
    /// The files hold warnings, which the watcher was told.
    #[error("there are warnings, and they are treated as errors")]
    Strict,
    /// There are no usable credentials.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The credentials or the address of the API cannot be used.
    #[error(transparent)]
    Client(#[from] BuildError),
    /// The credentials are for another organization than the files.
    #[error("the files are for organization {wanted}, but the credentials are for {configured}")]
    OtherOrganization {
        /// The organization of the files.
        wanted: Id,
        /// The organization of the credentials.
        configured: Id,
    },
    /// The system gives no random numbers.
    #[error("cannot generate a run id: {0}")]
    Randomness(String),
    /// The live organization could not be read.
    #[error("cannot read organization {organization}")]
    Read {
        /// The organization.
        organization: Id,
        /// Why not.
        source: live::Error,
    },
    /// The files do not fit the organization.
    #[error("cannot plan{}", place(.0))]
    Plan(#[from] plan::Error),
    /// A plan file that cannot be applied at all.
    #[error("cannot apply {name}")]
    Unreadable {
        /// The file.
        name: String,
        /// Why not.
        source: Unreadable,
    },
    /// The files in a plan file do not fit the organization, although it is what it was: they were edited.
    #[error(transparent)]
    Edited(Box<Self>),
    /// A plan that is out of date.
    #[error("{name} is stale; nothing was written")]
    Outdated {
        /// The plan.
        name: String,
        /// Why.
        source: Outdated,
    },
    /// The clocks of this machine and of the API do not agree, and time decides something.
    #[error("the clock of this machine is {} the clock of the API; nothing was written", apart(*.0))]
    Clock(SignedDuration),
    /// The files declare no such slot.
    #[error("the files declare no slot `{slot}` of {application}")]
    NoSlot {
        /// The application.
        application: Address,
        /// The slot.
        slot: SlotName,
    },
    /// A saved plan delivers a new key to a file or a command that no option names.
    #[error(
        "{name} delivers a new API key to {delivery}, but this command has no option for that delivery; nothing was written"
    )]
    Undeliverable {
        /// The plan.
        name: String,
        /// The delivery.
        delivery: Delivery,
    },
    /// A partial plan would delete something that nobody named.
    #[error("a plan of these objects alone would also delete {0}")]
    OnlyDeletes(String),
    /// A plan was requested for objects that do not exist.
    #[error("neither the files nor the organization has {}", alternatives(.0))]
    NoObject(Vec<UnknownObject>),
    /// The application is not live, or not the stack's.
    #[error("{0} does not exist yet, or does not belong to this stack; apply the files first")]
    NotOwned(Address),
    /// A person is not there, or not the only one who is called so.
    #[error("{} `{person}`", if *found == 0 { "nobody in the organization goes by" } else { "several people go by" })]
    Nobody {
        /// What the person was called.
        person: Key,
        /// How many go by it.
        found: usize,
    },
    /// A person cannot be unlocked.
    #[error("cannot unlock {person}")]
    Unlock {
        /// The person.
        person: Key,
        /// Why not.
        source: api::Error,
    },
    /// A guard or a conflict refuses the plan.
    #[error("the plan is refused; nothing was written")]
    Refused,
    /// Another apply is under way, or there is no place for the lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The lock file cannot be written.
    #[error("cannot write the lock file")]
    LockFile(#[source] io::Error),
    /// The journal cannot be written.
    #[error("cannot write the journal {}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A stack owns objects that files cannot declare, so that a plan of the exported files would delete them.
    #[error(
        "stack {stack} owns objects that files cannot declare, so a plan of the exported files would delete them:{}",
        list(deleted)
    )]
    Unsayable {
        /// The stack.
        stack: Stack,
        /// The objects.
        deleted: Vec<Address>,
    },
    /// The exported files do not match the live organization: a bug.
    #[error("bug: the exported files do not match the live organization; please report it:{}", list(.0))]
    Unproven(Vec<Address>),
}

/// An object that neither the files nor the organization has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownObject {
    /// The object, as it was given.
    pub object: String,
    /// What was probably meant.
    pub near: Option<String>,
}

/// Why a plan is out of date.
#[derive(Debug, thiserror::Error)]
pub enum Outdated {
    /// Too much time has passed, or the organization has changed.
    #[error(transparent)]
    Stale(Stale),
    /// The files in it hold errors now.
    #[error("its files are no longer valid for the organization")]
    Files(Mistakes),
    /// The files in it cannot be planned now.
    #[error(transparent)]
    Plan(Box<Error>),
}

impl Error {
    /// Says whether the organization could not be read because a permission is missing.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        let Self::Read { source: live::Error::Read { source, .. }, .. } = self else { return false };
        source.kind() == ErrorKind::Forbidden
    }

    /// Says of a plan file that it does not match.
    pub(super) fn mismatch(name: &str, why: Mismatch) -> Self {
        let name = name.to_owned();
        match why {
            Mismatch::Unreadable(source) => Self::Unreadable { name, source },
            Mismatch::Stale(stale) => Self::Outdated { name, source: Outdated::Stale(stale) },
        }
    }

    /// Says of a plan file that what it holds does not fit the organization any more.
    pub(super) fn unfit(name: &str, error: Self) -> Self {
        let source = match error {
            Self::Files(mistakes) => Outdated::Files(mistakes),
            other => Outdated::Plan(Box::new(other)),
        };
        Self::Outdated { name: name.to_owned(), source }
    }
}

impl From<Mistakes> for Error {
    fn from(mistakes: Mistakes) -> Self {
        Self::Files(mistakes)
    }
}

fn apart(ahead: SignedDuration) -> String {
    let (seconds, way) =
        (ahead.as_secs().unsigned_abs(), if ahead.is_negative() { "ahead of" } else { "behind" });
    format!("{seconds} seconds {way}")
}

fn place(error: &plan::Error) -> String {
    error.place().map(|place| format!(" {place}")).unwrap_or_default()
}

/// `a`, `b` or `c`.
fn alternatives(objects: &[UnknownObject]) -> String {
    let names: Vec<_> = objects.iter().map(|it| format!("`{}`", it.object)).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        names => names.concat(),
    }
}

/// Lines of their own.
fn list(things: &[impl fmt::Display]) -> String {
    things.iter().map(|thing| format!("\n  {thing}")).collect()
}
