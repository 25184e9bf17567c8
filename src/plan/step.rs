use std::collections::BTreeSet;

use crate::model::{
    Address, Attachment, Field, Group, Key, Kind, Object, OfKind as _, Policy, Principal, Rules, State,
};

/// The number of a step, from 1, in the order in which steps are shown.
pub type StepId = u32;

/// One call of the API, with the steps that must be done before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// What it does.
    pub action: Action,
    /// What it does to access.
    pub effect: Effect,
    /// The steps that come before it, and why, by number.
    pub after: Vec<Edge>,
}

/// A dependency of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// The step that comes first.
    pub step: StepId,
    /// Why.
    pub reason: Reason,
}

/// Why a step comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Otherwise somebody would hold access that they must never hold.
    Leak,
    /// Otherwise somebody would temporarily lose access that they keep.
    Gap,
    /// Otherwise there would temporarily be too few people who can administer IAM.
    Administrators,
    /// The first makes what the second refers to, or frees the name that it takes.
    Reference,
    /// Both write the same object.
    Writer,
}

impl Reason {
    /// Returns true for a dependency that keeps a law of access, or enough administrators.
    #[must_use]
    pub const fn safety(self) -> bool {
        match self {
            Self::Leak | Self::Gap | Self::Administrators => true,
            Self::Reference | Self::Writer => false,
        }
    }
}

/// What a step does to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: it creates, renames or describes.
    Neutral,
    /// It takes access away and gives none.
    Revokes,
    /// It gives access, and may take some away too.
    Grants,
}

/// The action of a step. Objects have the names that they have after the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Makes an object: a policy with its rules, a group without members.
    Create {
        /// Its name.
        address: Address,
        /// All of it.
        object: Object,
    },
    /// Changes fields of an object, in one call: a PATCH, or the call that its kind has for just these fields.
    Update {
        /// The object, by the name it has afterwards.
        address: Address,
        /// Its key when the step begins, if that changes.
        from: Option<Key>,
        /// The object when the step begins.
        before: Object,
        /// The object afterwards.
        after: Object,
    },
    /// Adds members to a group; the others stay.
    AddMembers {
        /// The group.
        group: Key,
        /// Who joins, at least one.
        members: BTreeSet<Principal>,
    },
    /// Removes one member of a group.
    RemoveMember {
        /// The group.
        group: Key,
        /// Who leaves.
        member: Principal,
    },
    /// Replaces the members of a group, to remove several at once.
    SetMembers {
        /// The group.
        group: Key,
        /// The members when the step begins.
        before: BTreeSet<Principal>,
        /// The members afterwards.
        after: BTreeSet<Principal>,
    },
    /// Replaces the rules of a policy.
    SetRules {
        /// The policy.
        policy: Key,
        /// The rules when the step begins.
        before: Rules,
        /// The rules afterwards.
        after: Rules,
    },
    /// Deletes an object.
    Delete {
        /// Which.
        address: Address,
        /// The object when the step begins.
        object: Object,
    },
}

impl Action {
    /// Returns the object that the call writes.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Create { address, .. } | Self::Update { address, .. } | Self::Delete { address, .. } => {
                address.clone()
            }
            Self::AddMembers { group, .. }
            | Self::RemoveMember { group, .. }
            | Self::SetMembers { group, .. } => Address::group(group.clone()),
            Self::SetRules { policy, .. } => Address::policy(policy.clone()),
        }
    }

    /// Returns the word for what happens, as in the plan's JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::AddMembers { .. } => "add_members",
            Self::RemoveMember { .. } => "remove_member",
            Self::SetMembers { .. } => "set_members",
            Self::SetRules { .. } => "set_rules",
            Self::Delete { .. } => "delete",
        }
    }

    /// Returns the kind of the object that the call makes, or `None` when it makes none.
    #[must_use]
    pub const fn creates(&self) -> Option<Kind> {
        match self {
            Self::Create { address, .. } => Some(address.kind()),
            Self::Update { .. }
            | Self::AddMembers { .. }
            | Self::RemoveMember { .. }
            | Self::SetMembers { .. }
            | Self::SetRules { .. }
            | Self::Delete { .. } => None,
        }
    }

    /// Returns the object that the call deletes, or `None` when it deletes none.
    #[must_use]
    pub const fn deletes(&self) -> Option<&Address> {
        match self {
            Self::Delete { address, .. } => Some(address),
            Self::Create { .. }
            | Self::Update { .. }
            | Self::AddMembers { .. }
            | Self::RemoveMember { .. }
            | Self::SetMembers { .. }
            | Self::SetRules { .. } => None,
        }
    }

    /// Returns what an update changes, before and after, or `None` when the call is none.
    #[must_use]
    pub const fn updates(&self) -> Option<(&Address, &Object, &Object)> {
        match self {
            Self::Update { address, before, after, .. } => Some((address, before, after)),
            Self::Create { .. }
            | Self::AddMembers { .. }
            | Self::RemoveMember { .. }
            | Self::SetMembers { .. }
            | Self::SetRules { .. }
            | Self::Delete { .. } => None,
        }
    }

    /// Returns the fields that an update changes, each before and after, without the name.
    #[must_use]
    pub fn changes(&self) -> Vec<(Field<'_>, Field<'_>)> {
        self.updates().map_or_else(Vec::new, |(_, before, after)| before.differences(after))
    }

    /// Returns what a PATCH attaches a policy to, where it changes that.
    #[must_use]
    pub fn attaches(&self) -> Option<&Attachment> {
        let (_, before, after) = self.updates()?;
        let (before, after) = (Policy::of(before)?, Policy::of(after)?);
        (before.attachment != after.attachment).then_some(&after.attachment)
    }

    /// Returns what the call makes the object refer to.
    #[must_use]
    pub fn refers(&self) -> Vec<Address> {
        match self {
            Self::Create { object, .. } => object.refers(),
            Self::Update { before, after, .. } => {
                let (known, mut refers) = (before.refers(), after.refers());
                refers.retain(|address| !known.contains(address));
                refers
            }
            Self::AddMembers { members, .. } => members.iter().map(Principal::address).collect(),
            Self::RemoveMember { .. }
            | Self::SetMembers { .. }
            | Self::SetRules { .. }
            | Self::Delete { .. } => Vec::new(),
        }
    }

    /// Returns true for an update that only adopts the object.
    #[must_use]
    pub fn only_adopts(&self) -> bool {
        match self {
            Self::Update { from, after, .. } => {
                let owned = after.meta().is_some_and(|meta| meta.owner.is_some());
                owned && from.is_none() && self.changes().iter().all(|(field, _)| field.name == "owner")
            }
            Self::Create { .. }
            | Self::AddMembers { .. }
            | Self::RemoveMember { .. }
            | Self::SetMembers { .. }
            | Self::SetRules { .. }
            | Self::Delete { .. } => false,
        }
    }
}

/// Changes a state as a call changes an organization.
pub fn rehearse(state: &mut State, action: &Action) {
    match action {
        Action::Create { address, object } | Action::Update { address, after: object, .. } => {
            state.objects.insert(address.clone(), object.clone());
        }
        Action::AddMembers { group, members } => {
            if let Some(group) = state.find_mut::<Group>(group) {
                group.members.extend(members.iter().cloned());
            }
        }
        Action::RemoveMember { group, member } => {
            if let Some(group) = state.find_mut::<Group>(group) {
                group.members.remove(member);
            }
        }
        Action::SetMembers { group, before: _, after } => {
            if let Some(group) = state.find_mut::<Group>(group) {
                group.members.clone_from(after);
            }
        }
        Action::SetRules { policy, before: _, after } => {
            if let Some(policy) = state.find_mut::<Policy>(policy) {
                policy.rules.clone_from(after);
            }
        }
        Action::Delete { address, .. } => state.remove_all(&BTreeSet::from([address.clone()])),
    }
}
