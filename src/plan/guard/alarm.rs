//! The answer of a guard.

use super::case::Case;
use crate::access::Broken;
use crate::model::{Address, State};

/// A guard's answer before it is known what is allowed.
pub(super) struct Alarm {
    pub(super) found: usize,
    pub(super) limit: u32,
    pub(super) message: String,
    pub(super) items: Vec<Item>,
    /// Whether it refuses, or is only shown.
    pub(super) refuses: bool,
}

/// One object or person that a guard found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What files call it, to let it pass.
    pub(super) of: Option<Address>,
    pub(super) text: String,
}

impl Item {
    pub(super) fn new(of: Address, text: impl Into<String>) -> Self {
        Self { of: Some(of), text: text.into() }
    }

    /// An object that its address describes.
    pub(super) fn of(address: Address) -> Self {
        let text = address.to_string();
        Self { of: Some(address), text }
    }
}

/// What breaks an assertion or a guardrail, in words.
pub(super) fn by(state: &State, broken: &Broken) -> String {
    let Some(held) = &broken.by else { return ": nothing grants it without a condition".to_owned() };
    let through = if broken.through.is_some() { "through " } else { "" };
    let grant = held.grant.words(|id| state.projects.get(&id));
    format!(": {through}{grant} ← {}", held.path)
}

/// Something that breaks an assertion or a guardrail, in words.
pub(super) struct Breach {
    /// Whether live does not have it.
    pub(super) new: bool,
    pub(super) item: Item,
}

/// An alarm for broken assertions or guardrails, the new ones first: those that live already breaks refuse only with `--strict`.
///
/// `numbers` has how many are broken in the end, and how many of these live does not break.
pub(super) fn alarm(
    case: &Case<'_>,
    numbers: (usize, usize),
    breaches: Vec<Breach>,
    what: impl Fn(usize, usize) -> String,
) -> Option<Alarm> {
    let (all, new) = numbers;
    if all == 0 {
        return None;
    }
    let refuses = new > 0 || case.options.strict;
    let found = if case.options.strict { all } else { new };
    Some(Alarm { found, limit: 0, message: what(new, all - new), items: new_first(breaches), refuses })
}

/// The words for each, those first that live does not have.
pub(super) fn new_first(breaches: Vec<Breach>) -> Vec<Item> {
    let (new, known): (Vec<_>, Vec<_>) = breaches.into_iter().partition(|breach| breach.new);
    let known = known
        .into_iter()
        .map(|Breach { item, .. }| Item { text: format!("{} (existing)", item.text), ..item });
    new.into_iter().map(|breach| breach.item).chain(known).collect()
}
