//! Arguments, files and streams in, exit code out.
//!
//! A subcommand loads, calls the library once, renders and returns an [`Exit`].

mod apply;
mod arguments;
mod ask;
mod carry_out;
mod compare;
mod completions;
mod demo;
mod demo_stage;
mod doctor;
mod drift;
pub mod emulate;
mod explain;
mod export;
mod failure;
mod folder;
mod init;
mod inputs;
mod interrupt;
mod keys;
mod man;
mod memory;
mod output;
mod part;
mod permission_sets;
mod plan;
mod plan_file;
mod progress;
mod prompt;
mod quota;
mod report;
mod requests;
mod session;
mod side;
mod snapshot;
mod state;
mod terraform;
mod test;
mod unlock;
mod validate;
mod watch;
mod who_can;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use arguments::Common;
use failure::Failure;
use inputs::NamedPaths;
use output::Output;
use requests::Telling;

use crate::apply::{End, Outcome};

/// How a command ends, whatever the format of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to do, or done.
    Done,
    /// Credentials, a wrong organization, the network, a 403, a live side that cannot be read, a declined prompt, a
    /// signal before anything was written.
    Error,
    /// There are changes, or there is drift.
    Changes,
    /// A guard refused, or a test failed.
    Refused,
    /// The plan no longer matches the live organization.
    Stale,
    /// It stopped part-way, and something was written.
    PartWay,
    /// It was applied, but the live organization does not match the plan.
    NotConverged,
    /// The command line is wrong, or there is no terminal and no `--yes`.
    Usage,
    /// There are errors in the input.
    Mistakes,
}

impl Exit {
    /// Returns how an apply ends that did everything it could: a policy that was not rewritten does not match the files.
    fn of_rest(plan: &crate::plan::Plan) -> Self {
        if plan.blocked().is_empty() { Self::Done } else { Self::NotConverged }
    }

    /// Returns how a command ends whose plan was sent.
    fn of(outcome: &Outcome) -> Self {
        match (&outcome.end, outcome.wrote()) {
            (End::Done, true) if !outcome.keys.is_done() => Self::PartWay,
            (End::Done, false) if !outcome.keys.is_done() => Self::Error,
            (End::Done, _) => Self::Done,
            (End::NotConverged(_), _) => Self::NotConverged,
            (End::Twins(_), _) => Self::PartWay,
            (End::Failed, false) if outcome.overtaken() => Self::Stale,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), true) => Self::PartWay,
            (End::Failed | End::Stopped | End::Abandoned | End::Journal(_), false) => Self::Error,
        }
    }

    /// Returns the number that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Refused => 3,
            Self::Stale => 4,
            Self::PartWay => 5,
            Self::NotConverged => 6,
            Self::Usage => 64,
            Self::Mistakes => 65,
        }
    }
}

const ABOUT: &str =
    "Keeps the access of a Scaleway organization as YAML in git: plan it, review it, apply it.";

/// The version, and what this program was built from and for.
const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SCW_IAM_BUILT"), ")");

const AFTER: &str = "\
Exit codes:
  0   success, or nothing to do
  1   error: credentials, wrong organization, network, 403, a declined prompt,
      a signal before anything was written
  2   changes, or drift (`drift`, and `plan --detailed-exitcode`)
  3   refused by a guard, or a failed `test`
  4   the plan is stale
  5   stopped part-way after a write: plan and apply again
  6   applied, but the live organization does not match the plan
  64  invalid arguments, or no terminal and no --yes
  65  errors in the input

Credentials are read as by the official tools: from SCW_ACCESS_KEY,
SCW_SECRET_KEY and SCW_DEFAULT_ORGANIZATION_ID, or from a profile in
~/.config/scw/config.yaml (SCW_PROFILE selects one).

To try it without credentials: scw-iam demo";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "scw-iam", version = LONG_VERSION, about = ABOUT, after_help = AFTER)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Validate(validate::Validate),
    Plan(plan::PlanCommand),
    Apply(apply::Apply),
    Drift(drift::DriftCommand),
    Init(init::Init),
    Keys(keys::Keys),
    Report(report::ReportCommand),
    Compare(compare::Compare),
    Export(export::Export),
    Explain(explain::Explain),
    WhoCan(who_can::WhoCan),
    Test(test::Test),
    PermissionSets(permission_sets::PermissionSetsCommand),
    Snapshot(snapshot::Snapshot),
    Unlock(unlock::Unlock),
    Quota(quota::QuotaCommand),
    Emulate(emulate::Emulate),
    Demo(demo::Demo),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Says what a signal has stopped before anything was written to the organization; `None` for a command that runs
    /// until a signal comes.
    const fn stopped(&self) -> Option<&'static str> {
        match self {
            Self::Emulate(_) => None,
            // Files may have been written.
            Self::Init(_) | Self::Export(_) | Self::Snapshot(_) | Self::Man(_) | Self::Unlock(_) => {
                Some("stopped")
            }
            Self::Validate(_)
            | Self::Plan(_)
            | Self::Apply(_)
            | Self::Keys(_)
            | Self::Drift(_)
            | Self::Report(_)
            | Self::Compare(_)
            | Self::Explain(_)
            | Self::WhoCan(_)
            | Self::Test(_)
            | Self::PermissionSets(_)
            | Self::Completions(_)
            | Self::Doctor(_)
            | Self::Quota(_)
            | Self::Demo(_) => Some("stopped: nothing was written"),
        }
    }
}

/// The commands without formats, and what they write instead: they refuse `--output`, and their help does not show it.
const WITHOUT_FORMATS: [(&str, &str); 8] = [
    ("init", "it writes YAML into DIR"),
    ("export", "an export is always YAML; --out sets the folder"),
    ("snapshot", "a snapshot is always JSON; --out sets the file"),
    ("emulate", "the emulator prints only its address"),
    ("demo", "the demo prints only text"),
    ("completions", "a completion script is for a shell"),
    ("man", "a manual page is for `man`; --out names a folder"),
    ("unlock", "it only says whether somebody was locked"),
];

/// The commands that find something, so that the formats of other tools have something to show.
const WITH_FINDINGS: [&str; 5] = ["validate", "plan", "drift", "test", "report"];

/// The command line with its help, in which each command shows only the options it uses.
fn command() -> clap::Command {
    let command =
        Cli::command().mut_subcommand("apply", |apply| apply.mut_arg("save", |save| save.hide(false)));
    let output = command.get_arguments().find(|argument| argument.get_id() == "output").cloned();
    let Some(output) = output.map(|output| output.hide(true)) else { return command };
    let hide = |command: clap::Command, name| {
        command.mut_subcommand(name, |subcommand| subcommand.arg(output.clone()))
    };
    WITHOUT_FORMATS.into_iter().map(|(name, _)| name).fold(command, hide)
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    memory::keep_private();
    let mut command = command().term_width(output::help_width());
    let parsed = command.try_get_matches_from_mut(std::env::args_os()).and_then(|matches| {
        let paths = NamedPaths::of(&command, &matches);
        let name = matches.subcommand_name();
        let without = WITHOUT_FORMATS.into_iter().find(|(known, _)| Some(*known) == name);
        let formats = match without {
            Some((_, what)) => Formats::None(what),
            None if name.is_some_and(|name| WITH_FINDINGS.contains(&name)) => Formats::All,
            None => Formats::WithoutFindings,
        };
        Ok((Cli::from_arg_matches(&matches)?, formats, paths))
    });
    let (cli, formats, paths) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            if error.use_stderr() {
                failure::misused(&error, &files_for_results());
                return ExitCode::from(Exit::Usage.code());
            }
            // Help and the version are not errors. If they cannot be printed, nobody reads them, so that error is ignored.
            _ = error.print();
            return ExitCode::from(Exit::Done.code());
        }
    };
    let exit = run(cli, formats, &paths);
    ExitCode::from(exit.code())
}

/// Returns the files that wrong arguments name for results, so that no older result stays in them. A file that another argument may
/// name too, or that may be one of the stack's files, is left out.
fn files_for_results() -> Vec<Output> {
    let arguments = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let all: Vec<String> = arguments.collect();
    // Nothing after `--` is an option.
    let (words, paths) = all.split_at(all.iter().position(|word| word == "--").unwrap_or(all.len()));
    let known = Cli::command();
    let name = words.iter().find(|word| known.find_subcommand(word.as_str()).is_some());
    if name.is_some_and(|name| WITHOUT_FORMATS.iter().any(|(without, _)| without == name)) {
        return Vec::new();
    }
    let (mut asked, mut others) = (Vec::new(), vec![PathBuf::from(".")]);
    others.extend(paths.iter().map(PathBuf::from));
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let joined = word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o"));
        match (word, joined) {
            ("-o" | "--output", _) => asked.extend(words.next()),
            (_, Some(value)) => asked.push(value.strip_prefix('=').unwrap_or(value)),
            _ => others
                .extend([word, word.split_once('=').map_or(word, |(_, value)| value)].map(PathBuf::from)),
        }
    }
    let paths = NamedPaths::read(others);
    let outputs = asked.into_iter().filter_map(|value| value.parse::<Output>().ok());
    let safe = |output: &Output| output.file.is_some() && paths.refuse(std::slice::from_ref(output)).is_ok();
    outputs.filter(safe).collect()
}

/// In which formats a command has a result.
#[derive(Clone, Copy)]
enum Formats {
    /// In all.
    All,
    /// In those for people and programs: it finds nothing.
    WithoutFindings,
    /// In none, and what it writes instead.
    None(&'static str),
}

/// Runs a command.
fn run(cli: Cli, formats: Formats, paths: &NamedPaths) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            return failure::report(
                &cli.common,
                Failure::error(anyhow::Error::new(error).context("cannot start")),
            );
        }
    };
    let common = cli.common;
    common.color.choose();
    if common.quiet {
        output::be_quiet();
    }
    // An error that ends the command is always shown.
    if common.quiet && !common.strict {
        output::hide_warnings();
    }
    requests::tell(match (common.verbose, common.quiet) {
        (true, _) => Telling::Each,
        (false, true) => Telling::Nothing,
        (false, false) => Telling::Progress,
    });
    if let Err(failure) = outputs_fit(&common, formats).and_then(|()| paths.refuse(&common.output)) {
        let fits = |output: &Output| match formats {
            Formats::All => true,
            Formats::WithoutFindings => !output.format.of_findings(),
            Formats::None(_) => false,
        };
        let safe = |output: &Output| paths.refuse(std::slice::from_ref(output)).is_ok();
        let mut common = common;
        common.output.retain(|output| output.file.is_some() && fits(output) && safe(output));
        return failure::report(&common, failure);
    }
    let ended = runtime.block_on(async {
        if let Some(stopped) = cli.command.stopped() {
            common.interrupts.listen(stopped)?;
        }
        match cli.command {
            Command::Validate(command) => command.run(&common).await,
            Command::Plan(command) => command.run(&common).await,
            Command::Apply(command) => command.run(&common).await,
            Command::Drift(command) => command.run(&common).await,
            Command::Init(command) => command.run(&common).await,
            Command::Keys(command) => command.run(&common).await,
            Command::Report(command) => command.run(&common).await,
            Command::Compare(command) => command.run(&common).await,
            Command::Export(command) => command.run(&common).await,
            Command::Explain(command) => command.run(&common).await,
            Command::WhoCan(command) => command.run(&common).await,
            Command::Test(command) => command.run(&common).await,
            Command::PermissionSets(command) => command.run(&common).await,
            Command::Snapshot(command) => command.run(&common).await,
            Command::Unlock(command) => command.run(&common).await,
            Command::Quota(command) => command.run(&common).await,
            Command::Emulate(command) => command.run(&common).await,
            Command::Demo(command) => command.run(&common).await,
            Command::Doctor(command) => command.run(&common).await,
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    });
    requests::clear();
    match ended {
        Ok(exit) => exit,
        Err(failure) => failure::report(&common, failure),
    }
}

/// Refuses outputs that the command does not support, or that collide.
fn outputs_fit(common: &Common, formats: Formats) -> Result<(), Failure> {
    match formats {
        Formats::None(what) if !common.output.is_empty() => {
            return Err(Failure::usage(format!("this command does not take --output: {what}")));
        }
        Formats::WithoutFindings => {
            if let Some(output) = common.output.iter().find(|output| output.format.of_findings()) {
                let words = format!("this command has no result as {}", output.format.word());
                return Err(Failure::usage(words).hint("use text, json or markdown"));
            }
        }
        Formats::All | Formats::None(_) => {}
    }
    if common.outputs_collide() {
        let failure = Failure::usage("two formats cannot share standard output");
        return Err(failure.hint("write one of them to a file, as in `-o text -o json=plan.json`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
