//! `scw-iam man`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap_mangen::Man as Page;

use super::Exit;
use super::failure::Failure;
use super::output::{Output, talk, write_whole};
use crate::files::make_folder;
use crate::render::Format;

const EXAMPLES: &str = "\
Examples:
  scw-iam man | man -l -
  scw-iam man --out /usr/local/share/man/man1";

/// Prints the manual page, or writes one for each command
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Man {
    /// The folder to write to: scw-iam.1, scw-iam-plan.1 and so on
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self, mut program: clap::Command) -> Result<Exit, Failure> {
        program.build();
        match &self.out {
            None => Output { format: Format::Text, file: None }.write(&page(program)?)?,
            Some(folder) => write_all(folder, program)?,
        }
        Ok(Exit::Done)
    }
}

fn write_all(folder: &Path, program: clap::Command) -> Result<(), Failure> {
    make_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let each: Vec<_> = program.get_subcommands().filter(|each| each.get_name() != "help").cloned().collect();
    let mut written = 0;
    for command in std::iter::once(program).chain(each) {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        write_whole(&folder.join(format!("{name}.1")), &page(command)?)?;
        written += 1;
    }
    talk(&format!("Wrote {written} pages to {}.", folder.display()));
    Ok(())
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    Page::new(command).render(&mut bytes).context("cannot write the manual page")?;
    Ok(bytes)
}
