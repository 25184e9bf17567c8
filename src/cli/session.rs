//! A connection to the live side: the real API with the user's credentials, or an embedded emulator.

use std::path::Path;

use anyhow::Context as _;

use super::arguments::Reach;
use super::failure::Failure;
use super::output::{talk, write_whole};
use super::state;
use crate::api::{self, Client, Secret, Settings};
use crate::emulator::{self, Emulator};
use crate::model::Id;

/// A client, and what it talks to.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) organization: Id,
    /// The access key that is used, which tells who runs the command.
    pub(super) access_key: Option<api::AccessKey>,
    pub(super) run_id: String,
    emulator: Option<Emulator>,
    save: Option<std::path::PathBuf>,
}

/// What the emulator accepts when its state holds no secret: anything.
const ANY_SECRET: &str = "00000000-0000-0000-0000-000000000000";

impl Session {
    /// Opens a session for the organization of the files, or, without files, for the configured one.
    pub(super) async fn open(reach: &Reach, organization: Option<Id>) -> Result<Self, Failure> {
        match &reach.emulate {
            Some(state) => Self::emulated(reach, state, organization).await,
            None => Self::real(reach, organization),
        }
    }

    async fn emulated(reach: &Reach, path: &Path, organization: Option<Id>) -> Result<Self, Failure> {
        if let Some(save) = &reach.save {
            state::keep(path, save)?;
        }
        let state = state::read(path)?;
        let session = Self::embedded(reach, state, organization).await;
        match session {
            Err(Failure::Error { exit, error }) => Err(Failure::Error {
                exit,
                error: error.context(format!("cannot emulate {}", path.display())),
            }),
            other => other,
        }
    }

    /// Opens a session with an emulator of this state.
    pub(super) async fn embedded(
        reach: &Reach,
        mut state: serde_json::Value,
        organization: Option<Id>,
    ) -> Result<Self, Failure> {
        // Secrets would close the emulator, and this one is for whoever runs the command alone.
        let keys = state.get_mut("api_keys").and_then(serde_json::Value::as_array_mut);
        for key in keys.into_iter().flatten() {
            if let Some(key) = key.as_object_mut() {
                key.remove("secret_key");
            }
        }
        let options = emulator::Options { state: Some(state), ..emulator::Options::default() };
        let emulator = emulator::start(options).await.map_err(anyhow::Error::new)?;
        let state = emulator.state();
        let emulated: Id = state["organization"]["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .context("the state has no organization")?;
        if let Some(wanted) = organization.filter(|wanted| *wanted != emulated) {
            return Err(Failure::error(anyhow::anyhow!(
                "the files are about organization {wanted}, the state is of {emulated}"
            )));
        }
        let run_id = run_id()?;
        let client = Client::builder(Secret::new(ANY_SECRET), organization_id(emulated)?)
            .api_url(emulator.url())
            .parallelism(reach.parallelism.into())
            .max_rps(f64::from(reach.max_rps).max(1000.0))
            .run_id(&run_id)
            .build()
            .map_err(anyhow::Error::new)?;
        Ok(Self {
            client,
            organization: emulated,
            access_key: emulator::EMULATOR_ACCESS_KEY.parse().ok(),
            run_id,
            emulator: Some(emulator),
            save: reach.save.clone(),
        })
    }

    fn real(reach: &Reach, organization: Option<Id>) -> Result<Self, Failure> {
        let resolved = Settings::from_environment().map_err(anyhow::Error::new)?;
        for warning in &resolved.warnings {
            talk(&format!("warning: {warning}"));
        }
        let settings = resolved.settings;
        let configured: Option<Id> =
            settings.default_organization_id.as_ref().and_then(|id| id.as_str().parse().ok());
        let organization = match (organization, configured) {
            (Some(wanted), Some(configured)) if wanted != configured => {
                return Err(Failure::error(anyhow::anyhow!(
                    "the files are about organization {wanted}, the credentials are for {configured}\nhint: choose the profile of that organization with SCW_PROFILE, or set SCW_DEFAULT_ORGANIZATION_ID"
                )));
            }
            (Some(wanted), _) => wanted,
            (None, Some(configured)) => configured,
            // Who has configured nothing yet is better told about the key first.
            (None, None) if settings.secret_key.is_none() => {
                return Err(Failure::error(anyhow::Error::new(api::SettingsError::NoSecretKey)));
            }
            (None, None) => settings
                .organization()
                .map_err(anyhow::Error::new)?
                .as_str()
                .parse()
                .map_err(anyhow::Error::new)?,
        };
        let run_id = run_id()?;
        let client = settings
            .client(organization_id(organization)?)
            .map_err(anyhow::Error::new)?
            .parallelism(reach.parallelism.into())
            .max_rps(f64::from(reach.max_rps))
            .run_id(&run_id)
            .build()
            .map_err(anyhow::Error::new)?;
        let access_key = settings.access_key.clone();
        Ok(Self { client, organization, access_key, run_id, emulator: None, save: None })
    }

    /// Whether nothing real is behind it.
    pub(super) const fn emulates(&self) -> bool {
        self.emulator.is_some()
    }

    /// Ends the session: with an emulator, keeps its state where that was asked for and says that nothing real changed.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let Some(emulator) = self.emulator else { return Ok(()) };
        let state = emulator.shutdown().await.map_err(anyhow::Error::new)?;
        if let Some(path) = &self.save {
            let text = format!("{state:#}\n");
            write_whole(path, text.as_bytes())?;
            talk(&format!("kept the outcome in {}", path.display()));
        }
        talk("This ran on an emulator: nothing real was changed.");
        Ok(())
    }
}

fn organization_id(id: Id) -> anyhow::Result<api::OrganizationId> {
    Ok(id.to_string().parse()?)
}

/// An id for this run, which the audit log will show.
fn run_id() -> anyhow::Result<String> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness for a run id: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
