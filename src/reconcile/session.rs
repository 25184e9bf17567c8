//! An organization, and who works on it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::error::Error;
use crate::api::{AccessKey, Client, Warning};
use crate::apply::{Holder, Unwatched};
use crate::config::Mistakes;
use crate::live::{self, Live, LiveNeeds, Notice};
use crate::model::Id;

/// A connection to one organization.
#[derive(Clone)]
pub struct Session {
    pub(super) client: Client,
    pub(super) organization: Id,
    pub(super) access_key: Option<AccessKey>,
    pub(super) run_id: String,
    pub(super) watch: Arc<dyn Watch>,
    pub(super) rehearses: bool,
}

/// What a session reports while it works. Every method does nothing unless it is implemented.
pub trait Watch: Send + Sync {
    /// The credentials work, but should be changed.
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

    /// An object that was requested is neither in the files nor in the organization
    /// ([`AbsentObject::Warned`](super::AbsentObject::Warned)).
    fn absent(&self, object: &Error) {
        let _ = object;
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
    /// Its caller is unknown until [`Session::with_access_key`] or [`PlanOptions::caller`](super::PlanOptions::caller) names
    /// one, and a plan without a caller is refused by the guard `self_lockout`.
    #[must_use]
    pub fn new(client: Client, organization: Id) -> Self {
        Self {
            client,
            organization,
            access_key: None,
            run_id: String::new(),
            watch: Arc::new(Unwatched),
            rehearses: false,
        }
    }

    /// Returns the session with the access key that the client uses, which tells who plans and applies.
    #[must_use]
    pub fn with_access_key(self, access_key: Option<AccessKey>) -> Self {
        Self { access_key, ..self }
    }

    /// Returns the session as one behind which nothing is real: who plans may be said, whosever key makes the calls.
    #[must_use]
    pub fn as_rehearsal(self) -> Self {
        Self { rehearses: true, ..self }
    }

    /// Returns the session with the id of its run, which stands in journals.
    #[must_use]
    pub fn with_run_id(self, run_id: impl Into<String>) -> Self {
        Self { run_id: run_id.into(), ..self }
    }

    /// Returns the session with a watcher.
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
    /// [`Error::Read`] when a part of it cannot be read: a partial result is never returned.
    pub async fn read(&self, needs: &LiveNeeds) -> Result<Live, Error> {
        let live = self.refresh(needs).await?;
        live.notices.iter().for_each(|notice| self.watch.notice(notice));
        Ok(live)
    }

    /// Reads the live organization without reporting novelties.
    pub(super) async fn refresh(&self, needs: &LiveNeeds) -> Result<Live, Error> {
        live::refresh(&self.client, self.organization, needs).await.map_err(|source| self.unread(source))
    }

    /// Reads what a report tells beside access: API keys, security settings, log-in methods.
    ///
    /// # Errors
    /// [`Error::Read`]; what the caller may not read is noted in [`Live::inventory`] and is no error.
    pub async fn inventory(&self, live: &mut Live) -> Result<(), Error> {
        live::inventory(&self.client, live).await.map_err(|source| self.unread(source))
    }

    /// Returns the id of the run.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Reads the organization in the API's own representation, without secrets: a state for the emulator. `snapshot` in it says
    /// when it was taken, by which run and key, and which lists were read.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn snapshot(&self, now: Timestamp) -> Result<serde_json::Value, Error> {
        let mut state = live::snapshot(&self.client).await.map_err(|source| self.unread(source))?;
        let by = self.access_key.as_ref().map(|key| format!("the API key {key}"));
        let record = &mut state["snapshot"];
        record["taken_at"] = now.to_string().into();
        record["tool"] = format!("scw-iam {}", env!("CARGO_PKG_VERSION")).into();
        record["run_id"] = self.run_id.as_str().into();
        record["by"] = by.into();
        Ok(state)
    }

    pub(super) fn unread(&self, source: live::Error) -> Error {
        Error::Read { organization: self.organization, source }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, organization, access_key, run_id, watch: _, rehearses } = self;
        f.debug_struct("Session")
            .field("client", client)
            .field("organization", organization)
            .field("access_key", access_key)
            .field("run_id", run_id)
            .field("rehearses", rehearses)
            .finish_non_exhaustive()
    }
}

/// Returns a new id for a run, which the API's audit log will show: 16 hexadecimal digits.
///
/// # Errors
/// [`Error::Randomness`].
pub fn run_id() -> Result<String, Error> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|error| Error::Randomness(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
