use std::collections::BTreeSet;

use super::{Alarm, Case, count};
use crate::access::{Broken, Everything, Grant, broken_guardrails};
use crate::model::{Catalogue, Principal};

/// Refuses what a guardrail forbids. What live breaks already is shown, and refused with `--strict`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let guardrails = &case.desired.guardrails;
    if guardrails.is_empty() {
        return None;
    }
    let ask = |everything: &Everything<'_>| broken_guardrails(everything, Catalogue::published(), guardrails);
    let after = match ask(&case.after()) {
        Ok(none) if none.is_empty() => return None,
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
    let known = ask(&case.before()).unwrap_or_default();
    let known: BTreeSet<_> = known.iter().map(same).collect();
    let new = after.iter().filter(|broken| !known.contains(&same(broken))).count();
    let outcome = &case.alignment.outcome;
    let words = |broken: &Broken| {
        let Some(guardrail) = guardrails.get(broken.sentence) else { return String::new() };
        let at = format!("{}:{}", guardrail.at.file.display(), guardrail.at.line);
        format!("{} ({at}): {}{}", guardrail.name, broken.principal, super::by(outcome, broken))
    };
    super::alarm(case, after.len(), new, after.iter().map(words).collect(), |number| {
        count(number, "grant against a guardrail", "grants against guardrails")
    })
}

/// What is the same in two findings of one guardrail on two states.
fn same(broken: &Broken) -> (usize, &Principal, Option<&Grant>) {
    (broken.sentence, &broken.principal, broken.by.as_ref().map(|held| &held.grant))
}
