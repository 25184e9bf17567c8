//! Checks that need all files: references, name clashes, rules against the catalogue, names against the organization.

mod api_keys;
mod live;
mod look_alikes;
mod names;
mod references;
mod rules;

use super::gone::Roster;
use super::merge::Document;
use super::mistake::{Mistake, MistakeKind, Span};
use crate::model::{Catalogue, NearBudget, State};

/// Checks what the files alone can decide.
pub(super) fn files(document: &Document, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    names::names(&mut check);
    api_keys::api_keys(&mut check);
    references::references(&mut check);
}

/// Checks rules, assertions and guardrails against the permission sets that exist.
pub(super) fn catalogue(
    document: &Document,
    catalogue: &Catalogue,
    catalogue_is_live: bool,
    live: Option<&State>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut check = Check::new(document, mistakes);
    rules::rules(&mut check, catalogue, live.filter(|_| catalogue_is_live));
}

/// Checks what is referred to against the organization.
pub(super) fn organization(document: &Document, roster: &Roster<'_>, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    live::live(&mut check, roster);
}

/// Points out names that look the same and are not.
pub(super) fn look_alikes(document: &Document, roster: Option<&Roster<'_>>, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    look_alikes::look_alikes(&mut check, roster);
}

/// So many names are looked at for what was probably meant: a name is found for each mistake in files of a usual size,
/// and for the first ones in the largest.
const NEAR_LOOKS: usize = 2_000_000;

struct Check<'a> {
    document: &'a Document,
    mistakes: &'a mut Vec<Mistake>,
    budget: NearBudget,
    noted: usize,
    more: Option<Mistake>,
}

/// Of what needs the whole, no more mistakes than this are shown.
const MOST: usize = 2000;

impl<'a> Check<'a> {
    fn new(document: &'a Document, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { document, mistakes, budget: NearBudget::of(NEAR_LOOKS), noted: 0, more: None }
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

    /// Returns the nearest name, as long as the budget lasts.
    fn near<'n>(&self, word: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
        self.budget.near(word, names).map(str::to_owned)
    }

    /// Returns a name one letter away, as long as the budget lasts.
    fn guess<'n>(&self, word: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
        self.budget.guess(word, names).map(str::to_owned)
    }
}

impl Drop for Check<'_> {
    fn drop(&mut self) {
        self.mistakes.extend(self.more.take());
    }
}

#[cfg(test)]
mod tests {
    use super::NEAR_LOOKS;
    use crate::config::{Source, read};
    use crate::model::spent;

    #[test]
    fn a_thousand_unknown_names_beside_very_many_known_ones_cost_no_more_than_the_budget() {
        let mut text =
            "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\napplications:\n".to_owned();
        for n in 0..10_000 {
            text.push_str(&format!("  {}{n:014b}: {{}}\n", "ab".repeat(22)));
        }
        text.push_str("groups:\n  g:\n    members:\n      applications:\n");
        for n in 0..1000 {
            text.push_str(&format!("      - {}{n:014b}\n", "ba".repeat(22)));
        }
        let source = Source::Text { name: "a.yaml".into(), bytes: text.into_bytes() };
        _ = spent::take();
        let mistakes = read(&[source], "2026-11-22T00:00:00Z".parse().unwrap()).unwrap_err();
        assert_eq!(mistakes.len(), 1000);
        let spent = spent::take();
        assert!(spent > NEAR_LOOKS / 2, "each name is near to each: {spent}");
        // Once it is spent, each further name costs a look at most.
        assert!(spent <= NEAR_LOOKS + 256 + 1000, "{spent}");
    }
}
