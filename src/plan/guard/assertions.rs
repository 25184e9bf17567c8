use super::{Alarm, Case, count};
use crate::access::{Broken, Everything, broken_assertions, sentence};
use crate::model::{Catalogue, Desired};

/// Refuses to break an assertion. What live breaks already is shown, and refused with `--strict`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let Desired { assertions, .. } = case.desired;
    if assertions.is_empty() {
        return None;
    }
    let (before, outcome) = (&case.alignment.before, &case.alignment.outcome);
    let after = broken_assertions(&Everything::of(outcome), Catalogue::published(), assertions);
    let known = broken_assertions(&Everything::of(before), Catalogue::published(), assertions);
    let new = after.iter().filter(|broken| !known.iter().any(|old| old.sentence == broken.sentence)).count();
    let words = |broken: &Broken| {
        let Some(assertion) = assertions.get(broken.sentence) else { return String::new() };
        let at = format!("{}:{}", assertion.at.file.display(), assertion.at.line);
        format!("{} ({at}){}", sentence(outcome, assertion), super::by(outcome, broken))
    };
    super::alarm(case, after.len(), new, after.iter().map(words).collect(), |number| {
        count(number, "assertion", "assertions")
    })
}
