//! Answers of the access model: for people as text and Markdown, for programs as JSON.

mod access_question;
mod explanation;
mod ground;
mod holders;

pub use self::access_question::AccessQuestion;
pub use self::explanation::{ExplainedCan, ExplainedKeys, Explanation};
pub use self::ground::Ground;
pub(super) use self::ground::{holds_word, members, note, row, verdict};
pub use self::holders::{Holders, HoldersByProject};
