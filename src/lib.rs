//! Access of a Scaleway organization as YAML in git.
//!
//! ```text
//! files ──config──▶ State ─┐
//!                          ├─ plan ──▶ Plan ──apply──▶ requests
//! API  ───live────▶ State ─┘            └─render──▶ text, JSON, Markdown
//!                    └ Ids
//! ```
//!
//! [`model::State`] is one type for both sides, keyed by name; ids stay in a side table ([`model::Ids`]). A
//! [`plan::Plan`] is plain data, complete before the first write. The binary is [`cli::main`].
//!
//! Words: *desired* and *live* are the two sides. A *principal* is a user or an application; what it holds are
//! *grants* ([`access::Grant`]): a permission set on a scope under a condition. A *step* is one call of the API, an
//! *edge* what must come before what, a *guard* a reason to refuse a plan until told otherwise, a *mistake* something
//! wrong in a person's file, with its place.
//!
//! Two laws hold for every state that an apply can pass through, also when it stops half-way: nobody holds what they
//! held neither before nor will hold after, and nobody lacks what they held before and will hold after, save for the
//! interruptions that the plan lists.

// Not in Cargo.toml with the others: whole tests, helpers included, may unwrap.
#![warn(clippy::unwrap_used)]

pub mod access;
pub mod api;
pub mod apply;
pub mod cli;
pub mod config;
pub mod emulator;
pub mod files;
pub mod live;
pub mod model;
pub mod plan;
pub mod render;
