//! Who can administer IAM: the people that the guard `min_iam_admins` counts.

use std::collections::BTreeSet;

use crate::access::{Grant, Grants, Holdings, Packed, PrincipalId, World};
use crate::model::{Principal, State, UserType};

/// What makes somebody an administrator, and who counts as one.
#[derive(Debug, Clone, Default)]
pub(super) struct Administrators {
    /// The grants, of those that anybody holds on either side.
    grants: Vec<Packed>,
    /// The owners, who need no grant.
    owners: BTreeSet<PrincipalId>,
    /// The activated, unlocked people who are not owners.
    people: BTreeSet<PrincipalId>,
}

impl Administrators {
    /// Looks up what they are in a state.
    pub(super) fn of(world: &World, state: &State) -> Self {
        let grants = Grant::administering().iter().filter_map(|grant| world.symbols.find(grant)).collect();
        let mut administrators = Self { grants, ..Self::default() };
        for (key, user) in state.users() {
            let Some(id) = world.find(&Principal::User(key.clone())) else { continue };
            if user.kind == UserType::Owner {
                administrators.owners.insert(id);
            } else if user.can_log_in() {
                administrators.people.insert(id);
            }
        }
        administrators
    }

    /// Returns true when grants make their holder one.
    pub(super) fn made_by(&self, grants: &Grants) -> bool {
        self.grants.iter().any(|grant| grants.cover(*grant))
    }

    /// Returns true when a principal is one as soon as a grant makes it one.
    pub(super) fn may_be(&self, principal: PrincipalId) -> bool {
        self.people.contains(&principal)
    }

    /// Returns those that there are at a moment.
    pub(super) fn at(&self, holdings: &Holdings) -> BTreeSet<PrincipalId> {
        let holders = holdings
            .all_policies()
            .filter(|held| self.made_by(&held.grants))
            .flat_map(|held| holdings.holders(held.to));
        holders.filter(|id| self.may_be(*id)).chain(self.owners.iter().copied()).collect()
    }

    /// Returns those whom nothing that changes can touch: the owners.
    pub(super) const fn owners(&self) -> &BTreeSet<PrincipalId> {
        &self.owners
    }
}
