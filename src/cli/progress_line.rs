//! The line at the end of a terminal that says what is going on, and that anything else replaces.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal shows the line.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Shows the line, or another text in it.
pub(super) fn show(text: &str) {
    SHOWN.store(true, Ordering::Relaxed);
    _ = write!(io::stderr().lock(), "\r\x1b[K{text}");
}

/// Clears the line before anything else is written.
pub(super) fn clear() {
    if SHOWN.swap(false, Ordering::Relaxed) {
        _ = io::stderr().lock().write_all(b"\r\x1b[K");
    }
}
