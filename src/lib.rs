//! Access of a Scaleway organization as YAML in git.
//!
//! ```text
//! files ──config──▶ State ─┐
//!                          ├─ plan ──▶ Plan ──apply──▶ requests
//! API  ───live────▶ State ─┘            └─render──▶ text, JSON, Markdown
//!                    └ Ids
//! ```
pub mod access;
pub mod api;
pub mod apply;
pub mod cli;
pub mod config;
pub mod emulator;
pub mod live;
pub mod model;
pub mod plan;
pub mod render;
