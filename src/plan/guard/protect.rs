use std::collections::BTreeSet;

use super::{Alarm, Case, count};
use crate::model::{Address, Attachment, State};
use crate::plan::Action;

/// Refuses to change a protected object, its members, or a policy attached to it.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let protected = &case.desired.settings.protect;
    let mut items = BTreeSet::new();
    for step in case.steps {
        let address = step.action.address();
        let attached = match &address {
            Address::Policy(key) => {
                let sides: [&State; 2] = [&case.alignment.before, &case.alignment.outcome];
                let policies = sides.into_iter().filter_map(|side| side.policies.get(key));
                policies.filter_map(|policy| holder(&policy.attachment)).collect()
            }
            Address::User(_) | Address::Application(_) | Address::Group(_) => Vec::new(),
        };
        for hit in attached.into_iter().chain([address.clone()]).filter(|hit| protected.contains(hit)) {
            let what = match &step.action {
                Action::AddMembers { .. } | Action::RemoveMember { .. } | Action::SetMembers { .. } => {
                    "its members"
                }
                _ if hit != address => "a policy attached to it",
                _ => "it",
            };
            items.insert(format!("{hit}: step {} changes {what}", step.id));
        }
    }
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: 0,
        message: format!("would touch what is protected, in {}", count(items.len(), "step", "steps")),
        items: items.into_iter().collect(),
        refuses: true,
    })
}

fn holder(attachment: &Attachment) -> Option<Address> {
    match attachment {
        Attachment::None => None,
        Attachment::Principal(principal) => Some(principal.address()),
        Attachment::Group(key) => Some(Address::Group(key.clone())),
    }
}
