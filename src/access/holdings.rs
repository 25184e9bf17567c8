use std::collections::BTreeSet;

use indexmap::IndexSet;

use super::{Grants, Symbols};
use crate::model::{Attachment, Builtin, Key, Principal, State, UserType};

/// The number of something in a [`World`].
pub trait Number: Copy {
    /// What bears the number.
    type Name: Clone + Eq + std::hash::Hash + 'static;

    /// Returns the number of what stands at a position.
    fn at(position: usize) -> Self;

    /// Returns the position.
    fn index(self) -> usize;

    /// Returns all that bear such a number, in their order.
    fn names(world: &World) -> &IndexSet<Self::Name>;
}

macro_rules! number {
    ($(#[$doc:meta])* $number:ident of $name:ty, in $table:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $number(u32);

        impl Number for $number {
            type Name = $name;

            fn at(position: usize) -> Self {
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }

            fn index(self) -> usize {
                self.0 as usize
            }

            fn names(world: &World) -> &IndexSet<$name> {
                &world.$table
            }
        }
    };
}

number! {
    /// A principal's number in a [`World`].
    PrincipalId of Principal, in principals
}
number! {
    /// A group's number in a [`World`].
    GroupId of Key, in groups
}
number! {
    /// A policy's number in a [`World`].
    PolicyId of Key, in policies
}

/// Numbers for all principals, groups and policies of the states to be compared, so that they compare by number.
#[derive(Debug, Clone, Default)]
pub struct World {
    principals: IndexSet<Principal>,
    groups: IndexSet<Key>,
    policies: IndexSet<Key>,
    /// What packed grants speak of.
    pub symbols: Symbols,
}

fn number<N: Number>(names: &mut IndexSet<N::Name>, name: &N::Name) -> N {
    N::at(names.get_index_of(name).unwrap_or_else(|| names.insert_full(name.clone()).0))
}

impl World {
    /// Returns what bears a number.
    #[must_use]
    pub fn name<N: Number>(&self, number: N) -> Option<&N::Name> {
        N::names(self).get_index(number.index())
    }

    /// Returns the number of something, or `None` when no state has mentioned it.
    #[must_use]
    pub fn find<N: Number>(&self, name: &N::Name) -> Option<N> {
        N::names(self).get_index_of(name).map(N::at)
    }

    /// Returns all numbers of a sort with what bears them.
    pub fn all<N: Number>(&self) -> impl Iterator<Item = (N, &N::Name)> {
        N::names(self).iter().enumerate().map(|(position, name)| (N::at(position), name))
    }

    /// Returns the number of a principal, given at its first mention.
    pub fn principal(&mut self, principal: &Principal) -> PrincipalId {
        number(&mut self.principals, principal)
    }

    /// Returns the number of a group, given at its first mention.
    pub fn group(&mut self, key: &Key) -> GroupId {
        number(&mut self.groups, key)
    }

    /// Returns the number of a policy, given at its first mention.
    pub fn policy(&mut self, key: &Key) -> PolicyId {
        number(&mut self.policies, key)
    }

    /// Returns what a policy is attached to, by number.
    pub fn attached(&mut self, attachment: &Attachment) -> Attached {
        match attachment {
            Attachment::None => Attached::Nobody,
            Attachment::Principal(principal) => Attached::Principal(self.principal(principal)),
            Attachment::Group(key) => Attached::Group(self.group(key)),
        }
    }

    /// Returns who holds what in a state.
    pub fn holdings(&mut self, state: &State) -> Holdings {
        self.holdings_beside(state, None)
    }

    /// Returns who holds what in a state that shares most of its objects with another one, of which that is known.
    pub fn holdings_after(&mut self, state: &State, (before, held): (&State, &Holdings)) -> Holdings {
        self.holdings_beside(state, Some((before, held)))
    }

    fn holdings_beside(&mut self, state: &State, known: Option<(&State, &Holdings)>) -> Holdings {
        let mut holdings = Holdings::default();
        for (key, user) in state.users() {
            let id = self.principal(&Principal::User(key.clone()));
            holdings.insert_principal(id);
            if user.kind == UserType::Owner {
                holdings.owners.insert(id);
            }
        }
        for (key, _) in state.applications() {
            let id = self.principal(&Principal::Application(key.clone()));
            holdings.insert_principal(id);
        }
        for (key, group) in state.groups() {
            let id = self.group(key);
            holdings.insert_group(id);
            let shared = known.filter(|(before, _)| {
                // Of a group of everybody the members depend on more than the group.
                let before = before.group(key).filter(|_| group.builtin.is_none());
                before.is_some_and(|before| std::ptr::eq(before, group))
            });
            let mut join = |member: PrincipalId| {
                holdings.insert_principal(member);
                holdings.join(id, member);
            };
            match shared {
                Some((_, held)) => held.members(id).iter().copied().for_each(join),
                None => group.members.iter().for_each(|member| join(self.principal(member))),
            }
            if let Some(builtin) = group.builtin {
                let computed = match builtin {
                    Builtin::AllUsers => &mut holdings.all_users,
                    Builtin::AllApplications => &mut holdings.all_applications,
                };
                computed.insert(id);
                for principal in builtin.members(state) {
                    holdings.join(id, self.principal(&principal));
                }
            }
        }
        for (key, policy) in state.policies() {
            let id = self.policy(key);
            let shared = known
                .filter(|(before, _)| before.policy(key).is_some_and(|before| std::ptr::eq(before, policy)))
                .and_then(|(_, held)| held.policy(id).cloned());
            let held = shared.unwrap_or_else(|| Held {
                to: self.attached(&policy.attachment),
                grants: self.symbols.pack_rules(&policy.rules),
            });
            if let Attached::Principal(id) = held.to {
                holdings.insert_principal(id);
            }
            holdings.set_policy(id, Some(held));
        }
        holdings
    }
}

/// What a policy is attached to, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attached {
    /// Nobody.
    Nobody,
    /// A user or an application.
    Principal(PrincipalId),
    /// A group.
    Group(GroupId),
}

impl Attached {
    /// Returns the group, where it is one.
    #[must_use]
    pub const fn group(self) -> Option<GroupId> {
        match self {
            Self::Group(group) => Some(group),
            Self::Nobody | Self::Principal(_) => None,
        }
    }
}

/// A policy as access sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who holds the grants.
    pub to: Attached,
    /// The grants.
    pub grants: Grants,
}

/// Who holds what, at one moment: memberships and policies by number, with the ways back.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    exists: Vec<bool>,
    members: Vec<BTreeSet<PrincipalId>>,
    groups_of: Vec<BTreeSet<GroupId>>,
    policies: Vec<Option<Held>>,
    on_group: Vec<BTreeSet<PolicyId>>,
    on_principal: Vec<BTreeSet<PolicyId>>,
    /// The built-in groups of all users: a new user is in them at once.
    pub all_users: BTreeSet<GroupId>,
    /// The built-in groups of all applications: a new application is in them at once.
    pub all_applications: BTreeSet<GroupId>,
    /// Who holds everything, without any policy.
    pub owners: BTreeSet<PrincipalId>,
}

fn slot<T: Default + Clone>(list: &mut Vec<T>, at: impl Number) -> &mut T {
    let at = at.index();
    if list.len() <= at {
        list.resize(at + 1, T::default());
    }
    &mut list[at]
}

static NO_PRINCIPALS: BTreeSet<PrincipalId> = BTreeSet::new();
static NO_GROUPS: BTreeSet<GroupId> = BTreeSet::new();
static NO_POLICIES: BTreeSet<PolicyId> = BTreeSet::new();

impl Holdings {
    /// Notes that a principal exists.
    pub fn insert_principal(&mut self, principal: PrincipalId) {
        *slot(&mut self.exists, principal) = true;
    }

    /// Notes that a group exists.
    pub fn insert_group(&mut self, group: GroupId) {
        slot(&mut self.members, group);
    }

    /// Returns true when the principal exists.
    #[must_use]
    pub fn exists(&self, principal: PrincipalId) -> bool {
        self.exists.get(principal.index()).copied().unwrap_or(false)
    }

    /// Puts a principal into a group.
    pub fn join(&mut self, group: GroupId, principal: PrincipalId) {
        slot(&mut self.members, group).insert(principal);
        slot(&mut self.groups_of, principal).insert(group);
    }

    /// Takes a principal out of a group.
    pub fn leave(&mut self, group: GroupId, principal: PrincipalId) {
        slot(&mut self.members, group).remove(&principal);
        slot(&mut self.groups_of, principal).remove(&group);
    }

    /// Makes a policy what it is given as; `None` deletes it.
    pub fn set_policy(&mut self, policy: PolicyId, held: Option<Held>) {
        if let Some(before) = slot(&mut self.policies, policy).take() {
            match before.to {
                Attached::Nobody => {}
                Attached::Principal(id) => _ = slot(&mut self.on_principal, id).remove(&policy),
                Attached::Group(id) => _ = slot(&mut self.on_group, id).remove(&policy),
            }
        }
        match held.as_ref().map(|held| held.to) {
            None | Some(Attached::Nobody) => {}
            Some(Attached::Principal(id)) => _ = slot(&mut self.on_principal, id).insert(policy),
            Some(Attached::Group(id)) => _ = slot(&mut self.on_group, id).insert(policy),
        }
        *slot(&mut self.policies, policy) = held;
    }

    fn detach(&mut self, policies: &BTreeSet<PolicyId>) {
        for policy in policies {
            if let Some(held) = self.policy(*policy).cloned() {
                self.set_policy(*policy, Some(Held { to: Attached::Nobody, ..held }));
            }
        }
    }

    /// Deletes a group: its members leave it, its policies are attached to nobody.
    pub fn delete_group(&mut self, group: GroupId) {
        for member in self.members(group).clone() {
            self.leave(group, member);
        }
        self.detach(&self.policies_on_group(group).clone());
    }

    /// Deletes a principal: it leaves its groups, its own policies are attached to nobody.
    pub fn delete_principal(&mut self, principal: PrincipalId) {
        for group in self.groups_of(principal).clone() {
            self.leave(group, principal);
        }
        self.detach(&self.policies_on_principal(principal).clone());
        *slot(&mut self.exists, principal) = false;
    }

    /// Returns the members of a group.
    #[must_use]
    pub fn members(&self, group: GroupId) -> &BTreeSet<PrincipalId> {
        self.members.get(group.index()).unwrap_or(&NO_PRINCIPALS)
    }

    /// Returns the groups of a principal.
    #[must_use]
    pub fn groups_of(&self, principal: PrincipalId) -> &BTreeSet<GroupId> {
        self.groups_of.get(principal.index()).unwrap_or(&NO_GROUPS)
    }

    /// Returns the policies attached to a group.
    #[must_use]
    pub fn policies_on_group(&self, group: GroupId) -> &BTreeSet<PolicyId> {
        self.on_group.get(group.index()).unwrap_or(&NO_POLICIES)
    }

    /// Returns the policies attached to a principal itself.
    #[must_use]
    pub fn policies_on_principal(&self, principal: PrincipalId) -> &BTreeSet<PolicyId> {
        self.on_principal.get(principal.index()).unwrap_or(&NO_POLICIES)
    }

    /// Returns a policy, or `None` when it does not exist.
    #[must_use]
    pub fn policy(&self, policy: PolicyId) -> Option<&Held> {
        self.policies.get(policy.index())?.as_ref()
    }

    /// Returns all policies that exist, in the order of their numbers.
    pub fn all_policies(&self) -> impl Iterator<Item = &Held> {
        self.policies.iter().flatten()
    }

    /// Returns every way by which policies reach a principal: the group, or `None` for its own policies.
    pub fn ways(&self, principal: PrincipalId) -> impl Iterator<Item = (Option<GroupId>, PolicyId, &Grants)> {
        let direct = self.policies_on_principal(principal).iter().map(|policy| (None, *policy));
        let by_group = self.groups_of(principal).iter();
        let by_group =
            by_group.flat_map(|group| self.policies_on_group(*group).iter().map(|p| (Some(*group), *p)));
        direct
            .chain(by_group)
            .filter_map(|(group, policy)| Some((group, policy, &self.policy(policy)?.grants)))
    }

    /// Returns all that a principal holds.
    #[must_use]
    pub fn grants_of(&self, principal: PrincipalId) -> Grants {
        let mut ways = self.ways(principal).map(|(_, _, grants)| grants);
        let (Some(first), second) = (ways.next(), ways.next()) else { return Grants::default() };
        let Some(second) = second else { return first.clone() };
        Grants::new(first.iter().chain(second.iter()).chain(ways.flat_map(Grants::iter)).collect())
    }

    /// Returns who holds the grants of something that is attached so.
    #[must_use]
    pub fn holders(&self, to: Attached) -> Vec<PrincipalId> {
        match to {
            Attached::Nobody => Vec::new(),
            Attached::Principal(id) => vec![id],
            Attached::Group(group) => self.members(group).iter().copied().collect(),
        }
    }

    /// Returns the principals whose ways differ between two moments, sorted.
    #[must_use]
    pub fn touched(&self, other: &Self) -> BTreeSet<PrincipalId> {
        let mut touched = BTreeSet::new();
        for group in 0..self.members.len().max(other.members.len()) {
            let group = GroupId::at(group);
            touched.extend(self.members(group).symmetric_difference(other.members(group)));
        }
        for policy in 0..self.policies.len().max(other.policies.len()) {
            let policy = PolicyId::at(policy);
            let (a, b) = (self.policy(policy), other.policy(policy));
            if a != b {
                touched.extend(a.map(|held| self.holders(held.to)).unwrap_or_default());
                touched.extend(b.map(|held| other.holders(held.to)).unwrap_or_default());
            }
        }
        touched
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Application, Group, Object, Policy, Rule, Rules, Scope};

    fn key(name: &str) -> Key {
        Key::Named(name.parse().unwrap())
    }

    fn application(name: &str) -> Principal {
        Principal::Application(key(name))
    }

    fn policy(attachment: Attachment, set: &str) -> Object {
        let permission_sets = [set.parse().unwrap()].into();
        let rules = Rules(vec![Rule { permission_sets, scope: Scope::Organization, condition: None }]);
        Policy { attachment, rules, ..Policy::default() }.into()
    }

    #[test]
    fn what_two_states_share_is_held_as_if_each_were_looked_at_alone() {
        let group = |members: &[&str], builtin| -> Object {
            let members = members.iter().map(|name| application(name)).collect();
            Group { members, builtin, ..Group::default() }.into()
        };
        let mut before = State::empty("105bdce1-64c0-48ab-899d-868455867ecf".parse().unwrap());
        before.objects.insert(Address::group(key("same")), group(&["a", "b"], None));
        before.objects.insert(Address::group(key("changed")), group(&["a"], None));
        before.objects.insert(Address::group(key("everybody")), group(&[], Some(Builtin::AllApplications)));
        before
            .objects
            .insert(Address::policy(key("p")), policy(Attachment::Group(key("same")), "IAMReadOnly"));
        before
            .objects
            .insert(Address::policy(key("q")), policy(Attachment::Principal(application("c")), "IAMManager"));
        before.objects.insert(Address::application(key("gone")), Application::default().into());
        let mut after = before.clone();
        after.objects.shift_remove(&Address::application(key("gone")));
        after.objects.insert(Address::application(key("b")), Application::default().into());
        after.objects.insert(Address::group(key("changed")), group(&["b"], None));
        after
            .objects
            .insert(Address::policy(key("q")), policy(Attachment::Group(key("changed")), "IAMManager"));
        let mut world = World::default();
        let held = world.holdings(&before);
        let shared = world.holdings_after(&after, (&before, &held));
        let alone = world.holdings(&after);
        assert_eq!(format!("{shared:?}"), format!("{alone:?}"));
        assert_ne!(format!("{shared:?}"), format!("{held:?}"));
    }
}
