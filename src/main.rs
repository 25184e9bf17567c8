//! The thin binary: arguments in, exit code out.

use clap::Parser;
use scw_iam::cli::emulate::{self, Emulate};

/// Access of a Scaleway organization as YAML in git
#[derive(Parser)]
#[command(version)]
enum Command {
    Emulate(Emulate),
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match Command::parse() {
        Command::Emulate(args) => runtime.block_on(emulate::run(args)),
    }
}
