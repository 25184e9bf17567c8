use std::collections::BTreeSet;

use super::{Alarm, Case, count};
use crate::model::{Address, Attachment, Principal};
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
        touched.extend(left_behind(case, &address));
    }
    touched
}

/// What a deletion changes besides: the groups that an application was in, the policies that were attached.
fn left_behind(case: &Case<'_>, gone: &Address) -> Vec<(Address, &'static str)> {
    let (world, held) = (&case.draft.world, &case.draft.before);
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let principal = match gone {
        Address::User(_) | Address::Group(_) | Address::Policy(_) => None,
        Address::Application(key) => Some(Principal::Application(key.clone())),
    };
    let member = principal.as_ref().and_then(|member| world.principals.get_index_of(member)).map(number);
    let group = match gone {
        Address::Group(key) => world.groups.get_index_of(key).map(number),
        Address::User(_) | Address::Application(_) | Address::Policy(_) => None,
    };
    let groups = member.into_iter().flat_map(|member| held.groups_of(member));
    let groups = groups.filter_map(|group| world.groups.get_index(*group as usize));
    // Nobody is listed in a built-in group.
    let groups = groups.filter(|key| {
        let members = case.alignment.before.groups.get(*key).map(|group| &group.members);
        principal.as_ref().is_some_and(|member| members.is_some_and(|members| members.contains(member)))
    });
    let own = member.into_iter().flat_map(|member| held.policies_on_principal(member));
    let orphans = own.chain(group.into_iter().flat_map(|group| held.policies_on_group(group)));
    let orphans = orphans.filter_map(|policy| world.policies.get_index(*policy as usize));
    let groups = groups.map(|key| (Address::Group(key.clone()), "its members"));
    groups.chain(orphans.map(|key| (Address::Policy(key.clone()), "what it is attached to"))).collect()
}

fn holder(attachment: &Attachment) -> Option<Address> {
    match attachment {
        Attachment::None => None,
        Attachment::Principal(principal) => Some(principal.address()),
        Attachment::Group(key) => Some(Address::Group(key.clone())),
    }
}
