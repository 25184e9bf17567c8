//! Text, JSON and Markdown of values made elsewhere. A renderer takes a writer and a value and decides nothing.

pub mod escape;
pub mod mistake;
pub mod outcome;
pub mod paint;
pub mod plan;
pub mod question;
pub mod stale;
mod wrap;

pub use wrap::USUAL_WIDTH;
