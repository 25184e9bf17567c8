use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{AccessKeyId, Id, Membership, Place, SlotName};

/// The API keys of an application, as files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationKeys {
    /// The slots.
    pub slots: BTreeMap<SlotName, KeySlot>,
    /// Whether keys without a mark are deleted.
    pub membership: Membership,
}

/// A place for one key that is in use, and for those before and after it while it rotates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySlot {
    /// The project that Object Storage takes for the key; `None` for the organization's default project.
    pub default_project: Option<Id>,
    /// How long a key lives.
    pub expires_after: SignedDuration,
    /// How long before its end a key is replaced; shorter than `expires_after`.
    pub rotate_before: SignedDuration,
    /// How long the key before it stays once a key is delivered; shorter than `rotate_before`.
    pub overlap: SignedDuration,
    /// A key made before this is replaced, once this is past.
    pub made_after: Option<Timestamp>,
    /// An unmarked key that the slot takes in while it has none.
    pub adopt: Option<AccessKeyId>,
    /// What the slot was called before.
    pub previously: Option<SlotName>,
    /// Where a key is delivered; at least one.
    pub deliver: Vec<Delivery>,
    /// Where the slot is declared.
    pub at: Place,
}

/// Where a key is delivered to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// A secret of Secret Manager gets a version with both halves.
    SecretManager {
        /// The secret.
        secret: SecretPlace,
        /// Whether one that this stack did not make may be used.
        adopt: bool,
    },
    /// A file with both halves, below a folder that whoever starts the apply names: its path in parts.
    File(Arc<str>),
    /// A command that whoever starts the apply names by this label, with both halves on its standard input.
    Command(CommandLabel),
}

/// The label of a command: files say no more of it.
pub type CommandLabel = SlotName;

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretPlace {
    /// The project.
    pub project: Id,
    /// The region.
    pub region: Arc<str>,
    /// The folder, `/` for none.
    pub path: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl fmt::Display for SecretPlace {
    /// Writes what people call it: folder and name, with the region.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project: _, region, path, name } = self;
        write!(f, "{}/{name} in {region}", path.trim_end_matches('/'))
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecretManager { secret, .. } => write!(f, "secret {secret}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Command(label) => write!(f, "command {label}"),
        }
    }
}

impl Delivery {
    /// Returns the secret that it is delivered to, if it is one.
    #[must_use]
    pub const fn secret(&self) -> Option<&SecretPlace> {
        match self {
            Self::SecretManager { secret, .. } => Some(secret),
            Self::File(_) | Self::Command(_) => None,
        }
    }
}

impl KeySlot {
    /// Returns the projects that it names.
    pub fn projects(&self) -> impl Iterator<Item = Id> {
        self.default_project.into_iter().chain(self.secrets().map(|secret| secret.project))
    }

    /// Returns the secrets that a key is delivered to.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretPlace> {
        self.deliver.iter().filter_map(Delivery::secret)
    }
}
