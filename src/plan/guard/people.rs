use super::{Alarm, Case, GuardName, Item, count, limit};
use crate::model::Kind;
use crate::plan::Action;

/// Refuses to remove or lock people. A person who is removed loses their API keys and has to be invited again.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (mut removed, mut locked) = (Vec::new(), Vec::new());
    for step in case.steps.iter().filter(|step| step.action.address().kind() == Kind::User) {
        let address = step.action.address();
        if case.pardons(&address) {
            continue;
        }
        match &step.action {
            Action::Delete { .. } => {
                removed.push(Item::new(address.clone(), format!("{address} is removed")));
            }
            Action::Update { before, after, .. } if before.locks_out(after) => {
                locked.push(Item::new(address.clone(), format!("{address} is locked")));
            }
            Action::Create { .. }
            | Action::Update { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. } => {}
        }
    }
    let parts = [("remove", removed.len()), ("lock", locked.len())];
    let parts = parts.into_iter().filter(|(_, found)| *found > 0);
    let parts: Vec<_> =
        parts.map(|(verb, found)| format!("{verb} {}", count(found, "person", "people"))).collect();
    let items: Vec<_> = removed.into_iter().chain(locked).collect();
    let limit = limit(case, GuardName::People).unwrap_or(0);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!("would {} (limit: {limit})", parts.join(" and ")),
        items,
        refuses: true,
    })
}
