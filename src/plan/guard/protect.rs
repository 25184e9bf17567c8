use std::collections::BTreeSet;

use super::{Alarm, Case, count};
use crate::model::{Address, Attachment, Principal, State};
use crate::plan::Action;

/// Refuses to change a protected object, its members, or a policy attached to it. An object is protected by the name
/// that it has now and by the one that it is to have.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let protected = &case.desired.settings.protect;
    if protected.is_empty() {
        return None;
    }
    let mut items = BTreeSet::new();
    for step in case.steps {
        for (touched, how) in touched(case, &step.action) {
            for name in case.alignment.names(&touched).filter(|name| protected.contains(name)) {
                items.insert((step.id, format!("{name}: step {} changes {how}", step.id)));
            }
        }
    }
    let items: Vec<_> = items.into_iter().map(|(_, item)| item).collect();
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: 0,
        message: format!("would touch what is protected, in {}", count(items.len(), "place", "places")),
        items,
        refuses: true,
    })
}

/// What a call changes, itself or by what the API changes along with it.
fn touched(case: &Case<'_>, action: &Action) -> Vec<(Address, &'static str)> {
    let (before, outcome) = (&case.alignment.before, &case.alignment.outcome);
    let address = action.address();
    let own = match action {
        Action::AddMembers { .. } | Action::RemoveMember { .. } | Action::SetMembers { .. } => "its members",
        Action::CreateApplication { .. }
        | Action::CreateGroup { .. }
        | Action::CreatePolicy { .. }
        | Action::Update(_)
        | Action::SetRules { .. }
        | Action::Delete { .. } => "it",
    };
    let mut touched = vec![(address.clone(), own)];
    if let Address::Policy(key) = &address {
        let policies = [before, outcome].into_iter().filter_map(|side| side.policies.get(key));
        let holders = policies.filter_map(|policy| holder(&policy.attachment));
        touched.extend(holders.map(|holder| (holder, "a policy attached to it")));
    }
    if let Action::Delete { .. } = action {
        touched.extend(left_behind(before, &address));
    }
    touched
}

/// What a deletion changes besides: the groups that an application was in, the policies that were attached.
fn left_behind(before: &State, gone: &Address) -> Vec<(Address, &'static str)> {
    let mut touched = Vec::new();
    if let Address::Application(key) = gone {
        let member = Principal::Application(key.clone());
        let groups = before.groups.iter().filter(|(_, group)| group.members.contains(&member));
        touched.extend(groups.map(|(key, _)| (Address::Group(key.clone()), "its members")));
    }
    let orphans =
        before.policies.iter().filter(|(_, policy)| holder(&policy.attachment).as_ref() == Some(gone));
    touched.extend(orphans.map(|(key, _)| (Address::Policy(key.clone()), "what it is attached to")));
    touched
}

fn holder(attachment: &Attachment) -> Option<Address> {
    match attachment {
        Attachment::None => None,
        Attachment::Principal(principal) => Some(principal.address()),
        Attachment::Group(key) => Some(Address::Group(key.clone())),
    }
}
