//! What the objects of most kinds have in common.

use std::collections::BTreeSet;

use crate::model::Stack;
use crate::model::name::OWNER_TAG;

/// What every declared kind has.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    /// Free text, at most 200 characters. White space at both ends has no meaning.
    pub description: String,
    /// The tags, without the ownership tag.
    pub tags: BTreeSet<String>,
    /// Which stack the object belongs to.
    pub owner: Option<Owner>,
}

/// Who the ownership tag names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// This stack.
    Stack(Stack),
    /// Several stacks, or an invalid stack name: no stack may take the object over.
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

impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        let Self { description, tags, owner } = self;
        description.trim() == other.description.trim() && *tags == other.tags && *owner == other.owner
    }
}

impl Eq for Meta {}

impl Meta {
    /// Takes over from the live object the fields that files leave out.
    pub fn keep(&mut self, live: &Self, unsaid: &Unsaid) {
        if unsaid.description {
            self.description.clone_from(&live.description);
        }
        if unsaid.tags {
            self.tags.clone_from(&live.tags);
        }
    }

    /// Takes over the fields that differ between both.
    pub fn patch(&mut self, before: &Self, after: &Self) {
        let Self { description, tags, owner } = after;
        if before.description.trim() != description.trim() {
            self.description.clone_from(description);
        }
        if before.tags != *tags {
            self.tags.clone_from(tags);
        }
        if before.owner != *owner {
            self.owner.clone_from(owner);
        }
    }

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
    /// A Scaleway product manages it.
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

/// Fields of an object that files leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsaid {
    /// Its description.
    pub description: bool,
    /// Its tags.
    pub tags: bool,
    /// Fields of its kind alone, by the API's names.
    pub fields: Vec<&'static str>,
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
