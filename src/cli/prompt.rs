//! The question before an apply.

use std::io::{self, IsTerminal as _, Write as _};

use super::arguments::Paths;
use super::failure::Failure;
use super::progress_line;
use super::session::Connection;
use crate::render::escape::terminal;

/// Refuses to start if nobody could answer.
pub(super) fn possible() -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::usage("cannot ask for confirmation without a terminal")
            .hint("pass --yes to apply without asking"));
    }
    Ok(())
}

/// Refuses files from standard input, which is where the answer would come from.
pub(super) fn no_standard_input(paths: &Paths) -> Result<(), Failure> {
    if paths.paths.iter().any(|path| path.as_os_str() == "-") {
        let why = "cannot ask for confirmation: the files come from standard input";
        return Err(Failure::usage(why).hint("pass --yes to apply without asking"));
    }
    Ok(())
}

/// Asks whether to apply.
pub(super) fn confirmed(connection: &Connection, name: Option<&str>) -> io::Result<bool> {
    let emulator = if connection.emulates() { "the emulator of " } else { "" };
    let id = connection.session.organization();
    let organization = match name {
        Some(name) => format!("{} ({id})", terminal(name)),
        None => id.to_string(),
    };
    // Not locked while the answer is awaited: a signal has something to say too.
    progress_line::clear();
    let mut err = io::stderr();
    write!(err, "Apply these changes to {emulator}organization {organization}? Type `yes` to confirm: ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
