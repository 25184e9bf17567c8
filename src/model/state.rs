use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use indexmap::{Equivalent, IndexMap};

use super::object::OfKind;
use super::{Address, Application, Group, Id, Key, Kind, Object, Policy, ProjectName, User};

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
