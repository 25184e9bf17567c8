//! The bodies as they were recorded, and as a later version or a hostile server might send them.
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
