//! What the grants of a bearer allow. IAM only allows: one grant that does is enough.

use super::api_key::Bearer;
use super::condition::{self, Situation};
use super::group::Group;
use super::organization::Organization;
use super::policy::Principal;
use super::rule::Scope;
use super::user::User;

/// What a call is about. The word is the one of `permissions_denied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResourceWord {
    Application,
    Group,
    Policy,
    Rule,
    PermissionSet,
    ApiKey,
    SshKey,
    User,
    Quota,
    Project,
    Organization,
    Saml,
    SamlCertificate,
    Scim,
    ScimToken,
    GracePeriod,
    Log,
    Event,
    Secret,
}

/// Whose API a call is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Iam,
    Account,
    SecretManager,
}

impl Service {
    pub(super) const ALL: [Self; 3] = [Self::Account, Self::Iam, Self::SecretManager];

    /// Returns the name of the product for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Iam => "IAM",
            Self::Account => "Account",
            Self::SecretManager => "Secret Manager",
        }
    }

    /// Returns the name of the product in events.
    pub(super) fn product(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Account => "account",
            Self::SecretManager => "secret-manager",
        }
    }

    /// Returns the name of the service in events.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Iam => "scaleway.iam.v1alpha1.Api",
            Self::Account => "scaleway.account.v3.ProjectApi",
            Self::SecretManager => "scaleway.secret_manager.v1beta1.Api",
        }
    }
}

impl ResourceWord {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Group => "group",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::PermissionSet => "permission_set",
            Self::ApiKey => "api_key",
            Self::SshKey => "ssh_key",
            Self::User => "user",
            Self::Quota => "quota",
            Self::Project => "project",
            Self::Organization => "organization",
            Self::Saml => "saml",
            Self::SamlCertificate => "saml_certificate",
            Self::Scim => "scim",
            Self::ScimToken => "scim_token",
            Self::GracePeriod => "grace_period",
            Self::Log => "log",
            Self::Event => "audit_trail",
            Self::Secret => "secret",
        }
    }

    pub(super) fn service(self) -> Service {
        match self {
            Self::Secret => Service::SecretManager,
            Self::Project => Service::Account,
            _ => Service::Iam,
        }
    }

    /// Returns the type of such objects in events. Rules are written as a whole, so their event names the policy.
    pub(super) fn resource_type(self) -> String {
        match self {
            Self::Secret => "secret_manager_secret".to_owned(),
            Self::Project | Self::Organization => format!("account_{}", self.word()),
            Self::Rule => "iam_policy".to_owned(),
            _ => format!("iam_{}", self.word()),
        }
    }
}

/// What a call does. Only `read` was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallAction {
    Read,
    Write,
    /// Of secrets and their versions alone: they have a right of their own for each.
    Create,
    Access,
    Delete,
}

impl CallAction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Create => "create",
            Self::Access => "access",
            Self::Delete => "delete",
        }
    }
}

/// Says whether a permission set allows an action on a kind.
///
/// The published names say as much; which calls a set really allows is not published.
fn allows(set: &str, kind: ResourceWord, action: CallAction) -> bool {
    let read = action == CallAction::Read;
    match set {
        "OrganizationManager" => kind != ResourceWord::Secret,
        "IAMManager" => !matches!(kind, ResourceWord::Secret | ResourceWord::Event),
        "IAMReadOnly" | "OrganizationReadOnly" => {
            read && !matches!(kind, ResourceWord::Secret | ResourceWord::Event)
        }
        "AuditTrailReadOnly" | "AuditTrailFullAccess" => read && kind == ResourceWord::Event,
        "IAMApplicationManager" => matches!(kind, ResourceWord::Application | ResourceWord::ApiKey),
        "IAMApplicationReadOnly" => read && matches!(kind, ResourceWord::Application | ResourceWord::ApiKey),
        "IAMUserManager" => kind == ResourceWord::User,
        "IAMUserReadOnly" => read && kind == ResourceWord::User,
        "IAMGroupManager" => kind == ResourceWord::Group,
        "IAMGroupReadOnly" => read && kind == ResourceWord::Group,
        "IAMPolicyManager" => {
            matches!(kind, ResourceWord::Policy | ResourceWord::Rule)
                || (read && kind == ResourceWord::PermissionSet)
        }
        "IAMPolicyReadOnly" => {
            read && matches!(kind, ResourceWord::Policy | ResourceWord::Rule | ResourceWord::PermissionSet)
        }
        "ProjectManager" => kind == ResourceWord::Project,
        "ProjectReadOnly" => read && kind == ResourceWord::Project,
        "AllProductsFullAccess" => matches!(kind, ResourceWord::SshKey | ResourceWord::Secret),
        "AllProductsReadOnly" => read && matches!(kind, ResourceWord::SshKey | ResourceWord::Secret),
        "SSHKeysFullAccess" => kind == ResourceWord::SshKey,
        "SSHKeysReadOnly" => read && kind == ResourceWord::SshKey,
        "SecretManagerFullAccess" => kind == ResourceWord::Secret,
        "SecretManagerReadOnly" => read && kind == ResourceWord::Secret,
        "SecretManagerSecretAccess" => action == CallAction::Access && kind == ResourceWord::Secret,
        "SecretManagerSecretCreate" => action == CallAction::Create && kind == ResourceWord::Secret,
        "SecretManagerSecretWrite" | "SecretManagerSecretRestore" => {
            action == CallAction::Write && kind == ResourceWord::Secret
        }
        "SecretManagerSecretDelete" => action == CallAction::Delete && kind == ResourceWord::Secret,
        _ => false,
    }
}

/// What the grants that count must reach.
#[derive(Debug, Clone, Copy)]
pub(super) enum Within<'a> {
    /// Something.
    Anything,
    /// A project.
    Project(&'a str),
    /// The whole organization: keys of some projects only are not listed with all others (reported of `GET /ssh-keys`).
    Organization,
}

impl Organization {
    /// Says whether a bearer may do something, by grants that reach what it is done to.
    pub(super) fn may(
        &self,
        bearer: &Bearer,
        action: CallAction,
        kind: ResourceWord,
        within: Within<'_>,
        situation: Situation<'_>,
    ) -> bool {
        if matches!(bearer, Bearer::User(id) if self.users.get(id).is_some_and(User::is_owner)) {
            return true;
        }
        let attached = self.policies.iter().filter(|policy| self.reaches(&policy.principal, bearer));
        attached.flat_map(|policy| &policy.rules).any(|rule| {
            let reached = match (&rule.scope, within) {
                (Scope::Organization(_), _) | (Scope::Projects(_), Within::Anything) => true,
                (Scope::Projects(ids), Within::Project(project)) => ids.iter().any(|id| id == project),
                (Scope::Projects(_), Within::Organization)
                | (Scope::AccountRootUser(_) | Scope::Nothing, _) => false,
            };
            reached
                && rule.permission_sets.iter().any(|set| allows(set, kind, action))
                && condition::holds(&rule.condition, situation)
        })
    }

    /// Says whether a policy's principal is the bearer, or a group with the bearer in it.
    fn reaches(&self, principal: &Principal, bearer: &Bearer) -> bool {
        match (principal, bearer) {
            (Principal::User(id), Bearer::User(own))
            | (Principal::Application(id), Bearer::Application(own)) => id == own,
            (Principal::Group(id), bearer) => {
                self.groups.get(id).is_some_and(|group| self.is_in(group, bearer))
            }
            (Principal::User(_) | Principal::Application(_) | Principal::Nobody, _) => false,
        }
    }

    fn is_in(&self, group: &Group, bearer: &Bearer) -> bool {
        match bearer {
            Bearer::User(id) => group.all_users == Some(true) || group.user_ids.contains(id),
            Bearer::Application(id) => {
                let managed = || self.applications.get(id).is_none_or(|application| application.managed);
                match group.all_applications {
                    Some(true) => !managed(),
                    Some(false) | None => group.application_ids.contains(id),
                }
            }
        }
    }
}
