//! `scw-iam quota`

use super::arguments::ConnectArgs;
use super::failure::Failure;
use super::session::Connection;
use super::{Common, Exit};
use crate::live;
use crate::model::Kind;
use crate::render::quota::QuotaReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam quota
  scw-iam quota -o json";

/// Shows how many objects the organization may have, and how many there are
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct QuotaCommand {
    #[command(flatten)]
    connect: ConnectArgs,
}

impl QuotaCommand {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let connection = Connection::open(&self.connect, None).await?;
        let kinds = Kind::ALL.iter().copied().collect();
        let needs = live::LiveNeeds { kinds, quota: true, ..live::LiveNeeds::default() };
        let live = connection.session.read(&needs).await?;
        connection.close().await?;
        common.show(&QuotaReport { live: &live })?;
        Ok(Exit::Done)
    }
}
