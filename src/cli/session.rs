//! A connection to the live side: the real API with the user's credentials, or an embedded emulator.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::arguments::ConnectArgs;
use super::failure::Failure;
use super::output::{talk, write_whole};
use super::state;
use super::watch::Talk;
use crate::api::{Client, CredentialSettings, Secret};
use crate::apply::ApplyLock;
use crate::emulator::{self, Emulator};
use crate::model::{Id, Stack};
use crate::reconcile::{ConnectOptions, Error, Session, configured_organization, run_id};

/// A session, and the emulator that it talks to, where nothing real is behind it.
pub(super) struct Connection {
    pub(super) session: Session,
    emulator: Option<Emulator>,
    save: Option<PathBuf>,
}

/// What the emulator accepts when its state holds no secret: anything.
const ANY_SECRET: &str = "00000000-0000-0000-0000-000000000000";

/// Returns the organization that was named, or else the configured one.
pub(super) fn organization(how: &ConnectArgs, named: Option<Id>) -> Result<Id, Failure> {
    if let Some(organization) = named {
        return Ok(organization);
    }
    let resolved = CredentialSettings::from_environment(how.profile.as_deref()).map_err(Error::from)?;
    configured_organization(&resolved)?.ok_or_else(|| {
        let failure = Failure::usage("no organization is configured, and none was named");
        failure.hint("pass `--organization ID`, or set SCW_DEFAULT_ORGANIZATION_ID")
    })
}

impl Connection {
    /// Opens a connection for the organization of the files, or, without files, for the configured one.
    pub(super) async fn open(how: &ConnectArgs, organization: Option<Id>) -> Result<Self, Failure> {
        Self::open_at(how, organization, None).await
    }

    /// Opens one whose requests move the clock of an emulator to a time; the real API refuses that.
    pub(super) async fn open_at(
        how: &ConnectArgs,
        organization: Option<Id>,
        at: Option<Timestamp>,
    ) -> Result<Self, Failure> {
        let Some(path) = &how.emulate else {
            let options = ConnectOptions { emulated_time: at, ..how.options() };
            let session = Session::connect(organization, &options, Arc::new(Talk))?;
            return Ok(Self { session, emulator: None, save: None });
        };
        let state = state::read(path)?;
        let connection = Self::embedded(how, state, organization, at).await;
        connection.map_err(|failure| failure.context(format!("cannot emulate {}", path.display())))
    }

    /// Opens a connection to an emulator of this state, whose clock starts at a time where one is given.
    pub(super) async fn embedded(
        how: &ConnectArgs,
        mut state: serde_json::Value,
        organization: Option<Id>,
        at: Option<Timestamp>,
    ) -> Result<Self, Failure> {
        // Secrets would close the emulator, and this one is for the person who runs the command alone.
        let keys = state.get_mut("api_keys").and_then(serde_json::Value::as_array_mut);
        for key in keys.into_iter().flatten() {
            if let Some(key) = key.as_object_mut() {
                key.remove("secret_key");
            }
        }
        let options =
            emulator::EmulatorOptions { state: Some(state), now: at, ..emulator::EmulatorOptions::default() };
        let emulator = emulator::start(options).await.map_err(anyhow::Error::new)?;
        let emulated = emulator.state()["organization"]["id"].as_str().unwrap_or_default().to_owned();
        let id: Id = emulated.parse().context("the state has no organization")?;
        if let Some(wanted) = organization.filter(|wanted| *wanted != id) {
            return Err(anyhow::anyhow!(
                "the files are for organization {wanted}, but the state is for {id}"
            )
            .into());
        }
        let run_id = run_id()?;
        let client = Client::builder(Secret::new(ANY_SECRET), emulated.parse().map_err(anyhow::Error::new)?)
            .api_url(emulator.url())
            .parallelism(how.parallelism.into())
            .max_rps(f64::from(how.max_rps).max(1000.0))
            .run_id(&run_id);
        let client = match at {
            Some(at) => client.emulated_time(at),
            None => client,
        };
        let client = client.build().map_err(anyhow::Error::new)?;
        let session = Session::new(client, id)
            .with_access_key(emulator::EMULATOR_ACCESS_KEY.parse().ok())
            .with_run_id(run_id)
            .as_rehearsal()
            .watched_by(Arc::new(Talk));
        Ok(Self { session, emulator: Some(emulator), save: how.save.clone() })
    }

    /// Whether it is an emulator.
    pub(super) const fn emulates(&self) -> bool {
        self.emulator.is_some()
    }

    /// Locks out other applies on this machine; an embedded emulator needs no lock.
    pub(super) async fn lock(&self, stack: Option<&Stack>) -> Result<Option<ApplyLock>, Failure> {
        if self.emulates() { Ok(None) } else { Ok(Some(self.session.lock(stack).await?)) }
    }

    /// Ends the connection without a word: a snapshot that is read is no rehearsal.
    pub(super) async fn close_silently(self) -> Result<(), Failure> {
        if let Some(emulator) = self.emulator {
            emulator.shutdown().await.map_err(anyhow::Error::new)?;
        }
        Ok(())
    }

    /// Ends the connection: with an emulator, keeps its state where that was asked for and says that nothing real changed.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let Some(emulator) = self.emulator else { return Ok(()) };
        let state = emulator.shutdown().await.map_err(anyhow::Error::new)?;
        if let Some(path) = &self.save {
            write_whole(path, format!("{state:#}\n").as_bytes())?;
            talk(&format!("Saved the resulting state to {}.", path.display()));
        }
        talk("This ran on an emulator: nothing real was changed.");
        Ok(())
    }
}
