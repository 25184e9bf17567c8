use std::collections::BTreeSet;

use super::{Alarm, Case, Item, count};
use crate::access::{Broken, Everything, Grant, Judgement, Unjudged, judge_guardrails};
use crate::model::{Catalogue, Principal};

/// Refuses what a guardrail forbids. What live breaks already is shown, and refused with `--strict`.
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
    let words = |broken: &Broken| {
        let place = place(broken.sentence).unwrap_or_default();
        let text = format!("{place}: {}{}", broken.principal, super::by(outcome, broken));
        Item::new(broken.principal.address(), text)
    };
    let items = after.iter().map(words);
    if unjudged.is_empty() {
        return super::alarm(case, after.len(), new, items.collect(), |number| {
            count(number, "grant against a guardrail", "grants against guardrails")
        });
    }
    // A guardrail without an answer may hide anything.
    let open = |open: &Unjudged| Item {
        of: None,
        text: format!("{} {open}", place(open.sentence).unwrap_or_default()),
    };
    let items: Vec<Item> = unjudged.iter().map(open).chain(items).collect();
    let mut message =
        count(unjudged.len(), "guardrail that cannot be judged", "guardrails that cannot be judged");
    if !after.is_empty() {
        message = format!(
            "{message}, {}",
            count(after.len(), "grant against a guardrail", "grants against guardrails")
        );
    }
    Some(Alarm { found: items.len(), limit: 0, message, items, refuses: true })
}

/// What is the same in two findings of one guardrail on two states.
fn same(broken: &Broken) -> (usize, &Principal, Option<&Grant>) {
    (broken.sentence, &broken.principal, broken.by.as_ref().map(|held| &held.grant))
}
