//! What needs the whole: references, names that clash, rules against the catalogue, names against the organization.

mod live;
mod names;
mod references;
mod rules;

use std::cell::Cell;

use super::merge::Document;
use super::mistake::{Mistake, MistakeKind, Span};
use crate::model::{Catalogue, State, near};

/// Checks what the files alone can decide.
pub(super) fn files(document: &Document, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    names::names(&mut check);
    references::references(&mut check);
}

/// Checks rules, assertions and guardrails against the permission sets that exist.
pub(super) fn catalogue(
    document: &Document,
    catalogue: &Catalogue,
    catalogue_is_live: bool,
    mistakes: &mut Vec<Mistake>,
) {
    let mut check = Check::new(document, mistakes);
    rules::rules(&mut check, catalogue, catalogue_is_live);
}

/// Checks what is referred to against the organization.
pub(super) fn organization(document: &Document, state: &State, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    live::live(&mut check, state);
}

/// After this many, nobody looks for what was probably meant: it costs more the more names there are.
const MOST_NEAR: u32 = 200;

struct Check<'a> {
    document: &'a Document,
    mistakes: &'a mut Vec<Mistake>,
    looked: Cell<u32>,
    noted: usize,
    more: Option<Mistake>,
}

/// Of what needs the whole, no more mistakes than this are shown.
const MOST: usize = 2000;

impl<'a> Check<'a> {
    fn new(document: &'a Document, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { document, mistakes, looked: Cell::new(0), noted: 0, more: None }
    }

    fn mistake(&mut self, at: Span, kind: MistakeKind) {
        self.note(Mistake::new(at, kind));
    }

    fn note(&mut self, mistake: Mistake) {
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

    /// Returns the nearest name, as long as there are few mistakes.
    fn near<'n>(&self, word: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
        self.looked.set(self.looked.get() + 1);
        if self.looked.get() > MOST_NEAR {
            return None;
        }
        near(word, names).map(str::to_owned)
    }
}

impl Drop for Check<'_> {
    fn drop(&mut self) {
        self.mistakes.extend(self.more.take());
    }
}
