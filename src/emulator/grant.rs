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
pub(super) enum Kind {
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
}

impl Kind {
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
        }
    }
}

/// What a call does. Only `read` was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Read,
    Write,
}

impl Action {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Says whether a permission set allows an action on a kind.
///
/// The published names say as much; which calls a set really allows is not published.
fn allows(set: &str, kind: Kind, action: Action) -> bool {
    let read = action == Action::Read;
    match set {
        "IAMManager" | "OrganizationManager" => true,
        "IAMReadOnly" | "OrganizationReadOnly" => read,
        "IAMApplicationManager" => matches!(kind, Kind::Application | Kind::ApiKey),
        "IAMApplicationReadOnly" => read && matches!(kind, Kind::Application | Kind::ApiKey),
        "IAMUserManager" => kind == Kind::User,
        "IAMUserReadOnly" => read && kind == Kind::User,
        "IAMGroupManager" => kind == Kind::Group,
        "IAMGroupReadOnly" => read && kind == Kind::Group,
        "IAMPolicyManager" => {
            matches!(kind, Kind::Policy | Kind::Rule) || (read && kind == Kind::PermissionSet)
        }
        "IAMPolicyReadOnly" => read && matches!(kind, Kind::Policy | Kind::Rule | Kind::PermissionSet),
        "ProjectManager" => kind == Kind::Project,
        "ProjectReadOnly" => read && kind == Kind::Project,
        "SSHKeysFullAccess" | "AllProductsFullAccess" => kind == Kind::SshKey,
        "SSHKeysReadOnly" | "AllProductsReadOnly" => read && kind == Kind::SshKey,
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
        action: Action,
        kind: Kind,
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
