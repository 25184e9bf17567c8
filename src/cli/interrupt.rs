//! Handles SIGINT and SIGTERM.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::exit::Exit;
use super::output::talk_with;
use crate::apply::{Stop, StopSignal, Stopper, stop_signal};

/// What a signal does: it ends the program, but an apply that is running stops in good order.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupts(Arc<Mutex<Option<Stopper>>>);

impl Interrupts {
    /// Returns what stops an apply: from now on, signals do.
    pub(super) fn stop_signal(&self) -> StopSignal {
        let (stopper, stop) = stop_signal();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopper);
        stop
    }

    /// Listens from now on; `ended` is printed when a signal ends the program.
    pub(super) fn listen(&self, ended: &'static str) -> anyhow::Result<()> {
        let mut signals = Signals::listen().context("cannot listen for signals")?;
        let interrupts = self.clone();
        // A task of its own, because planning or asking may block the thread.
        tokio::spawn(async move {
            while signals.next().await {
                interrupts.came(ended);
            }
        });
        Ok(())
    }

    fn came(&self, ended: &str) {
        // The lock is kept to the end, so that no apply begins after it was said that nothing was written.
        let stopper = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match stopper.as_ref().map(Stopper::stop) {
            None => {
                // What the terminal shows of Ctrl-C stands at the end of a line, perhaps of a question.
                let start = if std::io::stderr().is_terminal() { "\n" } else { "" };
                talk_with(|out| writeln!(out, "{start}{ended}"));
                std::process::exit(Exit::Error.code().into());
            }
            Some(Stop::Soon) => talk_with(|out| {
                writeln!(
                    out,
                    "Stopping once the requests in flight have finished. Interrupt again to stop immediately."
                )
            }),
            Some(Stop::No | Stop::Now) => talk_with(|out| writeln!(out, "Stopping immediately.")),
        }
    }
}

/// SIGINT and SIGTERM.
#[cfg(unix)]
pub(super) struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    /// Waits for the next one; false when none will come.
    pub(super) async fn next(&mut self) -> bool {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            came = interrupt.recv() => came.is_some(),
            came = terminate.recv() => came.is_some(),
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere listening can fail")]
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next one; false when none will come.
    pub(super) async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
