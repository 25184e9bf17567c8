//! What holds for every request.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Behaviour, Organization, Request, Token};
use super::{NOBODY, ORGANIZATION, id};

const KINDS: &[&str] = &[
    "applications",
    "groups",
    "policies",
    "rules",
    "permission-sets",
    "api-keys",
    "ssh-keys",
    "users",
    "quota",
    "jwts",
    "organizations",
    "saml",
    "saml-certificates",
    "scim",
    "scim-tokens",
    "logs",
    "grace-periods",
    "",
];

/// Half of them ids of the state, so that random requests get somewhere.
fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u32..9).prop_map(id),
        Just(ORGANIZATION.to_owned()),
        Just(NOBODY.to_owned()),
        Just("SCW00000000000000001".to_owned()),
        "\\PC{0,12}",
    ]
}

fn any_path() -> impl Strategy<Value = String> {
    let action = prop_oneof![
        Just(""),
        Just("/members"),
        Just("/add-member"),
        Just("/add-members"),
        Just("/remove-member"),
        Just("/clone"),
        Just("/lock"),
        Just("/update-username"),
        Just("/saml"),
        Just("/scim"),
        Just("/tokens"),
        Just("/certificates"),
        Just("/login-methods"),
        Just("/security-settings"),
        Just("/x"),
    ];
    let prefix = prop_oneof![9 => Just("/iam/v1alpha1"), 1 => Just("")];
    let iam = (prefix, prop::sample::select(KINDS), prop::option::weighted(0.7, any_id()), action).prop_map(
        |(prefix, kind, id, action)| match id {
            Some(id) => format!("{prefix}/{kind}/{id}{action}"),
            None => format!("{prefix}/{kind}"),
        },
    );
    let account = prop::option::of(any_id()).prop_map(|id| match id {
        Some(id) => format!("/account/v3/projects/{id}"),
        None => "/account/v3/projects".to_owned(),
    });
    let version = prop::sample::select(vec![
        "",
        "/versions",
        "/versions/1",
        "/versions/latest/access",
        "/versions/1/disable",
        "/restore",
        "/x",
    ]);
    let secret = (prop::option::weighted(0.7, any_id()), version).prop_map(|(id, version)| {
        let secrets = "/secret-manager/v1beta1/regions/fr-par/secrets";
        id.map_or_else(|| secrets.to_owned(), |id| format!("{secrets}/{id}{version}"))
    });
    let events = Just("/audit-trail/v1alpha1/regions/fr-par/events".to_owned());
    prop_oneof![6 => iam, 2 => account, 2 => secret, 1 => events, 1 => "\\PC{0,40}"]
}

fn any_query() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "organization_id",
        "page",
        "page_size",
        "order_by",
        "name",
        "tag",
        "editable",
        "user_ids",
        "policy_id",
        "type",
        "expired",
        "description",
        "bearer_id",
        "policy_name",
        "project_id",
        "no_principal",
        "status",
        "page_token",
        "recorded_after",
        "%ff",
        "",
    ]);
    let value = prop_oneof![
        any_id(),
        Just("created_at_desc".to_owned()),
        Just("name_asc".to_owned()),
        Just("true".to_owned()),
        any::<i16>().prop_map(|number| number.to_string()),
        "[%a-z0-9+&=]{0,6}",
    ];
    let always = format!("organization_id={ORGANIZATION}");
    prop::collection::vec((key, value), 0..4).prop_map(move |pairs| {
        let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{always}&{}", pairs.join("&"))
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => any_id().prop_map(Value::from),
        2 => "[a-zA-Z0-9 ._()-]{0,70}".prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => prop::sample::select(vec!["IAMManager", "VPCReadOnly", "IPAMReadOnly", "2035-07-06T11:00:00+02:00", "a@b.c",
            "1 == 1", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO x"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from), any_object(inner)]
    })
}

fn any_object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "name",
        "description",
        "tags",
        "organization_id",
        "user_id",
        "application_id",
        "group_id",
        "no_principal",
        "rules",
        "permission_set_names",
        "project_ids",
        "condition",
        "user_ids",
        "application_ids",
        "policy_id",
        "expires_at",
        "public_key",
        "project_id",
        "disabled",
        "email",
        "member",
        "username",
        "default_project_id",
        "locale",
        "data",
        "type",
        "path",
        "ephemeral_policy",
        "time_to_live",
        "action",
        "content",
        "single_sign_on_url",
        "grace_period_duration",
        "login_password_enabled",
        "x",
    ]);
    prop::collection::vec((key, value), 0..6).prop_map(|pairs| {
        Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    })
}

/// A body that is nearly right, so that some requests succeed.
fn likely_body() -> impl Strategy<Value = Value> {
    prop_oneof![
        ("[a-z]{1,3}", any_value()).prop_map(|(name, tags)| json!({"name": name, "organization_id": ORGANIZATION, "tags": tags})),
        ("[a-z]{1,3}", (1_u32..9)).prop_map(|(name, at)| json!({"name": name, "application_id": id(at), "rules":
            [{"permission_set_names": ["VPCReadOnly"], "project_ids": [id(4)]}]})),
        (1_u32..9).prop_map(|at| json!({"policy_id": id(at), "rules": [{"permission_set_names": ["IAMManager"], "organization_id": ORGANIZATION}]})),
        (1_u32..9).prop_map(|at| json!({"user_id": id(at)})),
        (1_u32..9).prop_map(|at| json!({"application_id": id(at)})),
        (1_u32..9, 1_u32..9).prop_map(|(a, b)| json!({"user_ids": [id(a)], "application_ids": [id(b)]})),
        "[a-z]{1,3}".prop_map(|name| json!({"organization_id": ORGANIZATION, "email": format!("{name}@example.com")})),
        Just(json!({"name": "k", "project_id": id(4),
            "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO x"})),
        "[a-z]{2,3}".prop_map(|name| json!({"username": name})),
    ]
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => likely_body().prop_map(|body| body.to_string().into_bytes()),
        4 => any_object(any_value()).prop_map(|body| body.to_string().into_bytes()),
        1 => Just(Vec::new()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

type Sent = (&'static str, String, String, Vec<u8>);

fn any_request() -> impl Strategy<Value = Sent> {
    let method =
        prop::sample::select(vec!["GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "x"]);
    (method, any_path(), any_query(), any_body())
}

fn organization(secret: Value) -> Organization {
    let state = json!({
        "organization": {"id": ORGANIZATION},
        "users": [{"id": id(1), "email": "o@example.com", "type": "owner"}, {"id": id(2), "email": "a@example.com"}],
        "applications": [{"id": id(3), "name": "ci"}],
        "projects": [{"id": id(4), "name": "prod"}],
        "groups": [{"id": id(5), "name": "ops", "user_ids": [id(2)]}],
        "policies": [{"id": id(6), "name": "p", "group_id": id(5), "rules": [{"permission_set_names": ["IAMManager"],
            "organization_id": ORGANIZATION, "condition": "request.user_agent == 'test'"}]}],
        "api_keys": [{"access_key": "SCW00000000000000001", "user_id": id(2), "secret_key": secret}],
        "ssh_keys": [{"id": id(7), "name": "k", "project_id": id(4)}],
        "secrets": [{"id": id(8), "name": "s", "project_id": id(4), "versions": [{"revision": 1, "data": "eA=="}]}],
    });
    Organization::load(&state, Behaviour::default(), 3).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_request_is_answered_with_a_panic_or_a_5xx(requests in prop::collection::vec(any_request(), 1..24), closed: bool) {
        let mut organization = organization(if closed { json!("secret") } else { Value::Null });
        for (at, (method, path, query, body)) in requests.iter().enumerate() {
            let target = format!("{path}?{query}");
            let reply = organization.answer(&Request {
                method,
                target: &target,
                body,
                token: Some(Token::SecretKey("secret")),
                now: jiff::Timestamp::from_second(1_800_000_000 + i64::try_from(at).unwrap()).unwrap(),
                ip: "192.0.2.10",
                user_agent: "test",
                request_id: "",
            });
            prop_assert!(reply.status < 500 || reply.status == 501, "{} {} {}", method, target, reply.status);
            prop_assert_eq!(reply.body.is_none(), reply.status == 204);
            if let Some(body) = reply.body.filter(|_| reply.status >= 400) {
                prop_assert!(body["message"].is_string() && body.as_object().unwrap().keys().is_sorted(), "{}", body);
            }
        }
        let state = organization.state();
        let again = Organization::load(&state, Behaviour::default(), 3).unwrap();
        prop_assert_eq!(again.state(), state);
    }
}
