use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use crate::model::count;
use crate::plan::align::owns;

/// Refuses to adopt anything once the stack owns something: a first run adopts, later ones create.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let stack = case.desired.stack.as_ref()?;
    let owns = case.facts.live.objects.values().any(|object| owns(stack, object));
    let adopted = case.alignment.adoptions.iter().map(|adoption| &adoption.address);
    let items: Vec<_> = adopted.filter(|address| !case.pardons(address)).cloned().map(Item::of).collect();
    let limit = limit(case, GuardName::Adoptions).unwrap_or(0);
    (owns && items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!(
            "would adopt {} into stack {stack}, which already owns objects",
            count(items.len(), "object", "objects")
        ),
        items,
        refuses: true,
    })
}
