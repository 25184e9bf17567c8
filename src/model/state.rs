use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use indexmap::{Equivalent, IndexMap};

use super::name::OWNER_TAG;
use super::object::OfKind;
use super::{Address, Application, Group, Id, Key, Kind, Object, Policy, ProjectName, Stack, Unsaid, User};

/// The access of an organization, or the part of it that files declare: one type for both sides.
///
/// Keyed by address; ids stay in a side table. Objects without a usable name are keyed by their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The organization that all of this belongs to.
    pub organization: Id,
    /// The names of projects, as far as they are known: pinned in the files, or read because a name needed it.
    pub projects: IndexMap<Id, ProjectName>,
    /// All objects: those of one kind in the order in which they were read.
    pub objects: IndexMap<Address, Object>,
}

/// An address that is not there to be kept, to look something up with.
struct Borrowed<'k>(Kind, &'k Key);

impl Hash for Borrowed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As the derived one of an address does, field by field.
        self.0.hash(state);
        self.1.hash(state);
    }
}

impl Equivalent<Address> for Borrowed<'_> {
    fn equivalent(&self, address: &Address) -> bool {
        self.0 == address.kind() && self.1 == address.key()
    }
}

impl State {
    /// Returns a state without any object.
    #[must_use]
    pub fn empty(organization: Id) -> Self {
        Self { organization, projects: IndexMap::new(), objects: IndexMap::new() }
    }

    /// Returns true when there is such an object.
    #[must_use]
    pub fn has(&self, address: &Address) -> bool {
        self.objects.contains_key(address)
    }

    /// Returns an object of any kind, or `None` if it does not exist.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Object> {
        self.objects.get(address)
    }

    /// Returns an object of one kind.
    #[must_use]
    pub fn find<T: OfKind>(&self, key: &Key) -> Option<&T> {
        T::of(self.objects.get(&Borrowed(T::KIND, key))?)
    }

    /// Returns an object of one kind, to change it.
    pub fn find_mut<T: OfKind>(&mut self, key: &Key) -> Option<&mut T> {
        T::of_mut(self.objects.get_mut(&Borrowed(T::KIND, key))?)
    }

    /// Adds an object, in place of one with the same address.
    pub fn insert<T: OfKind>(&mut self, key: impl Into<Key>, object: T) {
        self.objects.insert(Address::new(T::KIND, key), object.into());
    }

    /// Returns all objects of one kind with their keys.
    pub fn all<T: OfKind + 'static>(&self) -> impl Iterator<Item = (&Key, &T)> {
        self.objects.iter().filter_map(|(address, object)| Some((address.key(), T::of(object)?)))
    }

    /// Returns all objects of one kind with their keys, to change them.
    pub fn all_mut<T: OfKind + 'static>(&mut self) -> impl Iterator<Item = (&Key, &mut T)> {
        self.objects.iter_mut().filter_map(|(address, object)| Some((address.key(), T::of_mut(object)?)))
    }

    /// Returns the addresses of one kind.
    pub fn addresses(&self, kind: Kind) -> impl Iterator<Item = &Address> {
        self.objects.keys().filter(move |address| address.kind() == kind)
    }

    /// Returns the people.
    pub fn users(&self) -> impl Iterator<Item = (&Key, &User)> {
        self.all()
    }

    /// Returns the applications.
    pub fn applications(&self) -> impl Iterator<Item = (&Key, &Application)> {
        self.all()
    }

    /// Returns the groups.
    pub fn groups(&self) -> impl Iterator<Item = (&Key, &Group)> {
        self.all()
    }

    /// Returns the policies, with their rules.
    pub fn policies(&self) -> impl Iterator<Item = (&Key, &Policy)> {
        self.all()
    }

    /// Returns a user.
    #[must_use]
    pub fn user(&self, key: &Key) -> Option<&User> {
        self.find(key)
    }

    /// Returns an application.
    #[must_use]
    pub fn application(&self, key: &Key) -> Option<&Application> {
        self.find(key)
    }

    /// Returns a group.
    #[must_use]
    pub fn group(&self, key: &Key) -> Option<&Group> {
        self.find(key)
    }

    /// Returns a policy.
    #[must_use]
    pub fn policy(&self, key: &Key) -> Option<&Policy> {
        self.find(key)
    }

    /// Gives objects their new addresses, and updates references to them.
    #[must_use]
    pub fn readdressed(&self, to: &impl Fn(&Address) -> Option<Address>) -> Self {
        let moved = |(address, object): (&Address, &Object)| {
            let mut object = object.clone();
            object.readdress(to);
            let moved = to(address).or_else(|| address.moved_with_parent(to));
            (moved.unwrap_or_else(|| address.clone()), object)
        };
        let Self { organization, projects, objects } = self;
        let objects = objects.iter().map(moved).collect();
        Self { organization: *organization, projects: projects.clone(), objects }
    }

    /// Removes objects, and everything that the API removes with them.
    pub fn remove_all(&mut self, gone: &BTreeSet<Address>) {
        if gone.is_empty() {
            return;
        }
        let ends = |address: &Address| address.parent().is_some_and(|parent| gone.contains(&parent));
        self.objects.retain(|address, _| !gone.contains(address) && !ends(address));
        for object in self.objects.values_mut() {
            for referred in object.refers() {
                if gone.contains(&referred) {
                    object.forget(&referred);
                }
            }
        }
    }
}

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
