//! The bodies of requests and answers, as the API writes them.
//!
//! Answers are read so that neither a later version of the API nor a hostile one is misread: what a comparison needs is
//! required, fields and enum values that are not known are kept by name ([`UnknownFields`], `Unknown`), and
//! [`Novel::novelties`] tells of them. Facts: strings and lists are never null, save where said; of a one-of group the
//! answer holds only the key that is set.

mod api_key;
mod application;
mod audit;
mod field;
mod group;
mod novelty;
mod organization;
mod permission_set;
mod policy;
mod project;
mod provisioning;
mod quota;
mod rule;
mod secret_manager;
mod ssh_key;
mod user;

use serde::Serialize;

pub use self::api_key::{ApiKey, Bearer, CreateApiKey, CreatedApiKey, UpdateApiKey};
pub use self::application::{Application, CreateApplication, UpdateApplication};
pub use self::audit::{
    AuditEvent, AuditPrincipal, AuditProduct, AuditResource, AuditService, Log, LogAction, LogResource,
};
pub use self::group::{CreateGroup, Group, Member, Members, UpdateGroup};
pub use self::novelty::{Novel, Novelty, UnknownFields};
pub(super) use self::organization::GracePeriods;
pub use self::organization::{
    GracePeriod, GracePeriodKind, Organization, OrganizationSettings, SecuritySettings, UpdateLoginMethods,
    UpdateSecuritySettings,
};
pub use self::permission_set::{PermissionSet, ScopeType};
pub use self::policy::{CreatePolicy, Policy, Principal, UpdatePolicy};
pub use self::project::{CreateProject, Project, ProjectStatus, UpdateProject};
pub(super) use self::provisioning::SamlCertificates;
pub use self::provisioning::{
    Saml, SamlCertificate, SamlCertificateKind, SamlStatus, Scim, ScimToken, ServiceProvider,
};
pub use self::quota::{Limit, LocalityType, QuotaAmount, QuotaPlace, Quotum};
pub use self::rule::{Rule, RuleScope, RuleSpec, SpecScope};
pub(super) use self::rule::{SetRules, SetRulesAnswer};
pub use self::secret_manager::{
    AccessedSecretVersion, CreateSecret, CreateSecretVersion, EphemeralPolicy, Revision, SecretKind,
    SecretVersion, SecretVersionStatus, StoredSecret,
};
pub use self::ssh_key::{CreateSshKey, SshKey, UpdateSshKey};
pub use self::user::{CreateUser, NewMember, NewUser, UpdateUser, User, UserStatus, UserType};
use super::id::OrganizationId;

/// A create, with the organization that it is for. Fact: the organization is part of the body.
#[derive(Serialize)]
pub(super) struct InOrganization<'a, T> {
    pub(super) organization_id: &'a OrganizationId,
    #[serde(flatten)]
    pub(super) body: &'a T,
}

/// The body of an action without fields: `{}`.
#[derive(Serialize)]
pub(super) struct Nothing {}

#[cfg(test)]
mod tests;
