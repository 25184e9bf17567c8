//! Errors of commands, and how they are reported.

use std::io::Write as _;

use super::exit::Exit;
use super::output::{Output, Outputs, colour_on_stderr, style_on_stderr, talk_with};
use crate::api::BuildError;
use crate::config::Mistakes;
use crate::model::Hint;
use crate::plan;
use crate::plan::file::{PlanDifference, Stale, Unreadable};
use crate::reconcile::{Error, Outdated, hints};
use crate::render::escape::terminal;
use crate::render::failure::FailureReport;
use crate::render::mistake::{self, MistakesReport};
use crate::render::paint::Ink;
use crate::render::{Extent, Report as _};

/// Why a command ends early.
pub(super) struct Failure {
    /// How the command ends.
    exit: Exit,
    /// What the command was doing, and the error.
    error: anyhow::Error,
    /// Hints, in addition to those of the error itself.
    hints: Vec<Hint>,
}

impl Failure {
    /// An error of the machine, the network or the API.
    pub(super) const fn error(error: anyhow::Error) -> Self {
        Self { exit: Exit::Error, error, hints: Vec::new() }
    }

    /// Wrong usage.
    pub(super) fn usage(message: impl std::fmt::Display) -> Self {
        Self::with(Exit::Usage, message)
    }

    /// Another exit, with a message.
    pub(super) fn with(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self { exit, error: anyhow::anyhow!("{message}"), hints: Vec::new() }
    }

    /// Adds a hint.
    pub(super) fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a hint, if there is one.
    pub(super) fn hints(mut self, hint: Option<Hint>) -> Self {
        self.hints.extend(hint);
        self
    }

    /// Adds what the command was doing.
    pub(super) fn context(self, doing: String) -> Self {
        Self { error: self.error.context(doing), ..self }
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
        Error::Files(mistakes).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Files(_) | Error::Strict | Error::Edited(_) => Exit::Mistakes,
            Error::Unreadable { source: Unreadable::Refused, .. } | Error::Refused => Exit::Refused,
            Error::Unreadable { .. } => Exit::Mistakes,
            // Names that are exchanged are for the files to settle.
            Error::Plan(plan::Error::NamesInACircle(_)) => Exit::Mistakes,
            Error::Outdated { .. } => Exit::Stale,
            Error::Client(BuildError::EmulatedTime)
            | Error::NoSlot { .. }
            | Error::Undeliverable { .. }
            | Error::NoObject(_)
            | Error::OnlyDeletes(_) => Exit::Usage,
            Error::Clock(_)
            | Error::NotOwned(_)
            | Error::Settings(_)
            | Error::Client(_)
            | Error::OtherOrganization { .. }
            | Error::Randomness(_)
            | Error::Read { .. }
            | Error::Plan(_)
            | Error::Lock(_)
            | Error::LockFile(_)
            | Error::Journal { .. }
            | Error::Unsayable { .. }
            | Error::Nobody { .. }
            | Error::Unlock { .. }
            | Error::Unproven(_) => Exit::Error,
        };
        Self { exit, error: anyhow::Error::new(error), hints: Vec::new() }
    }
}

/// Reports why a command ended, to people and in each of some outputs, and returns its exit.
pub(super) fn report(outputs: &Outputs, failure: Failure) -> Exit {
    let Failure { exit, error, hints: mut all } = failure;
    let session = error.downcast_ref::<Error>();
    if let Some(Error::Files(mistakes) | Error::Outdated { source: Outdated::Files(mistakes), .. }) = session
    {
        talk_with(|out| mistake::write(out, mistakes, colour_on_stderr()));
        if let Some(Error::Files(_)) = session {
            for hint in &all {
                talk_with(|out| writeln!(out, "hint: {}", terminal(&hint.to_string())));
            }
            return match outputs.show(&MistakesReport(mistakes)) {
                Ok(()) => exit,
                Err(error) => self::report(outputs, Failure::error(error)),
            };
        }
    }
    for hint in hints(error.as_ref()) {
        if !all.contains(&hint) {
            all.push(hint);
        }
    }
    let causes = error.chain().map(ToString::to_string).collect();
    let differences = session.map_or(&[][..], differences);
    let report = FailureReport { exit: exit.code(), causes, hints: all, differences };
    talk_with(|out| report.text(out, style_on_stderr()));
    // An output that cannot be written may be what is reported.
    _ = outputs.show(&report);
    exit
}

fn differences(error: &Error) -> &[PlanDifference] {
    if let Error::Unreadable { source: Unreadable::Edited(differences), .. }
    | Error::Outdated { source: Outdated::Stale(Stale::Changed(differences)), .. } = error
    {
        return differences;
    }
    &[]
}

/// Reports an error in the command line, also in the files that were asked for. It repeats arguments, which a script may have built
/// from file names.
pub(super) fn misused(error: &clap::Error, files: &[Output]) {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let cause = first.strip_prefix("error:").unwrap_or(first).trim().to_owned();
    let report =
        FailureReport { exit: Exit::Usage.code(), causes: vec![cause], hints: Vec::new(), differences: &[] };
    for output in files {
        // The person who runs the command reads the error below.
        _ = output.report(&report, Extent::Folded);
    }
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
