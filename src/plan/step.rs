use std::collections::BTreeSet;

use crate::model::{Address, Attachment, Key, Kind, Meta, Name, Owner, Policy, Principal, Rules};

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

/// What must be done before a step.
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
    /// Otherwise somebody would hold what they must never hold.
    Leak,
    /// Otherwise somebody would lose for a while what they keep.
    Gap,
    /// The first makes what the second refers to, or frees the name that it takes.
    Reference,
    /// Both write the same object.
    Writer,
}

impl Reason {
    /// Returns true for an edge that keeps a law of access.
    #[must_use]
    pub const fn safety(self) -> bool {
        matches!(self, Self::Leak | Self::Gap)
    }
}

/// What a step does to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: it makes, renames, describes.
    Neutral,
    /// It takes access away and gives none.
    Revokes,
    /// It gives access, and may take some away too.
    Grants,
}

/// What one call does. Objects go by the names they have when the plan is done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a plan holds few steps, and matching on them reads better unboxed"
)]
pub enum Action {
    /// Makes an application.
    CreateApplication {
        /// Its name.
        name: Name,
        /// Description, tags, owner.
        meta: Meta,
    },
    /// Makes a group, without members.
    CreateGroup {
        /// Its name.
        name: Name,
        /// Description, tags, owner.
        meta: Meta,
    },
    /// Makes a policy with its rules.
    CreatePolicy {
        /// Its name.
        name: Name,
        /// All of it.
        policy: Policy,
    },
    /// Changes fields of an object, in one PATCH.
    Update(Update),
    /// Adds members to a group; the others stay.
    AddMembers {
        /// The group.
        group: Key<Name>,
        /// Who joins, at least one.
        members: BTreeSet<Principal>,
    },
    /// Removes one member of a group.
    RemoveMember {
        /// The group.
        group: Key<Name>,
        /// Who leaves.
        member: Principal,
    },
    /// Replaces the members of a group, to remove several at once.
    SetMembers {
        /// The group.
        group: Key<Name>,
        /// The members when the step begins.
        before: BTreeSet<Principal>,
        /// The members afterwards.
        after: BTreeSet<Principal>,
    },
    /// Replaces the rules of a policy.
    SetRules {
        /// The policy.
        policy: Key<Name>,
        /// The rules when the step begins.
        before: Rules,
        /// The rules afterwards.
        after: Rules,
    },
    /// Deletes an object.
    Delete {
        /// Which.
        address: Address,
    },
}

/// The fields that a PATCH changes: each with the value before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The object, by the name it has afterwards.
    pub address: Address,
    /// The name, where it changes.
    pub name: Option<(Key<Name>, Name)>,
    /// The description, where it changes.
    pub description: Option<(String, String)>,
    /// The tags but the owner's, where they change.
    pub tags: Option<(BTreeSet<String>, BTreeSet<String>)>,
    /// The owner, where it changes.
    pub owner: Option<(Option<Owner>, Option<Owner>)>,
    /// What a policy is attached to, where it changes.
    pub attachment: Option<(Attachment, Attachment)>,
    /// Description, tags and owner afterwards, all of them: a PATCH of tags takes the whole list.
    pub meta: Meta,
}

impl Update {
    /// Returns true when it changes nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.description.is_none()
            && self.tags.is_none()
            && self.owner.is_none()
            && self.attachment.is_none()
    }

    /// Returns true when it takes the object into the stack and changes nothing else.
    #[must_use]
    pub const fn only_adopts(&self) -> bool {
        self.owner.is_some()
            && self.name.is_none()
            && self.description.is_none()
            && self.tags.is_none()
            && self.attachment.is_none()
    }
}

impl Action {
    /// Returns the object that the call writes.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::CreateApplication { name, .. } => Address::Application(Key::Named(name.clone())),
            Self::CreateGroup { name, .. } => Address::Group(Key::Named(name.clone())),
            Self::CreatePolicy { name, .. } => Address::Policy(Key::Named(name.clone())),
            Self::Update(update) => update.address.clone(),
            Self::AddMembers { group, .. }
            | Self::RemoveMember { group, .. }
            | Self::SetMembers { group, .. } => Address::Group(group.clone()),
            Self::SetRules { policy, .. } => Address::Policy(policy.clone()),
            Self::Delete { address } => address.clone(),
        }
    }

    /// Returns the word for what happens, as in the plan's JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::CreateApplication { .. } | Self::CreateGroup { .. } | Self::CreatePolicy { .. } => "create",
            Self::Update(_) => "update",
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
            Self::CreateApplication { .. } => Some(Kind::Application),
            Self::CreateGroup { .. } => Some(Kind::Group),
            Self::CreatePolicy { .. } => Some(Kind::Policy),
            Self::Update(_)
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
            Self::Delete { address } => Some(address),
            Self::CreateApplication { .. }
            | Self::CreateGroup { .. }
            | Self::CreatePolicy { .. }
            | Self::Update(_)
            | Self::AddMembers { .. }
            | Self::RemoveMember { .. }
            | Self::SetMembers { .. }
            | Self::SetRules { .. } => None,
        }
    }
}
