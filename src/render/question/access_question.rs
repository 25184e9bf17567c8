//! A question about access, before it says of whom or of what.

use super::ground::Ground;
use crate::access::{
    Everything, Grant, GrantScope, HeldGrant, Holds, RequestFacts, UnseenGrant, decide_held, includes,
};
use crate::model::{Catalogue, PermissionSetName};

/// A question about access, without the permission set or the scope.
#[derive(Debug)]
pub struct AccessQuestion<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// The access that is looked at: of the live organization, or of what files give as one.
    pub everything: Everything<'a>,
    /// The permission sets there are.
    pub catalogue: &'a Catalogue,
    /// The request that conditions are judged for.
    pub request: RequestFacts,
}

impl AccessQuestion<'_> {
    pub(super) fn holds(&self, held: &HeldGrant) -> Holds {
        let expiries = self.ground.files.map_or(&[][..], |files| &files.expiries);
        decide_held(held, expiries, &self.request)
    }

    /// Returns the grants that give a permission set, by itself or as a part of another one, in a scope, and whose holders are not
    /// known.
    pub(super) fn unseen(
        &self,
        set: Option<&PermissionSetName>,
        on: Option<&GrantScope>,
    ) -> Vec<UnseenGrant> {
        self.everything.unseen().filter(|unseen| self.gives(&unseen.grant, set, on)).collect()
    }

    pub(super) fn gives(
        &self,
        grant: &Grant,
        set: Option<&PermissionSetName>,
        on: Option<&GrantScope>,
    ) -> bool {
        let outer = &grant.permission_set;
        on.is_none_or(|on| grant.scope.contains(on))
            && set.is_none_or(|set| outer == set || includes(self.catalogue, outer, set))
    }
}
