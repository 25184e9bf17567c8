//! What can be wrong in an expression.

use std::ops::Range;

use super::sort::Sort;

/// What is wrong in an expression, and where: bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionFault {
    /// The bytes that are wrong.
    pub at: Range<usize>,
    /// What is wrong with them.
    pub kind: FaultKind,
}

/// What is wrong in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not CEL; in the parser's words.
    Syntax(String),
    /// It is nested so deep that nobody could read it.
    TooDeep,
    /// A variable, or a field of one, that does not exist.
    Variable {
        /// As it is written.
        name: String,
    },
    /// A function that does not exist.
    Function {
        /// As it is written.
        name: String,
    },
    /// Only true or false has a meaning there, and it is neither.
    NeverJudged {
        /// What it is.
        found: Sort,
    },
    /// Two values that are neither before nor after each other.
    NeverCompared {
        /// The first.
        left: Sort,
        /// The second.
        right: Sort,
    },
    /// It takes longer than anybody waits for an answer.
    TooCostly,
}
