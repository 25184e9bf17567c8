//! Errors, warnings and hints in files, and their places.

use std::fmt;
use std::sync::Arc;

use super::source::Sources;
use super::words::words;
pub(super) use super::words::{Meant, MistakeKind, MistakeWords, Written};
use crate::model::Place;

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

/// The maximum number of errors that are shown.
const MOST_SHOWN: usize = 1000;

/// Every mistake in the files, or every warning, with the texts to show them in.
#[derive(Debug, Clone)]
pub struct Mistakes {
    sources: Arc<Sources>,
    list: Vec<Mistake>,
}

impl Mistakes {
    /// Returns the mistakes in the order of their places; of very many, the first, and how many more there are.
    pub(super) fn new(sources: Arc<Sources>, mut list: Vec<Mistake>) -> Self {
        let (mut more, mut severity) = (0, Severity::Hint);
        list.retain(|mistake| {
            let MistakeKind::MoreMistakes { more: counted } = mistake.kind else { return true };
            more += counted;
            severity = severity.min(mistake.severity);
            false
        });
        let order = |mistake: &Mistake| (mistake.at, mistake.severity);
        list.sort_by_key(order);
        list.dedup();
        if list.len() > MOST_SHOWN {
            // What stops everything is shown first.
            list.sort_by_key(|mistake| mistake.severity);
            let hidden = list.split_off(MOST_SHOWN);
            list.sort_by_key(order);
            more += hidden.len();
            severity = hidden.iter().fold(severity, |severity, mistake| severity.min(mistake.severity));
        }
        if let Some(last) = list.last().filter(|_| more > 0) {
            let kind = MistakeKind::MoreMistakes { more };
            list.push(Mistake { severity, ..Mistake::new(last.at, kind) });
        }
        Self { sources, list }
    }

    /// Returns true if there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns how many are shown.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns each mistake, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.list.iter()
    }

    /// Returns how many there are of a severity, those that are not shown included.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let of = self.list.iter().filter(|mistake| mistake.severity == severity);
        of.map(|mistake| if let MistakeKind::MoreMistakes { more } = mistake.kind { more } else { 1 }).sum()
    }

    /// Returns the texts that the mistakes stand in.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Returns where a mistake stands.
    #[must_use]
    pub fn place(&self, mistake: &Mistake) -> Place {
        self.sources.place(mistake.at)
    }
}

/// A line for each, without the source: for logs and tests. A terminal gets [`crate::render::mistake`].
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.list.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            let MistakeWords { title, label, .. } = mistake.words();
            write!(f, "{}: {}: {}", self.place(mistake), mistake.severity.word(), title.escape_debug())?;
            if !label.is_empty() {
                write!(f, " ({})", label.escape_debug())?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
