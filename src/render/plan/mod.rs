//! A plan for people: as text for a terminal, as Markdown for a pull request.

mod access;
mod markdown;
mod text;
mod words;

pub use markdown::markdown;
pub use text::{Style, text};
pub use words::headline;
