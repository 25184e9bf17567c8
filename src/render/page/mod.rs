//! A report as pages have it: evidence, and sections of words, lists and tables. One value, written as text, Markdown, JSON
//! and HTML. All texts in it are taken for hostile.

mod block;
pub(super) mod found;
mod html;
mod json;
mod markdown;
mod text;

pub use self::block::{Block, Cell, Page, PageSection, PageTable, RowText, TableFold, TableRow, plainly};
pub(super) use html::write as html;
pub(super) use json::write as json;
pub(super) use markdown::write as markdown;
pub(super) use text::write as text;
