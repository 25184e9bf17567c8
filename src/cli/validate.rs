//! `scw-iam validate`

use super::arguments::{ConnectArgs, Paths};
use super::failure::Failure;
use super::output::talk;
use super::session::Connection;
use super::watch::Talk;
use super::{Common, Exit};
use crate::config;
use crate::live;
use crate::model::Catalogue;
use crate::reconcile::{Watch as _, resolve};
use crate::render::mistake::{MistakesReport, summary};

const EXAMPLES: &str = "\
Examples:
  scw-iam validate
  scw-iam validate iam --online
  scw-iam validate iam -o json=mistakes.json";

/// Checks the files and reports every error, without credentials
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Validate {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
    /// Also check people, projects and permission sets against the organization
    #[arg(long)]
    online: bool,
}

impl Validate {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let files = config::read(&self.paths.sources(), common.now())?;
        let warnings = if self.online || self.connect.emulate.is_some() {
            let connection = Connection::open(&self.connect, Some(files.organization())).await?;
            let needs = live::LiveNeeds {
                projects: files.needs().projects,
                permission_sets: true,
                ..live::LiveNeeds::default()
            };
            let live = connection.session.read(&needs).await?;
            let resolved = resolve(&files, &live)?;
            connection.close().await?;
            resolved.warnings
        } else {
            files.resolve(None, Catalogue::published(), false)?.warnings
        };
        common.rest().show(&MistakesReport(&warnings))?;
        Talk.warnings(&warnings);
        common.accept(&warnings)?;
        talk(&format!("{}.", summary(&warnings)));
        Ok(Exit::Done)
    }
}
