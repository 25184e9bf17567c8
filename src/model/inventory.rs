use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{Activity, Id, Principal, SecretPlace};

/// What a report knows of an organization beside its access.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The name of the organization; empty where nobody may read it.
    pub title: String,
    /// What is known of people beside their access, by id.
    pub people: HashMap<Id, PersonFacts>,
    /// When objects were made, by id.
    pub created: HashMap<Id, Timestamp>,
    /// The API keys of everybody.
    pub keys: Readout<Vec<ApiKeyFacts>>,
    /// The keys of applications that this program delivered to secrets.
    pub delivered: Readout<Vec<DeliveredKey>>,
    /// How long API keys may live at most; `None` for no limit.
    pub key_maximum: Readout<Option<SignedDuration>>,
    /// Whether people can log in with a password although SAML works.
    pub password_beside_saml: Readout<bool>,
    /// What Audit Trail recorded; `None` if nobody asked for it, as it takes many requests.
    pub activity: Option<Readout<Activity>>,
}

/// What a list may not say is not an empty list.
#[derive(Debug, Clone)]
pub enum Readout<T> {
    /// It was read whole.
    Read(T),
    /// It was not.
    Unread {
        /// Why not.
        why: String,
        /// The permission set that would help.
        helps: Option<&'static str>,
    },
}

impl<T> Readout<T> {
    /// Maps the value, if it was read.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Readout<U> {
        match self {
            Self::Read(value) => Readout::Read(of(value)),
            Self::Unread { why, helps } => Readout::Unread { why, helps },
        }
    }

    /// Returns what was read.
    pub const fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Unread { .. } => None,
        }
    }
}

impl Inventory {
    /// Returns an inventory in which nothing was read.
    #[must_use]
    pub fn unread(why: &str) -> Self {
        fn unread<T>(why: &str) -> Readout<T> {
            Readout::Unread { why: why.to_owned(), helps: None }
        }
        Self {
            title: String::new(),
            people: HashMap::new(),
            created: HashMap::new(),
            keys: unread(why),
            delivered: unread(why),
            key_maximum: unread(why),
            password_beside_saml: unread(why),
            activity: None,
        }
    }
}

/// What is known of a person beside their access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonFacts {
    /// Whether the person logs in with a second factor.
    pub mfa: bool,
    /// The last log-in; using API keys is none.
    pub last_login_at: Option<Timestamp>,
}

/// A key of an application in a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveredKey {
    /// The application.
    pub application: Principal,
    /// The secret, of which a version that can be read holds the key.
    pub secret: SecretPlace,
}

/// What is known of an API key. Its secret half is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyFacts {
    /// The public half.
    pub access_key: String,
    /// Whose key it is; `None` for somebody whom no list shows.
    pub bearer: Option<Principal>,
    /// What it is for, as its maker wrote.
    pub description: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it ends; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// Whether a Scaleway product manages it.
    pub managed: bool,
}
