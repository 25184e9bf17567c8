//! Errors, warnings and hints in files, and their places.

use super::words::words;
pub(super) use super::words::{Meant, MistakeKind, MistakeWords, Written};

/// A part of one of the texts that were read, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub(super) file: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// Returns the first byte.
    #[must_use]
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// Returns the byte after the last.
    #[must_use]
    pub const fn end(self) -> usize {
        self.end as usize
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// An error: nothing is planned until it is fixed.
    Error,
    /// It is probably not intended.
    Warning,
    /// It works and could be better.
    Hint,
}

impl Severity {
    /// Returns the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// A mistake in a desired-state file, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands.
    pub at: Span,
    /// Another place that it refers to, such as the first of two objects with the same name.
    pub also: Option<Span>,
    /// Whether it stops everything.
    pub severity: Severity,
    /// What is wrong.
    pub kind: MistakeKind,
}

impl Mistake {
    pub(super) const fn new(at: Span, kind: MistakeKind) -> Self {
        Self { at, also: None, severity: Severity::Error, kind }
    }

    pub(super) const fn also(mut self, other: Span) -> Self {
        self.also = Some(other);
        self
    }

    pub(super) const fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Turns into a warning what keeps files from changing an organization, but not from being compared with it.
    pub(super) const fn let_look(&mut self) {
        if matches!(self.kind, MistakeKind::GuardrailProject { .. }) {
            self.severity = Severity::Warning;
        }
    }

    pub(super) const fn hint(mut self) -> Self {
        self.severity = Severity::Hint;
        self
    }

    /// Returns the words for it.
    #[must_use]
    pub fn words(&self) -> MistakeWords {
        words(&self.kind)
    }
}
