use std::collections::HashMap;

use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use crate::model::{Kind, Object, Principal, count};
use crate::plan::{Action, Step};

/// Refuses to delete and create objects of one kind if the deleted one is an application with keys, or a group that
/// shares a member with the new one: probably a rename without `previously`.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let outcome = &case.alignment.outcome;
    let created = |kind: Kind| case.steps.iter().filter(move |step| step.action.creates() == Some(kind));
    let deletes = case.steps.iter().any(|step| step.action.deletes().is_some());
    let new_application = created(Kind::Application).next();
    // The first new group that each principal joins.
    let mut joined: HashMap<&Principal, usize> = HashMap::new();
    let new_groups: Vec<&Step> = created(Kind::Group).filter(|_| deletes).collect();
    for (at, step) in new_groups.iter().enumerate() {
        for member in outcome.group(step.action.address().key()).into_iter().flat_map(|new| &new.members) {
            joined.entry(member).or_insert(at);
        }
    }
    let mut items = Vec::new();
    for step in case.steps {
        let Action::Delete { address, object } = &step.action else { continue };
        if case.pardons(address) {
            continue;
        }
        if let Object::Application(live) = object {
            if let (true, Some(new)) = (live.api_keys > 0, new_application) {
                let keys = count(live.api_keys as usize, "API key", "API keys");
                let text = format!("{address} with {keys}, while new {} is created", new.action.address());
                items.push(Item::new(address.clone(), text));
            }
        } else if let Object::Group(_) = object {
            let Some(live) = case.alignment.before.group(address.key()) else { continue };
            let twin = live.members.iter().filter_map(|member| joined.get(member)).min();
            items.extend(twin.map(|at| {
                let new = new_groups[*at].action.address();
                Item::new(address.clone(), format!("{address}, whose members join the new {new}"))
            }));
        }
    }
    let limit = limit(case, GuardName::Rename).unwrap_or(0);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: "would delete and create objects in a way that looks like a rename; to rename, write `previously: OLD NAME`"
            .to_owned(),
        items,
        refuses: true,
    })
}
