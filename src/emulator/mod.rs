//! An emulator of Scaleway's IAM API (v1alpha1), of the projects of its Account API (v3), of Secret Manager (v1beta1) and of
//! the events of Audit Trail (v1alpha1), on a loopback port.
//!
//! It reproduces the recorded behaviour of the real API. It uses no other module of this crate, so that a wrong field name
//! in the client is noticed. [`Organization`] is the core: a request in, an answer out, without clock or socket;
//! [`start`] puts one behind a port.
mod api_key;
mod application;
mod caller;
mod condition;
mod event;
mod exchange;
mod fault;
mod fields;
mod grace_period;
mod grant;
mod group;
mod http;
mod log;
mod new_user;
mod organization;
mod page;
mod permission_set;
mod policy;
mod project;
mod query;
mod quota;
mod rate;
mod record;
mod reply;
mod rng;
mod route;
mod rule;
mod saml;
mod scim;
mod secret;
mod secret_version;
mod settings;
mod ssh_key;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod user;

pub use api_key::EMULATOR_ACCESS_KEY;
pub use caller::Token;
pub use fault::{FAULTS_HELP, Faults, FaultsError};
pub use http::{Emulator, EmulatorOptions, Error, Latency, OneWriter, start};
pub use organization::{
    AuditDelay, Behaviour, KeyExpiry, Leftovers, NameRule, Organization, Protected, Quota, Request,
};
pub use reply::Reply;
pub use state::StateError;
