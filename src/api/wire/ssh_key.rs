//! SSH keys on the wire.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::novelty::{UnknownFields, novel};
use crate::api::id::{OrganizationId, ProjectId, SshKeyId};
use crate::api::list::listed;

/// An SSH key of a project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SshKey {
    /// The id.
    pub id: SshKeyId,
    /// The name, possibly empty and not unique.
    pub name: String,
    /// The public key. Fact: the server cuts its comment off.
    pub public_key: String,
    /// The fingerprint, in the form `256 MD5:… (ssh-ed25519)`.
    pub fingerprint: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// The project that it belongs to.
    pub project_id: ProjectId,
    /// Whether it is ignored.
    pub disabled: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(SshKey, "ssh_keys", id);
novel!(SshKey, "SSH key");

/// What a new SSH key is made of. It starts enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateSshKey {
    /// The name, of up to 1000 characters, possibly empty.
    pub name: String,
    /// The public key, of 1 to 65 000 characters: ssh-rsa, ssh-dss, ssh-ed25519 or ECDSA on a NIST curve.
    pub public_key: String,
    /// The project that it is for.
    pub project_id: ProjectId,
}

/// What to change of an SSH key; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateSshKey {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether to ignore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}
