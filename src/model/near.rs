//! Suggestions for unknown words.

use std::cell::Cell;

use strsim::osa_distance;

/// Longer words are compared by their beginnings.
const MOST: usize = 80;

/// What it costs to compare two words letter by letter, where to look at one costs 1.
const COMPARISON: usize = 256;

/// Returns the candidate that was probably meant by `word`, or `None` when none is close.
///
/// Close is: the same but for case, or at most a fourth of the letters, and at most three, wrong, left out, put in or
/// swapped with the next one. Of several equally close ones the first wins. Many words are looked up with a
/// [`NearBudget`].
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    NearBudget::of(usize::MAX).near(word, candidates)
}

/// How much may still be spent on looking for what was probably meant.
///
/// Every unknown word is held against every name, so the work grows with the product of the two, and a file's author
/// chooses both.
#[derive(Debug)]
pub struct NearBudget {
    left: Cell<usize>,
}

impl NearBudget {
    /// Returns a budget for looking at so many candidates; to compare one letter by letter costs as much as 256 looks.
    #[must_use]
    pub const fn of(looks: usize) -> Self {
        Self { left: Cell::new(looks) }
    }

    /// Returns what [`near()`] does; `None`, too, once the budget is spent.
    pub fn near<'a>(&self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let allowed = (Word::of(word).length / 4).clamp(1, 3);
        self.within(allowed, word, candidates)
    }

    /// Returns a candidate with one letter wrong, left out, put in or swapped with the next one; `None` where no
    /// candidate is so near, or once the budget is spent.
    ///
    /// For the names of people: a colleague's name is often near, and is not what was meant.
    pub fn guess<'a>(&self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        self.within(1, word, candidates)
    }

    fn within<'a>(
        &self,
        allowed: usize,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        let wanted = Word::of(word);
        let mut best: Option<(usize, &str)> = None;
        if self.left.get() == 0 {
            return None;
        }
        for candidate in candidates {
            // The nearest of those that were looked at may not be the nearest.
            self.spend(1)?;
            let most = best.map_or(allowed, |(distance, _)| distance.saturating_sub(1));
            if candidate == word {
                continue;
            }
            let other = Word::of(candidate);
            if !wanted.may_be_within(most, &other) {
                continue;
            }
            self.spend(COMPARISON)?;
            let distance = osa_distance(&wanted.folded, &other.folded);
            if distance <= most && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    fn spend(&self, cost: usize) -> Option<()> {
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.unwrap_or(0));
        #[cfg(test)]
        spent::note(cost);
        left.map(|_| ())
    }
}

/// The beginning of a word without its case, and what tells at once that it is not close to another.
struct Word {
    folded: String,
    length: usize,
    /// Which letters are in it, each as one of 64 bits.
    letters: u64,
}

impl Word {
    fn of(text: &str) -> Self {
        let folded: String = text.chars().take(MOST).flat_map(char::to_lowercase).collect();
        let (mut length, mut letters) = (0, 0);
        for letter in folded.chars() {
            length += 1;
            letters |= 1 << (u32::from(letter) % 64);
        }
        Self { folded, length, letters }
    }

    /// Returns false when surely more than `most` letters differ: each can take one letter away and bring another in.
    fn may_be_within(&self, most: usize, other: &Self) -> bool {
        let different = (self.letters ^ other.letters).count_ones() as usize;
        self.length.abs_diff(other.length) <= most && different <= 2 * most
    }
}

/// What was spent by all budgets of a test's thread.
#[cfg(test)]
pub(crate) mod spent {
    use std::cell::Cell;

    thread_local! {
        static SPENT: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn note(cost: usize) {
        SPENT.set(SPENT.get() + cost);
    }

    /// Returns what was spent, and begins at nothing again.
    pub(crate) fn take() -> usize {
        SPENT.replace(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_slips() {
        let names = ["developers", "develop", "ops"];
        assert_eq!(near("developer", names), Some("developers"));
        assert_eq!(near("devlopers", names), Some("developers"));
        assert_eq!(near("DEVELOPERS", names), Some("developers"));
        assert_eq!(near("osp", names), Some("ops"));
        assert_eq!(near("finance", names), None);
        assert_eq!(near("édité", ["Edité", "ÉDITÉ"]), Some("ÉDITÉ"));
    }

    #[test]
    fn a_guess_is_one_letter_away() {
        let guess = |word, name| NearBudget::of(usize::MAX).guess(word, [name]).is_some();
        assert!(guess("alise@example.com", "alice@example.com"));
        assert!(guess("alcie@example.com", "alice@example.com"));
        assert!(!guess("bob@example.com", "rob.b@example.com"));
        assert!(!guess("developers", "devlopres"));
    }

    #[test]
    fn a_word_is_not_near_itself() {
        assert_eq!(near("ops", ["ops"]), None);
    }

    #[test]
    fn no_name_is_skipped_that_is_close() {
        // Every word of up to four letters out of three, against each other.
        let mut words = vec![String::new()];
        for from in 0..(1 + 3 + 9 + 27) {
            for letter in ['a', 'B', 'ß'] {
                words.push(format!("{}{letter}", words[from]));
            }
        }
        for word in &words {
            let first = words.iter().find(|other| {
                let fold = |text: &str| text.to_lowercase();
                *other != word && osa_distance(&fold(word), &fold(other)) == 0
            });
            let close = words
                .iter()
                .any(|other| other != word && osa_distance(&word.to_lowercase(), &other.to_lowercase()) <= 1);
            let found = near(word, words.iter().map(String::as_str));
            assert_eq!(found.is_some(), close, "{word:?}");
            if let Some(first) = first {
                assert_eq!(found, Some(first.as_str()));
            }
        }
    }

    #[test]
    fn a_thousand_words_against_a_hundred_thousand_names_cost_no_more_than_the_budget() {
        // Names of the same letters and nearly the same length are the hardest to tell apart.
        let names: Vec<String> = (0..100_000).map(|n| format!("{}{n:017b}", "ab".repeat(20))).collect();
        let budget = NearBudget::of(1_000_000);
        let (mut looked, mut compared) = (0, 0);
        for n in 0..1000 {
            let word = format!("{}{n:017b}x1", "ba".repeat(20));
            let before = budget.left.get();
            let mut pulled = 0;
            _ = budget.near(
                &word,
                names.iter().map(|name| {
                    pulled += 1;
                    name.as_str()
                }),
            );
            looked += pulled;
            compared += (before - budget.left.get()).saturating_sub(pulled) / COMPARISON;
        }
        assert!(looked <= 1_000_001, "{looked}");
        assert!(compared > 0 && compared <= 1_000_000 / COMPARISON, "{compared}");
        assert_eq!(budget.near("osp", ["ops"]), None, "it is spent");
    }
}
