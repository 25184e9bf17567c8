//! The API of the library: a [`Session`] with one organization plans files, applies plans and looks for drift.
//!
//! The commands `plan`, `apply` and `drift` are these calls, between reading arguments and writing reports. An embedder
//! reads files with [`crate::config::read`], opens a session with [`Session::connect`], or with [`Session::new`] around a
//! client of its own, and writes what comes back with [`crate::render`].

mod activity;
mod adopted_keys;
mod apply;
mod attribution;
mod connect;
mod doctor;
mod drift;
mod due;
mod error;
mod export;
mod hint;
mod keys;
mod only;
mod options;
mod plan;
mod resolve;
mod saved;
mod session;
mod terraform;
mod unlock;

pub use self::activity::ActivityLookup;
pub use self::adopted_keys::AdoptedKey;
pub use self::apply::ApplyOptions;
pub use self::connect::{ConnectOptions, configured_organization};
pub use self::drift::Drift;
pub use self::error::{Error, Outdated, UnknownObject};
pub use self::export::{Exported, export};
pub use self::hint::hints;
pub use self::keys::{PlannedRotation, ShownKey};
pub use self::options::{AbsentObject, KeyOptions, PlanOptions};
pub use self::plan::Planned;
pub use self::resolve::resolve;
pub use self::saved::{Again, SavedPlan};
pub use self::session::{Session, Watch, run_id};
pub use self::terraform::{TakenOver, export_terraform};
