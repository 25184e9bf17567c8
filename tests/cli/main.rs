//! Whole commands: what a person types, sees and gets back.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "../support/command.rs"]
mod command;

mod acme;
mod apply;
mod guards;
mod ownership;
mod plan;
mod validate;
