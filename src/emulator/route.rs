//! The calls of the API: one table, a row for each.

use serde_json::{Value, json};

use super::grant::{Action, Kind};
use super::organization::{Ask, Organization};
use super::query::{Plus, decode};
use super::reply::Answer;

/// What a caller with the right to it gets.
type Handler = fn(&mut Organization, &mut Ask<'_>) -> Answer;

/// Who answers a call.
#[derive(Clone, Copy)]
pub(super) enum Answers {
    /// Anybody gets this.
    Anybody(fn() -> Value),
    /// Who may do this to such an object, by what the handler makes of it.
    Permitted(Action, Kind, Handler),
    /// In the published schema, and not done here: 501.
    NotEmulated,
}

/// The object that only one call may write at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Nothing,
    /// The group of the path. The API lets one write at a time change it.
    Group,
    /// The policy of the path.
    Policy,
    /// The policy that the body names.
    PolicyOfBody,
}

/// A row of the table.
pub(super) struct Endpoint {
    /// The method and the path with its parameters by name.
    pub(super) method: &'static str,
    pub(super) template: &'static str,
    /// The median of the recorded durations in milliseconds; where nothing was recorded, of the nearest call.
    pub(super) recorded_ms: u16,
    pub(super) lock: Lock,
    /// Whether the call may change what somebody may do.
    pub(super) grants: bool,
    pub(super) answers: Answers,
}

impl Endpoint {
    const fn locking(self, lock: Lock) -> Self {
        Self { lock, ..self }
    }

    const fn granting(self) -> Self {
        Self { grants: true, ..self }
    }

    /// Says whether the call may change something.
    pub(super) fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// Says whether the body counts; clients send one, or none, with a DELETE.
    pub(super) fn takes_body(&self) -> bool {
        self.writes() && self.method != "DELETE"
    }
}

const fn endpoint(
    method: &'static str,
    template: &'static str,
    recorded_ms: u16,
    answers: Answers,
) -> Endpoint {
    Endpoint { method, template, recorded_ms, lock: Lock::Nothing, grants: false, answers }
}

const fn open(method: &'static str, template: &'static str, ms: u16, answer: fn() -> Value) -> Endpoint {
    endpoint(method, template, ms, Answers::Anybody(answer))
}

/// A call for those who may read such objects, for a GET, or write them.
const fn call(
    method: &'static str,
    template: &'static str,
    ms: u16,
    kind: Kind,
    handler: Handler,
) -> Endpoint {
    let action = if matches!(method.as_bytes(), b"GET") { Action::Read } else { Action::Write };
    endpoint(method, template, ms, Answers::Permitted(action, kind, handler))
}

const fn not_emulated(method: &'static str, template: &'static str) -> Endpoint {
    endpoint(method, template, 0, Answers::NotEmulated)
}

#[rustfmt::skip] // a row a line
static ENDPOINTS: &[Endpoint] = &[
    open("GET", "/metadata", 30, || json!({"platform": "external", "partition": "scw", "domain": "scw.eu"})),
    call("GET", "/iam/v1alpha1/applications", 53, Kind::Application, |it, ask| it.list_applications(ask)),
    call("POST", "/iam/v1alpha1/applications", 144, Kind::Application, |it, ask| it.create_application(ask)),
    call("GET", "/iam/v1alpha1/applications/{application_id}", 54, Kind::Application, |it, ask| it.get_application(ask)),
    call("PATCH", "/iam/v1alpha1/applications/{application_id}", 61, Kind::Application, |it, ask| it.update_application(ask)),
    call("DELETE", "/iam/v1alpha1/applications/{application_id}", 97, Kind::Application, |it, ask| it.delete_application(ask)),
    call("GET", "/iam/v1alpha1/groups", 105, Kind::Group, |it, ask| it.list_groups(ask)),
    call("POST", "/iam/v1alpha1/groups", 191, Kind::Group, |it, ask| it.create_group(ask)),
    call("GET", "/iam/v1alpha1/groups/{group_id}", 57, Kind::Group, |it, ask| it.get_group(ask)),
    call("PATCH", "/iam/v1alpha1/groups/{group_id}", 72, Kind::Group, |it, ask| it.update_group(ask)).locking(Lock::Group),
    call("DELETE", "/iam/v1alpha1/groups/{group_id}", 82, Kind::Group, |it, ask| it.delete_group(ask)).locking(Lock::Group),
    call("PUT", "/iam/v1alpha1/groups/{group_id}/members", 330, Kind::Group, |it, ask| it.set_members(ask)).locking(Lock::Group).granting(),
    call("POST", "/iam/v1alpha1/groups/{group_id}/add-member", 381, Kind::Group, |it, ask| it.add_member(ask)).locking(Lock::Group).granting(),
    call("POST", "/iam/v1alpha1/groups/{group_id}/add-members", 381, Kind::Group, |it, ask| it.add_members(ask)).locking(Lock::Group).granting(),
    call("POST", "/iam/v1alpha1/groups/{group_id}/remove-member", 125, Kind::Group, |it, ask| it.remove_member(ask)).locking(Lock::Group),
    call("GET", "/iam/v1alpha1/policies", 109, Kind::Policy, |it, ask| it.list_policies(ask)),
    call("POST", "/iam/v1alpha1/policies", 157, Kind::Policy, |it, ask| it.create_policy(ask)).granting(),
    call("GET", "/iam/v1alpha1/policies/{policy_id}", 69, Kind::Policy, |it, ask| it.get_policy(ask)),
    call("PATCH", "/iam/v1alpha1/policies/{policy_id}", 78, Kind::Policy, |it, ask| it.update_policy(ask)).locking(Lock::Policy).granting(),
    call("DELETE", "/iam/v1alpha1/policies/{policy_id}", 103, Kind::Policy, |it, ask| it.delete_policy(ask)).locking(Lock::Policy),
    call("POST", "/iam/v1alpha1/policies/{policy_id}/clone", 157, Kind::Policy, |it, ask| it.clone_policy(ask)).granting(),
    call("GET", "/iam/v1alpha1/rules", 54, Kind::Rule, |it, ask| it.list_rules(ask)),
    call("PUT", "/iam/v1alpha1/rules", 119, Kind::Rule, |it, ask| it.set_rules(ask)).locking(Lock::PolicyOfBody).granting(),
    call("GET", "/iam/v1alpha1/permission-sets", 54, Kind::PermissionSet, |it, ask| it.list_permission_sets(ask)),
    call("GET", "/iam/v1alpha1/api-keys", 402, Kind::ApiKey, |it, ask| it.list_api_keys(ask)),
    call("POST", "/iam/v1alpha1/api-keys", 257, Kind::ApiKey, |it, ask| it.create_api_key(ask)),
    call("GET", "/iam/v1alpha1/api-keys/{access_key}", 113, Kind::ApiKey, |it, ask| it.get_api_key(ask)),
    call("PATCH", "/iam/v1alpha1/api-keys/{access_key}", 154, Kind::ApiKey, |it, ask| it.update_api_key(ask)),
    call("DELETE", "/iam/v1alpha1/api-keys/{access_key}", 172, Kind::ApiKey, |it, ask| it.delete_api_key(ask)),
    call("GET", "/iam/v1alpha1/ssh-keys", 82, Kind::SshKey, |it, ask| it.list_ssh_keys(ask)),
    call("POST", "/iam/v1alpha1/ssh-keys", 149, Kind::SshKey, |it, ask| it.create_ssh_key(ask)),
    call("GET", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", 52, Kind::SshKey, |it, ask| it.get_ssh_key(ask)),
    call("PATCH", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", 90, Kind::SshKey, |it, ask| it.update_ssh_key(ask)),
    call("DELETE", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", 66, Kind::SshKey, |it, ask| it.delete_ssh_key(ask)),
    call("GET", "/iam/v1alpha1/users", 60, Kind::User, |it, ask| it.list_users(ask)),
    call("POST", "/iam/v1alpha1/users", 612, Kind::User, |it, ask| it.create_user(ask)),
    call("GET", "/iam/v1alpha1/users/{user_id}", 162, Kind::User, |it, ask| it.get_user(ask)),
    call("PATCH", "/iam/v1alpha1/users/{user_id}", 168, Kind::User, |it, ask| it.update_user(ask)),
    call("DELETE", "/iam/v1alpha1/users/{user_id}", 302, Kind::User, |it, ask| it.delete_user(ask)),
    call("POST", "/iam/v1alpha1/users/{user_id}/lock", 175, Kind::User, |it, ask| it.lock_user(ask, true)),
    call("POST", "/iam/v1alpha1/users/{user_id}/unlock", 175, Kind::User, |it, ask| it.lock_user(ask, false)),
    call("POST", "/iam/v1alpha1/users/{user_id}/update-username", 175, Kind::User, |it, ask| it.update_username(ask)),
    call("POST", "/iam/v1alpha1/users/{user_id}/update-password", 175, Kind::User, |it, ask| it.update_password(ask)),
    call("GET", "/iam/v1alpha1/quota", 54, Kind::Quota, |it, ask| it.list_quota(ask)),
    call("GET", "/iam/v1alpha1/quota/{quotum_name}", 54, Kind::Quota, |it, ask| it.get_quotum(ask)),
    call("GET", "/account/v3/projects", 1011, Kind::Project, |it, ask| it.list_projects(ask)),
    call("POST", "/account/v3/projects", 606, Kind::Project, |it, ask| it.create_project(ask)),
    call("GET", "/account/v3/projects/{project_id}", 206, Kind::Project, |it, ask| it.get_project(ask)),
    call("PATCH", "/account/v3/projects/{project_id}", 396, Kind::Project, |it, ask| it.update_project(ask)),
    call("DELETE", "/account/v3/projects/{project_id}", 1661, Kind::Project, |it, ask| it.delete_project(ask)),
    not_emulated("POST", "/account/v3/projects/{project_id}/delete-with-resources"),
    not_emulated("POST", "/account/v3/projects/{project_id}/project-qualification"),
    not_emulated("POST", "/iam/v1alpha1/check-permissions"),
    not_emulated("GET", "/iam/v1alpha1/organizations/{organization_id}"),
    not_emulated("PUT", "/iam/v1alpha1/organizations/{organization_id}/alias"),
    not_emulated("PATCH", "/iam/v1alpha1/organizations/{organization_id}/login-methods"),
    not_emulated("GET", "/iam/v1alpha1/organizations/{organization_id}/security-settings"),
    not_emulated("PATCH", "/iam/v1alpha1/organizations/{organization_id}/security-settings"),
    not_emulated("GET", "/iam/v1alpha1/organizations/{organization_id}/saml"),
    not_emulated("POST", "/iam/v1alpha1/organizations/{organization_id}/saml"),
    not_emulated("GET", "/iam/v1alpha1/organizations/{organization_id}/scim"),
    not_emulated("POST", "/iam/v1alpha1/organizations/{organization_id}/scim"),
    not_emulated("PATCH", "/iam/v1alpha1/saml/{saml_id}"),
    not_emulated("DELETE", "/iam/v1alpha1/saml/{saml_id}"),
    not_emulated("GET", "/iam/v1alpha1/saml/{saml_id}/certificates"),
    not_emulated("POST", "/iam/v1alpha1/saml/{saml_id}/certificates"),
    not_emulated("GET", "/iam/v1alpha1/saml-certificates/{certificate_id}"),
    not_emulated("DELETE", "/iam/v1alpha1/saml-certificates/{certificate_id}"),
    not_emulated("POST", "/iam/v1alpha1/parse-saml-metadata"),
    not_emulated("DELETE", "/iam/v1alpha1/scim/{scim_id}"),
    not_emulated("GET", "/iam/v1alpha1/scim/{scim_id}/tokens"),
    not_emulated("POST", "/iam/v1alpha1/scim/{scim_id}/tokens"),
    not_emulated("GET", "/iam/v1alpha1/scim-tokens/{scim_token_id}"),
    not_emulated("DELETE", "/iam/v1alpha1/scim-tokens/{scim_token_id}"),
    not_emulated("GET", "/iam/v1alpha1/jwts"),
    not_emulated("POST", "/iam/v1alpha1/jwts"),
    not_emulated("GET", "/iam/v1alpha1/jwts/{jti}"),
    not_emulated("DELETE", "/iam/v1alpha1/jwts/{jti}"),
    not_emulated("GET", "/iam/v1alpha1/logs"),
    not_emulated("GET", "/iam/v1alpha1/logs/{log_id}"),
    not_emulated("GET", "/iam/v1alpha1/grace-periods"),
    not_emulated("GET", "/iam/v1alpha1/users/{user_id}/connections"),
    not_emulated("POST", "/iam/v1alpha1/users/{user_id}/initiate-connection"),
    not_emulated("POST", "/iam/v1alpha1/users/{user_id}/join-connection"),
    not_emulated("POST", "/iam/v1alpha1/users/{user_id}/remove-connection"),
    not_emulated("POST", "/iam/v1alpha1/users/{user_id}/mfa-otp"),
    not_emulated("DELETE", "/iam/v1alpha1/users/{user_id}/mfa-otp"),
    not_emulated("POST", "/iam/v1alpha1/users/{user_id}/validate-mfa-otp"),
    not_emulated("POST", "/iam/v1alpha1/users/{user_id}/start-webauthn-registration"),
    not_emulated("POST", "/iam/v1alpha1/users/{user_id}/finish-webauthn-registration"),
    not_emulated("GET", "/iam/v1alpha1/users/{user_id}/webauthn-authenticators"),
    not_emulated("PATCH", "/iam/v1alpha1/webauthn-authenticator/{authenticator_id}"),
    not_emulated("DELETE", "/iam/v1alpha1/webauthn-authenticator/{authenticator_id}"),
];

/// A request's endpoint and the id in its path.
pub(super) struct Route {
    pub(super) endpoint: &'static Endpoint,
    /// What stands in the path for its parameter, decoded; no call has two.
    pub(super) id: String,
}

impl Route {
    /// Finds the endpoint of a method and a path without its query.
    pub(super) fn find(method: &str, path: &str) -> Option<Self> {
        ENDPOINTS.iter().find_map(|endpoint| {
            let id = (endpoint.method == method).then(|| parameter(endpoint.template, path))??;
            Some(Self { endpoint, id })
        })
    }

    /// Says whether there is a path, whatever the methods that it takes.
    pub(super) fn is_known(path: &str) -> bool {
        ENDPOINTS.iter().any(|endpoint| parameter(endpoint.template, path).is_some())
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
        let found = |method: &str, path: &str| {
            Route::find(method, path).map(|route| (route.endpoint.template, route.id))
        };
        assert_eq!(found("GET", "/iam/v1alpha1/groups"), Some(("/iam/v1alpha1/groups", String::new())));
        assert_eq!(
            found("PUT", "/iam/v1alpha1/groups/a%20b/members"),
            Some(("/iam/v1alpha1/groups/{group_id}/members", "a b".into()))
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

    #[test]
    fn no_two_rows_are_one_call() {
        let rows: std::collections::HashSet<_> =
            ENDPOINTS.iter().map(|endpoint| (endpoint.method, endpoint.template)).collect();
        assert_eq!(rows.len(), ENDPOINTS.len());
    }
}
