use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Marking, SecretPlace};
use crate::model::{AccessKeyId, Id, Stack};

/// What is live of API keys and of the secrets that hold them, as far as files speak of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveKeys {
    /// The keys of each application that has any, the oldest first, by the application's id.
    pub applications: BTreeMap<Id, Vec<LiveKey>>,
    /// Every key of the organization.
    pub all: BTreeSet<AccessKeyId>,
    /// What stands where files deliver keys to.
    pub secrets: BTreeMap<SecretPlace, FoundSecret>,
    /// The longest that a new key may live, where the organization has a maximum.
    pub longest_life: Option<SignedDuration>,
}

/// An API key, without its secret half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveKey {
    /// The public half.
    pub access_key: AccessKeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// What its description says of a slot.
    pub marking: Marking,
    /// Whether it may be changed and deleted, and no product manages it.
    pub ordinary: bool,
}

impl LiveKey {
    /// Returns what tells which of two keys is the younger.
    #[must_use]
    pub fn age(&self) -> (Timestamp, &AccessKeyId) {
        (self.created_at, &self.access_key)
    }
}

/// What stands at the place of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundSecret {
    /// Nothing.
    None,
    /// One secret.
    One(LiveSecret),
    /// So many secrets, which nobody can tell apart.
    Several(usize),
}

/// A secret, without its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSecret {
    /// Its id.
    pub id: String,
    /// The stack whose tag it has.
    pub owner: Option<Stack>,
    /// Its versions that are not deleted for good, the newest first.
    pub versions: Vec<LiveVersion>,
    /// Other secrets of its place and stack that hold nothing: runs that made a secret at the same time left them.
    pub twins: Vec<EmptySecret>,
}

/// A secret without a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmptySecret {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveVersion {
    /// Its number, which no other version of the secret ever has.
    pub revision: u32,
    /// Whether it can be read.
    pub state: VersionState,
    /// The key that it holds, where this program wrote it.
    pub key: Option<AccessKeyId>,
}

/// Whether a version can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionState {
    /// Yes.
    Enabled,
    /// Not until it is enabled.
    Disabled,
    /// No: it is deleted in some days, and counts until then.
    Going,
}

impl LiveSecret {
    /// Returns the versions that hold a key.
    pub fn of<'a>(&'a self, key: &'a AccessKeyId) -> impl Iterator<Item = &'a LiveVersion> {
        self.versions.iter().filter(move |version| version.key.as_ref() == Some(key))
    }

    /// Says whether whoever reads the newest version gets this key.
    #[must_use]
    pub fn gives(&self, key: &AccessKeyId) -> bool {
        let newest = self.versions.first();
        newest.is_some_and(|it| it.state == VersionState::Enabled && it.key.as_ref() == Some(key))
    }
}

/// How the description of a version begins that this program wrote.
const VERSION: &str = "scw-iam: ";

/// Returns the description of the version that holds a key. It names the public half alone.
#[must_use]
pub fn version_description(key: &AccessKeyId) -> String {
    format!("{VERSION}{key}")
}

/// Returns the key that a version holds, by its description; `None` for one that somebody else wrote.
#[must_use]
pub fn version_key(description: &str) -> Option<AccessKeyId> {
    description.strip_prefix(VERSION)?.parse().ok()
}
