//! `scw-iam keys`

use super::arguments::{ConnectArgs, Paths};
use super::failure::Failure;
use super::rotate::Rotate;
use super::session::Connection;
use super::{Common, Exit};
use crate::api::AccessKey;
use crate::config;
use crate::reconcile::PlanOptions;
use crate::render::keys::{KeyReport, KeysReport};

const EXAMPLES: &str = "\
Examples:
  scw-iam keys iam
  scw-iam keys show SCW00000000000000000
  scw-iam keys rotate ci/deploy iam --yes";

/// Lists the slots for API keys with their keys, ages and deliveries, and what is due
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Keys {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    command: Option<KeysCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    Show(Show),
    Rotate(Rotate),
}

/// Shows one API key and whose it is
#[derive(Debug, clap::Args)]
struct Show {
    /// The access key, which is the public half of the API key
    access_key: AccessKey,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl Keys {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        match self.command {
            Some(KeysCommand::Show(command)) => return command.run(common).await,
            Some(KeysCommand::Rotate(command)) => return command.run(common).await,
            None => {}
        }
        let options = PlanOptions { now: common.now(), ..PlanOptions::default() };
        let files = config::read(&self.paths.sources(), options.now)?;
        let connection = Connection::open(&self.connect, Some(files.organization())).await?;
        let planned = connection.session.plan(&files, &options).await?;
        common.show(&KeysReport { plan: &planned.plan })?;
        connection.close().await?;
        Ok(Exit::Done)
    }
}

impl Show {
    async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let connection = Connection::open(&self.connect, None).await?;
        let shown = connection.session.key(&self.access_key).await?;
        common.show(&KeyReport {
            key: &shown.key,
            bearer: &shown.bearer,
            description: &shown.description,
            creation_ip: &shown.creation_ip,
            default_project: &shown.default_project,
            now: common.now(),
        })?;
        connection.close().await?;
        Ok(Exit::Done)
    }
}
