use std::collections::BTreeSet;

use super::alarm::{Alarm, Breach, Item, alarm, by};
use super::case::Case;
use crate::access::{Broken, Everything, broken_assertions, sentence};
use crate::model::{Catalogue, Desired, count};

/// Refuses to break an assertion. Those that live already breaks are shown, and refused with `--strict`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let Desired { assertions, .. } = case.desired;
    if assertions.is_empty() {
        return None;
    }
    let ask = |everything: &Everything<'_>| broken_assertions(everything, Catalogue::published(), assertions);
    let passes = |broken: &Broken| case.pardons(&broken.principal.address());
    let mut after = ask(&case.after());
    after.retain(|broken| !passes(broken));
    if after.is_empty() {
        return None;
    }
    let known: BTreeSet<usize> = ask(&case.before()).iter().map(|broken| broken.sentence).collect();
    let new = after.iter().filter(|broken| !known.contains(&broken.sentence)).count();
    let outcome = &case.alignment.outcome;
    let breach = |broken: &Broken| {
        let assertion = assertions.get(broken.sentence)?;
        let at = format!("{}:{}", assertion.at.file.display(), assertion.at.line);
        let words = format!("{} ({at}){}", sentence(outcome, assertion), by(outcome, broken));
        let item = Item::new(broken.principal.address(), words);
        Some(Breach { new: !known.contains(&broken.sentence), item })
    };
    alarm(case, (after.len(), new), after.iter().filter_map(breach).collect(), |new, known| {
        let broken = |number| count(number, "assertion", "assertions");
        match (new, known) {
            (0, known) => count(known, "assertion is already broken", "assertions are already broken"),
            (new, 0) => format!("would break {}", broken(new)),
            (new, known) => format!("would break {} ({known} already broken)", broken(new)),
        }
    })
}
