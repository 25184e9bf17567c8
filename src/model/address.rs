use std::fmt;
use std::sync::Arc;

use super::{BadText, Email, Id, Kind, Name, Username};

/// What an object goes by within its kind.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A name that one object alone has.
    Named(Name),
    /// The e-mail address of a person, which one person alone has.
    Email(Email),
    /// The name that a person logs in with, of one whose e-mail address somebody else has too.
    Username(Username),
    /// The id, of an object whose name is not unique, breaks the rules, or is not known.
    Id(Id),
    /// A name that is unique within another object: the slot of an API key, the name of an SSH key.
    Child(Arc<Child>),
    /// The only object of its kind, as the settings of an organization.
    Only,
}

/// A name within another object.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Child {
    /// What the other object goes by; its kind follows from the kind of the child.
    pub parent: Key,
    /// The name within it.
    pub name: Name,
}

impl Key {
    /// Returns the name, or `None` for an object that goes by something else.
    #[must_use]
    pub const fn name(&self) -> Option<&Name> {
        match self {
            Self::Named(name) => Some(name),
            Self::Email(_) | Self::Username(_) | Self::Id(_) | Self::Child(_) | Self::Only => None,
        }
    }

    /// Returns the id, of an object that goes by it.
    #[must_use]
    pub const fn id(&self) -> Option<Id> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Named(_) | Self::Email(_) | Self::Username(_) | Self::Child(_) | Self::Only => None,
        }
    }

    /// Reads what a person goes by where one text says it: an e-mail address, `username=ops`, or `id=` and an id.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn of_person(text: &str) -> Result<Self, BadText> {
        if let Some(username) = text.strip_prefix(USERNAME) {
            return username.parse().map(Self::Username);
        }
        match text.strip_prefix(ID).map(str::parse) {
            Some(Ok(id)) => Ok(Self::Id(id)),
            Some(Err(_)) | None => text.parse().map(Self::Email),
        }
    }

    /// Returns what a person calls the object, as text; `None` for one that goes by its id.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name.as_str()),
            Self::Email(email) => Some(email.as_str()),
            Self::Username(username) => Some(username.as_str()),
            Self::Child(child) => Some(child.name.as_str()),
            Self::Id(_) | Self::Only => None,
        }
    }
}

/// What stands before a username where one text names a person.
const USERNAME: &str = "username=";

/// What stands before an id there.
const ID: &str = "id=";

impl From<Name> for Key {
    fn from(name: Name) -> Self {
        Self::Named(name)
    }
}

impl From<Email> for Key {
    fn from(email: Email) -> Self {
        Self::Email(email)
    }
}

impl From<Id> for Key {
    fn from(id: Id) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::Email(email) => email.fmt(f),
            Self::Username(username) => write!(f, "{USERNAME}{username}"),
            Self::Id(id) => id.fmt(f),
            Self::Child(child) => write!(f, "{}/{}", child.parent, child.name),
            Self::Only => f.write_str("organization"),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Kind and key of an object: `group developers`. Cheap to clone: a name is shared.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    kind: Kind,
    key: Key,
}

impl Address {
    /// Returns the address of an object of this kind.
    #[must_use]
    pub fn new(kind: Kind, key: impl Into<Key>) -> Self {
        Self { kind, key: key.into() }
    }

    /// Returns the address of a user.
    #[must_use]
    pub fn user(key: impl Into<Key>) -> Self {
        Self::new(Kind::User, key)
    }

    /// Returns the address of an application.
    #[must_use]
    pub fn application(key: impl Into<Key>) -> Self {
        Self::new(Kind::Application, key)
    }

    /// Returns the address of a group.
    #[must_use]
    pub fn group(key: impl Into<Key>) -> Self {
        Self::new(Kind::Group, key)
    }

    /// Returns the address of a policy.
    #[must_use]
    pub fn policy(key: impl Into<Key>) -> Self {
        Self::new(Kind::Policy, key)
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns what the object goes by within its kind.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Returns the address of an object of the same kind.
    #[must_use]
    pub fn sibling(&self, key: impl Into<Key>) -> Self {
        Self::new(self.kind, key)
    }

    /// Returns what follows the kind: the name or the id, as text.
    #[must_use]
    pub fn key_text(&self) -> String {
        self.key.to_string()
    }

    /// Returns the object as files and command lines write it in one text: `group:developers`, `user:username=ops`, or
    /// `user:id=` and an id.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.key {
            Key::Id(id) => format!("{}:{ID}{id}", self.kind),
            Key::Named(_) | Key::Email(_) | Key::Username(_) | Key::Child(_) | Key::Only => {
                format!("{}:{}", self.kind, self.key)
            }
        }
    }

    /// Returns the object as somebody who can hold access, or `None` for what cannot.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        match self.kind {
            Kind::User => Some(Principal::User(self.key.clone())),
            Kind::Application => Some(Principal::Application(self.key.clone())),
            Kind::Group | Kind::Policy => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.key)
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
    User(Key),
    /// A machine.
    Application(Key),
}

impl Principal {
    /// Returns what it goes by within its kind.
    #[must_use]
    pub const fn key(&self) -> &Key {
        match self {
            Self::User(key) | Self::Application(key) => key,
        }
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::User(_) => Kind::User,
            Self::Application(_) => Kind::Application,
        }
    }

    /// Returns the address of the same object.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::new(self.kind(), self.key().clone())
    }

    /// Gives the principal another address, where it moves.
    pub fn readdress(&mut self, to: &impl Fn(&Address) -> Option<Address>) {
        if let Some(moved) = to(&self.address()).and_then(|address| address.principal()) {
            *self = moved;
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.key())
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
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attachment {
    /// Nobody holds the policy's grants.
    #[default]
    None,
    /// One user or application holds them.
    Principal(Principal),
    /// All members of a group hold them.
    Group(Key),
}

impl Attachment {
    /// Returns the attachment to a principal or a group.
    #[must_use]
    pub fn of(address: Address) -> Self {
        match address.principal() {
            Some(principal) => Self::Principal(principal),
            None => Self::Group(address.key),
        }
    }

    /// Returns the address of what it is, or `None` for nobody.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        match self {
            Self::None => None,
            Self::Principal(principal) => Some(principal.address()),
            Self::Group(key) => Some(Address::group(key.clone())),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_names_a_person_in_three_ways() {
        let id = Id::from_bits(7);
        for text in
            ["a@x.io".to_owned(), "username=ops".to_owned(), "username=a@x.io".to_owned(), format!("id={id}")]
        {
            assert_eq!(Address::user(Key::of_person(&text).unwrap()).text(), format!("user:{text}"));
        }
        assert_eq!(Key::of_person("id=a@x.io").unwrap().title(), Some("id=a@x.io"), "an address");
        for bad in ["", "ops", "username=", "username=a b", "id=7"] {
            assert!(Key::of_person(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_says_kind_and_key() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let id = Id::from_bits(7);
        let child = Key::Child(Arc::new(Child { parent: name("ci").into(), name: name("deploy") }));
        let shown = [
            Address::group(name("ops")),
            Address::user("a@x.io".parse::<Email>().unwrap()),
            Address::policy(id),
            Address::application(child),
            Address::policy(Key::Only),
        ];
        let shown = shown.map(|address| address.to_string());
        let of_id = format!("policy {id}");
        assert_eq!(
            shown,
            ["group ops", "user a@x.io", of_id.as_str(), "application ci/deploy", "policy organization"]
        );
    }
}
