use super::{Field, FieldValue, Managed, Writer};

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

impl Managed for User {
    fn keep(&mut self, live: &Self) {
        self.clone_from(live);
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { username, kind, locked } = self;
        let owner = FieldValue::Flag(*kind == UserType::Owner);
        vec![
            Field::new("username", FieldValue::Text(username), Writer::Nothing),
            Field::new("is_owner", owner, Writer::Nothing),
            Field::new("locked", FieldValue::Flag(*locked), Writer::Nothing),
        ]
    }
}
