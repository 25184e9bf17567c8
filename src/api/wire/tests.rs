//! The bodies as they were recorded, and as a later version or a hostile server might send them.
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::api::secret::Secret;

const USER: &str = r#"{"id":"c3facab7-5dd7-4c56-bd7f-c45ef04026aa","email":"user@example.com","username":"testiamusermember","first_name":"Foo","last_name":"Bar","phone_number":"","locale":"en_US","created_at":"2026-05-21T15:02:54.953260Z","updated_at":"2026-05-21T15:02:54.953260Z","organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","deletable":true,"last_login_at":null,"type":"member","two_factor_enabled":false,"status":"activated","mfa":false,"account_root_user_id":"","tags":[],"locked":false}"#;
const GROUP: &str = r#"{"id":"127d163c-9d46-4e92-879d-53f019ce1047","created_at":"2025-11-17T17:10:36.063550Z","updated_at":"2025-11-17T17:10:36.063550Z","organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","name":"ops","description":"","user_ids":[],"application_ids":["01a09c7c-b2d9-4188-9cbd-d9915c057435"],"tags":[],"editable":true,"deletable":true,"managed":false}"#;
const APPLICATION: &str = r#"{"id":"63310857-3247-4094-bc70-58fd1cd82491","name":"ci","description":"a description","created_at":"2026-05-21T14:55:59.968247Z","updated_at":"2026-05-21T14:55:59.968247Z","organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","editable":true,"deletable":true,"managed":false,"nb_api_keys":0,"tags":["tf_tests","tests"]}"#;
const POLICY: &str = r#"{"id":"aa686c31-13f9-4b02-acc1-d0d2e3d436f5","name":"p","description":"a description","organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","created_at":"2026-06-12T15:44:14.039636Z","updated_at":"2026-06-12T15:44:14.039636Z","editable":true,"deletable":true,"managed":false,"nb_rules":2,"nb_scopes":1,"nb_permission_sets":2,"tags":["tests"],"no_principal":true}"#;
const RULE: &str = r#"{"id":"25fc10e2-8a76-4f8b-815d-86b85a911efa","permission_set_names":["AllProductsFullAccess"],"permission_sets_scope_type":"projects","condition":"request.user_agent == 'terraform-test'","project_ids":["105bdce1-64c0-48ab-899d-868455867ecf"]}"#;
const API_KEY: &str = r#"{"access_key":"SCWXXXXXXXXXXXXXXXXX","secret_key":null,"description":"k","created_at":"2026-06-10T16:12:40.674053Z","updated_at":"2026-06-10T16:12:40.674053Z","expires_at":"2035-07-06T09:00:00Z","default_project_id":"105bdce1-64c0-48ab-899d-868455867ecf","editable":true,"deletable":true,"managed":false,"creation_ip":"203.0.113.7","application_id":"f46e8a03-bd28-404d-b32e-de49bf92e066"}"#;
const SSH_KEY: &str = r#"{"id":"aaf982d2-8009-44f5-88a7-7cc6f1c714f4","name":"k","public_key":"ssh-ed25519 AAAA","fingerprint":"256 MD5:6b:cd (ssh-ed25519)","created_at":"2025-11-17T17:10:50.620449Z","updated_at":"2025-11-17T17:10:53.314262Z","organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","project_id":"105bdce1-64c0-48ab-899d-868455867ecf","disabled":true}"#;
const PROJECT: &str = r#"{"id":"81a6b209-2433-4b6c-8d4d-d31a028ac22f","name":"prod","organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","created_at":"2026-06-08T10:47:24.172808Z","updated_at":"2026-06-08T10:47:24.172808Z","description":"a description","qualification":{"architecture_type":"unknown_architecture_type"}}"#;
const QUOTUM: &str = r#"{"name":"iam_groups","limit":100,"pretty_name":"Groups","unit":"","description":"","locality_type":"global","limits":[{"global":true,"limit":100},{"region":"fr-par","unlimited":true}]}"#;
const PERMISSION_SET: &str = r#"{"id":"5d0a4ac1-9b6c-4b0c-a0a4-0a1f4b5b7e3d","name":"IAMManager","scope_type":"organization","description":"","categories":null}"#;

const ORGANIZATION: &str = r#"{"id":"105bdce1-64c0-48ab-899d-868455867ecf","name":"acme","alias":"acme","login_password_enabled":true,"login_magic_code_enabled":false,"login_oauth2_enabled":true,"login_saml_enabled":false}"#;
const SECURITY_SETTINGS: &str = r#"{"enforce_password_renewal":false,"grace_period_duration":"259200s","login_attempts_before_locked":5,"max_login_session_duration":"2592000s","max_api_key_expiration_duration":"0s"}"#;
const GRACE_PERIOD: &str =
    r#"{"type":"set_mfa","created_at":"2026-06-10T16:12:40Z","expires_at":"2026-06-13T16:12:40Z"}"#;
const SAML: &str = r#"{"id":"299d2820-41a9-458d-879d-cc36aed02b0b","status":"missing_certificate","service_provider":{"entity_id":"https://iam.scaleway.com/saml/299d2820-41a9-458d-879d-cc36aed02b0b","assertion_consumer_service_url":"https://api.scaleway.com/iam/v1/saml/299d2820-41a9-458d-879d-cc36aed02b0b/login"},"entity_id":"","single_sign_on_url":""}"#;
const SAML_CERTIFICATE: &str = r#"{"id":"e2566224-5560-410a-aa0e-7b3c0105df90","type":"signing","origin":"identity_provider","content":"-----BEGIN CERTIFICATE-----","expires_at":"2026-03-16T10:20:16Z"}"#;
const SCIM: &str =
    r#"{"id":"f826d823-2f02-4ff4-b66f-4dd68c362607","created_at":"2026-04-29T08:34:39.949254Z"}"#;
const SCIM_TOKEN: &str = r#"{"id":"2e7c68ce-ef4f-4f51-a6bd-8a45c414fe99","scim_id":"4d0a3a50-a53c-4e8d-a80e-3f9e14238cbe","created_at":"2026-06-16T10:11:55.834691Z","expires_at":"2027-06-16T10:11:55.831691Z"}"#;
const STORED_SECRET: &str = r#"{"id":"6da2f4bd-2fd8-4342-9e3a-1e31fd4ddae9","project_id":"105bdce1-64c0-48ab-899d-868455867ecf","name":"key","status":"ready","created_at":"2026-07-03T15:27:54.536518Z","updated_at":"2026-07-03T15:27:54.536518Z","tags":[],"version_count":0,"description":"","managed":false,"type":"opaque","protected":false,"path":"/","ephemeral_policy":{"time_to_live":"1800s","expires_once_accessed":false,"action":"disable"},"used_by":[],"deletion_requested_at":null,"key_id":null,"region":"fr-par"}"#;
const SECRET_VERSION: &str = r#"{"revision":1,"secret_id":"c393aa9c-26fc-4726-af24-e17eb380fea4","status":"enabled","created_at":"2026-07-03T15:28:04.634400Z","updated_at":"2026-07-03T15:28:04.634400Z","deleted_at":null,"description":"version1","latest":true,"ephemeral_properties":null,"deletion_requested_at":null,"region":"fr-par"}"#;
const AUDIT_EVENT: &str = r#"{"id":"019aa128-4a4a-79f8-aca4-bbc6f56db1aa","recorded_at":"2025-11-20T12:06:03.593624077Z","locality":"fr-par","principal":{"id":"0b8cc93b-dfd2-4427-b674-8d27affb0334"},"organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","project_id":"51a224b5-49c0-4798-9131-356c7920ce2e","source_ip":"192.0.2.10","user_agent":"scw-iam/0.1.0 (run 2026-11-20-ab12)","product_name":"secret-manager","service_name":"scaleway.secret_manager.v1beta1.Api","method_name":"CreateSecret","request_id":"fdb2f5a0-2142-4257-ab5c-3da19958bbf2","request_body":{"name":"key","tags":[]},"status_code":200,"resources":[{"id":"bd884257-abd9-4aa0-85bc-eea53f6e54f2","type":"secret_manager_secret","created_at":"2025-11-20T12:06:03.586019Z","updated_at":"2025-11-20T12:06:03.586019Z","deleted_at":null,"name":"key","secret_manager_secret_info":{"path":"/"}}]}"#;
const LOG: &str = r#"{"id":"6170692e-7363-416c-a577-61792e636f6d","created_at":"2026-03-22T12:34:56.123456Z","ip":"192.0.2.10","user_agent":"scw","action":"updated","bearer_id":"0b8cc93b-dfd2-4427-b674-8d27affb0334","organization_id":"105bdce1-64c0-48ab-899d-868455867ecf","resource_type":"policy","resource_id":"aa686c31-13f9-4b02-acc1-d0d2e3d436f5"}"#;

/// Reads an object of which some fields are replaced, or, by null in `without`, taken out.
fn changed<T: for<'de> Deserialize<'de>>(body: &str, changes: &serde_json::Value) -> serde_json::Result<T> {
    let mut object: serde_json::Map<_, _> = serde_json::from_str(body).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        match value.as_str() {
            Some("(absent)") => drop(object.remove(key)),
            _ => drop(object.insert(key.clone(), value.clone())),
        }
    }
    serde_json::from_value(object.into())
}

/// Each kind reads its recorded body without finding anything new in it, and finds a field of a later version.
#[test]
fn recorded_bodies_hold_nothing_unknown_and_later_fields_are_named() {
    fn check<T: for<'de> Deserialize<'de> + Novel>(body: &str) {
        let recorded: T = serde_json::from_str(body).unwrap();
        assert_eq!(recorded.novelties(), [], "{body}");
        let later: T = changed(body, &json!({"zz_later": {"a": [1, null]}, "srn\u{1b}": ""})).unwrap();
        let names: Vec<_> = later.novelties().into_iter().map(|novelty| novelty.field).collect();
        assert_eq!(names, ["srn\\u{1b}", "zz_later"], "{body}");
    }
    check::<User>(USER);
    check::<Group>(GROUP);
    check::<Application>(APPLICATION);
    check::<Policy>(POLICY);
    check::<Rule>(RULE);
    check::<ApiKey>(API_KEY);
    check::<SshKey>(SSH_KEY);
    check::<Project>(PROJECT);
    check::<Quotum>(QUOTUM);
    check::<PermissionSet>(PERMISSION_SET);
    check::<Organization>(ORGANIZATION);
    check::<SecuritySettings>(SECURITY_SETTINGS);
    check::<GracePeriod>(GRACE_PERIOD);
    check::<Saml>(SAML);
    check::<SamlCertificate>(SAML_CERTIFICATE);
    check::<Scim>(SCIM);
    check::<ScimToken>(SCIM_TOKEN);
    check::<StoredSecret>(STORED_SECRET);
    check::<SecretVersion>(SECRET_VERSION);
    check::<AuditEvent>(AUDIT_EVENT);
    check::<Log>(LOG);
}

#[test]
fn what_a_comparison_needs_must_be_there() {
    let absent = |key: &str| json!({ key: "(absent)" });
    for key in
        ["id", "name", "organization_id", "user_ids", "application_ids", "editable", "deletable", "managed"]
    {
        assert!(changed::<Group>(GROUP, &absent(key)).is_err(), "{key}");
    }
    for key in ["user_ids", "application_ids", "name"] {
        assert!(changed::<Group>(GROUP, &json!({ key: null })).is_err(), "{key}: null");
    }
    for key in ["id", "email", "type", "deletable", "organization_id"] {
        assert!(changed::<User>(USER, &absent(key)).is_err(), "{key}");
    }
    for key in ["id", "permission_set_names", "permission_sets_scope_type"] {
        assert!(changed::<Rule>(RULE, &absent(key)).is_err(), "{key}");
    }
    assert!(changed::<Group>(GROUP, &json!({"id": "../users"})).is_err());
}

#[test]
fn enum_values_of_later_versions_are_kept_and_named() {
    let user: User = changed(USER, &json!({"type": "robot", "status": "asleep\n"})).unwrap();
    assert_eq!(user.kind, UserType::Unknown("robot".to_owned()));
    let shown: Vec<_> = user.novelties().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["value `robot` of `type` in user", "value `asleep\\u{a}` of `status` in user"]);
    let rule: Rule = changed(RULE, &json!({"permission_sets_scope_type": "galaxy"})).unwrap();
    assert_eq!(rule.novelties().len(), 1);
    assert_eq!(UserType::Guest.to_string(), "guest");
}

#[test]
fn a_policy_has_the_one_principal_that_is_named() {
    let id = "01a09c7c-b2d9-4188-9cbd-d9915c057435";
    let read = |changes| changed::<Policy>(POLICY, &changes).map(|policy| policy.principal);
    assert_eq!(read(json!({})).unwrap(), Some(Principal::Nobody));
    let user = read(json!({"no_principal": "(absent)", "user_id": id})).unwrap();
    assert_eq!(user, Some(Principal::User(id.parse().unwrap())));
    let group =
        read(json!({"no_principal": null, "group_id": id, "user_id": "", "application_id": null})).unwrap();
    assert_eq!(group, Some(Principal::Group(id.parse().unwrap())));
    assert_eq!(read(json!({"no_principal": "(absent)"})).unwrap(), None, "an orphan, perhaps");
    assert!(read(json!({"user_id": id})).is_err(), "two at once");
}

#[test]
fn a_rule_has_the_one_scope_that_is_named() {
    let read = |changes| changed::<Rule>(RULE, &changes).map(|rule| (rule.to_spec().is_some(), rule.scope));
    let organization = "105bdce1-64c0-48ab-899d-868455867ecf";
    let projects = RuleScope::Projects(vec![organization.parse().unwrap()]);
    assert_eq!(read(json!({})).unwrap(), (true, Some(projects)));
    let on_all = json!({"project_ids": null, "organization_id": organization});
    assert_eq!(read(on_all).unwrap(), (true, Some(RuleScope::Organization(organization.parse().unwrap()))));
    let root = json!({"project_ids": "(absent)", "account_root_user_id": "a"});
    assert_eq!(read(root).unwrap(), (false, Some(RuleScope::AccountRootUser("a".to_owned()))));
    // Recorded in May 2025, after the rule's project was deleted.
    let gone = json!({"project_ids": "(absent)", "permission_sets_scope_type": "unknown_scope_type"});
    assert_eq!(read(gone).unwrap(), (false, None));
    assert_eq!(read(json!({"project_ids": []})).unwrap(), (false, Some(RuleScope::Projects(vec![]))));
    assert!(read(json!({"organization_id": organization})).is_err(), "two at once");
}

#[test]
fn only_the_answer_to_a_create_gives_a_secret_and_nothing_shows_it() {
    let body = API_KEY.replace("null", r#""5ec7e700-0000-4000-8000-000000000000""#);
    let created: CreatedApiKey = serde_json::from_str(&body).unwrap();
    assert_eq!(created.secret.expose(), "5ec7e700-0000-4000-8000-000000000000");
    assert!(!format!("{created:?}").contains("5ec7e7"));
    let read: ApiKey = serde_json::from_str(&body).unwrap();
    assert!(!format!("{read:?}").contains("5ec7e7"));
    assert!(serde_json::from_str::<CreatedApiKey>(API_KEY).is_err(), "a create without a secret");
}

#[test]
fn durations_are_seconds_both_ways() {
    let read = |text: &str| {
        let changes = json!({"grace_period_duration": text});
        let read = changed::<SecuritySettings>(SECURITY_SETTINGS, &changes);
        read.map(|settings| settings.grace_period_duration.unwrap().as_millis()).ok()
    };
    assert_eq!(
        (read("259200s"), read("2.5s"), read("1800.000000000s")),
        (Some(259_200_000), Some(2500), Some(1_800_000))
    );
    for odd in ["", "s", "3d", "-1s", "1.s5", "1.0000000001s"] {
        assert_eq!(read(odd), None, "{odd}");
    }
    let sent = |millis| {
        let change = UpdateSecuritySettings {
            max_login_session_duration: Some(jiff::SignedDuration::from_millis(millis)),
            ..Default::default()
        };
        serde_json::to_value(change).unwrap()["max_login_session_duration"].clone()
    };
    assert_eq!((sent(60_000), sent(1500)), (json!("60s"), json!("1.500000000s")));
}

#[test]
fn the_data_of_a_version_is_shown_by_nothing_and_held_to_its_sum() {
    let body = |sum: serde_json::Value| json!({"secret_id": "s", "revision": 3, "data": "aHVudGVyMg==", "data_crc32": sum, "type": "opaque"});
    let read: AccessedSecretVersion = serde_json::from_value(body(json!(null))).unwrap();
    assert_eq!((read.data.expose(), read.revision.number()), (&b"hunter2"[..], 3));
    let new = CreateSecretVersion { data: read.data.clone(), description: "d".to_owned() };
    let shown = format!("{read:?} {new:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("aHVudGVyMg") && !shown.contains("104, 117"),
        "{shown}"
    );
    let sum = crc32fast::hash(b"hunter2");
    assert_eq!(
        serde_json::to_value(new).unwrap(),
        json!({"data": "aHVudGVyMg==", "description": "d", "data_crc32": sum})
    );
    assert!(serde_json::from_value::<AccessedSecretVersion>(body(json!(sum))).is_ok());
    let error = serde_json::from_value::<AccessedSecretVersion>(body(json!(1))).unwrap_err().to_string();
    assert_eq!(error, "data that does not have the sum given with it");
}

#[test]
fn a_run_is_known_by_its_label_alone() {
    let run = |user_agent: &str| {
        let event: AuditEvent = changed(AUDIT_EVENT, &json!({ "user_agent": user_agent })).unwrap();
        event.run_id().map(str::to_owned)
    };
    assert_eq!(run("scw-iam/0.1.0 (run 2026-11-20-ab12) ci/1").as_deref(), Some("2026-11-20-ab12"));
    for other in ["", "scw-iam/0.1.0", "curl/8 scw-iam/0.1.0 (run x)", "scw-iam/0.1.0 (run x"] {
        assert_eq!(run(other), None, "{other}");
    }
}

#[test]
fn requests_hold_exactly_what_the_schema_says() {
    let id = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
    let rule = RuleSpec {
        permission_set_names: vec!["IAMManager".to_owned()],
        condition: String::new(),
        scope: SpecScope::Organization(id(1).parse().unwrap()),
    };
    let policy = CreatePolicy {
        name: "p".to_owned(),
        description: String::new(),
        tags: vec![],
        rules: vec![rule],
        principal: Principal::Group(id(2).parse().unwrap()),
    };
    let organization_id = id(1).parse().unwrap();
    let body = InOrganization { organization_id: &organization_id, body: &policy };
    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({"organization_id": id(1), "name": "p", "description": "", "tags": [], "group_id": id(2), "rules": [
            {"permission_set_names": ["IAMManager"], "condition": "", "organization_id": id(1)}]})
    );
    let to = |principal| serde_json::to_value(UpdatePolicy { principal, ..Default::default() }).unwrap();
    assert_eq!(to(Some(Principal::Nobody)), json!({"no_principal": true}));
    assert_eq!(to(None), json!({}));
    let member = Member::Application(id(3).parse().unwrap());
    assert_eq!(serde_json::to_value(member).unwrap(), json!({"application_id": id(3)}));
    let key = CreateApiKey {
        bearer: Bearer::User(id(4).parse().unwrap()),
        description: "d".to_owned(),
        expires_at: Some("2035-07-06T11:00:00+02:00".parse().unwrap()),
        default_project_id: None,
    };
    let key = serde_json::to_value(key).unwrap();
    assert_eq!(key, json!({"user_id": id(4), "description": "d", "expires_at": "2035-07-06T09:00:00Z"}));
    let guest = CreateUser { tags: vec![], user: NewUser::Guest("a@example.com".to_owned()) };
    assert_eq!(serde_json::to_value(guest).unwrap(), json!({"tags": [], "email": "a@example.com"}));
    let member =
        NewMember { email: "a@b.c".to_owned(), password: Some(Secret::new("pw")), ..Default::default() };
    let member = CreateUser { tags: vec![], user: NewUser::Member(Box::new(member)) };
    let member = serde_json::to_value(member).unwrap();
    assert_eq!((&member["member"]["password"], &member["member"]["email"]), (&json!("pw"), &json!("a@b.c")));
    assert!(member.get("email").is_none());
}
