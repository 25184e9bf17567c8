use std::collections::BTreeSet;

use super::managed::{Managed, has_meta};
use super::{Field, FieldValue, WriteCall};
use crate::model::{Address, Flags, Meta, Principal};

/// A set of users and applications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Description, tags, owner.
    pub meta: Meta,
    /// What may be done to it.
    pub flags: Flags,
    /// A built-in group, whose members are computed.
    pub builtin: Option<Builtin>,
    /// Who is in it. A member that no list shows is keyed by its id.
    pub members: BTreeSet<Principal>,
}

/// The built-in groups.
///
/// Source: IAM API v1alpha1, `all_users` and `all_applications` of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Builtin {
    /// All users.
    AllUsers,
    /// All applications that no product manages.
    AllApplications,
}

impl Builtin {
    /// Returns the group of this name.
    ///
    /// Source: recorded; both are in every organization, under these names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "All Users" => Some(Self::AllUsers),
            "All Applications" => Some(Self::AllApplications),
            _ => None,
        }
    }
}

impl Managed for Group {
    has_meta!();

    /// Nobody can change a built-in group.
    fn flags(&self) -> Flags {
        Flags { managed: self.flags.managed || self.builtin.is_some(), ..self.flags }
    }

    fn is_built_in(&self) -> bool {
        self.builtin.is_some()
    }

    fn refers(&self) -> Vec<Address> {
        self.members.iter().map(Principal::address).collect()
    }

    fn readdress(&mut self, to: &impl Fn(&Address) -> Option<Address>) {
        if self.members.iter().any(|member| to(&member.address()).is_some()) {
            let members = std::mem::take(&mut self.members).into_iter();
            self.members = members
                .map(|mut member| {
                    member.readdress(to);
                    member
                })
                .collect();
        }
    }

    fn forget(&mut self, gone: &Address) {
        if let Some(principal) = gone.principal() {
            self.members.remove(&principal);
        }
    }

    fn keep(&mut self, live: &Self) {
        (self.flags, self.builtin) = (live.flags, live.builtin);
    }

    fn patch(&mut self, before: &Self, after: &Self) {
        self.meta.patch(&before.meta, &after.meta);
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { meta, flags, builtin, members } = self;
        let mut fields = Field::of_meta(meta);
        fields.push(Field::new("members", FieldValue::Members(members), WriteCall::Members));
        for (name, one) in [("all_users", Builtin::AllUsers), ("all_applications", Builtin::AllApplications)]
        {
            fields.push(Field::new(name, FieldValue::Flag(*builtin == Some(one)), WriteCall::Nothing));
        }
        fields.extend(Field::of_flags(*flags));
        fields
    }
}
