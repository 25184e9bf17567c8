//! Text, JSON, Markdown and the formats of other tools, of values made elsewhere. A renderer takes a writer and a value and decides nothing.

mod comment;
pub mod comparison;
mod csv;
pub(crate) mod diff;
pub mod doctor;
pub mod dossier;
pub mod escape;
pub mod failure;
mod github;
mod gitlab;
pub mod given;
mod json;
mod junit;
pub mod keys;
pub mod mistake;
mod openmetrics;
pub mod outcome;
pub mod page;
pub mod paint;
pub mod permission_sets;
pub mod plan;
pub mod question;
pub mod quota;
pub mod report;
pub mod repository;
mod sarif;
mod style;
pub mod test;
mod wrap;

pub use report::{Format, Report};
pub use repository::Repository;
pub use style::{Extent, Style};
pub use wrap::USUAL_WIDTH;
