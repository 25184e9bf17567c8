//! The real client against a server that does exactly what a script says.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod calls;
mod faults;
mod lists;
mod refresh;
mod scripted;
mod tls;
