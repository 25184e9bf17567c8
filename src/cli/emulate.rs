//! `scw-iam emulate`: the emulator on a port.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::emulator::{self, Options};

/// Emulates an organization's IAM API on a port of this machine.
#[derive(Debug, clap::Args)]
pub struct Emulate {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The organization, as JSON in the API's own representation; without it: an empty one with an owner
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// Runs an emulator until SIGINT or SIGTERM.
///
/// # Errors
/// When the state cannot be read or the address not be listened on.
pub async fn run(args: Emulate) -> anyhow::Result<()> {
    let state = match &args.state {
        Some(path) => {
            let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            Some(serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))?)
        }
        None => None,
    };
    let emulator = emulator::start(Options { listen: args.listen, state, ..Options::default() }).await?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", emulator.url())?;
    out.flush()?;
    stopped().await?;
    emulator.shutdown().await?;
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
async fn stopped() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}
