//! The client of Scaleway's IAM API (v1alpha1), of the projects of its Account API (v3), and of what goes with them: Secret
//! Manager (v1beta1), as far as keys are delivered there, and Audit Trail (v1alpha1), which tells who wrote what.
//!
//! [`Client`] has a method per endpoint, in the types of [`wire`] and ids. It authenticates, keeps to a rate, tries again
//! what is safe to try again and follows pages to the end; it knows no names, no plan and no terminal.
//! [`CredentialSettings`] are found as Scaleway's own tools find them, in the environment and in their configuration file.
//!
//! What is sent again, and when, is decided in one place: GET, PUT, PATCH, DELETE and the actions that lead to a named
//! state (adding and removing members, locking, renaming a user) after every failure that may pass; a create only when it
//! was surely not executed, and otherwise it ends in [`ErrorKind::OutcomeUnknown`].
//!
//! ```no_run
//! use scw_iam::api::{CredentialSettings, ListApplications};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let resolved = CredentialSettings::from_environment(None)?;
//! for warning in &resolved.warnings {
//!     eprintln!("warning: {warning}");
//! }
//! let organization = resolved.settings.organization()?.clone();
//! let client = resolved.settings.client(organization)?.run_id("example").build()?;
//! for application in client.list_applications(&ListApplications::default()).all().await? {
//!     println!("{}", application.name);
//! }
//! # Ok(())
//! # }
//! ```
mod api_key;
mod application;
mod audit;
mod client;
mod credentials;
mod error;
mod group;
mod http;
mod id;
mod list;
mod organization;
mod permission_set;
mod policy;
mod project;
mod quota;
mod rate;
mod redact;
mod retry;
mod retry_state;
mod rule;
mod secret;
mod secret_manager;
mod ssh_key;
mod user;
pub mod wire;

pub use self::api_key::{ApiKeyOrder, BearerType, ListApiKeys};
pub use self::application::{ApplicationOrder, ListApplications};
pub use self::audit::{AuditEventOrder, AuditEvents, ListAuditEvents, ListLogs, LogOrder};
pub use self::client::{
    API_URL, BuildError, Client, ClientBuilder, DEFAULT_MAX_RPS, DEFAULT_PARALLELISM, LastWrite, Timeouts,
    WriteLog,
};
pub use self::credentials::{
    ConfigFile, CredentialSettings, ResolvedSettings, SettingsError, Warning, resolve,
};
pub(crate) use self::error::escaped;
pub use self::error::{Detail, Error, ErrorKind};
pub use self::group::{GroupOrder, ListGroups};
pub use self::id::{
    AccessKey, ApplicationId, GroupId, InvalidId, OrganizationId, PermissionSetId, PolicyId, ProjectId,
    QuotumName, Region, RuleId, SamlCertificateId, SamlId, ScimId, ScimTokenId, SecretId, SshKeyId, UserId,
};
pub use self::list::{List, Listed, Raw};
pub use self::organization::ScimTokenOrder;
pub use self::permission_set::PermissionSetOrder;
pub use self::policy::{ListPolicies, PolicyOrder};
pub use self::project::{ListProjects, ProjectOrder};
pub use self::quota::{ListQuota, QuotaOrder};
pub use self::retry::RetryPolicy;
pub use self::retry_state::RetryState;
pub use self::secret::{Secret, SecretBytes};
pub use self::secret_manager::{ListSecrets, SecretOrder};
pub use self::ssh_key::{ListSshKeys, SshKeyOrder};
pub use self::user::{ListUsers, UserOrder};
