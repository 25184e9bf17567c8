//! Secrets and their versions on the wire (Secret Manager v1beta1).
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, open_enum};
use crate::api::id::{ProjectId, Region, SecretId};
use crate::api::list::{Listed, listed};
use crate::api::secret::SecretBytes;

/// A secret of Secret Manager, without its data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredSecret {
    /// The id.
    pub id: SecretId,
    /// The project that it is in.
    pub project_id: ProjectId,
    /// The name. Fact: two secrets of one folder may have the same.
    pub name: String,
    /// The folder, `/` for none.
    pub path: String,
    /// The tags.
    #[serde(default, deserialize_with = "nullable")]
    pub tags: Vec<String>,
    /// The description, possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    /// How many versions it has; those that are scheduled for deletion count.
    #[serde(default)]
    pub version_count: u32,
    /// What its data has to be.
    #[serde(rename = "type", default)]
    pub kind: Option<SecretKind>,
    /// Whether it cannot be deleted.
    #[serde(default)]
    pub protected: bool,
    /// Whether a product manages it.
    #[serde(default)]
    pub managed: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed. Fact: a new version does not count.
    pub updated_at: Option<Timestamp>,
    /// When its deletion was asked for; it takes seven days.
    #[serde(default)]
    pub deletion_requested_at: Option<Timestamp>,
    /// What becomes of its versions by themselves.
    #[serde(default)]
    pub ephemeral_policy: Option<EphemeralPolicy>,
    /// The region that it is in.
    #[serde(default)]
    pub region: Option<Region>,
    #[serde(default, rename = "status")]
    _status: Option<String>,
    #[serde(default, rename = "used_by")]
    _used_by: Option<Vec<String>>,
    #[serde(default, rename = "key_id")]
    _key_id: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(StoredSecret, "secrets", id);

impl Novel for StoredSecret {
    fn novelties(&self) -> Vec<Novelty> {
        let kind = self.kind.as_ref().and_then(|kind| kind.novelty("secret", "type"));
        self.unknown.novelties("secret").chain(kind).collect()
    }
}

open_enum! {
    /// What the data of a secret has to be.
    SecretKind {
        /// Anything.
        Opaque = "opaque",
        /// A certificate.
        Certificate = "certificate",
        /// A flat object of texts, in JSON.
        KeyValue = "key_value",
        /// A name and a password.
        BasicCredentials = "basic_credentials",
        /// What a database asks for.
        DatabaseCredentials = "database_credentials",
        /// A private SSH key.
        SshKey = "ssh_key",
    }
}

/// What becomes of versions by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EphemeralPolicy {
    /// How long a version lives, as the API writes it.
    #[serde(default)]
    pub time_to_live: Option<String>,
    /// Whether a version ends when it is read.
    #[serde(default)]
    pub expires_once_accessed: Option<bool>,
    /// What the end is: `delete` or `disable`.
    pub action: String,
}

/// What a new secret is made of. It has no version, and so no data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateSecret {
    /// The project to make it in.
    pub project_id: ProjectId,
    /// The name: 1 to 255 of ASCII letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// The folder, `/` for none.
    pub path: String,
    /// The tags.
    pub tags: Vec<String>,
    /// The description.
    pub description: String,
    /// What its data has to be.
    #[serde(rename = "type", serialize_with = "as_text")]
    pub kind: SecretKind,
    /// Whether it cannot be deleted.
    pub protected: bool,
}

fn as_text<S: Serializer>(kind: &SecretKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

/// The number of a version, from 1. A number is never used twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision {
    number: u32,
    text: String,
}

impl Revision {
    /// Returns the number.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl From<u32> for Revision {
    fn from(number: u32) -> Self {
        Self { number, text: number.to_string() }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Self::from)
    }
}

/// A version of a secret, without its data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecretVersion {
    /// Its number.
    pub revision: Revision,
    /// The secret that it is of.
    pub secret_id: SecretId,
    /// Whether its data can be read.
    pub status: SecretVersionStatus,
    /// Whether it is the newest.
    #[serde(default)]
    pub latest: bool,
    /// The description, possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// When its deletion was asked for; it takes seven days.
    #[serde(default)]
    pub deletion_requested_at: Option<Timestamp>,
    /// When it was deleted for good.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
    #[serde(default, rename = "ephemeral_properties")]
    _ephemeral_properties: Option<EphemeralProperties>,
    #[serde(default, rename = "region")]
    _region: Option<Region>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// What becomes of a version by itself. Nothing here depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct EphemeralProperties {}

impl Listed for SecretVersion {
    const KEY: &'static str = "versions";

    fn id(&self) -> &str {
        &self.revision.text
    }
}

impl Novel for SecretVersion {
    fn novelties(&self) -> Vec<Novelty> {
        self.unknown
            .novelties("secret version")
            .chain(self.status.novelty("secret version", "status"))
            .collect()
    }
}

open_enum! {
    /// Whether the data of a version can be read.
    SecretVersionStatus {
        /// Not said.
        Unspecified = "unknown_status",
        /// Yes.
        Enabled = "enabled",
        /// No, until it is enabled.
        Disabled = "disabled",
        /// No; it is deleted seven days after that was asked for, and counts until then.
        ScheduledForDeletion = "scheduled_for_deletion",
        /// No, for ever.
        Deleted = "deleted",
    }
}

/// What a new version is made of. The versions before it stay as they are: readers may have pinned their number.
#[derive(Debug, Clone)]
pub struct CreateSecretVersion {
    /// The data, of 1 byte to 64 KiB.
    pub data: SecretBytes,
    /// The description; everybody who can list versions can read it.
    pub description: String,
}

impl Serialize for CreateSecretVersion {
    /// Writes the data into the one body that has to hold it, with its sum, so that what is damaged on the way is refused.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("CreateSecretVersion", 3)?;
        body.serialize_field("data", &STANDARD.encode(self.data.expose()))?;
        body.serialize_field("description", &self.description)?;
        body.serialize_field("data_crc32", &crc32fast::hash(self.data.expose()))?;
        body.end()
    }
}

/// The data of a version.
#[derive(Debug, Clone)]
pub struct AccessedSecretVersion {
    /// The secret.
    pub secret_id: SecretId,
    /// Which version it is, also where `latest` was asked for.
    pub revision: Revision,
    /// The data.
    pub data: SecretBytes,
}

impl<'de> Deserialize<'de> for AccessedSecretVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        #[derive(Deserialize)]
        struct PayloadBody {
            secret_id: SecretId,
            revision: Revision,
            data: String,
            data_crc32: Option<u32>,
        }
        let PayloadBody { secret_id, revision, data, data_crc32 } = PayloadBody::deserialize(deserializer)?;
        // Neither message quotes the data.
        let data = STANDARD.decode(data).map_err(|_| D::Error::custom("data that is not base64"))?;
        if data_crc32.is_some_and(|sum| sum != crc32fast::hash(&data)) {
            return Err(D::Error::custom("data that does not have the sum given with it"));
        }
        Ok(Self { secret_id, revision, data: SecretBytes::new(data) })
    }
}
