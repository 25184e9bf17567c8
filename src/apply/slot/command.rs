//! Keys that are delivered to commands.
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::SlotError;
use crate::api::SecretBytes;

/// How long a command may take.
const LONGEST: Duration = Duration::from_secs(300);

/// Runs a command with the key on its standard input. What it writes is not shown: it may repeat what it read.
///
/// Returns whether it was started beside what became of it.
pub(super) async fn deliver(
    label: &str,
    words: &[String],
    input: &SecretBytes,
) -> (bool, Result<(), SlotError>) {
    let failed = |why: String| SlotError::Command { label: label.to_owned(), why };
    let Some((program, arguments)) = words.split_first() else {
        return (false, Err(failed("has no program".to_owned())));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SCW_")) {
        command.env_remove(name);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return (false, Err(failed(format!("could not be started: {error}")))),
    };
    let run = async {
        if let Some(mut stdin) = child.stdin.take() {
            let written = stdin.write_all(input.expose()).await;
            written.map_err(|_| failed("did not read the key from its standard input".to_owned()))?;
        }
        let status =
            child.wait().await.map_err(|error| failed(format!("could not be waited for: {error}")))?;
        if status.success() { Ok(()) } else { Err(failed(format!("failed ({status})"))) }
    };
    let ended = tokio::time::timeout(LONGEST, run).await;
    (true, ended.unwrap_or_else(|_| Err(failed("took longer than 5 minutes and was ended".to_owned()))))
}
