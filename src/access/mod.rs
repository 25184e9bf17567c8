//! Who holds what.

pub mod cel;
mod condition;

pub use condition::{Forbidden, GrantFacts, Request, Resource, Undecided, holds};
