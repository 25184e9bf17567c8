use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use crate::model::count;
use crate::plan::Action;

/// Refuses to lock people. What is allowed to be locked is not allowed to be removed, so this is a guard of its own.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let mut items = Vec::new();
    for step in case.steps {
        let address = step.action.address();
        match &step.action {
            Action::Update { before, after, .. } if before.locks_out(after) && !case.pardons(&address) => {
                items.push(Item::new(address.clone(), format!("{address} is locked")));
            }
            Action::Create { .. }
            | Action::Update { .. }
            | Action::Delete { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. } => {}
        }
    }
    let limit = limit(case, GuardName::Locks).unwrap_or(0);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!("would lock {} (limit: {limit})", count(items.len(), "person", "people")),
        items,
        refuses: true,
    })
}
