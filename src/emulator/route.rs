//! Which call a method and a path are.

use super::query::{Plus, decode};

/// A call of the API. A call is a variant, so that every match says what a new one needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Metadata,
    ListApplications,
    CreateApplication,
    GetApplication,
    UpdateApplication,
    DeleteApplication,
    ListGroups,
    CreateGroup,
    GetGroup,
    UpdateGroup,
    DeleteGroup,
    SetMembers,
    AddMember,
    AddMembers,
    RemoveMember,
    ListPolicies,
    CreatePolicy,
    GetPolicy,
    UpdatePolicy,
    DeletePolicy,
    ClonePolicy,
    ListRules,
    SetRules,
    ListPermissionSets,
    ListApiKeys,
    CreateApiKey,
    GetApiKey,
    UpdateApiKey,
    DeleteApiKey,
    ListSshKeys,
    CreateSshKey,
    GetSshKey,
    UpdateSshKey,
    DeleteSshKey,
    ListUsers,
    CreateUser,
    GetUser,
    UpdateUser,
    DeleteUser,
    LockUser,
    UnlockUser,
    UpdateUsername,
    UpdatePassword,
    ListQuota,
    GetQuotum,
    ListProjects,
    CreateProject,
    GetProject,
    UpdateProject,
    DeleteProject,
    /// In the published schema, and not done here: 501.
    NotEmulated,
}

/// A row of the table of calls: method, path, call, and the median of the recorded durations in milliseconds.
///
/// Where nothing was recorded the median of the nearest call stands.
type Known = (&'static str, &'static str, Call, u16);

const KNOWN: &[Known] = &[
    ("GET", "/metadata", Call::Metadata, 30),
    ("GET", "/iam/v1alpha1/applications", Call::ListApplications, 53),
    ("POST", "/iam/v1alpha1/applications", Call::CreateApplication, 144),
    ("GET", "/iam/v1alpha1/applications/{application_id}", Call::GetApplication, 54),
    ("PATCH", "/iam/v1alpha1/applications/{application_id}", Call::UpdateApplication, 61),
    ("DELETE", "/iam/v1alpha1/applications/{application_id}", Call::DeleteApplication, 97),
    ("GET", "/iam/v1alpha1/groups", Call::ListGroups, 105),
    ("POST", "/iam/v1alpha1/groups", Call::CreateGroup, 191),
    ("GET", "/iam/v1alpha1/groups/{group_id}", Call::GetGroup, 57),
    ("PATCH", "/iam/v1alpha1/groups/{group_id}", Call::UpdateGroup, 72),
    ("DELETE", "/iam/v1alpha1/groups/{group_id}", Call::DeleteGroup, 82),
    ("PUT", "/iam/v1alpha1/groups/{group_id}/members", Call::SetMembers, 330),
    ("POST", "/iam/v1alpha1/groups/{group_id}/add-member", Call::AddMember, 381),
    ("POST", "/iam/v1alpha1/groups/{group_id}/add-members", Call::AddMembers, 381),
    ("POST", "/iam/v1alpha1/groups/{group_id}/remove-member", Call::RemoveMember, 125),
    ("GET", "/iam/v1alpha1/policies", Call::ListPolicies, 109),
    ("POST", "/iam/v1alpha1/policies", Call::CreatePolicy, 157),
    ("GET", "/iam/v1alpha1/policies/{policy_id}", Call::GetPolicy, 69),
    ("PATCH", "/iam/v1alpha1/policies/{policy_id}", Call::UpdatePolicy, 78),
    ("DELETE", "/iam/v1alpha1/policies/{policy_id}", Call::DeletePolicy, 103),
    ("POST", "/iam/v1alpha1/policies/{policy_id}/clone", Call::ClonePolicy, 157),
    ("GET", "/iam/v1alpha1/rules", Call::ListRules, 54),
    ("PUT", "/iam/v1alpha1/rules", Call::SetRules, 119),
    ("GET", "/iam/v1alpha1/permission-sets", Call::ListPermissionSets, 54),
    ("GET", "/iam/v1alpha1/api-keys", Call::ListApiKeys, 402),
    ("POST", "/iam/v1alpha1/api-keys", Call::CreateApiKey, 257),
    ("GET", "/iam/v1alpha1/api-keys/{access_key}", Call::GetApiKey, 113),
    ("PATCH", "/iam/v1alpha1/api-keys/{access_key}", Call::UpdateApiKey, 154),
    ("DELETE", "/iam/v1alpha1/api-keys/{access_key}", Call::DeleteApiKey, 172),
    ("GET", "/iam/v1alpha1/ssh-keys", Call::ListSshKeys, 82),
    ("POST", "/iam/v1alpha1/ssh-keys", Call::CreateSshKey, 149),
    ("GET", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", Call::GetSshKey, 52),
    ("PATCH", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", Call::UpdateSshKey, 90),
    ("DELETE", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", Call::DeleteSshKey, 66),
    ("GET", "/iam/v1alpha1/users", Call::ListUsers, 60),
    ("POST", "/iam/v1alpha1/users", Call::CreateUser, 612),
    ("GET", "/iam/v1alpha1/users/{user_id}", Call::GetUser, 162),
    ("PATCH", "/iam/v1alpha1/users/{user_id}", Call::UpdateUser, 168),
    ("DELETE", "/iam/v1alpha1/users/{user_id}", Call::DeleteUser, 302),
    ("POST", "/iam/v1alpha1/users/{user_id}/lock", Call::LockUser, 175),
    ("POST", "/iam/v1alpha1/users/{user_id}/unlock", Call::UnlockUser, 175),
    ("POST", "/iam/v1alpha1/users/{user_id}/update-username", Call::UpdateUsername, 175),
    ("POST", "/iam/v1alpha1/users/{user_id}/update-password", Call::UpdatePassword, 175),
    ("GET", "/iam/v1alpha1/quota", Call::ListQuota, 54),
    ("GET", "/iam/v1alpha1/quota/{quotum_name}", Call::GetQuotum, 54),
    ("GET", "/account/v3/projects", Call::ListProjects, 1011),
    ("POST", "/account/v3/projects", Call::CreateProject, 606),
    ("GET", "/account/v3/projects/{project_id}", Call::GetProject, 206),
    ("PATCH", "/account/v3/projects/{project_id}", Call::UpdateProject, 396),
    ("DELETE", "/account/v3/projects/{project_id}", Call::DeleteProject, 1661),
    ("POST", "/account/v3/projects/{project_id}/delete-with-resources", Call::NotEmulated, 0),
    ("POST", "/account/v3/projects/{project_id}/project-qualification", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/check-permissions", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/organizations/{organization_id}", Call::NotEmulated, 0),
    ("PUT", "/iam/v1alpha1/organizations/{organization_id}/alias", Call::NotEmulated, 0),
    ("PATCH", "/iam/v1alpha1/organizations/{organization_id}/login-methods", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/organizations/{organization_id}/security-settings", Call::NotEmulated, 0),
    ("PATCH", "/iam/v1alpha1/organizations/{organization_id}/security-settings", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/organizations/{organization_id}/saml", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/organizations/{organization_id}/saml", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/organizations/{organization_id}/scim", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/organizations/{organization_id}/scim", Call::NotEmulated, 0),
    ("PATCH", "/iam/v1alpha1/saml/{saml_id}", Call::NotEmulated, 0),
    ("DELETE", "/iam/v1alpha1/saml/{saml_id}", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/saml/{saml_id}/certificates", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/saml/{saml_id}/certificates", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/saml-certificates/{certificate_id}", Call::NotEmulated, 0),
    ("DELETE", "/iam/v1alpha1/saml-certificates/{certificate_id}", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/parse-saml-metadata", Call::NotEmulated, 0),
    ("DELETE", "/iam/v1alpha1/scim/{scim_id}", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/scim/{scim_id}/tokens", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/scim/{scim_id}/tokens", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/scim-tokens/{scim_token_id}", Call::NotEmulated, 0),
    ("DELETE", "/iam/v1alpha1/scim-tokens/{scim_token_id}", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/jwts", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/jwts", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/jwts/{jti}", Call::NotEmulated, 0),
    ("DELETE", "/iam/v1alpha1/jwts/{jti}", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/logs", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/logs/{log_id}", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/grace-periods", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/users/{user_id}/connections", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/users/{user_id}/initiate-connection", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/users/{user_id}/join-connection", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/users/{user_id}/remove-connection", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/users/{user_id}/mfa-otp", Call::NotEmulated, 0),
    ("DELETE", "/iam/v1alpha1/users/{user_id}/mfa-otp", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/users/{user_id}/validate-mfa-otp", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/users/{user_id}/start-webauthn-registration", Call::NotEmulated, 0),
    ("POST", "/iam/v1alpha1/users/{user_id}/finish-webauthn-registration", Call::NotEmulated, 0),
    ("GET", "/iam/v1alpha1/users/{user_id}/webauthn-authenticators", Call::NotEmulated, 0),
    ("PATCH", "/iam/v1alpha1/webauthn-authenticator/{authenticator_id}", Call::NotEmulated, 0),
    ("DELETE", "/iam/v1alpha1/webauthn-authenticator/{authenticator_id}", Call::NotEmulated, 0),
];

/// A request's call and the id in its path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) call: Call,
    /// The method and the path with its parameters by name.
    pub(super) method: &'static str,
    pub(super) template: &'static str,
    /// What stands in the path for its parameter, decoded; no call has two.
    pub(super) id: String,
    pub(super) recorded_ms: u16,
}

impl Route {
    /// Finds the call of a method and a path without its query.
    pub(super) fn find(method: &str, path: &str) -> Option<Self> {
        KNOWN.iter().find_map(|&(known, template, call, recorded_ms)| {
            let id = (known == method).then(|| parameter(template, path))??;
            Some(Self { call, method: known, template, id, recorded_ms })
        })
    }

    /// Says whether there is a path, whatever the methods that it takes.
    pub(super) fn is_known(path: &str) -> bool {
        KNOWN.iter().any(|&(_, template, ..)| parameter(template, path).is_some())
    }

    /// Says whether the call may change something.
    pub(super) fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// Says whether the body counts; clients send one, or none, with a DELETE.
    pub(super) fn takes_body(&self) -> bool {
        self.writes() && self.method != "DELETE"
    }

    /// Returns the group that a write changes. The API lets one at a time do that.
    pub(super) fn written_group(&self) -> Option<&str> {
        match self.call {
            Call::UpdateGroup
            | Call::DeleteGroup
            | Call::SetMembers
            | Call::AddMember
            | Call::AddMembers
            | Call::RemoveMember => Some(&self.id),
            _ => None,
        }
    }
}

/// Matches a path against a template: what stands for its parameter, `""` where it has none.
fn parameter(template: &str, path: &str) -> Option<String> {
    let mut id = String::new();
    let mut given = path.split('/');
    for wanted in template.split('/') {
        let segment = given.next()?;
        if wanted.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            id = decode(segment, Plus::Plus);
        } else if wanted != segment {
            return None;
        }
    }
    given.next().is_none().then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_whole_and_its_id_decoded() {
        let found = |method: &str, path: &str| Route::find(method, path).map(|route| (route.call, route.id));
        assert_eq!(found("GET", "/iam/v1alpha1/groups"), Some((Call::ListGroups, String::new())));
        assert_eq!(
            found("PUT", "/iam/v1alpha1/groups/a%20b/members"),
            Some((Call::SetMembers, "a b".into()))
        );
        for path in [
            "/iam/v1alpha1/groups/",
            "/iam/v1alpha1/groups/a/b",
            "/iam/v1alpha1",
            "",
            "//",
            "/iam/v1alpha1/groups/a/",
        ] {
            assert_eq!(found("GET", path), None, "{path}");
        }
        assert_eq!(found("PUT", "/iam/v1alpha1/groups"), None);
    }
}
