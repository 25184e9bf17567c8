//! The library's front door: a [`Session`] with one organization plans files, applies plans and looks for drift.
//!
//! The commands `plan`, `apply` and `drift` are these calls, between reading arguments and writing reports. An embedder
//! reads files with [`crate::config::read`], opens a session with [`Session::connect`], or with [`Session::new`] around a
//! client of its own, and writes what comes back with [`crate::render`].

mod apply;
mod connect;
mod drift;
mod error;
mod export;
mod hint;
mod plan;
mod saved;
mod unlock;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::apply::ApplyOptions;
pub use self::connect::{ConnectOptions, run_id};
pub use self::drift::Drift;
pub use self::error::{Error, Outdated};
pub use self::export::{Exported, export};
pub use self::hint::hints;
pub use self::plan::{PlanOptions, Planned, resolve};
pub use self::saved::{Again, SavedPlan};
use crate::api::{AccessKey, Client, Warning};
use crate::apply::{Holder, Unwatched};
use crate::config::Mistakes;
use crate::live::{self, Live, Needs, Notice};
use crate::model::Id;

/// A connection to one organization.
#[derive(Clone)]
pub struct Session {
    client: Client,
    organization: Id,
    access_key: Option<AccessKey>,
    run_id: String,
    watch: Arc<dyn Watch>,
}

/// What a session reports while it works. Every method does nothing unless it is implemented.
pub trait Watch: Send + Sync {
    /// The credentials work, but should not stay as they are.
    fn credentials(&self, warning: &Warning) {
        let _ = warning;
    }

    /// The API serves something that this version does not know.
    fn notice(&self, notice: &Notice) {
        let _ = notice;
    }

    /// The files hold warnings and hints; there may be none.
    fn warnings(&self, warnings: &Mistakes) {
        let _ = warnings;
    }

    /// An earlier apply was killed while it wrote; the session waits this long for the requests that it left behind.
    fn killed(&self, holder: &Holder, wait: Duration) {
        let _ = (holder, wait);
    }
}

impl Watch for Unwatched {}

impl Session {
    /// Opens a session through a client.
    ///
    /// Nobody is known as its caller until [`Session::with_access_key`] or [`PlanOptions::caller`] names one, and a plan
    /// without a caller is refused by the guard `self_lockout`.
    #[must_use]
    pub fn new(client: Client, organization: Id) -> Self {
        Self { client, organization, access_key: None, run_id: String::new(), watch: Arc::new(Unwatched) }
    }

    /// Returns the session with the access key that the client uses, which tells who plans and applies.
    #[must_use]
    pub fn with_access_key(self, access_key: Option<AccessKey>) -> Self {
        Self { access_key, ..self }
    }

    /// Returns the session with the id of its run, which stands in journals.
    #[must_use]
    pub fn with_run_id(self, run_id: impl Into<String>) -> Self {
        Self { run_id: run_id.into(), ..self }
    }

    /// Returns the session with somebody who watches it.
    #[must_use]
    pub fn watched_by(self, watch: Arc<dyn Watch>) -> Self {
        Self { watch, ..self }
    }

    /// Returns the organization.
    #[must_use]
    pub const fn organization(&self) -> Id {
        self.organization
    }

    /// Reads the live organization.
    ///
    /// # Errors
    /// [`Error::Read`] when a part of it cannot be read: a part is never taken for the whole.
    pub async fn read(&self, needs: &Needs) -> Result<Live, Error> {
        let live = self.refresh(needs).await?;
        live.notices.iter().for_each(|notice| self.watch.notice(notice));
        Ok(live)
    }

    /// Reads the live organization without telling what is new in it.
    async fn refresh(&self, needs: &Needs) -> Result<Live, Error> {
        live::refresh(&self.client, self.organization, needs).await.map_err(|source| self.unread(source))
    }

    /// Reads the organization in the API's own representation, without secrets: a state for the emulator.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn snapshot(&self) -> Result<serde_json::Value, Error> {
        live::snapshot(&self.client).await.map_err(|source| self.unread(source))
    }

    fn unread(&self, source: live::Error) -> Error {
        Error::Read { organization: self.organization, source }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, organization, access_key, run_id, watch: _ } = self;
        f.debug_struct("Session")
            .field("client", client)
            .field("organization", organization)
            .field("access_key", access_key)
            .field("run_id", run_id)
            .finish_non_exhaustive()
    }
}
