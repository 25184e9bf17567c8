use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{BadText, ChildName, Email, Id, Kind, Name, ProjectName, Username};

/// The key of an object within its kind.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A name that is unique.
    Named(Name),
    /// The e-mail address of a person, if no other person has it.
    Email(Email),
    /// The username of a person whose e-mail address another person has too.
    Username(Username),
    /// The id of an object whose name is not unique, is invalid, or is not known.
    Id(Id),
    /// The name of a project that the files know: where objects are.
    Project(ProjectName),
    /// A name that is unique within another object or within a project.
    Child(Arc<Child>),
    /// The only object of its kind, such as the settings of an organization.
    Only,
}

/// A name within another object, or within a project.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Child {
    /// The key of the other object; its kind follows from the kind of the child. Of a project, its name where the files
    /// know one, else its id.
    pub parent: Key,
    /// The name within it.
    pub name: ChildName,
}

/// What objects of a kind go by, as far as they do not go by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// A name of their own.
    Name,
    /// An e-mail address.
    Email,
    /// A name within something else.
    Child,
    /// Nothing: there is one.
    Only,
}

impl KeyForm {
    /// Returns the key that a text is in this form, within `parent` where the form has one.
    ///
    /// # Errors
    /// Why the text is no such key.
    pub fn key(self, parent: Option<Key>, text: &str) -> Result<Key, BadText> {
        match (self, parent) {
            (Self::Name, _) => text.parse::<Name>().map(Key::Named),
            (Self::Email, _) => text.parse::<Email>().map(Key::Email),
            (Self::Child, Some(parent)) => text.parse().map(|name| Key::child(parent, name)),
            (Self::Child, None) => Err(BadText::Shape("must name what it is in, as in `prod/alice-laptop`")),
            (Self::Only, _) => Ok(Key::Only),
        }
    }
}

impl Key {
    /// Returns the key of something within `parent`.
    #[must_use]
    pub fn child(parent: Self, name: ChildName) -> Self {
        Self::Child(Arc::new(Child { parent, name }))
    }

    /// Returns what something is within, or `None` for what stands by itself.
    #[must_use]
    pub fn parent(&self) -> Option<&Self> {
        match self {
            Self::Child(child) => Some(&child.parent),
            Self::Named(_)
            | Self::Email(_)
            | Self::Username(_)
            | Self::Id(_)
            | Self::Project(_)
            | Self::Only => None,
        }
    }

    /// Returns the name, or `None` for an object with another key.
    #[must_use]
    pub const fn name(&self) -> Option<&Name> {
        match self {
            Self::Named(name) => Some(name),
            Self::Email(_)
            | Self::Username(_)
            | Self::Id(_)
            | Self::Project(_)
            | Self::Child(_)
            | Self::Only => None,
        }
    }

    /// Returns the id, for an object that is keyed by it.
    #[must_use]
    pub const fn id(&self) -> Option<Id> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Named(_)
            | Self::Email(_)
            | Self::Username(_)
            | Self::Project(_)
            | Self::Child(_)
            | Self::Only => None,
        }
    }

    /// Reads the key of a person from a single text: an e-mail address, `username=ops`, or `id=` and an id.
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

    /// Returns the name or e-mail address as text; `None` for an object that is identified by its id.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name.as_str()),
            Self::Email(email) => Some(email.as_str()),
            Self::Username(username) => Some(username.as_str()),
            Self::Project(name) => Some(name.as_str()),
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
            Self::Project(name) => name.fmt(f),
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

    /// Returns the key of the object within its kind.
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

    /// Returns the object as a single text, as in files and on command lines: `group:developers`, `user:username=ops`, or
    /// `user:id=` and an id.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.key {
            Key::Id(id) => format!("{}:{ID}{id}", self.kind.word()),
            Key::Named(_)
            | Key::Email(_)
            | Key::Username(_)
            | Key::Project(_)
            | Key::Child(_)
            | Key::Only => format!("{}:{}", self.kind.word(), self.key),
        }
    }

    /// Returns the object as a principal, or `None` if its kind cannot hold access.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        self.kind.principal().map(|principal| principal(self.key.clone()))
    }

    /// Returns the object that this one is within: it ends with that, and is named by it. `None` for what stands by itself,
    /// or is within a project.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        Some(Self::new(self.kind.parent()?, self.key.parent()?.clone()))
    }

    /// Returns the address that this one gets by the move of what it is within.
    #[must_use]
    pub fn moved_with_parent(&self, to: &impl Fn(&Self) -> Option<Self>) -> Option<Self> {
        let (parent, Key::Child(child)) = (to(&self.parent()?)?, &self.key) else { return None };
        Some(self.sibling(Key::child(parent.key, child.name.clone())))
    }
}

impl FromStr for Address {
    type Err = BadText;

    /// Reads an object as [`Address::text`] writes it.
    fn from_str(text: &str) -> Result<Self, BadText> {
        let named = text.split_once(':');
        let kind = named.and_then(|(word, _)| Kind::ALL.iter().copied().find(|kind| kind.word() == word));
        match (named, kind) {
            (Some((_, name)), Some(kind)) => Ok(Self::new(kind, kind.key(name)?)),
            _ => Err(BadText::Shape(
                "must be KIND:NAME, as in `group:developers` or `ssh_key:prod/alice-laptop`",
            )),
        }
    }
}

impl Kind {
    /// Returns the key of an object of this kind that a single text names.
    fn key(self, text: &str) -> Result<Key, BadText> {
        if let Some(Ok(id)) = text.strip_prefix(ID).map(str::parse) {
            return Ok(Key::Id(id));
        }
        match self.form() {
            KeyForm::Email => Key::of_person(text),
            KeyForm::Child => {
                let (parent, name) = text.split_once('/').unwrap_or(("", text));
                let parent = match self.parent() {
                    _ if parent.is_empty() => None,
                    Some(of) => Some(of.key(parent)?),
                    None => Some(Key::Project(parent.parse()?)),
                };
                self.form().key(parent, name)
            }
            KeyForm::Name | KeyForm::Only => self.form().key(None, text),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            // There is no other one.
            Key::Only => f.write_str(self.kind.noun()),
            key => write!(f, "{} {key}", self.kind.noun()),
        }
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
    /// Returns its key within its kind.
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

    /// Gives the principal its new address, if it has one.
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
        let child = Key::child(name("ci").into(), "deploy".parse().unwrap());
        let shown = [
            Address::group(name("ops")),
            Address::user("a@x.io".parse::<Email>().unwrap()),
            Address::policy(id),
            Address::application(child),
            Address::new(Kind::OrganizationSettings, Key::Only),
        ];
        let shown = shown.map(|address| address.to_string());
        let of_id = format!("policy {id}");
        assert_eq!(
            shown,
            ["group ops", "user a@x.io", of_id.as_str(), "application ci/deploy", "organization settings"]
        );
    }
}
