use std::collections::BTreeSet;

use super::{Alarm, Case, Item, count};
use crate::access::{Broken, Everything, broken_assertions, sentence};
use crate::model::{Catalogue, Desired};

/// Refuses to break an assertion. What live breaks already is shown, and refused with `--strict`.
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
    let words = |broken: &Broken| {
        let assertion = assertions.get(broken.sentence);
        let words = assertion.map(|assertion| {
            let at = format!("{}:{}", assertion.at.file.display(), assertion.at.line);
            format!("{} ({at}){}", sentence(outcome, assertion), super::by(outcome, broken))
        });
        Item::new(broken.principal.address(), words.unwrap_or_default())
    };
    super::alarm(case, after.len(), new, after.iter().map(words).collect(), |number| {
        count(number, "assertion", "assertions")
    })
}
