//! `scw-iam validate`

use super::Exit;
use super::arguments::{Common, Paths, Reach};
use super::failure::{Failure, write_mistakes};
use super::output::talk;
use super::prepare;
use super::session::Session;
use crate::config;
use crate::live;
use crate::model::Catalogue;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  scw-iam validate
  scw-iam validate iam --online
  scw-iam validate iam -o json=mistakes.json";

/// Checks files for mistakes, all of them at once, without credentials
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Validate {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    reach: Reach,
    /// Also check what needs the API: people, projects, permission sets
    #[arg(long)]
    online: bool,
}

impl Validate {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let files = config::read(&self.paths.sources(), common.now())?;
        let warnings = if self.online || self.reach.emulate.is_some() {
            let session = Session::open(&self.reach, Some(files.organization())).await?;
            let needs = live::Needs {
                projects: files.needs().projects,
                permission_sets: true,
                ..live::Needs::default()
            };
            let live = prepare::read(&session, &needs).await?;
            let catalogue = live.catalogue.as_ref();
            let resolved = files.resolve(
                Some(&live.state),
                catalogue.unwrap_or(Catalogue::published()),
                catalogue.is_some(),
            )?;
            session.close().await?;
            resolved.warnings
        } else {
            files.resolve(None, Catalogue::published(), false)?.warnings
        };
        write_mistakes(common, &warnings)?;
        prepare::warn(common, &warnings)?;
        talk(&format!("{}.", render::mistake::summary(&warnings)));
        Ok(Exit::Done)
    }
}
