//! Arguments, files and streams in, exit code out.
//!
//! A subcommand loads, calls the library once, renders and returns an [`Exit`].

mod apply;
mod arguments;
mod ask;
mod carry_out;
mod common;
mod compare;
mod completions;
mod deliveries;
mod demo;
mod demo_stage;
mod doctor;
mod drift;
pub mod emulate;
mod exit;
mod explain;
mod export;
mod failure;
mod folder;
mod formats;
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
mod progress_line;
mod prompt;
mod quota;
mod report;
mod requests;
mod rotate;
mod session;
mod side;
mod snapshot;
mod state;
mod templates;
mod terraform;
mod test;
mod unlock;
mod validate;
mod watch;
mod who_can;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use common::Common;
pub use exit::Exit;
use failure::Failure;
use formats::{Formats, WITHOUT_FORMATS, files_for_results};
use inputs::NamedPaths;
use requests::Telling;

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
        let formats = Formats::of(matches.subcommand_name().unwrap_or_default());
        Ok((Cli::from_arg_matches(&matches)?, formats, paths))
    });
    let (cli, formats, paths) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            if error.use_stderr() {
                failure::misused(&error, &files_for_results(&Cli::command()));
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

/// Runs a command.
fn run(cli: Cli, formats: Formats, paths: &NamedPaths) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            return failure::report(
                &cli.common.rest(),
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
    if let Err(failure) = formats.fit(&common).and_then(|()| paths.refuse(&common.output)) {
        let mut common = common;
        common.output.retain(|output| formats.has(output) && paths.leave_free(output));
        return failure::report(&common.rest(), failure);
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
            Command::Completions(completions) => completions.run(command()),
            Command::Man(man) => man.run(command()),
        }
    });
    progress_line::clear();
    match ended {
        Ok(exit) => exit,
        Err(failure) => failure::report(&common.rest(), failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
