//! The environment of a program that talks to an emulator.

use std::path::Path;
use std::process::Stdio;

use scw_iam::emulator::EMULATOR_ACCESS_KEY;
use tokio::process::Command;

/// Gives a program an environment of its own, in which it is the owner of the organization behind a URL; the folders are those of
/// the user and of the program's state. Its output is read, and it is killed when it is dropped.
pub(crate) fn as_owner<'c>(
    command: &'c mut Command,
    (home, state): (&Path, &Path),
    (url, organization): (&str, &str),
) -> &'c mut Command {
    command
        .env_clear()
        .envs(super::surroundings::variables())
        .env("HOME", home)
        .env("XDG_STATE_HOME", state)
        .env("SCW_API_URL", url)
        .env("SCW_ACCESS_KEY", EMULATOR_ACCESS_KEY)
        .env("SCW_SECRET_KEY", "11111111-1111-1111-1111-111111111111")
        .env("SCW_DEFAULT_ORGANIZATION_ID", organization)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
}
