//! `scw-iam completions`

use clap_complete::Shell;

use super::Exit;
use super::failure::Failure;
use super::output::Output;
use crate::render::Format;

const EXAMPLES: &str = "\
Examples:
  scw-iam completions bash > ~/.local/share/bash-completion/completions/scw-iam
  scw-iam completions zsh > ~/.zfunc/_scw-iam
  scw-iam completions fish > ~/.config/fish/completions/scw-iam.fish";

/// Prints a script that completes this command line in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, mut program: clap::Command) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "scw-iam", &mut script);
        Output { format: Format::Text, file: None }.write(&script)?;
        Ok(Exit::Done)
    }
}
