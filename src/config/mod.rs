//! Files → [`Desired`](crate::model::Desired), or every error in them with its place; and a
//! [`State`](crate::model::State) → files.
//!
//! A text is read once into a tree with places (`parse`), decoded from the tree into documents, going on after a
//! mistake (`section`), merged with the other files (`merge`), and checked as a whole (`check`). What only
//! the organization can tell waits for [`Files::resolve`].

mod check;
mod decode;
mod export;
mod expression;
mod fields;
mod files;
mod folder;
mod gone;
mod merge;
mod mistake;
mod mistakes;
mod names;
mod parse;
mod read;
mod resolve;
mod resolving;
mod schema;
mod section;
mod source;
mod sources;
mod terraform;
mod tree;
mod until;
mod words;
mod write;
mod yaml;

pub use self::files::{Files, Needs, ResolvePurpose};
pub use self::mistakes::Mistakes;
pub use self::read::read;
pub use self::sources::Sources;
pub use self::until::ends_at;
pub use export::{
    ExportOptions, ExportPart, ExportedFile, ExportedFiles, LeftOut, OF_A_STACK, SCHEMA, Split, export,
};
pub use gone::Present;
pub use mistake::{Mistake, Severity, Span};
pub use resolve::Resolved;
pub use schema::{manual, schema};
pub use source::{ALL_MOST, FILE_MOST, FILES_MOST, Source, has_files};
pub use terraform::{TERRAFORM_MOST, TerraformError, TerraformHolds, TerraformResource, TerraformState};
pub use words::{Meant, MistakeKind, MistakeWords, Written};
