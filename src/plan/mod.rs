//! Two states → the steps from one to the other, in an order that never widens access on the way; guards; the plan file.
//!
//! A [`Plan`] is plain data, complete before the first write: [`between()`] compares, orders, rehearses and judges.
//! Equal input gives an equal plan, byte for byte.

mod administrators;
mod adoption;
mod align;
mod between;
mod blocked;
mod conflict;
mod diff;
mod drift;
mod error;
mod facts;
pub mod file;
mod fill;
mod graph;
pub mod guard;
mod interruption;
mod only;
mod order;
mod partial_state;
mod projects;
mod promise;
mod readers;
mod rehearse;
pub mod slot;
mod spared;
mod step;
mod summary;
mod weaker;
mod whole_plan;

pub use self::adoption::Adoption;
pub use self::between::between;
pub use self::blocked::{Blocked, Leftover};
pub use self::conflict::{Conflict, ConflictKind};
pub use self::drift::{DriftFinding, Findings};
pub use self::error::{Bug, Error};
pub use self::facts::{Caller, Facts, PeopleFacts};
pub use self::guard::{Allowance, Finding, GuardName, GuardOptions, LiftedBy, UnknownGuard, Verdict};
pub use self::interruption::Interruption;
pub use self::only::PartialScope;
pub(crate) use self::partial_state::PartialState;
pub use self::promise::Unkept;
pub use self::rehearse::rehearse;
pub use self::slot::KeyReader;
pub use self::spared::{Spared, SparedReason};
pub use self::step::{Action, Edge, Effect, Reason, Step, StepId};
pub use self::summary::{Counts, Summary};
pub use self::weaker::weaker;
pub use self::whole_plan::Plan;
