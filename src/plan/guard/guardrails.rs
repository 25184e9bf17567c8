use super::{Alarm, Case, count};
use crate::access::{Broken, Everything, broken_guardrails};
use crate::model::Catalogue;

/// Refuses what a guardrail forbids. What live breaks already is shown, and refused with `--strict`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let guardrails = &case.desired.guardrails;
    if guardrails.is_empty() {
        return None;
    }
    let (before, outcome) = (&case.alignment.before, &case.alignment.outcome);
    let ask = |state| broken_guardrails(state, &Everything::of(state), Catalogue::published(), guardrails);
    let after = match ask(outcome) {
        Ok(after) => after,
        Err(unjudged) => {
            let why = std::error::Error::source(&unjudged).map(ToString::to_string).unwrap_or_default();
            return Some(Alarm {
                found: 1,
                limit: 0,
                message: format!("{unjudged}: {why}"),
                items: Vec::new(),
                refuses: true,
            });
        }
    };
    let known = ask(before).unwrap_or_default();
    let same = |a: &Broken, b: &Broken| {
        let grant = |broken: &Broken| broken.by.as_ref().map(|held| held.grant.clone());
        a.sentence == b.sentence && a.principal == b.principal && grant(a) == grant(b)
    };
    let new = after.iter().filter(|broken| !known.iter().any(|old| same(old, broken))).count();
    let words = |broken: &Broken| {
        let Some(guardrail) = guardrails.get(broken.sentence) else { return String::new() };
        let at = format!("{}:{}", guardrail.at.file.display(), guardrail.at.line);
        format!("{} ({at}): {}{}", guardrail.name, broken.principal, super::by(outcome, broken))
    };
    super::alarm(case, after.len(), new, after.iter().map(words).collect(), |number| {
        count(number, "grant against a guardrail", "grants against guardrails")
    })
}
