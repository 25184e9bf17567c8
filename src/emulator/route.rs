//! The calls of the API: one table, a row for each.

use serde_json::{Value, json};

use super::grant::{CallAction, ResourceWord, Service};
use super::organization::{HandlerRequest, Organization};
use super::query::{Plus, decode};
use super::reply::Handled;

/// What a caller with the right to it gets.
type Handler = fn(&mut Organization, &mut HandlerRequest<'_>) -> Handled;

/// Who answers a call.
#[derive(Clone, Copy)]
pub(super) enum AnsweredBy {
    /// Anybody gets this.
    Anybody(fn() -> Value),
    /// Who may do this to such an object, by what the handler makes of it.
    Permitted(CallAction, ResourceWord, Handler),
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
    /// The method's name in Audit Trail, which is not always that of the published schema.
    pub(super) event: Option<&'static str>,
    pub(super) answers: AnsweredBy,
}

impl Endpoint {
    const fn locking(self, lock: Lock) -> Self {
        Self { lock, ..self }
    }

    const fn granting(self) -> Self {
        Self { grants: true, ..self }
    }

    const fn event(self, name: &'static str) -> Self {
        Self { event: Some(name), ..self }
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
    answers: AnsweredBy,
) -> Endpoint {
    Endpoint { method, template, recorded_ms, lock: Lock::Nothing, grants: false, event: None, answers }
}

const fn open(method: &'static str, template: &'static str, ms: u16, answer: fn() -> Value) -> Endpoint {
    endpoint(method, template, ms, AnsweredBy::Anybody(answer))
}

/// A call for those who may read such objects, for a GET, or write them.
const fn call(
    method: &'static str,
    template: &'static str,
    ms: u16,
    kind: ResourceWord,
    handler: Handler,
) -> Endpoint {
    let action = if matches!(method.as_bytes(), b"GET") { CallAction::Read } else { CallAction::Write };
    endpoint(method, template, ms, AnsweredBy::Permitted(action, kind, handler))
}

/// A call for those who may do this to such objects.
const fn acting(
    method: &'static str,
    template: &'static str,
    ms: u16,
    action: CallAction,
    kind: ResourceWord,
    handler: Handler,
) -> Endpoint {
    endpoint(method, template, ms, AnsweredBy::Permitted(action, kind, handler))
}

const fn not_emulated(method: &'static str, template: &'static str) -> Endpoint {
    endpoint(method, template, 0, AnsweredBy::NotEmulated)
}

#[rustfmt::skip] // a row a line
static ENDPOINTS: &[Endpoint] = &[
    open("GET", "/metadata", 30, || json!({"platform": "external", "partition": "scw", "domain": "scw.eu"})),
    call("GET", "/iam/v1alpha1/applications", 53, ResourceWord::Application, |it, ask| it.list_applications(ask)),
    call("POST", "/iam/v1alpha1/applications", 144, ResourceWord::Application, |it, ask| it.create_application(ask)).event("CreateApplication"),
    call("GET", "/iam/v1alpha1/applications/{application_id}", 54, ResourceWord::Application, |it, ask| it.get_application(ask)),
    call("PATCH", "/iam/v1alpha1/applications/{application_id}", 61, ResourceWord::Application, |it, ask| it.update_application(ask)).event("UpdateApplication"),
    call("DELETE", "/iam/v1alpha1/applications/{application_id}", 97, ResourceWord::Application, |it, ask| it.delete_application(ask)).event("DeleteApplication"),
    call("GET", "/iam/v1alpha1/groups", 105, ResourceWord::Group, |it, ask| it.list_groups(ask)),
    call("POST", "/iam/v1alpha1/groups", 191, ResourceWord::Group, |it, ask| it.create_group(ask)).event("CreateGroup"),
    call("GET", "/iam/v1alpha1/groups/{group_id}", 57, ResourceWord::Group, |it, ask| it.get_group(ask)),
    call("PATCH", "/iam/v1alpha1/groups/{group_id}", 72, ResourceWord::Group, |it, ask| it.update_group(ask)).locking(Lock::Group).event("UpdateGroup"),
    call("DELETE", "/iam/v1alpha1/groups/{group_id}", 82, ResourceWord::Group, |it, ask| it.delete_group(ask)).locking(Lock::Group).event("DeleteGroup"),
    call("PUT", "/iam/v1alpha1/groups/{group_id}/members", 330, ResourceWord::Group, |it, ask| it.set_members(ask)).locking(Lock::Group).granting().event("SetGroupMembers"),
    call("POST", "/iam/v1alpha1/groups/{group_id}/add-member", 381, ResourceWord::Group, |it, ask| it.add_member(ask)).locking(Lock::Group).granting().event("AddGroupMember"),
    call("POST", "/iam/v1alpha1/groups/{group_id}/add-members", 381, ResourceWord::Group, |it, ask| it.add_members(ask)).locking(Lock::Group).granting().event("AddGroupMembers"),
    call("POST", "/iam/v1alpha1/groups/{group_id}/remove-member", 125, ResourceWord::Group, |it, ask| it.remove_member(ask)).locking(Lock::Group).event("RemoveGroupMember"),
    call("GET", "/iam/v1alpha1/policies", 109, ResourceWord::Policy, |it, ask| it.list_policies(ask)),
    call("POST", "/iam/v1alpha1/policies", 157, ResourceWord::Policy, |it, ask| it.create_policy(ask)).granting().event("CreatePolicy"),
    call("GET", "/iam/v1alpha1/policies/{policy_id}", 69, ResourceWord::Policy, |it, ask| it.get_policy(ask)),
    call("PATCH", "/iam/v1alpha1/policies/{policy_id}", 78, ResourceWord::Policy, |it, ask| it.update_policy(ask)).locking(Lock::Policy).granting().event("UpdatePolicy"),
    call("DELETE", "/iam/v1alpha1/policies/{policy_id}", 103, ResourceWord::Policy, |it, ask| it.delete_policy(ask)).locking(Lock::Policy).event("DeletePolicy"),
    call("POST", "/iam/v1alpha1/policies/{policy_id}/clone", 157, ResourceWord::Policy, |it, ask| it.clone_policy(ask)).granting().event("ClonePolicy"),
    call("GET", "/iam/v1alpha1/rules", 54, ResourceWord::Rule, |it, ask| it.list_rules(ask)),
    call("PUT", "/iam/v1alpha1/rules", 119, ResourceWord::Rule, |it, ask| it.set_rules(ask)).locking(Lock::PolicyOfBody).granting().event("SetRules"),
    call("GET", "/iam/v1alpha1/permission-sets", 54, ResourceWord::PermissionSet, |it, ask| it.list_permission_sets(ask)),
    call("GET", "/iam/v1alpha1/api-keys", 402, ResourceWord::ApiKey, |it, ask| it.list_api_keys(ask)),
    call("POST", "/iam/v1alpha1/api-keys", 257, ResourceWord::ApiKey, |it, ask| it.create_api_key(ask)).event("CreateAPIKey"),
    call("GET", "/iam/v1alpha1/api-keys/{access_key}", 113, ResourceWord::ApiKey, |it, ask| it.get_api_key(ask)),
    call("PATCH", "/iam/v1alpha1/api-keys/{access_key}", 154, ResourceWord::ApiKey, |it, ask| it.update_api_key(ask)).event("UpdateAPIKey"),
    call("DELETE", "/iam/v1alpha1/api-keys/{access_key}", 172, ResourceWord::ApiKey, |it, ask| it.delete_api_key(ask)).event("DeleteAPIKey"),
    call("GET", "/iam/v1alpha1/ssh-keys", 82, ResourceWord::SshKey, |it, ask| it.list_ssh_keys(ask)),
    call("POST", "/iam/v1alpha1/ssh-keys", 149, ResourceWord::SshKey, |it, ask| it.create_ssh_key(ask)).event("CreateSSHKey"),
    call("GET", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", 52, ResourceWord::SshKey, |it, ask| it.get_ssh_key(ask)),
    call("PATCH", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", 90, ResourceWord::SshKey, |it, ask| it.update_ssh_key(ask)).event("UpdateSSHKey"),
    call("DELETE", "/iam/v1alpha1/ssh-keys/{ssh_key_id}", 66, ResourceWord::SshKey, |it, ask| it.delete_ssh_key(ask)).event("DeleteSSHKey"),
    call("GET", "/iam/v1alpha1/users", 60, ResourceWord::User, |it, ask| it.list_users(ask)),
    call("POST", "/iam/v1alpha1/users", 612, ResourceWord::User, |it, ask| it.create_user(ask)).event("CreateUser"),
    call("GET", "/iam/v1alpha1/users/{user_id}", 162, ResourceWord::User, |it, ask| it.get_user(ask)),
    call("PATCH", "/iam/v1alpha1/users/{user_id}", 168, ResourceWord::User, |it, ask| it.update_user(ask)).event("UpdateUser"),
    call("DELETE", "/iam/v1alpha1/users/{user_id}", 302, ResourceWord::User, |it, ask| it.delete_user(ask)).event("DeleteUser"),
    call("POST", "/iam/v1alpha1/users/{user_id}/lock", 175, ResourceWord::User, |it, ask| it.lock_user(ask, true)).event("LockMember"),
    call("POST", "/iam/v1alpha1/users/{user_id}/unlock", 175, ResourceWord::User, |it, ask| it.lock_user(ask, false)).event("UnlockMember"),
    call("POST", "/iam/v1alpha1/users/{user_id}/update-username", 175, ResourceWord::User, |it, ask| it.update_username(ask)).event("UpdateUserUsername"),
    call("POST", "/iam/v1alpha1/users/{user_id}/update-password", 175, ResourceWord::User, |it, ask| it.update_password(ask)).event("UpdateUserPassword"),
    call("GET", "/iam/v1alpha1/quota", 54, ResourceWord::Quota, |it, ask| it.list_quota(ask)),
    call("GET", "/iam/v1alpha1/quota/{quotum_name}", 54, ResourceWord::Quota, |it, ask| it.get_quotum(ask)),
    call("GET", "/account/v3/projects", 1011, ResourceWord::Project, |it, ask| it.list_projects(ask)),
    call("POST", "/account/v3/projects", 606, ResourceWord::Project, |it, ask| it.create_project(ask)).event("CreateProject"),
    call("GET", "/account/v3/projects/{project_id}", 206, ResourceWord::Project, |it, ask| it.get_project(ask)),
    call("PATCH", "/account/v3/projects/{project_id}", 396, ResourceWord::Project, |it, ask| it.update_project(ask)).event("UpdateProject"),
    call("DELETE", "/account/v3/projects/{project_id}", 1661, ResourceWord::Project, |it, ask| it.delete_project(ask)).event("DeleteProject"),
    call("GET", "/iam/v1alpha1/organizations/{organization_id}", 54, ResourceWord::Organization, |it, ask| it.get_organization(ask)),
    call("PUT", "/iam/v1alpha1/organizations/{organization_id}/alias", 119, ResourceWord::Organization, |it, ask| it.set_alias(ask)).event("SetOrganizationAlias"),
    call("PATCH", "/iam/v1alpha1/organizations/{organization_id}/login-methods", 78, ResourceWord::Organization, |it, ask| it.update_login_methods(ask)).event("UpdateOrganizationLoginMethods"),
    call("GET", "/iam/v1alpha1/organizations/{organization_id}/security-settings", 54, ResourceWord::Organization, |it, ask| it.get_security_settings(ask)),
    call("PATCH", "/iam/v1alpha1/organizations/{organization_id}/security-settings", 78, ResourceWord::Organization, |it, ask| it.update_security_settings(ask)).event("UpdateOrganizationSecuritySettings"),
    call("GET", "/iam/v1alpha1/organizations/{organization_id}/saml", 185, ResourceWord::Saml, |it, ask| it.get_saml(ask)),
    call("POST", "/iam/v1alpha1/organizations/{organization_id}/saml", 160, ResourceWord::Saml, |it, ask| it.enable_saml(ask)).event("EnableOrganizationSaml"),
    call("PATCH", "/iam/v1alpha1/saml/{saml_id}", 191, ResourceWord::Saml, |it, ask| it.update_saml(ask)).event("UpdateSaml"),
    call("DELETE", "/iam/v1alpha1/saml/{saml_id}", 166, ResourceWord::Saml, |it, ask| it.delete_saml(ask)).event("DeleteSaml"),
    call("GET", "/iam/v1alpha1/saml/{saml_id}/certificates", 158, ResourceWord::SamlCertificate, |it, ask| it.list_saml_certificates(ask)),
    call("POST", "/iam/v1alpha1/saml/{saml_id}/certificates", 205, ResourceWord::SamlCertificate, |it, ask| it.add_saml_certificate(ask)).event("AddSamlCertificate"),
    call("GET", "/iam/v1alpha1/saml-certificates/{certificate_id}", 54, ResourceWord::SamlCertificate, |it, ask| it.get_saml_certificate(ask)),
    call("DELETE", "/iam/v1alpha1/saml-certificates/{certificate_id}", 163, ResourceWord::SamlCertificate, |it, ask| it.delete_saml_certificate(ask)).event("DeleteSamlCertificate"),
    call("POST", "/iam/v1alpha1/parse-saml-metadata", 54, ResourceWord::Saml, |_, ask| Organization::parse_saml_metadata(ask)),
    call("GET", "/iam/v1alpha1/organizations/{organization_id}/scim", 60, ResourceWord::Scim, |it, ask| it.get_scim(ask)),
    call("POST", "/iam/v1alpha1/organizations/{organization_id}/scim", 124, ResourceWord::Scim, |it, ask| it.enable_scim(ask)).event("EnableOrganizationScim"),
    call("DELETE", "/iam/v1alpha1/scim/{scim_id}", 71, ResourceWord::Scim, |it, ask| it.delete_scim(ask)).event("DeleteScim"),
    call("GET", "/iam/v1alpha1/scim/{scim_id}/tokens", 50, ResourceWord::ScimToken, |it, ask| it.list_scim_tokens(ask)),
    call("POST", "/iam/v1alpha1/scim/{scim_id}/tokens", 428, ResourceWord::ScimToken, |it, ask| it.create_scim_token(ask)).event("CreateScimToken"),
    call("GET", "/iam/v1alpha1/scim-tokens/{scim_token_id}", 50, ResourceWord::ScimToken, |it, ask| it.get_scim_token(ask)),
    call("DELETE", "/iam/v1alpha1/scim-tokens/{scim_token_id}", 120, ResourceWord::ScimToken, |it, ask| it.delete_scim_token(ask)).event("DeleteScimToken"),
    call("GET", "/iam/v1alpha1/grace-periods", 54, ResourceWord::GracePeriod, |it, ask| it.list_grace_periods(ask)),
    call("GET", "/iam/v1alpha1/logs", 200, ResourceWord::Log, |it, ask| it.list_logs(ask)),
    call("GET", "/iam/v1alpha1/logs/{log_id}", 54, ResourceWord::Log, |it, ask| it.get_log(ask)),
    call("GET", "/audit-trail/v1alpha1/regions/{region}/events", 217, ResourceWord::Event, |it, ask| it.list_events(ask)),
    call("GET", "/audit-trail/v1alpha1/regions/{region}/products", 217, ResourceWord::Event, |it, ask| it.list_products(ask)),
    call("GET", "/secret-manager/v1beta1/regions/{region}/secrets", 54, ResourceWord::Secret, |it, ask| it.list_secrets(ask)),
    acting("POST", "/secret-manager/v1beta1/regions/{region}/secrets", 138, CallAction::Create, ResourceWord::Secret, |it, ask| it.create_secret(ask)).event("CreateSecret"),
    call("GET", "/secret-manager/v1beta1/regions/{region}/secrets/browse", 54, ResourceWord::Secret, |it, ask| it.browse_secrets(ask)),
    call("GET", "/secret-manager/v1beta1/regions/{region}/tags", 54, ResourceWord::Secret, |it, ask| it.list_secret_tags(ask)),
    acting("GET", "/secret-manager/v1beta1/regions/{region}/secrets-by-path/versions/{revision}/access", 65, CallAction::Access, ResourceWord::Secret, |it, ask| it.access_secret_by_path(ask)),
    call("GET", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}", 52, ResourceWord::Secret, |it, ask| it.get_secret(ask)),
    call("PATCH", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}", 159, ResourceWord::Secret, |it, ask| it.update_secret(ask)).event("UpdateSecret"),
    acting("DELETE", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}", 84, CallAction::Delete, ResourceWord::Secret, |it, ask| it.delete_secret(ask)).event("DeleteSecret"),
    call("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/protect", 127, ResourceWord::Secret, |it, ask| it.protect_secret(ask, true)).event("ProtectSecret"),
    call("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/unprotect", 127, ResourceWord::Secret, |it, ask| it.protect_secret(ask, false)).event("UnprotectSecret"),
    call("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/restore", 127, ResourceWord::Secret, |it, ask| it.restore_secret(ask)).event("RestoreSecret"),
    call("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/add-owner", 127, ResourceWord::Secret, |it, ask| it.add_secret_owner(ask)).event("AddSecretOwner"),
    call("GET", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions", 48, ResourceWord::Secret, |it, ask| it.list_secret_versions(ask)),
    acting("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions", 299, CallAction::Create, ResourceWord::Secret, |it, ask| it.create_secret_version(ask)).event("CreateSecretVersion"),
    call("GET", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions/{revision}", 46, ResourceWord::Secret, |it, ask| it.get_secret_version(ask)),
    call("PATCH", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions/{revision}", 159, ResourceWord::Secret, |it, ask| it.update_secret_version(ask)).event("UpdateSecretVersion"),
    acting("DELETE", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions/{revision}", 77, CallAction::Delete, ResourceWord::Secret, |it, ask| it.delete_secret_version(ask)).event("DeleteSecretVersion"),
    acting("GET", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions/{revision}/access", 65, CallAction::Access, ResourceWord::Secret, |it, ask| it.access_secret_version(ask)),
    call("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions/{revision}/enable", 127, ResourceWord::Secret, |it, ask| it.enable_secret_version(ask, true)).event("EnableSecretVersion"),
    call("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions/{revision}/disable", 127, ResourceWord::Secret, |it, ask| it.enable_secret_version(ask, false)).event("DisableSecretVersion"),
    call("POST", "/secret-manager/v1beta1/regions/{region}/secrets/{secret_id}/versions/{revision}/restore", 127, ResourceWord::Secret, |it, ask| it.restore_secret_version(ask)).event("RestoreSecretVersion"),
    not_emulated("POST", "/account/v3/projects/{project_id}/delete-with-resources"),
    not_emulated("POST", "/account/v3/projects/{project_id}/project-qualification"),
    not_emulated("POST", "/iam/v1alpha1/check-permissions"),
    not_emulated("GET", "/iam/v1alpha1/jwts"),
    not_emulated("POST", "/iam/v1alpha1/jwts"),
    not_emulated("GET", "/iam/v1alpha1/jwts/{jti}"),
    not_emulated("DELETE", "/iam/v1alpha1/jwts/{jti}"),
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

/// Returns the methods of a service that leave an event.
pub(super) fn recorded_methods(service: Service) -> Vec<&'static str> {
    let of_service = |endpoint: &&Endpoint| match endpoint.answers {
        AnsweredBy::Permitted(_, kind, _) => kind.service() == service,
        AnsweredBy::Anybody(_) | AnsweredBy::NotEmulated => false,
    };
    let mut methods: Vec<_> = ENDPOINTS.iter().filter(of_service).filter_map(|it| it.event).collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// A request's endpoint and the parameters in its path.
pub(super) struct Route {
    pub(super) endpoint: &'static Endpoint,
    /// What stands in the path for its parameters, decoded.
    pub(super) parameters: Vec<String>,
}

impl Route {
    /// Finds the endpoint of a method and a path without its query.
    pub(super) fn find(method: &str, path: &str) -> Option<Self> {
        ENDPOINTS.iter().find_map(|endpoint| {
            let parameters = (endpoint.method == method).then(|| parameters(endpoint.template, path))??;
            Some(Self { endpoint, parameters })
        })
    }

    /// Returns the last parameter: all that most calls have, the id of what they are about.
    pub(super) fn id(&self) -> &str {
        self.parameters.last().map_or("", String::as_str)
    }

    /// Says whether there is a path, whatever the methods that it takes.
    pub(super) fn is_known(path: &str) -> bool {
        ENDPOINTS.iter().any(|endpoint| parameters(endpoint.template, path).is_some())
    }
}

/// Matches a path against a template: what stands for its parameters.
fn parameters(template: &str, path: &str) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let mut given = path.split('/');
    for wanted in template.split('/') {
        let segment = given.next()?;
        if wanted.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            parameters.push(decode(segment, Plus::Plus));
        } else if wanted != segment {
            return None;
        }
    }
    given.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_whole_and_its_id_decoded() {
        let found = |method: &str, path: &str| {
            Route::find(method, path).map(|route| (route.endpoint.template, route.parameters.concat()))
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
