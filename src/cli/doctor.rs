//! `scw-iam doctor`

use super::arguments::ConnectArgs;
use super::failure::Failure;
use super::session::Connection;
use super::{Common, Exit};
use crate::api::CredentialSettings;
use crate::live::Part;
use crate::render::doctor::DoctorReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam doctor
  scw-iam doctor --profile production";

/// Shows which credentials are used, whose they are, and what they can do
///
/// Reads the first page of everything that the commands read, and writes nothing. Exits with 1 if plan, drift or export cannot read
/// what they need.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Doctor {
    #[command(flatten)]
    connect: ConnectArgs,
}

impl Doctor {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let settings = self.settings()?;
        let connection = Connection::open(&self.connect, None).await?;
        let diagnosis = connection.session.diagnose(common.now()).await?;
        common.show(&DoctorReport { settings, diagnosis: &diagnosis })?;
        connection.close().await?;
        let reads = diagnosis.lacks(&Part::NAMED).next().is_none();
        Ok(if reads { Exit::Done } else { Exit::Error })
    }

    /// What is set, and where; the emulator needs nothing.
    fn settings(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        if self.connect.emulate.is_some() {
            return Ok(Vec::new());
        }
        let found = CredentialSettings::from_environment(self.connect.profile.as_deref())
            .map_err(anyhow::Error::new)?;
        let settings = found.settings;
        if settings.secret_key.is_none() || settings.default_organization_id.is_none() {
            let missing = [
                (settings.access_key.is_none(), "access key", "SCW_ACCESS_KEY"),
                (settings.secret_key.is_none(), "secret key", "SCW_SECRET_KEY"),
                (settings.default_organization_id.is_none(), "organization", "SCW_DEFAULT_ORGANIZATION_ID"),
            ];
            let missing = missing.into_iter().filter(|(missing, ..)| *missing);
            let (words, variables): (Vec<_>, Vec<_>) = missing.map(|(_, word, of)| (word, of)).unzip();
            let failure = Failure::error(anyhow::anyhow!("not configured: {}", words.join(", ")));
            return Err(failure.hint(format!(
                "set {}, or run `scw init`, which writes a configuration file",
                variables.join(", ")
            )));
        }
        let of = |name: &str| {
            found.origins.get(name).map_or("not set".to_owned(), |origin| format!("from {origin}"))
        };
        let with = |value: Option<String>, name| match value {
            Some(value) => format!("{value}, {}", of(name)),
            None => of(name),
        };
        let access_key = settings.access_key.map(|key| key.to_string());
        let organization = settings.default_organization_id.map(|id| id.to_string());
        Ok(vec![
            ("access key", with(access_key, "access key")),
            ("secret key", of("secret key")),
            ("organization", with(organization, "default organization ID")),
            ("API", settings.api_url),
        ])
    }
}
