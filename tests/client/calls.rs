//! What is sent for each call, held against the published schema.
use scw_iam::api::wire::{
    Bearer, CreateApiKey, CreateApplication, CreateGroup, CreatePolicy, CreateProject, CreateSecret,
    CreateSecretVersion, CreateSshKey, CreateUser, LogAction, LogResource, Member, Members, NewUser,
    Principal, Revision, RuleSpec, SecretKind, SecretVersionStatus, SpecScope, UpdateApiKey,
    UpdateApplication, UpdateGroup, UpdateLoginMethods, UpdatePolicy, UpdateProject, UpdateSecuritySettings,
    UpdateSshKey, UpdateUser, UserType,
};
use scw_iam::api::{
    ApiKeyOrder, ApplicationOrder, AuditEventOrder, BearerType, GroupOrder, ListApiKeys, ListApplications,
    ListAuditEvents, ListGroups, ListLogs, ListPolicies, ListProjects, ListQuota, ListSecrets, ListSshKeys,
    ListUsers, LogOrder, PermissionSetOrder, PolicyOrder, ProjectOrder, QuotaOrder, ScimTokenOrder,
    SecretBytes, SecretOrder, SshKeyOrder, UserOrder,
};

use crate::scripted::{ORGANIZATION, Reply, Server, id, no_content};

/// Method, path and body of each call, as the published schema has them.
#[tokio::test]
async fn every_call_has_the_method_path_and_body_of_the_schema() {
    let server = Server::start(|request| match request.method.as_str() {
        "DELETE" => no_content(),
        _ => Reply::Json(400, "{}".to_owned()), // the answer does not matter here
    })
    .await;
    let client = server.client();
    let policy = CreatePolicy {
        name: "p".to_owned(),
        description: String::new(),
        tags: vec![],
        rules: vec![],
        principal: Principal::Nobody,
    };
    let rule = RuleSpec {
        permission_set_names: vec!["A".to_owned()],
        condition: "true".to_owned(),
        scope: SpecScope::Projects(vec![id(9).parse().unwrap()]),
    };
    let members = Members { user_ids: vec![id(8).parse().unwrap()], application_ids: vec![] };
    let key = CreateApiKey {
        bearer: Bearer::Application(id(3).parse().unwrap()),
        description: String::new(),
        expires_at: None,
        default_project_id: None,
    };
    let ssh_key =
        CreateSshKey { name: String::new(), public_key: "k".to_owned(), project_id: id(9).parse().unwrap() };
    let user = CreateUser { tags: vec![], user: NewUser::Guest("a@b.c".to_owned()) };
    let member = Member::User(id(8).parse().unwrap());
    macro_rules! send {
        ($method:ident($($argument:expr),*)) => { drop(client.$method($($argument),*).await) };
    }
    send!(get_application(&id(1).parse().unwrap()));
    send!(create_application(&CreateApplication { name: "a".to_owned(), ..Default::default() }));
    send!(update_application(
        &id(1).parse().unwrap(),
        &UpdateApplication { tags: Some(vec![]), ..Default::default() }
    ));
    send!(delete_application(&id(1).parse().unwrap()));
    send!(get_group(&id(1).parse().unwrap()));
    send!(create_group(&CreateGroup { name: "g".to_owned(), ..Default::default() }));
    send!(update_group(
        &id(1).parse().unwrap(),
        &UpdateGroup { name: Some("h".to_owned()), ..Default::default() }
    ));
    send!(delete_group(&id(1).parse().unwrap()));
    send!(set_members(&id(1).parse().unwrap(), &members));
    send!(add_member(&id(1).parse().unwrap(), &member));
    send!(add_members(&id(1).parse().unwrap(), &members));
    send!(remove_member(&id(1).parse().unwrap(), &member));
    send!(get_policy(&id(1).parse().unwrap()));
    send!(create_policy(&policy));
    send!(update_policy(
        &id(1).parse().unwrap(),
        &UpdatePolicy { principal: Some(Principal::Nobody), ..Default::default() }
    ));
    send!(delete_policy(&id(1).parse().unwrap()));
    send!(clone_policy(&id(1).parse().unwrap()));
    send!(set_rules(&id(1).parse().unwrap(), &[rule]));
    send!(get_api_key(&"SCWXXXXXXXXXXXXXXXXX".parse().unwrap()));
    send!(create_api_key(&key));
    send!(update_api_key(
        &"SCWXXXXXXXXXXXXXXXXX".parse().unwrap(),
        &UpdateApiKey { description: Some(String::new()), ..Default::default() }
    ));
    send!(delete_api_key(&"SCWXXXXXXXXXXXXXXXXX".parse().unwrap()));
    send!(get_ssh_key(&id(1).parse().unwrap()));
    send!(create_ssh_key(&ssh_key));
    send!(update_ssh_key(
        &id(1).parse().unwrap(),
        &UpdateSshKey { disabled: Some(true), ..Default::default() }
    ));
    send!(delete_ssh_key(&id(1).parse().unwrap()));
    send!(get_user(&id(1).parse().unwrap()));
    send!(create_user(&user));
    send!(update_user(
        &id(1).parse().unwrap(),
        &UpdateUser { first_name: Some(String::new()), ..Default::default() }
    ));
    send!(update_username(&id(1).parse().unwrap(), "alice"));
    send!(lock_user(&id(1).parse().unwrap()));
    send!(unlock_user(&id(1).parse().unwrap()));
    send!(delete_user(&id(1).parse().unwrap()));
    send!(get_quotum(&"iam_groups".parse().unwrap()));
    let region = "fr-par".parse().unwrap();
    let secret = id(5).parse().unwrap();
    let revision = Revision::from(2);
    send!(get_organization());
    send!(update_login_methods(&UpdateLoginMethods { login_saml_enabled: Some(true), ..Default::default() }));
    send!(get_security_settings());
    send!(update_security_settings(&UpdateSecuritySettings {
        grace_period_duration: Some(jiff::SignedDuration::from_secs(60)),
        ..Default::default()
    }));
    send!(list_grace_periods(&id(1).parse().unwrap()));
    send!(get_saml());
    send!(list_saml_certificates(&id(1).parse().unwrap()));
    send!(get_scim());
    send!(get_secret(&region, &secret));
    send!(create_secret(
        &region,
        &CreateSecret {
            project_id: id(9).parse().unwrap(),
            name: "k".to_owned(),
            path: "/ci".to_owned(),
            tags: vec![],
            description: String::new(),
            kind: SecretKind::KeyValue,
            protected: false,
        }
    ));
    send!(delete_secret(&region, &secret));
    let version = CreateSecretVersion { data: SecretBytes::new(vec![120]), description: "d".to_owned() };
    send!(create_secret_version(&region, &secret, &version));
    send!(access_secret_version(&region, &secret, &revision));
    send!(enable_secret_version(&region, &secret, &revision));
    send!(disable_secret_version(&region, &secret, &revision));
    send!(delete_secret_version(&region, &secret, &revision));
    send!(get_project(&id(1).parse().unwrap()));
    send!(create_project(&CreateProject { name: "p".to_owned(), description: "d".to_owned() }));
    send!(update_project(
        &id(1).parse().unwrap(),
        &UpdateProject { description: Some("e".to_owned()), ..Default::default() }
    ));
    send!(delete_project(&id(1).parse().unwrap()));
    let sent: Vec<_> = server
        .requests()
        .iter()
        .map(|it| {
            format!("{} {}?{} {}", it.method, it.path, it.query, it.body).replace("? ", " ").trim().to_owned()
        })
        .map(|line| line.replace("00000000-0000-4000-8000-00000000000", "ID").replace(ORGANIZATION, "ORG"))
        .collect();
    insta::assert_snapshot!(sent.join("\n"), @r#"
    GET /iam/v1alpha1/applications/ID1
    POST /iam/v1alpha1/applications {"organization_id":"ORG","name":"a","description":"","tags":[]}
    PATCH /iam/v1alpha1/applications/ID1 {"tags":[]}
    DELETE /iam/v1alpha1/applications/ID1
    GET /iam/v1alpha1/groups/ID1
    POST /iam/v1alpha1/groups {"organization_id":"ORG","name":"g","description":"","tags":[]}
    PATCH /iam/v1alpha1/groups/ID1 {"name":"h"}
    DELETE /iam/v1alpha1/groups/ID1
    PUT /iam/v1alpha1/groups/ID1/members {"user_ids":["ID8"],"application_ids":[]}
    POST /iam/v1alpha1/groups/ID1/add-member {"user_id":"ID8"}
    POST /iam/v1alpha1/groups/ID1/add-members {"user_ids":["ID8"],"application_ids":[]}
    POST /iam/v1alpha1/groups/ID1/remove-member {"user_id":"ID8"}
    GET /iam/v1alpha1/policies/ID1
    POST /iam/v1alpha1/policies {"organization_id":"ORG","name":"p","description":"","tags":[],"rules":[],"no_principal":true}
    PATCH /iam/v1alpha1/policies/ID1 {"no_principal":true}
    DELETE /iam/v1alpha1/policies/ID1
    POST /iam/v1alpha1/policies/ID1/clone {}
    PUT /iam/v1alpha1/rules {"policy_id":"ID1","rules":[{"permission_set_names":["A"],"condition":"true","project_ids":["ID9"]}]}
    GET /iam/v1alpha1/api-keys/SCWXXXXXXXXXXXXXXXXX
    POST /iam/v1alpha1/api-keys {"application_id":"ID3","description":""}
    PATCH /iam/v1alpha1/api-keys/SCWXXXXXXXXXXXXXXXXX {"description":""}
    DELETE /iam/v1alpha1/api-keys/SCWXXXXXXXXXXXXXXXXX
    GET /iam/v1alpha1/ssh-keys/ID1
    POST /iam/v1alpha1/ssh-keys {"name":"","public_key":"k","project_id":"ID9"}
    PATCH /iam/v1alpha1/ssh-keys/ID1 {"disabled":true}
    DELETE /iam/v1alpha1/ssh-keys/ID1
    GET /iam/v1alpha1/users/ID1
    POST /iam/v1alpha1/users {"organization_id":"ORG","tags":[],"email":"a@b.c"}
    PATCH /iam/v1alpha1/users/ID1 {"first_name":""}
    POST /iam/v1alpha1/users/ID1/update-username {"username":"alice"}
    POST /iam/v1alpha1/users/ID1/lock {}
    POST /iam/v1alpha1/users/ID1/unlock {}
    DELETE /iam/v1alpha1/users/ID1
    GET /iam/v1alpha1/quota/iam_groups?organization_id=ORG
    GET /iam/v1alpha1/organizations/ORG
    PATCH /iam/v1alpha1/organizations/ORG/login-methods {"login_saml_enabled":true}
    GET /iam/v1alpha1/organizations/ORG/security-settings
    PATCH /iam/v1alpha1/organizations/ORG/security-settings {"grace_period_duration":"60s"}
    GET /iam/v1alpha1/grace-periods?user_id=ID1
    GET /iam/v1alpha1/organizations/ORG/saml
    GET /iam/v1alpha1/saml/ID1/certificates
    GET /iam/v1alpha1/organizations/ORG/scim
    GET /secret-manager/v1beta1/regions/fr-par/secrets/ID5
    POST /secret-manager/v1beta1/regions/fr-par/secrets {"project_id":"ID9","name":"k","path":"/ci","tags":[],"description":"","type":"key_value","protected":false}
    DELETE /secret-manager/v1beta1/regions/fr-par/secrets/ID5
    POST /secret-manager/v1beta1/regions/fr-par/secrets/ID5/versions {"data":"eA==","description":"d","data_crc32":2363233923}
    GET /secret-manager/v1beta1/regions/fr-par/secrets/ID5/versions/2/access
    POST /secret-manager/v1beta1/regions/fr-par/secrets/ID5/versions/2/enable {}
    POST /secret-manager/v1beta1/regions/fr-par/secrets/ID5/versions/2/disable {}
    DELETE /secret-manager/v1beta1/regions/fr-par/secrets/ID5/versions/2
    GET /account/v3/projects/ID1
    POST /account/v3/projects {"organization_id":"ORG","name":"p","description":"d"}
    PATCH /account/v3/projects/ID1 {"description":"e"}
    DELETE /account/v3/projects/ID1
    "#);
}

/// The query of every list with every filter set.
#[tokio::test]
async fn every_list_has_the_path_filters_and_orders_of_the_schema() {
    let server = Server::start(|_| Reply::Json(400, "{}".to_owned())).await;
    let client = server.client();
    let text = || Some("n a".to_owned());
    macro_rules! list {
        ($list:expr) => {
            drop($list.all().await)
        };
    }
    list!(client.list_applications(&ListApplications {
        order_by: ApplicationOrder::NameDesc,
        name: text(),
        editable: Some(true),
        application_ids: vec![id(1).parse().unwrap(), id(2).parse().unwrap()],
        tag: text(),
    }));
    list!(client.list_groups(&ListGroups {
        order_by: GroupOrder::UpdatedAtDesc,
        name: text(),
        application_ids: vec![id(1).parse().unwrap()],
        user_ids: vec![id(2).parse().unwrap()],
        group_ids: vec![id(3).parse().unwrap()],
        tag: text(),
    }));
    list!(client.list_policies(&ListPolicies {
        order_by: PolicyOrder::NameAsc,
        editable: Some(false),
        user_ids: vec![id(1).parse().unwrap()],
        group_ids: vec![id(2).parse().unwrap()],
        application_ids: vec![id(3).parse().unwrap()],
        no_principal: Some(true),
        policy_name: text(),
        tag: text(),
        policy_ids: vec![id(4).parse().unwrap()],
    }));
    list!(client.list_rules(&id(1).parse().unwrap()));
    list!(client.list_permission_sets(PermissionSetOrder::CreatedAtDesc));
    list!(client.list_api_keys(&ListApiKeys {
        order_by: ApiKeyOrder::ExpiresAtAsc,
        editable: Some(true),
        expired: Some(false),
        description: text(),
        bearer: Some(Bearer::User(id(1).parse().unwrap())),
        bearer_type: Some(BearerType::Application),
        access_keys: vec!["SCWXXXXXXXXXXXXXXXXX".parse().unwrap()],
    }));
    list!(client.list_ssh_keys(&ListSshKeys {
        order_by: SshKeyOrder::NameAsc,
        name: text(),
        project_id: Some(id(1).parse().unwrap()),
        disabled: Some(true),
    }));
    list!(client.list_users(&ListUsers {
        order_by: UserOrder::LastLoginDesc,
        user_ids: vec![id(1).parse().unwrap()],
        mfa: Some(true),
        tag: text(),
        kind: Some(UserType::Member),
    }));
    list!(client.list_quota(&ListQuota {
        order_by: QuotaOrder::NameDesc,
        quotum_names: vec!["iam_groups".parse().unwrap()]
    }));
    list!(client.list_scim_tokens(&id(1).parse().unwrap(), ScimTokenOrder::CreatedAtDesc));
    list!(client.list_secrets(
        &"nl-ams".parse().unwrap(),
        &ListSecrets {
            order_by: SecretOrder::UpdatedAtAsc,
            project_id: Some(id(1).parse().unwrap()),
            name: Some("k".to_owned()),
            path: Some("/ci".to_owned()),
            tags: vec!["a".to_owned(), "b".to_owned()],
        }
    ));
    let statuses = [SecretVersionStatus::Enabled, SecretVersionStatus::ScheduledForDeletion];
    list!(client.list_secret_versions(&"fr-par".parse().unwrap(), &id(5).parse().unwrap(), &statuses));
    list!(client.list_logs(&ListLogs {
        order_by: LogOrder::CreatedAtDesc,
        created_after: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        created_before: Some("2026-02-01T00:00:00Z".parse().unwrap()),
        action: Some(LogAction::Deleted),
        resource_type: Some(LogResource::Policy),
        search: text(),
    }));
    list!(client.list_audit_events(&ListAuditEvents {
        recorded_before: Some("2026-02-01T00:00:00Z".parse().unwrap()),
        order_by: AuditEventOrder::RecordedAtAsc,
        resource_type: Some("iam_policy".to_owned()),
        resource_id: Some(id(1)),
        method_name: Some("SetRules".to_owned()),
        principal_id: Some(id(2)),
        product_name: Some("iam".to_owned()),
        status: Some(403),
        region: "nl-ams".parse().unwrap(),
        ..ListAuditEvents::since("2026-01-01T00:00:00Z".parse().unwrap())
    }));
    list!(client.list_projects(&ListProjects {
        order_by: ProjectOrder::NameAsc,
        name: text(),
        project_ids: vec![id(1).parse().unwrap()],
    }));
    let sent: Vec<_> = server
        .requests()
        .iter()
        .map(|it| format!("{}?{}", it.path, it.query).replace("&page=1&page_size=100", ""))
        .map(|line| line.replace("00000000-0000-4000-8000-00000000000", "ID").replace(ORGANIZATION, "ORG"))
        .collect();
    insta::assert_snapshot!(sent.join("\n"), @r#"
    /iam/v1alpha1/applications?organization_id=ORG&order_by=name_desc&name=n+a&editable=true&application_ids=ID1&application_ids=ID2&tag=n+a
    /iam/v1alpha1/groups?organization_id=ORG&order_by=updated_at_desc&name=n+a&application_ids=ID1&user_ids=ID2&group_ids=ID3&tag=n+a
    /iam/v1alpha1/policies?organization_id=ORG&order_by=policy_name_asc&editable=false&user_ids=ID1&group_ids=ID2&application_ids=ID3&no_principal=true&policy_name=n+a&tag=n+a&policy_ids=ID4
    /iam/v1alpha1/rules?policy_id=ID1
    /iam/v1alpha1/permission-sets?organization_id=ORG&order_by=created_at_desc
    /iam/v1alpha1/api-keys?organization_id=ORG&order_by=expires_at_asc&editable=true&expired=false&description=n+a&bearer_id=ID1&bearer_type=application&access_keys=SCWXXXXXXXXXXXXXXXXX
    /iam/v1alpha1/ssh-keys?order_by=name_asc&name=n+a&project_id=ID1&disabled=true
    /iam/v1alpha1/users?organization_id=ORG&order_by=last_login_desc&user_ids=ID1&mfa=true&tag=n+a&type=member
    /iam/v1alpha1/quota?organization_id=ORG&order_by=name_desc&quotum_names=iam_groups
    /iam/v1alpha1/scim/ID1/tokens?order_by=created_at_desc
    /secret-manager/v1beta1/regions/nl-ams/secrets?organization_id=ORG&order_by=updated_at_asc&project_id=ID1&name=k&path=%2Fci&tags=a&tags=b&scheduled_for_deletion=false
    /secret-manager/v1beta1/regions/fr-par/secrets/ID5/versions?status=enabled&status=scheduled_for_deletion
    /iam/v1alpha1/logs?organization_id=ORG&order_by=created_at_desc&created_after=2026-01-01T00%3A00%3A00Z&created_before=2026-02-01T00%3A00%3A00Z&action=deleted&resource_type=policy&search=n+a
    /audit-trail/v1alpha1/regions/nl-ams/events?organization_id=ORG&order_by=recorded_at_asc&recorded_after=2026-01-01T00%3A00%3A00Z&recorded_before=2026-02-01T00%3A00%3A00Z&resource_type=iam_policy&resource_id=ID1&method_name=SetRules&principal_id=ID2&product_name=iam&status=403&page_size=100
    /account/v3/projects?organization_id=ORG&order_by=name_asc&name=n+a&project_ids=ID1
    "#);
}
