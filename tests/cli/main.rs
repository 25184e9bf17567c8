//! Whole commands: what a person types, sees and gets back.
#[path = "../support/command.rs"]
mod command;

mod acme;
mod apply;
mod conditions;
mod defused;
mod drift;
mod emulate;
mod export;
mod guards;
#[cfg(unix)]
mod hostile;
mod markdown;
mod ownership;
mod plan;
mod questions;
mod requests;
mod round;
mod trouble;
mod usage;
mod validate;
