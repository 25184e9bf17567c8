use std::collections::BTreeSet;

use super::alarm::{Alarm, Breach, Item, alarm, by, new_first};
use super::case::Case;
use crate::access::{Broken, Everything, Grant, Judgement, Unjudged, judge_guardrails};
use crate::model::{Catalogue, Principal, count};

/// Refuses what a guardrail forbids. Those that live already breaks are shown, and refused with `--strict`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let guardrails = &case.desired.guardrails;
    if guardrails.is_empty() {
        return None;
    }
    let ask = |everything: &Everything<'_>| judge_guardrails(everything, Catalogue::published(), guardrails);
    let Judgement { broken: mut after, unjudged } = ask(&case.after());
    after.retain(|broken| !case.pardons(&broken.principal.address()));
    if after.is_empty() && unjudged.is_empty() {
        return None;
    }
    let known = ask(&case.before()).broken;
    let known: BTreeSet<_> = known.iter().map(same).collect();
    let new = after.iter().filter(|broken| !known.contains(&same(broken))).count();
    let outcome = &case.alignment.outcome;
    let place = |sentence: usize| {
        let guardrail = guardrails.get(sentence)?;
        let (name, at) = (&guardrail.name, &guardrail.at);
        Some(format!("{name} ({}:{})", at.file.display(), at.line))
    };
    let breach = |broken: &Broken| {
        let place = place(broken.sentence).unwrap_or_default();
        let text = format!("{place}: {}{}", broken.principal, by(outcome, broken));
        Breach { new: !known.contains(&same(broken)), item: Item::new(broken.principal.address(), text) }
    };
    let breaches = after.iter().map(breach).collect();
    if unjudged.is_empty() {
        return alarm(case, (after.len(), new), breaches, message);
    }
    // A guardrail that cannot be evaluated could hide any grant.
    let open = |open: &Unjudged| Item {
        of: None,
        text: format!("{} {open}", place(open.sentence).unwrap_or_default()),
    };
    let items: Vec<Item> = unjudged.iter().map(open).chain(new_first(breaches)).collect();
    let mut words = count(unjudged.len(), "guardrail cannot be judged", "guardrails cannot be judged");
    if !after.is_empty() {
        words = format!("{words}; {}", message(new, after.len() - new));
    }
    Some(Alarm { found: items.len(), limit: 0, message: words, items, refuses: true })
}

/// How many grants a guardrail forbids, of which live has some.
fn message(new: usize, known: usize) -> String {
    match (new, known) {
        (0, 1) => "1 existing grant violates a guardrail".to_owned(),
        (0, known) => format!("{known} existing grants violate a guardrail"),
        (new, 0) => format!("{} would violate a guardrail", count(new, "new grant", "new grants")),
        (new, known) => {
            let already = count(known, "existing grant already does", "existing grants already do");
            format!("{} would violate a guardrail ({already})", count(new, "new grant", "new grants"))
        }
    }
}

/// What is the same in two findings of one guardrail on two states.
fn same(broken: &Broken) -> (usize, &Principal, Option<&Grant>) {
    (broken.sentence, &broken.principal, broken.by.as_ref().map(|held| &held.grant))
}
