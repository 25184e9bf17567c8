//! Sessions with the credentials that Scaleway's own tools use.

use std::sync::Arc;

use jiff::Timestamp;

use super::Error;
use super::session::{Session, Watch, run_id};
use crate::api::{CredentialSettings, OrganizationId, ResolvedSettings, SettingsError};
use crate::model::Id;

/// How a session sends requests.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectOptions {
    /// Maximum number of requests in flight.
    pub parallelism: usize,
    /// Maximum number of requests per second.
    pub max_rps: f64,
    /// The profile of the configuration file; `None` for the one that `SCW_PROFILE` or the file chooses.
    pub profile: Option<String>,
    /// The time to which each request moves the clock of an emulator on this machine.
    pub emulated_time: Option<Timestamp>,
}

impl Session {
    /// Opens a session with the credentials of the environment or the configuration file, for this organization or, without
    /// one, for the configured one. Sends nothing yet.
    ///
    /// # Errors
    /// When credentials are missing or malformed; [`Error::OtherOrganization`] when they are for another organization.
    pub fn connect(
        organization: Option<Id>,
        options: &ConnectOptions,
        watch: Arc<dyn Watch>,
    ) -> Result<Self, Error> {
        let resolved = CredentialSettings::from_environment(options.profile.as_deref())?;
        resolved.warnings.iter().for_each(|warning| watch.credentials(warning));
        let configured = configured_organization(&resolved)?;
        let settings = resolved.settings;
        let organization = organization_of(&settings, organization, configured)?;
        let run_id = run_id()?;
        let client = settings
            .client(for_client(organization)?)?
            .parallelism(options.parallelism)
            .max_rps(options.max_rps)
            .run_id(&run_id);
        let client = match options.emulated_time {
            Some(at) => client.emulated_time(at),
            None => client,
        };
        let client = client.build()?;
        let session = Self::new(client, organization).with_run_id(run_id).watched_by(watch);
        Ok(session.with_access_key(settings.access_key))
    }
}

/// Returns the organization that settings name.
///
/// # Errors
/// [`SettingsError::Format`] when what is configured is no id.
pub fn configured_organization(resolved: &ResolvedSettings) -> Result<Option<Id>, Error> {
    let id = resolved.settings.default_organization_id.as_ref().map(|id| id.as_str().parse());
    let what = "default organization ID";
    let origin = || resolved.origins.get(what).cloned().unwrap_or_default();
    id.transpose().map_err(|_| SettingsError::Format { what, origin: origin(), form: "a UUID" }.into())
}

/// Returns which organization is meant, by the files and by the settings.
fn organization_of(
    settings: &CredentialSettings,
    wanted: Option<Id>,
    configured: Option<Id>,
) -> Result<Id, Error> {
    match (wanted, configured) {
        (Some(wanted), Some(configured)) if wanted != configured => {
            Err(Error::OtherOrganization { wanted, configured })
        }
        (Some(organization), _) | (None, Some(organization)) => Ok(organization),
        // If nothing is configured yet, it is better to report the missing key first.
        (None, None) if settings.secret_key.is_none() => Err(SettingsError::NoSecretKey.into()),
        (None, None) => Err(SettingsError::NoOrganization.into()),
    }
}

fn for_client(organization: Id) -> Result<OrganizationId, Error> {
    organization.to_string().parse().map_err(|_| SettingsError::NoOrganization.into())
}
