use std::collections::{BTreeSet, HashMap};

use super::alarm::{Alarm, Item};
use super::case::Case;
use crate::model::{Address, Kind, Object, count};
use crate::plan::Action;
use crate::plan::partial_state::referrers;

/// Refuses to change a protected object, its members, or a policy attached to it. An object is protected by its
/// current name and by its new one.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let protected = &case.desired.settings.protect;
    if protected.is_empty() {
        return None;
    }
    let before = &case.alignment.before;
    let left_behind = referrers(before, case.steps.iter().map(|step| &step.action));
    let mut items = BTreeSet::new();
    for step in case.steps {
        for (touched, how) in touched(case, &left_behind, &step.action) {
            let names = case.alignment.names(&touched).filter(|name| protected.contains(name));
            for name in names.filter(|name| !case.pardons(name)) {
                let text = format!("{name}: step {} changes {how}", step.id);
                items.insert((step.id, text, name));
            }
        }
    }
    let items: Vec<_> = items.into_iter().map(|(_, text, name)| Item::new(name, text)).collect();
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: 0,
        message: format!("would change protected objects, in {}", count(items.len(), "place", "places")),
        items,
        refuses: true,
    })
}

/// What a call changes, itself or by what the API changes along with it: the groups that a deleted principal was in, the
/// policies that were attached to what is deleted.
fn touched(
    case: &Case<'_>,
    left_behind: &HashMap<Address, Vec<Address>>,
    action: &Action,
) -> Vec<(Address, &'static str)> {
    let (before, outcome) = (&case.alignment.before, &case.alignment.outcome);
    let address = action.address();
    let own = match action {
        Action::AddMembers { .. } | Action::RemoveMember { .. } | Action::SetMembers { .. } => "its members",
        Action::Create { .. } | Action::Update { .. } | Action::SetRules { .. } | Action::Delete { .. } => {
            "it"
        }
    };
    let mut touched = vec![(address.clone(), own)];
    if address.kind() == Kind::Policy {
        let policies = [before, outcome].into_iter().filter_map(|side| side.get(&address));
        touched.extend(policies.flat_map(Object::refers).map(|holder| (holder, "a policy attached to it")));
    }
    for left in action.deletes().and_then(|gone| left_behind.get(gone)).into_iter().flatten() {
        let how = if left.kind() == Kind::Group { "its members" } else { "what it is attached to" };
        touched.push((left.clone(), how));
    }
    touched
}
