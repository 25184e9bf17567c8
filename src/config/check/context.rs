//! What every check is given, and what it notes.

use crate::config::merge::Document;
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::model::NearBudget;

/// So many names are looked at for what was probably meant: a name is found for each mistake in files of a usual size,
/// and for the first ones in the largest.
pub(super) const NEAR_LOOKS: usize = 2_000_000;

pub(super) struct Check<'a> {
    pub(super) document: &'a Document,
    pub(super) mistakes: &'a mut Vec<Mistake>,
    pub(super) budget: NearBudget,
    pub(super) noted: usize,
    pub(super) more: Option<Mistake>,
}

/// Of what needs the whole, no more mistakes than this are shown.
const MOST: usize = 2000;

impl<'a> Check<'a> {
    pub(super) fn new(document: &'a Document, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { document, mistakes, budget: NearBudget::of(NEAR_LOOKS), noted: 0, more: None }
    }

    pub(super) fn mistake(&mut self, at: Span, kind: MistakeKind) {
        self.note(Mistake::new(at, kind));
    }

    pub(super) fn note(&mut self, mistake: Mistake) {
        self.noted += 1;
        if self.noted <= MOST {
            self.mistakes.push(mistake);
        } else {
            let severity =
                self.more.as_ref().map_or(mistake.severity, |more| more.severity.min(mistake.severity));
            let kind = MistakeKind::MoreMistakes { more: self.noted - MOST };
            self.more = Some(Mistake { severity, ..Mistake::new(mistake.at, kind) });
        }
    }

    /// Returns the nearest name, as long as the budget lasts.
    pub(super) fn near<'n>(&self, word: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
        self.budget.near(word, names).map(str::to_owned)
    }

    /// Returns a name one letter away, as long as the budget lasts.
    pub(super) fn guess<'n>(&self, word: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
        self.budget.guess(word, names).map(str::to_owned)
    }
}

impl Drop for Check<'_> {
    fn drop(&mut self) {
        self.mistakes.extend(self.more.take());
    }
}
