//! Who wrote what, on the wire: events of Audit Trail (v1alpha1), and IAM's own logs.
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, novel, open_enum};
use crate::api::list::Listed;

/// One write, as Audit Trail records it. The body of the request is not kept: it may hold anything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuditEvent {
    /// The id.
    pub id: String,
    /// When it happened.
    pub recorded_at: Timestamp,
    /// Who did it: only an id, possibly of somebody who no longer exists.
    #[serde(default)]
    pub principal: Option<AuditPrincipal>,
    /// From which address.
    #[serde(default, deserialize_with = "nullable")]
    pub source_ip: String,
    /// With what.
    #[serde(default, deserialize_with = "nullable")]
    pub user_agent: String,
    /// The product, `iam` for example.
    #[serde(default, deserialize_with = "nullable")]
    pub product_name: String,
    /// The API, `scaleway.iam.v1alpha1.Api` for example.
    #[serde(default, deserialize_with = "nullable")]
    pub service_name: String,
    /// The method, `SetRules` for example. Fact: some are not called as in the published schema: `LockMember`, not `LockUser`.
    pub method_name: String,
    /// The `X-Request-Id` of the answer.
    #[serde(default, deserialize_with = "nullable")]
    pub request_id: String,
    /// The status of the answer: 2xx, or 403.
    #[serde(default)]
    pub status_code: u16,
    /// What was written. Fact: a `SetRules` names the policy.
    #[serde(default, deserialize_with = "nullable")]
    pub resources: Vec<AuditResource>,
    /// The project; always `None` for IAM.
    #[serde(default)]
    pub project_id: Option<String>,
    #[serde(default, rename = "locality")]
    _locality: Option<String>,
    #[serde(default, rename = "organization_id")]
    _organization_id: Option<String>,
    #[serde(default, rename = "request_body")]
    _request_body: Forgotten,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A field that is known and not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Forgotten;

impl<'de> Deserialize<'de> for Forgotten {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl AuditEvent {
    /// Returns the id of the run of this program that did it, according to the User-Agent: a label, not a proof.
    pub fn run_id(&self) -> Option<&str> {
        run_id(&self.user_agent)
    }
}

novel!(AuditEvent, "audit event");

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuditPrincipal {
    /// The id of a user or an application.
    pub id: String,
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuditResource {
    /// The id, or the access key.
    pub id: String,
    /// The kind, `iam_group` for example.
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    pub kind: String,
    /// The name that it had.
    #[serde(default)]
    pub name: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was deleted; `None` where this is not what was done.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

/// A product of which Audit Trail records something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuditProduct {
    /// The name, as events have it: `secret-manager` for example.
    pub name: String,
    /// The name for people.
    #[serde(default, deserialize_with = "nullable")]
    pub title: String,
    /// Its APIs.
    #[serde(default, deserialize_with = "nullable")]
    pub services: Vec<AuditService>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

novel!(AuditProduct, "audit product");

/// An API of such a product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuditService {
    /// The name, as events have it: `scaleway.iam.v1alpha1.Api` for example.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// The methods that are recorded.
    #[serde(default, deserialize_with = "nullable")]
    pub methods: Vec<String>,
}

/// Finds the run id in a User-Agent of this program.
fn run_id(user_agent: &str) -> Option<&str> {
    let (_, rest) = user_agent.strip_prefix("scw-iam/")?.split_once(" (run ")?;
    rest.split_once(')').map(|(id, _)| id)
}

/// One write, as IAM's own logs record it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Log {
    /// The id.
    pub id: String,
    /// When it happened.
    pub created_at: Option<Timestamp>,
    /// From which address.
    #[serde(default, deserialize_with = "nullable")]
    pub ip: String,
    /// With what.
    #[serde(default, deserialize_with = "nullable")]
    pub user_agent: String,
    /// What was done.
    pub action: LogAction,
    /// Who did it: the id of a user or an application.
    #[serde(default, deserialize_with = "nullable")]
    pub bearer_id: String,
    /// The kind of what it was done to.
    pub resource_type: LogResource,
    /// The id, or the access key.
    #[serde(default, deserialize_with = "nullable")]
    pub resource_id: String,
    #[serde(default, rename = "organization_id")]
    _organization_id: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Log {
    /// Returns the id of the run of this program that did it, according to the User-Agent: a label, not a proof.
    pub fn run_id(&self) -> Option<&str> {
        run_id(&self.user_agent)
    }
}

impl Listed for Log {
    const KEY: &'static str = "logs";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Novel for Log {
    fn novelties(&self) -> Vec<Novelty> {
        let values =
            [self.action.novelty("log", "action"), self.resource_type.novelty("log", "resource_type")];
        self.unknown.novelties("log").chain(values.into_iter().flatten()).collect()
    }
}

open_enum! {
    /// What a log says was done.
    LogAction {
        /// Not said; as a filter, all.
        Unspecified = "unknown_action",
        /// Something was made.
        Created = "created",
        /// Something was changed.
        Updated = "updated",
        /// Something was deleted.
        Deleted = "deleted",
    }
}

open_enum! {
    /// What a log says something was done to. Rules, SSH keys and projects are not among them.
    LogResource {
        /// Not said; as a filter, all.
        Unspecified = "unknown_resource_type",
        /// An API key.
        ApiKey = "api_key",
        /// A user.
        User = "user",
        /// An application.
        Application = "application",
        /// A group.
        Group = "group",
        /// A policy.
        Policy = "policy",
    }
}
