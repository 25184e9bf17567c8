//! Whole commands: what a person types, sees and gets back.
#[path = "../support/command.rs"]
mod command;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../support/gate.rs"]
mod gate;
#[path = "../support/surroundings.rs"]
mod surroundings;

mod acme;
mod activity;
mod apply;
mod attribution;
mod base;
mod blocked;
mod conditions;
mod defused;
mod drift;
mod emulate;
mod errors;
mod export;
mod findings_page;
mod formats;
mod guards;
mod guards_page;
#[cfg(unix)]
mod home;
mod hostile;
mod inputs;
mod key_readers;
mod keys;
mod language;
mod leavers;
mod lists;
mod looks;
mod markdown;
#[cfg(unix)]
mod no_secrets;
mod organization_settings;
mod ownership;
mod part;
mod people;
mod people_locked;
mod plan;
mod questions;
mod quota;
mod report;
mod requests;
mod round;
mod schemas;
mod ssh_keys;
mod terraform;
mod trouble;
mod truth;
mod usage;
mod users;
mod validate;
