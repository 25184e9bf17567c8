//! `scw-iam snapshot`

use std::path::PathBuf;

use super::arguments::ConnectArgs;
use super::failure::Failure;
use super::output::{talk, write_whole};
use super::session::Connection;
use super::{Common, Exit};

const EXAMPLES: &str = "\
Examples:
  scw-iam snapshot --out state.json
  scw-iam plan iam --emulate state.json";

/// Writes the organization as a state for the emulator, without secrets, to rehearse changes on
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Snapshot {
    #[command(flatten)]
    connect: ConnectArgs,
    /// File to write
    #[arg(long, value_name = "STATE.json")]
    out: PathBuf,
}

impl Snapshot {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let connection = Connection::open(&self.connect, None).await?;
        let state = connection.session.snapshot(common.now()).await?;
        write_whole(&self.out, format!("{state:#}\n").as_bytes())?;
        talk(&format!("Wrote {}. Rehearse on it with --emulate {0}.", self.out.display()));
        connection.close().await?;
        Ok(Exit::Done)
    }
}
