//! Who is in a group.

use super::{Address, Builtin, Group, Principal, State};

impl Builtin {
    /// Returns the computed members of the group.
    pub fn members(self, state: &State) -> impl Iterator<Item = Principal> {
        let principals = state.objects.keys().filter_map(Address::principal);
        principals.filter(move |principal| self.has(state, principal))
    }

    /// Returns true when a principal of this state is in the group by what it is.
    #[must_use]
    pub fn has(self, state: &State, principal: &Principal) -> bool {
        match (self, principal) {
            (Self::AllUsers, Principal::User(key)) => state.user(key).is_some(),
            (Self::AllApplications, Principal::Application(key)) => {
                state.application(key).is_some_and(|application| !application.flags.managed)
            }
            (Self::AllUsers, Principal::Application(_)) | (Self::AllApplications, Principal::User(_)) => {
                false
            }
        }
    }
}

impl Group {
    /// Returns true when every member is an object that `state` lists, so that the whole membership may be written.
    #[must_use]
    pub fn fully_listed(&self, state: &State) -> bool {
        self.members.iter().all(|member| state.has(&member.address()))
    }

    /// Returns true when a principal of this state is in the group: as a member, or by what it is.
    #[must_use]
    pub fn has(&self, state: &State, principal: &Principal) -> bool {
        self.members.contains(principal) || self.builtin.is_some_and(|builtin| builtin.has(state, principal))
    }
}
