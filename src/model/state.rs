use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::name::OWNER_TAG;
use super::{Attachment, Email, Id, Key, Name, Policy, Principal, ProjectName, Stack};

/// The access of an organization, or the part of it that files declare: one type for both sides.
///
/// Keyed by name; ids stay in a side table. What the language cannot name is keyed by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The organization that all of this belongs to.
    pub organization: Id,
    /// The names of projects, as far as they are known: pinned in the files, or read because a name needed it.
    pub projects: IndexMap<Id, ProjectName>,
    /// The people.
    pub users: IndexMap<Key<Email>, User>,
    /// The applications.
    pub applications: IndexMap<Key<Name>, Application>,
    /// The groups.
    pub groups: IndexMap<Key<Name>, Group>,
    /// The policies, with their rules.
    pub policies: IndexMap<Key<Name>, Policy>,
}

impl State {
    /// Returns a state without any object.
    #[must_use]
    pub fn empty(organization: Id) -> Self {
        Self {
            organization,
            projects: IndexMap::new(),
            users: IndexMap::new(),
            applications: IndexMap::new(),
            groups: IndexMap::new(),
            policies: IndexMap::new(),
        }
    }
}

/// A person in the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name to log in with, unique in the organization.
    pub username: String,
    /// Owner or member.
    pub kind: UserType,
    /// A locked member can neither log in nor use API keys.
    pub locked: bool,
}

/// What a user is to the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserType {
    /// Holds every permission, without any policy.
    Owner,
    /// Holds what policies grant.
    Member,
    /// A type that this version does not know; holds what policies grant.
    Other,
}

/// A machine's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Description, tags, owner.
    pub meta: Meta,
    /// What may be done to it.
    pub flags: Flags,
    /// How many API keys it has. A fact for the reader of a plan, never compared.
    pub api_keys: u32,
}

/// A set of users and applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Description, tags, owner.
    pub meta: Meta,
    /// What may be done to it.
    pub flags: Flags,
    /// A group whose members follow from what they are.
    pub builtin: Option<Builtin>,
    /// Who is in it. A member that no list shows is keyed by its id.
    pub members: BTreeSet<Principal>,
}

impl Group {
    /// Returns true when every member is an object that `state` lists, so that the whole membership may be written.
    #[must_use]
    pub fn fully_listed(&self, state: &State) -> bool {
        self.members.iter().all(|member| match member {
            Principal::User(key) => state.users.contains_key(key),
            Principal::Application(key) => state.applications.contains_key(key),
        })
    }
}

/// The groups that an organization has of itself.
///
/// Source: IAM API v1alpha1, `all_users` and `all_applications` of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Builtin {
    /// All users.
    AllUsers,
    /// All applications that no product manages.
    AllApplications,
}

/// What every declared kind has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// Free text, at most 200 characters.
    pub description: String,
    /// The tags, without the one that says who owns it.
    pub tags: BTreeSet<String>,
    /// Which stack the object belongs to.
    pub owner: Option<Owner>,
}

/// Whom the ownership tag names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// This stack.
    Stack(Stack),
    /// Several stacks, or what is no stack's name: nobody may take it.
    Unclear(BTreeSet<String>),
}

impl Owner {
    /// Splits the tags of the wire into who owns the object, and the rest.
    #[must_use]
    pub fn of_tags(tags: impl IntoIterator<Item = String>) -> (Option<Self>, BTreeSet<String>) {
        let (owners, tags): (BTreeSet<_>, BTreeSet<_>) =
            tags.into_iter().partition(|tag| tag.starts_with(OWNER_TAG));
        let owner = match owners.len() {
            0 => None,
            1 => {
                let stack = owners.first().and_then(|tag| tag.strip_prefix(OWNER_TAG)?.parse().ok());
                Some(stack.map_or_else(|| Self::Unclear(owners.clone()), Self::Stack))
            }
            _ => Some(Self::Unclear(owners.clone())),
        };
        (owner, tags)
    }

    /// Returns the tags that say so on the wire.
    pub fn tags(&self) -> impl Iterator<Item = String> + '_ {
        let (stack, unclear) = match self {
            Self::Stack(stack) => (Some(format!("{OWNER_TAG}{stack}")), None),
            Self::Unclear(tags) => (None, Some(tags.iter().cloned())),
        };
        stack.into_iter().chain(unclear.into_iter().flatten())
    }

    /// Returns true when the object belongs to `stack`.
    #[must_use]
    pub fn is(&self, stack: &Stack) -> bool {
        matches!(self, Self::Stack(owner) if owner == stack)
    }
}

impl Meta {
    /// Returns all tags as they are on the wire: the object's own and the owner's, sorted.
    #[must_use]
    pub fn wire_tags(&self) -> Vec<String> {
        let mut tags: Vec<_> = self.tags.iter().cloned().collect();
        tags.extend(self.owner.iter().flat_map(Owner::tags));
        tags.sort_unstable();
        tags
    }
}

/// What may be done to an object, as the API says.
///
/// Source: IAM API v1alpha1, `editable`, `deletable`, `managed` of applications, groups and policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags {
    /// It may be changed.
    pub editable: bool,
    /// It may be deleted.
    pub deletable: bool,
    /// A product of Scaleway keeps it.
    pub managed: bool,
}

impl Default for Flags {
    /// Returns the flags of an ordinary object: editable, deletable, not managed.
    fn default() -> Self {
        Self { editable: true, deletable: true, managed: false }
    }
}

impl Flags {
    /// Returns true when the object may be changed by hand.
    #[must_use]
    pub const fn ordinary(self) -> bool {
        self.editable && !self.managed
    }
}

impl Default for Attachment {
    /// Returns [`Attachment::None`].
    fn default() -> Self {
        Self::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_good_owner_tag_names_the_stack() {
        let (owner, rest) = Owner::of_tags(tags(&["b", "scw-iam=platform", "a"]));
        assert!(owner.as_ref().unwrap().is(&"platform".parse().unwrap()));
        let meta = Meta { description: String::new(), tags: rest, owner };
        assert_eq!(meta.wire_tags(), ["a", "b", "scw-iam=platform"]);
    }

    #[test]
    fn two_owners_or_a_bad_one_are_nobodys_to_take() {
        for list in [&["scw-iam=a", "scw-iam=b"][..], &["scw-iam=Not A Stack"]] {
            let (owner, rest) = Owner::of_tags(tags(list));
            assert!(matches!(owner, Some(Owner::Unclear(_))), "{list:?}");
            assert_eq!(Meta { description: String::new(), tags: rest, owner }.wire_tags(), list);
        }
    }
}
