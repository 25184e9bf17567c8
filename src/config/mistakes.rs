//! All errors, warnings and hints in files, in the order of their places.

use std::fmt;
use std::sync::Arc;

use super::mistake::{Mistake, Severity};
use super::sources::Sources;
use super::words::{MistakeKind, MistakeWords};
use crate::model::Place;

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
