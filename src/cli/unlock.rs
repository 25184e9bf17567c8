//! `scw-iam unlock`

use super::arguments::{ConnectArgs, person};
use super::failure::Failure;
use super::output::talk;
use super::session::Connection;
use super::{Common, Exit};
use crate::model::Key;

const EXAMPLES: &str = "\
Examples:
  scw-iam unlock alice@example.com
  scw-iam unlock username=alice";

/// Unlocks a person, so that they can log in and their API keys work again
///
/// Files cannot unlock anybody, because the service locks people too: after too many failed attempts to log in, or when a grace
/// period ends. Unlocking restarts the person's grace periods.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Unlock {
    /// The person
    #[arg(value_name = "E-MAIL|username=NAME|id=ID", value_parser = person)]
    person: Key,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl Unlock {
    pub(super) async fn run(self, _: &Common) -> Result<Exit, Failure> {
        let connection = Connection::open(&self.connect, None).await?;
        let unlocked = connection.session.unlock(&self.person).await?;
        talk(&match unlocked {
            true => format!("Unlocked {}.", self.person),
            false => format!("{} is not locked. Nothing was changed.", self.person),
        });
        connection.close().await?;
        Ok(Exit::Done)
    }
}
