//! API → [`State`](crate::model::State) and [`Ids`](crate::model::Ids): the complete live side, or an error.
//!
//! [`refresh()`] asks for all lists at once, and for the rules of each policy as soon as the policies are there. What comes
//! is then turned into the model by pure functions: names if they are valid and unique, ids otherwise.
//!
//! ```text
//! users ────────────┐
//! applications ─────┤
//! groups ───────────┼─▶ Answers ─assemble─▶ Live { state, ids, titles, duplicates, … }
//! policies ─▶ rules ┤
//! projects, … ──────┘
//! ```
mod access_keys;
mod activity;
mod answers;
mod any;
mod api_keys;
mod application;
mod caller;
mod delivered_keys;
mod diagnosis;
mod error;
mod group;
mod guard_facts;
mod id;
mod inventory;
mod keys;
mod meta;
mod notice;
mod oldest_keys;
mod organization_settings;
mod policy;
mod projects;
mod provisioning;
mod readout;
mod refresh;
mod rule;
mod seen;
mod side;
mod snapshot;
mod ssh_key;
mod state;
mod user;
mod writes;

pub use self::access_keys::access_keys;
pub use self::activity::{ActivityQuery, principal_activity};
pub use self::any::{get, list};
pub use self::api_keys::{key_of, live_keys, live_secret};
pub use self::caller::{ApiCaller, Unresolved, caller};
pub use self::delivered_keys::REGIONS;
pub use self::diagnosis::{Diagnosis, Part, Readability};
pub use self::error::Error;
pub use self::guard_facts::guard_facts;
pub use self::id::api_id;
pub use self::inventory::inventory;
pub use self::notice::Notice;
pub use self::oldest_keys::{HeldKeys, held_keys, oldest_keys};
pub use self::projects::projects;
pub use self::provisioning::{SamlSwitch, saml};
pub use self::refresh::{may_read, refresh};
pub use self::seen::{Known, LiveObject, ObjectAnswer, rules};
pub use self::side::{Live, LiveNeeds};
pub use self::snapshot::snapshot;
pub use self::writes::{WriteQuery, logged_writes, recorded_writes};
