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
}

impl<'a> Check<'a> {
    fn new(document: &'a Document, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { document, mistakes, looked: Cell::new(0) }
    }

    fn mistake(&mut self, at: Span, kind: MistakeKind) {
        self.mistakes.push(Mistake::new(at, kind));
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
