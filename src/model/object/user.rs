use super::{Field, FieldValue, Managed, WriteCall};
use crate::model::{Key, KeyForm, Principal};

/// A person in the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name to log in with, unique in the organization.
    pub username: String,
    /// Owner or member.
    pub kind: UserType,
    /// A locked member can neither log in nor use API keys.
    pub locked: bool,
    /// Whether the person has accepted the invitation.
    pub status: UserStatus,
}

impl User {
    /// Returns true when the person can log in: not locked, and not waiting for the invitation to be accepted.
    #[must_use]
    pub fn can_log_in(&self) -> bool {
        let Self { username: _, kind: _, locked, status } = self;
        !locked && *status != UserStatus::Invited
    }

    /// Returns why the person cannot log in, to be put behind the name; empty for one who can.
    #[must_use]
    pub const fn mark(&self) -> &'static str {
        match (self.locked, self.status) {
            (false, UserStatus::Activated) => "",
            (true, UserStatus::Activated) => " (locked)",
            (false, UserStatus::Invited) => " (not activated)",
            (true, UserStatus::Invited) => " (locked, not activated)",
        }
    }
}

/// Whether a person has accepted the invitation to the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserStatus {
    /// Accepted, or unknown.
    Activated,
    /// Not accepted yet: nobody can log in as this person.
    Invited,
}

/// The role of a user in the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserType {
    /// Holds every permission, without any policy.
    Owner,
    /// Holds what policies grant.
    Member,
    /// A type that this version does not know; holds what policies grant.
    Other,
}

impl Managed for User {
    const FORM: KeyForm = KeyForm::Email;
    const DECLARABLE: bool = false;
    const PRINCIPAL: Option<fn(Key) -> Principal> = Some(Principal::User);

    fn keep(&mut self, live: &Self) {
        self.clone_from(live);
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { username, kind, locked, status } = self;
        let owner = FieldValue::Flag(*kind == UserType::Owner);
        vec![
            Field::new("username", FieldValue::Text(username), WriteCall::Nothing),
            Field::new("is_owner", owner, WriteCall::Nothing),
            Field::new("locked", FieldValue::Flag(*locked), WriteCall::Nothing),
            Field::new("activated", FieldValue::Flag(*status == UserStatus::Activated), WriteCall::Nothing),
        ]
    }
}
