//! `scw-iam snapshot`

use std::path::PathBuf;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{Common, Reach};
use super::failure::Failure;
use super::output::{talk, write_whole};
use super::session::Session;
use crate::live;

const EXAMPLES: &str = "\
Examples:
  scw-iam snapshot --out state.json
  scw-iam plan iam --emulate state.json";

/// Writes the organization as the emulator's state, without secrets, to rehearse on
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Snapshot {
    #[command(flatten)]
    reach: Reach,
    /// The file to write
    #[arg(long, value_name = "STATE.json")]
    out: PathBuf,
}

impl Snapshot {
    pub(super) async fn run(self, _common: &Common) -> Result<Exit, Failure> {
        let session = Session::open(&self.reach, None).await?;
        let state = live::snapshot(&session.client)
            .await
            .with_context(|| format!("cannot read organization {}", session.organization))?;
        write_whole(&self.out, format!("{state:#}\n").as_bytes())?;
        talk(&format!("Wrote {}. Rehearse on it with --emulate {0}.", self.out.display()));
        session.close().await?;
        Ok(Exit::Done)
    }
}
