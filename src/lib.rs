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
//! A program opens a [`reconcile::Session`], plans, looks at who gains and who loses access, and applies:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use scw_iam::apply::End;
//! use scw_iam::config::{Source, read};
//! use scw_iam::reconcile::{ApplyOptions, PlanOptions, Session};
//!
//! # let (emulator, client) = example().await?;
//! # let mine = Some(scw_iam::emulator::EMULATOR_ACCESS_KEY.parse()?);
//! # let iam = "{version: 1, organization: 105bdce1-64c0-48ab-899d-868455867ecf, policies: {bob-reads: {principal:
//! #   {user: bob@example.com}, rules: [{permission_sets: [VPCReadOnly], scope: all_projects}]}}}";
//! let now = jiff::Timestamp::now();
//! let files = read(&[Source::Text { name: "iam.yaml".into(), bytes: iam.into() }], now)?;
//! let session = Session::new(client, files.organization()).with_access_key(mine);
//! let planned = session.plan(&files, &PlanOptions::default()).await?;
//! for change in planned.plan.access() {
//!     println!("{} (loses everything: {}): {:?}", change.principal, change.loses_all, change.grants);
//! }
//! let outcome = session.apply(&planned, ApplyOptions::default()).await?;
//! assert_eq!(outcome.end, End::Done);
//! # assert!(!planned.plan.access().is_empty());
//! # assert!(!session.drift(&files, &PlanOptions::default()).await?.found());
//! # Ok(())
//! # }
//! ```
//!
//! Words: *desired* and *live* are the two sides. A *principal* is a user or an application; what it holds are
//! *grants* ([`access::Grant`]): a permission set on a scope under a condition. A *step* is one call of the API, an
//! *edge* a dependency between steps, a *guard* a check that refuses a plan unless it is overridden, a *mistake* an
//! error, a warning or a hint in a file, with its place.
//!
//! Two laws hold in every state that an apply can pass through, also if it stops half-way: nobody holds access that they
//! hold neither before nor after, and nobody lacks access that they hold before and after, except for the interruptions
//! that the plan lists.

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
pub mod reconcile;
pub mod render;
pub mod review;
