//! What every command takes.

use std::str::FromStr;

use anstream::ColorChoice;
use jiff::Timestamp;

use super::failure::Failure;
use super::interrupt::Interrupts;
use super::output::{Output, Outputs, style_on_stderr, talk_with};
use super::watch::Talk;
use crate::config::{Files, Mistakes, Resolved, Severity};
use crate::model::{Catalogue, Desired};
use crate::reconcile::{Error, Watch as _};
use crate::render::{Extent, Format, Report, Style};

/// The heading of the options that every command takes.
const EVERYWHERE: &str = "Global options";
/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    /// text, json or markdown; findings also as sarif, junit, openmetrics, github, gitlab, csv or html. FORMAT=FILE writes to a file.
    /// May be given several times; the format without a file goes to standard output (default: text)
    #[arg(help_heading = "Output", short, long, global = true, value_name = "FORMAT[=FILE]", value_parser = Output::from_str)]
    pub(super) output: Vec<Output>,
    /// Show long lists in full
    #[arg(help_heading = "Output", long, global = true)]
    pub(super) full: bool,
    /// Use this time (RFC 3339) instead of the current time, for tests and rehearsals
    #[arg(help_heading = EVERYWHERE, long, global = true, value_name = "TIME", value_parser = time)]
    pub(super) now: Option<Timestamp>,
    /// Treat warnings as errors
    #[arg(help_heading = EVERYWHERE, long, global = true)]
    pub(super) strict: bool,
    /// Colour the output; `auto` follows NO_COLOR, CLICOLOR_FORCE and TERM
    #[arg(help_heading = EVERYWHERE, long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub(super) color: Colour,
    /// Write a line about each request to standard error: method, path, status, milliseconds, request id
    #[arg(help_heading = EVERYWHERE, short, long, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Write only results and errors: no notes, warnings or progress
    #[arg(help_heading = EVERYWHERE, short, long, global = true)]
    pub(super) quiet: bool,
    /// What signals do.
    #[arg(skip)]
    pub(super) interrupts: Interrupts,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Colour {
    /// On a terminal that has colours, unless the environment says otherwise.
    Auto,
    /// Always, even through a pipe.
    Always,
    /// Never.
    Never,
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "expected a time such as 2026-11-22T18:00:00Z".to_owned())
}

impl Colour {
    /// Sees to it that everything that is written from now on is coloured so.
    pub(super) fn choose(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

impl Common {
    /// The time that counts.
    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// The outputs: those that were asked for, and text on standard output where nothing else goes there, so that
    /// people who watch a terminal or a log see the result.
    pub(super) fn outputs(&self) -> Vec<Output> {
        let text = Output { format: Format::Text, file: None };
        let unread = self.output.iter().all(|output| output.file.is_some());
        unread.then_some(text).into_iter().chain(self.output.iter().cloned()).collect()
    }

    /// Writes a result in every format that was asked for.
    pub(super) fn show(&self, report: &dyn Report) -> anyhow::Result<()> {
        self.some_outputs(|_| true).show(report)
    }

    /// The output that people read before a plan is applied: text on standard output.
    pub(super) fn only_text(&self) -> Outputs {
        self.some_outputs(Output::is_read)
    }

    /// All other outputs, which get the result alone.
    pub(super) fn rest(&self) -> Outputs {
        self.some_outputs(|output| !output.is_read())
    }

    /// The outputs that go to files.
    pub(super) fn only_files(&self) -> Outputs {
        self.some_outputs(|output| output.file.is_some())
    }

    fn some_outputs(&self, which: impl Fn(&Output) -> bool) -> Outputs {
        Outputs { list: self.outputs().into_iter().filter(which).collect(), extent: self.extent() }
    }

    /// How much of long lists is shown.
    pub(super) const fn extent(&self) -> Extent {
        if self.full { Extent::Full } else { Extent::Folded }
    }

    /// Shows a report before the result is there: where text goes to standard output there, and else on standard error,
    /// because the person who is asked reads on the terminal.
    pub(super) fn preview(&self, report: &dyn Report) -> anyhow::Result<()> {
        let text = self.only_text();
        if text.list.is_empty() {
            talk_with(|out| report.text(out, Style { extent: self.extent(), ..style_on_stderr() }));
        }
        text.show(report)
    }

    /// Resolves files without an organization, and shows their warnings.
    pub(super) fn resolve(&self, files: &Files) -> Result<Desired, Failure> {
        self.resolved(files.resolve(None, Catalogue::published(), false)?)
    }

    /// Shows the warnings of files that were resolved.
    pub(super) fn resolved(&self, resolved: Resolved) -> Result<Desired, Failure> {
        Talk.warnings(&resolved.warnings);
        self.accept(&resolved.warnings)?;
        Ok(resolved.desired)
    }

    /// With `--strict`, warnings are errors.
    pub(super) fn accept(&self, warnings: &Mistakes) -> Result<(), Failure> {
        if self.strict && warnings.count(Severity::Warning) > 0 { Err(Error::Strict.into()) } else { Ok(()) }
    }

    /// Returns true when several formats go to standard output, where they could not be told apart.
    pub(super) fn outputs_collide(&self) -> bool {
        self.output.iter().filter(|output| output.file.is_none()).count() > 1
    }
}
