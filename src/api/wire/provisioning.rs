//! SAML and SCIM on the wire: what an identity provider decides.
use jiff::Timestamp;
use serde::Deserialize;

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, novel, open_enum};
use crate::api::id::{SamlCertificateId, SamlId, ScimId, ScimTokenId};
use crate::api::list::listed;

/// How people log in at an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Saml {
    /// The id; another one each time that SAML is switched on.
    pub id: SamlId,
    /// Whether it works, or what is missing.
    pub status: SamlStatus,
    /// What the identity provider has to know.
    pub service_provider: ServiceProvider,
    /// The identity provider's id; possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub entity_id: String,
    /// Where people log in; possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub single_sign_on_url: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Novel for Saml {
    fn novelties(&self) -> Vec<Novelty> {
        self.unknown.novelties("SAML").chain(self.status.novelty("SAML", "status")).collect()
    }
}

/// What an identity provider has to know of Scaleway.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServiceProvider {
    /// Scaleway's id.
    pub entity_id: String,
    /// Where to send a person who has logged in.
    pub assertion_consumer_service_url: String,
}

open_enum! {
    /// Whether SAML works.
    SamlStatus {
        /// Not said.
        Unspecified = "unknown_saml_status",
        /// It works.
        Valid = "valid",
        /// There is no certificate.
        MissingCertificate = "missing_certificate",
        /// There is no id of an identity provider.
        MissingEntityId = "missing_entity_id",
        /// There is no address to log in at.
        MissingSingleSignOnUrl = "missing_single_sign_on_url",
    }
}

/// A certificate by which an identity provider signs, or for which it encrypts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SamlCertificate {
    /// The id.
    pub id: SamlCertificateId,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: SamlCertificateKind,
    /// Whose it is: `identity_provider` or `scaleway`.
    #[serde(default, deserialize_with = "nullable")]
    pub origin: String,
    /// The certificate in PEM.
    pub content: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Novel for SamlCertificate {
    fn novelties(&self) -> Vec<Novelty> {
        self.unknown
            .novelties("SAML certificate")
            .chain(self.kind.novelty("SAML certificate", "type"))
            .collect()
    }
}

open_enum! {
    /// What a SAML certificate is for.
    SamlCertificateKind {
        /// Not said.
        Unspecified = "unknown_certificate_type",
        /// Signing.
        Signing = "signing",
        /// Encryption.
        Encryption = "encryption",
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct SamlCertificates {
    pub(in crate::api) certificates: Vec<SamlCertificate>,
}

/// That an identity provider provisions people, groups and memberships. Fact: no user and no group tells whether it was
/// provisioned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Scim {
    /// The id; another one each time that SCIM is switched on.
    pub id: ScimId,
    /// Since when.
    pub created_at: Option<Timestamp>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

novel!(Scim, "SCIM");

/// A token of an identity provider, without its secret. Fact: there are two at most, and each lives a year.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScimToken {
    /// The id.
    pub id: ScimTokenId,
    /// Of which SCIM it is.
    pub scim_id: ScimId,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(ScimToken, "scim_tokens", id);
novel!(ScimToken, "SCIM token");
