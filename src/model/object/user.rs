use super::managed::{Managed, has_meta};
use super::{Field, FieldValue, WriteCall};
use crate::model::{Flags, Key, KeyForm, Meta, Principal, Unsaid};

/// A person in the organization.
///
/// Equality ignores whether the invitation is accepted, which only the person decides, and which mails it sent, which no answer
/// shows.
#[derive(Debug, Clone)]
pub struct User {
    /// Tags and owner. People have no description.
    pub meta: Meta,
    /// The name to log in with, unique in the organization.
    pub username: String,
    /// First name, last name, phone number and language.
    pub profile: Box<UserProfile>,
    /// Owner or member.
    pub kind: UserType,
    /// A locked member can neither log in nor use API keys.
    pub locked: bool,
    /// Whether the person has accepted the invitation.
    pub status: UserStatus,
    /// The mails that are sent when the person is invited.
    pub mails: Mails,
}

/// What a person's account says about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    /// The first name, possibly empty.
    pub first_name: String,
    /// The last name, possibly empty.
    pub last_name: String,
    /// The phone number, possibly empty.
    pub phone_number: String,
    /// The language.
    pub locale: String,
}

impl Default for UserProfile {
    /// Returns the profile of a new person for whom nothing is declared.
    ///
    /// Source: recorded; an empty `locale` in a create gives `en_US`.
    fn default() -> Self {
        Self {
            first_name: String::new(),
            last_name: String::new(),
            phone_number: String::new(),
            locale: "en_US".to_owned(),
        }
    }
}

/// The mails that an invitation sends. Only the create takes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mails {
    /// A welcome.
    pub welcome: bool,
    /// A password.
    pub password: bool,
}

impl PartialEq for User {
    fn eq(&self, other: &Self) -> bool {
        let Self { meta, username, profile, kind, locked, status: _, mails: _ } = self;
        let same = *meta == other.meta && *username == other.username && *profile == other.profile;
        same && *kind == other.kind && *locked == other.locked
    }
}

impl Eq for User {}

impl User {
    /// The field that says whether somebody is locked.
    pub const LOCKED: &'static str = "locked";

    /// Returns an activated member of whom nothing but the username is known.
    #[must_use]
    pub fn member(username: impl Into<String>) -> Self {
        Self {
            meta: Meta::default(),
            username: username.into(),
            profile: Box::default(),
            kind: UserType::Member,
            locked: false,
            status: UserStatus::Activated,
            mails: Mails::default(),
        }
    }

    /// Returns true when the person can log in: not locked, and not waiting for the invitation to be accepted.
    #[must_use]
    pub fn can_log_in(&self) -> bool {
        !self.locked && self.status != UserStatus::Invited
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
    const NAMED_UNDECLARED: bool = true;
    const PRINCIPAL: Option<fn(Key) -> Principal> = Some(Principal::User);

    has_meta!();

    /// Source: IAM API v1alpha1, `deletable` of a user: all but the owner.
    fn flags(&self) -> Flags {
        Flags { deletable: self.kind != UserType::Owner, ..Flags::default() }
    }

    fn second_key(&self) -> Option<Key> {
        self.username.parse().map(Key::Username).ok()
    }

    fn is_owner(&self) -> bool {
        self.kind == UserType::Owner
    }

    fn locks_out(&self, after: &Self) -> bool {
        !self.locked && after.locked
    }

    fn keep(&mut self, live: &Self) {
        (self.kind, self.status, self.mails) = (live.kind, live.status, live.mails);
    }

    fn keep_unsaid(&mut self, live: &Self, unsaid: &Unsaid) {
        self.meta.keep(&live.meta, unsaid);
        for field in &unsaid.fields {
            match *field {
                "username" => self.username.clone_from(&live.username),
                "first_name" => self.profile.first_name.clone_from(&live.profile.first_name),
                "last_name" => self.profile.last_name.clone_from(&live.profile.last_name),
                "phone_number" => self.profile.phone_number.clone_from(&live.profile.phone_number),
                "locale" => self.profile.locale.clone_from(&live.profile.locale),
                // Files lock people and never unlock them.
                _ => self.locked = live.locked,
            }
        }
    }

    fn keep_all_but_tags(&mut self, live: &Self) {
        *self = Self { meta: self.meta.clone(), ..live.clone() };
    }

    /// A create does not lock.
    fn created(&self) -> Self {
        Self { locked: false, ..self.clone() }
    }

    /// The lock, which takes something away, comes first, then the PATCH, then the username: each is a call of its own.
    fn by_calls(&self, after: &Self) -> Vec<(WriteCall, Self)> {
        let locked = Self { locked: after.locked, ..self.clone() };
        let patched = Self { username: self.username.clone(), ..after.clone() };
        vec![(WriteCall::Lock, locked), (WriteCall::Patch, patched), (WriteCall::Username, after.clone())]
    }

    fn patch(&mut self, before: &Self, after: &Self) {
        self.meta.patch(&before.meta, &after.meta);
        let texts = [
            (&mut self.username, &before.username, &after.username),
            (&mut self.profile.first_name, &before.profile.first_name, &after.profile.first_name),
            (&mut self.profile.last_name, &before.profile.last_name, &after.profile.last_name),
            (&mut self.profile.phone_number, &before.profile.phone_number, &after.profile.phone_number),
            (&mut self.profile.locale, &before.profile.locale, &after.profile.locale),
        ];
        for (text, before, after) in texts {
            if before != after {
                text.clone_from(after);
            }
        }
        if before.locked != after.locked {
            self.locked = after.locked;
        }
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { meta, username, profile, kind, locked, status, mails } = self;
        let UserProfile { first_name, last_name, phone_number, locale } = &**profile;
        let Mails { welcome, password } = mails;
        let mut fields = vec![Field::new("username", FieldValue::Text(username), WriteCall::Username)];
        let texts = [("first_name", first_name), ("last_name", last_name), ("phone_number", phone_number)];
        let texts = texts.into_iter().chain([("locale", locale)]);
        fields.extend(texts.map(|(name, text)| Field::new(name, FieldValue::Text(text), WriteCall::Patch)));
        fields.extend(Field::of_tags(meta));
        let flags = [
            ("send_welcome_email", *welcome, WriteCall::Create),
            ("send_password_email", *password, WriteCall::Create),
            ("is_owner", *kind == UserType::Owner, WriteCall::Nothing),
            (Self::LOCKED, *locked, WriteCall::Lock),
            ("activated", *status == UserStatus::Activated, WriteCall::Nothing),
        ];
        fields.extend(flags.map(|(name, flag, writer)| Field::new(name, FieldValue::Flag(flag), writer)));
        fields
    }
}
