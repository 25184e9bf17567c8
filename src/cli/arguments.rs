//! Arguments that several commands share.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anstream::ColorChoice;
use jiff::{SignedDuration, Timestamp};

use super::failure::Failure;
use super::interrupt::Interrupts;
use super::output::{Output, Outputs, style_on_stderr, talk_with};
use super::watch::Talk;
use crate::apply::slot::{BadCommand, DeliveryCommand, DeliveryTools};
use crate::config::{Files, Mistakes, Severity, Source};
use crate::files::Links;
use crate::model::{Address, Catalogue, CommandLabel, Desired, Key, Principal};
use crate::plan::{Allowance, GuardOptions};
use crate::reconcile::{AbsentObject, ConnectOptions, Error, KeyOptions, PlanOptions, Watch as _};
use crate::render::{Extent, Format, Report, Style};

/// The heading of the options that every command takes.
const EVERYWHERE: &str = "Global options";
/// Where the help lists what keys are delivered with.
const DELIVERIES: &str = "Deliveries of API keys";
/// The heading of the options of commands that read the live side.
const LIVE: &str = "Live organization";

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
    /// Colour what is written to the terminal; `auto` asks NO_COLOR, CLICOLOR_FORCE and TERM
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
    /// On a terminal that takes it, unless the environment says otherwise.
    Auto,
    /// Always, also through a pipe.
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
        let resolved = files.resolve(None, Catalogue::published(), false)?;
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

/// The files to read.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Paths {
    /// Files or folders of *.yaml and *.yml files; `-` reads standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) follow: Follow,
}

/// Whether links are followed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Follow {
    /// Follow symbolic links in PATH and in folders, wherever they lead; without this option, links are errors
    #[arg(long)]
    pub(super) follow_links: bool,
}

impl Follow {
    pub(super) const fn links(self) -> Links {
        if self.follow_links { Links::Followed } else { Links::Refused }
    }
}

impl Paths {
    pub(super) fn sources(&self) -> Vec<Source> {
        self.paths.iter().flat_map(|path| self.sources_of(path)).collect()
    }

    /// The same for a path that another argument names.
    pub(super) fn sources_of(&self, path: &Path) -> Vec<Source> {
        vec![match (Source::of_argument(path.as_os_str()), self.follow.links()) {
            (source, Links::Refused) => source,
            (source, Links::Followed) => source.followed(),
        }]
    }
}

/// How the live side is reached.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConnectArgs {
    /// The profile of the configuration file that holds the credentials, in place of SCW_PROFILE
    #[arg(help_heading = LIVE, long, value_name = "NAME", conflicts_with = "emulate", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) profile: Option<String>,
    /// Use an embedded emulator with this state instead of the real API; reads no credentials, changes nothing real
    #[arg(help_heading = LIVE, long, value_name = "STATE.json")]
    pub(super) emulate: Option<PathBuf>,
    /// With --emulate: save the resulting state to this file, which must not be STATE.json
    // What only reads leads to nothing new: the help of `apply` alone shows it.
    #[arg(help_heading = LIVE, long, value_name = "FILE", requires = "emulate", hide = true)]
    pub(super) save: Option<PathBuf>,
    /// Maximum number of requests in flight
    #[arg(help_heading = LIVE, long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(super) parallelism: u16,
    /// Maximum number of requests per second. The rate starts at 60, climbs while the API accepts it, and halves when the
    /// API answers 429 or 503
    #[arg(help_heading = LIVE, long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) max_rps: u32,
}

impl ConnectArgs {
    /// How a session of the real API sends requests.
    pub(super) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            parallelism: self.parallelism.into(),
            max_rps: self.max_rps.into(),
            profile: self.profile.clone(),
            emulated_time: None,
        }
    }
}

/// What keys are delivered with: files in a repository name neither a folder nor a program.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DeliveryArgs {
    /// The folder below which `file` deliveries of API keys are written
    #[arg(help_heading = DELIVERIES, long, value_name = "FOLDER")]
    pub(super) deliver_dir: Option<PathBuf>,
    /// The command that a `command` delivery stands for; it reads the key as JSON from its standard input. No shell is
    /// involved; may be given several times
    #[arg(help_heading = DELIVERIES, long, value_name = "LABEL='PROGRAM ARGUMENTS'", value_parser = DeliveryCommand::from_str)]
    pub(super) deliver_command: Vec<DeliveryCommand>,
}

/// Which deliveries an apply of the plan will be able to make.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PlannedDeliveryArgs {
    /// Plan `file` deliveries of API keys too, because the apply will have this folder
    #[arg(help_heading = DELIVERIES, long, value_name = "FOLDER")]
    deliver_dir: Option<PathBuf>,
    /// Plan this `command` delivery too, because the apply will have a command for it; may be given several times
    #[arg(help_heading = DELIVERIES, long, value_name = "LABEL", value_parser = label)]
    deliver_command: Vec<CommandLabel>,
}

/// Reads a label, alone or with the command that `apply` takes.
fn label(text: &str) -> Result<CommandLabel, String> {
    if text.contains('=') {
        return DeliveryCommand::from_str(text)
            .map(|command| command.label)
            .map_err(|error| error.to_string());
    }
    text.parse().map_err(|_| BadCommand::Label(text.to_owned()).to_string())
}

impl PlannedDeliveryArgs {
    /// Returns tools that name the deliveries. A plan uses none of them.
    pub(super) fn tools(&self) -> DeliveryTools {
        let commands = self.deliver_command.iter().map(|label| (label.clone(), Vec::new())).collect();
        DeliveryTools { folder: self.deliver_dir.clone(), commands }
    }
}

impl DeliveryArgs {
    pub(super) fn tools(&self) -> Result<DeliveryTools, Failure> {
        if let Some(folder) = self.deliver_dir.as_ref().filter(|folder| !folder.is_dir()) {
            // Better known before a key is made for it.
            return Err(Failure::usage(format!(
                "--deliver-dir {}: there is no such folder",
                folder.display()
            )));
        }
        let mut tools = DeliveryTools { folder: self.deliver_dir.clone(), ..DeliveryTools::default() };
        for DeliveryCommand { label, words } in &self.deliver_command {
            if tools.commands.insert(label.clone(), words.clone()).is_some() {
                return Err(Failure::usage(format!("--deliver-command {label} is given twice")));
            }
        }
        Ok(tools)
    }
}

/// How a plan is judged.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PlanArgs {
    /// Override a guard (a safety limit on plans) for exactly the number that the plan printed; may be given several times
    #[arg(long, value_name = "GUARD=NUMBER", value_parser = Allowance::from_str)]
    pub(super) allow: Vec<Allowance>,
    /// Plan only this object and what it needs; everything else stays as it is. May be given several times
    #[arg(long, value_name = "KIND:NAME", value_parser = object)]
    pub(super) only: Vec<Address>,
    /// Who runs this plan, if the API key does not identify them
    #[arg(long, value_name = "user:E-MAIL|application:NAME", value_parser = principal)]
    pub(super) caller: Option<Principal>,
}

/// Reads a span of time, such as `90s`, `1h30m` or `PT2M`; ten years at most.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
    let span = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    span.filter(|span| *span <= MOST).ok_or_else(|| "expected a duration such as 60s, 2m or 24h".to_owned())
}

/// Reads `user:alice@example.com` or `application:ci`.
pub(super) fn principal(text: &str) -> Result<Principal, String> {
    match text.split_once(':') {
        Some(("user", email)) => {
            let key = Key::of_person(email).map_err(|error| format!("`{email}` {error}"))?;
            Ok(Principal::User(key))
        }
        Some(("application", name)) => {
            let name = name.parse().map_err(|error| format!("`{name}` {error}"))?;
            Ok(Principal::Application(Key::Named(name)))
        }
        None if text.contains('@') => principal(&format!("user:{text}")),
        _ => Err("it takes an e-mail address, user:E-MAIL or application:NAME".to_owned()),
    }
}

/// Reads `group:developers`.
pub(super) fn object(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error| format!("`{text}` {error}"))
}

/// Reads `alice@example.com`, `username=alice` or `id=` and an id, with `user:` before it or without.
pub(super) fn person(text: &str) -> Result<Key, String> {
    let text = text.strip_prefix("user:").unwrap_or(text);
    Key::of_person(text).map_err(|error| format!("`{text}` {error}"))
}

impl PlanArgs {
    pub(super) fn options(&self, common: &Common) -> PlanOptions {
        let allow = self.allow.iter().map(|allowed| (allowed.guard, allowed.number)).collect();
        let guards = GuardOptions { allow, strict: common.strict };
        PlanOptions {
            now: common.now(),
            caller: self.caller.clone(),
            only: self.only.clone(),
            absent: AbsentObject::Refused,
            guards,
            keys: KeyOptions::default(),
        }
    }
}
