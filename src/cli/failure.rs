//! Why a command ends early, and how it says so.

use std::io::Write as _;

use super::Exit;
use super::arguments::Common;
use super::output::{colour_on_stderr, talk_with};
use crate::config::Mistakes;
use crate::render::escape::terminal;
use crate::render::paint::{Ink, Paint};
use crate::render::{self, Format};

/// Why a command ends early.
pub(super) enum Failure {
    /// Mistakes in a person's files.
    Mistakes(Mistakes),
    /// A machine's trouble, or a refusal.
    Error {
        /// How the command ends.
        exit: Exit,
        /// What it was doing, and what went wrong.
        error: anyhow::Error,
    },
}

impl Failure {
    /// A machine's trouble.
    pub(super) const fn error(error: anyhow::Error) -> Self {
        Self::Error { exit: Exit::Error, error }
    }

    /// Something that was called wrongly.
    pub(super) fn usage(message: impl std::fmt::Display) -> Self {
        Self::Error { exit: Exit::Usage, error: anyhow::anyhow!("{message}") }
    }

    /// Another end, with its words.
    pub(super) fn with(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self::Error { exit, error: anyhow::anyhow!("{message}") }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::error(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        anyhow::Error::new(error).into()
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::Mistakes(mistakes)
    }
}

/// Writes mistakes and warnings in the formats that were asked for; whoever watches has seen them already.
pub(super) fn write_mistakes(common: &Common, mistakes: &Mistakes) -> anyhow::Result<()> {
    for output in common.outputs() {
        let text = match (output.format, &output.file) {
            (Format::Text, None) => continue,
            (Format::Text, Some(_)) => {
                format!("{}{}.\n", render::mistake::text(mistakes), render::mistake::summary(mistakes))
            }
            (Format::Json, _) => format!("{:#}\n", render::mistake::json(mistakes)),
            (Format::Markdown, _) => render::mistake::markdown(mistakes),
        };
        output.write(text.as_bytes())?;
    }
    Ok(())
}

/// Says why a command ended, and returns its exit.
pub(super) fn report(common: &Common, failure: Failure) -> Exit {
    match failure {
        Failure::Mistakes(mistakes) => {
            let colour = if colour_on_stderr() == Paint::Coloured {
                render::mistake::Colour::On
            } else {
                render::mistake::Colour::Off
            };
            talk_with(|out| render::mistake::write(out, &mistakes, colour));
            if let Err(error) = write_mistakes(common, &mistakes) {
                return report(common, Failure::error(error));
            }
            Exit::Mistakes
        }
        Failure::Error { exit, error } => {
            let mut err = Vec::new();
            let paint = colour_on_stderr();
            let mut hints = Vec::new();
            let mut said = None;
            for (at, cause) in error.chain().enumerate() {
                let text = cause.to_string();
                // Libraries wrap one cause in another of the same words.
                if said.as_ref() == Some(&text) {
                    continue;
                }
                let mut lines = text.lines();
                let first = lines.next().unwrap_or("");
                let start = if at == 0 { paint.text(Ink::Alarm, "error:") } else { "  because:".to_owned() };
                _ = writeln!(err, "{start} {}", terminal(first));
                for line in lines {
                    match line.strip_prefix("hint:") {
                        Some(hint) => hints.push(hint.trim().to_owned()),
                        None => _ = writeln!(err, "    {}", terminal(line)),
                    }
                }
                said = Some(text);
            }
            for hint in hints {
                _ = writeln!(err, "hint: {}", terminal(&hint));
            }
            talk_with(|out| out.write_all(&err));
            exit
        }
    }
}

/// Says what is wrong with the command line. It repeats arguments, which a script may have made out of names of files.
pub(super) fn misused(error: &clap::Error) {
    let text = error.render().to_string();
    let start = colour_on_stderr().text(Ink::Alarm, "error:");
    talk_with(|out| {
        for (at, line) in text.lines().enumerate() {
            match line.strip_prefix("error:").filter(|_| at == 0) {
                Some(rest) => writeln!(out, "{start}{}", terminal(rest))?,
                None => writeln!(out, "{}", terminal(line))?,
            }
        }
        Ok(())
    });
}
