//! The classic traps of changing access, each as a plan to read. Every plan is judged in every order that its edges
//! allow before it is shown.
//!
//! `1 + ann to ops   after 2 leak` is step 1, which adds ann to the group ops once step 2 is done, since otherwise
//! somebody would hold what they must never hold.

#[path = "../support/mod.rs"]
mod support;

mod builder;
mod edges;
mod effect;
mod guards;
mod limits;
mod matching;
mod order;
mod ownership;
