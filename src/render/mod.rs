//! Text, JSON and Markdown of values made elsewhere. A renderer takes a writer and a value and decides nothing.

mod comment;
pub mod escape;
pub mod failure;
pub mod keys;
pub mod mistake;
pub mod outcome;
pub mod paint;
pub mod permission_sets;
pub mod plan;
pub mod question;
pub mod report;
pub mod test;
mod wrap;

pub use report::{Extent, Format, Report, Style};
pub use wrap::USUAL_WIDTH;
