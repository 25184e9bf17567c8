use std::fmt;

use super::{Email, Id, Name};

/// What an object goes by: its name, or its id where the language cannot name it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key<N> {
    /// A good name that one object alone bears.
    Named(N),
    /// The id, of an object whose name is not unique, breaks the rules, or is not known.
    Id(Id),
}

impl<N> Key<N> {
    /// Returns the name, or `None` for an object that goes by its id.
    pub const fn name(&self) -> Option<&N> {
        match self {
            Self::Named(name) => Some(name),
            Self::Id(_) => None,
        }
    }
}

impl<N> From<N> for Key<N> {
    fn from(name: N) -> Self {
        Self::Named(name)
    }
}

impl<N: fmt::Display> fmt::Display for Key<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl<N: fmt::Display> fmt::Debug for Key<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A kind of object that files can declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// People.
    User,
    /// Machines.
    Application,
    /// Sets of people and machines.
    Group,
    /// What a principal may do.
    Policy,
}

impl Kind {
    /// All kinds, in the order of the files' sections.
    pub const ALL: [Self; 4] = [Self::User, Self::Application, Self::Group, Self::Policy];

    /// Returns the word for one, as in an address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Application => "application",
            Self::Group => "group",
            Self::Policy => "policy",
        }
    }

    /// Returns the word for many, as in the files' sections.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Application => "applications",
            Self::Group => "groups",
            Self::Policy => "policies",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Kind and name of an object: `group developers`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// A user.
    User(Key<Email>),
    /// An application.
    Application(Key<Name>),
    /// A group.
    Group(Key<Name>),
    /// A policy.
    Policy(Key<Name>),
}

impl Address {
    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::User(_) => Kind::User,
            Self::Application(_) => Kind::Application,
            Self::Group(_) => Kind::Group,
            Self::Policy(_) => Kind::Policy,
        }
    }

    /// Returns what follows the kind: the name or the id, as text.
    #[must_use]
    pub fn key_text(&self) -> String {
        match self {
            Self::User(key) => key.to_string(),
            Self::Application(key) | Self::Group(key) | Self::Policy(key) => key.to_string(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.key_text())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Who can hold access: a user or an application.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// A person.
    User(Key<Email>),
    /// A machine.
    Application(Key<Name>),
}

impl Principal {
    /// Returns the address of the same object.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::User(key) => Address::User(key.clone()),
            Self::Application(key) => Address::Application(key.clone()),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(key) => write!(f, "user {key}"),
            Self::Application(key) => write!(f, "application {key}"),
        }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What a policy is attached to, the API's principal of a policy: exactly one of four.
///
/// Source: IAM API v1alpha1, one-of `user_id`, `group_id`, `application_id`, `no_principal`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attachment {
    /// Nobody holds the policy's grants.
    None,
    /// One user or application holds them.
    Principal(Principal),
    /// All members of a group hold them.
    Group(Key<Name>),
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Principal(principal) => principal.fmt(f),
            Self::Group(key) => write!(f, "group {key}"),
        }
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
