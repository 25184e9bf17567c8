//! What a program under test sees of the machine although its environment is its own.

use std::ffi::OsString;

/// Returns the variables that a program under test inherits: where programs are found, and what shifts the clock, the
/// time zone and the language, none of which may change a result. Without the clock's, `faketime` would reach the tests
/// and not the program that they run.
pub(crate) fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        matches!(&*name, "PATH" | "LD_PRELOAD" | "TZ" | "LANG" | "LC_ALL") || name.contains("FAKE")
    })
}
