use super::{Alarm, Case, GuardName, count, limit};
use crate::model::{Address, Kind};

/// Refuses to delete and create of one kind, where the deleted one is an application with keys, or a group that
/// shares a member with the new one: that is a rename written wrong.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (before, outcome) = (&case.alignment.before, &case.alignment.outcome);
    let created = |kind: Kind| case.steps.iter().filter(move |step| step.action.creates() == Some(kind));
    let mut items = Vec::new();
    for address in case.steps.iter().filter_map(|step| step.action.deletes()) {
        match address {
            Address::Application(key) => {
                let keys = before.applications.get(key).map_or(0, |live| live.api_keys);
                if let (true, Some(new)) = (keys > 0, created(Kind::Application).next()) {
                    items.push(format!(
                        "{address} with {}, beside new {}",
                        count(keys as usize, "API key", "API keys"),
                        new.action.address()
                    ));
                }
            }
            Address::Group(key) => {
                let Some(live) = before.groups.get(key) else { continue };
                let twin = created(Kind::Group).map(|step| step.action.address()).find(|new| match new {
                    Address::Group(new) => {
                        outcome.groups.get(new).is_some_and(|new| !new.members.is_disjoint(&live.members))
                    }
                    Address::User(_) | Address::Application(_) | Address::Policy(_) => false,
                });
                items.extend(twin.map(|new| format!("{address}, whose members come to new {new}")));
            }
            Address::User(_) | Address::Policy(_) => {}
        }
    }
    let limit = limit(case, GuardName::Rename).unwrap_or(0);
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: "would delete and create what may be a rename; write `previously: OLD NAME` to rename"
            .to_owned(),
        items,
        refuses: true,
    })
}
