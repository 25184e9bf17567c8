//! What the library is asked for most, on an emulator: each with filters, over pages, at once and as a stream.
use std::collections::BTreeSet;

use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use scw_iam::api::wire::{
    Bearer, CreateApiKey, CreateSecret, CreateSecretVersion, CreateUser, Member, NewMember, NewUser,
    RuleSpec, SamlStatus, SecretKind, SecretVersionStatus, SpecScope, UpdateLoginMethods,
    UpdateSecuritySettings, UpdateUser,
};
use scw_iam::api::{
    Client, ErrorKind, ListApiKeys, ListAuditEvents, ListGroups, ListLogs, ListPolicies, ListQuota,
    ListSecrets, ListUsers, Secret, SecretBytes,
};
use scw_iam::emulator::{AuditDelay, Behaviour, Emulator, EmulatorOptions, Quota, start};
use serde_json::{Value, json};

use crate::scripted::{ORGANIZATION, Reply, Server, id};

/// An organization of more groups and policies than two pages hold, with rules that fill two, and a client of it.
async fn large() -> (Emulator, Client) {
    let group = |number: usize| {
        json!({"id": id(1000 + number), "name": format!("g{number}"), "tags": [format!("t{}", number % 2)],
        "user_ids": [id(2)], "application_ids": [id(3)]})
    };
    let rule = |number: usize| json!({"id": id(3000 + number), "permission_set_names": ["InstancesFullAccess"], "project_ids": [ORGANIZATION]});
    let policy = |number: usize| {
        json!({"id": id(2000 + number), "name": format!("p{number}"), "group_id": id(1000 + number),
        "rules": if number == 0 { (0..150).map(rule).collect() } else { vec![] }})
    };
    let state = json!({
        "organization": {"id": ORGANIZATION},
        "users": [{"id": id(1), "email": "owner@example.com", "type": "owner"}, {"id": id(2), "email": "a@example.com"},
            {"id": id(4), "email": "guest@example.com", "status": "invitation_pending"}],
        "applications": [{"id": id(3), "name": "ci"}],
        "groups": (0..250).map(group).collect::<Vec<_>>(),
        "policies": (0..250).map(policy).collect::<Vec<_>>(),
    });
    emulated(state).await
}

async fn emulated(state: Value) -> (Emulator, Client) {
    let behaviour = Behaviour {
        quota: Quota::Documented,
        audit_delay: AuditDelay(SignedDuration::ZERO),
        ..Behaviour::default()
    };
    let emulator =
        start(EmulatorOptions { state: Some(state), behaviour, ..EmulatorOptions::default() }).await.unwrap();
    let client = Client::builder(Secret::new("any"), ORGANIZATION.parse().unwrap());
    let client = client.api_url(emulator.url()).run_id("r-7").max_rps(10_000.0).build().unwrap();
    (emulator, client)
}

#[tokio::test]
async fn groups_policies_rules_and_quotas_are_listed_whole_by_filter_and_as_a_stream() {
    let (_emulator, client) = large().await;
    let groups = client.list_groups(&ListGroups::default()).all().await.unwrap();
    assert_eq!(groups.len(), 252, "those of everybody too");
    let tagged = ListGroups { tag: Some("t1".to_owned()), ..Default::default() };
    assert_eq!(client.list_groups(&tagged).all().await.unwrap().len(), 125);
    let streamed: Vec<_> = client.list_groups(&ListGroups::default()).try_collect().await.unwrap();
    assert_eq!(streamed, groups);
    let policies: Vec<_> = client.list_policies(&ListPolicies::default()).try_collect().await.unwrap();
    assert_eq!(
        (policies.len(), &policies),
        (250, &client.list_policies(&ListPolicies::default()).all().await.unwrap())
    );
    let of_group = ListPolicies { group_ids: vec![id(1007).parse().unwrap()], ..Default::default() };
    assert_eq!(client.list_policies(&of_group).all().await.unwrap()[0].name, "p7");
    let policy = id(2000).parse().unwrap();
    let rules: Vec<_> = client.list_rules(&policy).try_collect().await.unwrap();
    assert_eq!((rules.len(), &rules), (150, &client.list_rules(&policy).all().await.unwrap()));
    let quota: Vec<_> = client.list_quota(&ListQuota::default()).try_collect().await.unwrap();
    assert_eq!(quota, client.list_quota(&ListQuota::default()).all().await.unwrap());
    let one = ListQuota { quotum_names: vec!["iam_groups".parse().unwrap()], ..Default::default() };
    let names: Vec<_> =
        client.list_quota(&one).all().await.unwrap().into_iter().map(|it| it.pretty_name).collect();
    assert_eq!(names, ["Groups"]);
}

#[tokio::test]
async fn keys_are_made_read_and_deleted_rules_set_in_order_and_members_removed() {
    let (_emulator, client) = large().await;
    let wanted = CreateApiKey {
        bearer: Bearer::Application(id(3).parse().unwrap()),
        description: "deploys".to_owned(),
        expires_at: None,
        default_project_id: None,
    };
    let created = client.create_api_key(&wanted).await.unwrap();
    assert_eq!(client.get_api_key(&created.key.access_key).await.unwrap(), created.key);
    client.delete_api_key(&created.key.access_key).await.unwrap();
    assert_eq!(client.list_api_keys(&ListApiKeys::default()).all().await.unwrap(), []);
    let spec = |name: &str| RuleSpec {
        permission_set_names: vec![name.to_owned()],
        condition: String::new(),
        scope: SpecScope::Organization(ORGANIZATION.parse().unwrap()),
    };
    let policy = id(2000).parse().unwrap();
    let order = ["VPCReadOnly", "IAMReadOnly", "AllProductsReadOnly"];
    let rules = client.set_rules(&policy, &order.map(spec)).await.unwrap();
    let names: Vec<_> = rules.iter().flat_map(|rule| &rule.permission_set_names).collect();
    assert_eq!(names, order);
    assert_eq!(client.list_rules(&policy).all().await.unwrap(), rules);
    let group = id(1000).parse().unwrap();
    let left = client.remove_member(&group, &Member::User(id(2).parse().unwrap())).await.unwrap();
    assert_eq!((left.user_ids.len(), left.application_ids.len()), (0, 1));
    let left = client.remove_member(&group, &Member::Application(id(3).parse().unwrap())).await.unwrap();
    assert_eq!(left.application_ids.len(), 0);
    for user in [2, 4] {
        client.delete_user(&id(user).parse().unwrap()).await.unwrap();
    }
    assert_eq!(
        client.list_users(&ListUsers::default()).all().await.unwrap().len(),
        1,
        "a member and a guest"
    );
}

#[tokio::test]
async fn a_person_is_invited_changed_locked_and_let_in_again() {
    let (_emulator, client) = emulated(json!({"organization": {"id": ORGANIZATION}})).await;
    let member = NewMember {
        email: "m@example.com".to_owned(),
        username: "m.ember".to_owned(),
        first_name: "Em".to_owned(),
        locale: "fr_FR".to_owned(),
        send_welcome_email: true,
        ..Default::default()
    };
    let wanted = CreateUser { tags: vec!["team=web".to_owned()], user: NewUser::Member(Box::new(member)) };
    let made = client.create_user(&wanted).await.unwrap();
    assert_eq!(
        (made.username.as_str(), made.first_name.as_str(), made.locale.as_str()),
        ("m.ember", "Em", "fr_FR")
    );
    assert_eq!((made.tags, made.locked), (vec!["team=web".to_owned()], false));
    let change = UpdateUser { tags: Some(vec![]), last_name: Some("Ber".to_owned()), ..Default::default() };
    client.update_user(&made.id, &change).await.unwrap();
    client.update_username(&made.id, "ember").await.unwrap();
    assert!(client.lock_user(&made.id).await.unwrap().locked);
    let read = client.get_user(&made.id).await.unwrap();
    assert_eq!(
        (read.username.as_str(), read.last_name.as_str(), read.tags.len(), read.locked),
        ("ember", "Ber", 0, true)
    );
    assert!(!client.unlock_user(&made.id).await.unwrap().locked);
}

#[tokio::test]
async fn settings_are_read_and_changed_field_by_field() {
    let state = json!({"organization": {"id": ORGANIZATION, "name": "acme",
        "saml": {"id": id(7), "entity_id": "https://idp/e", "single_sign_on_url": "https://idp/s"},
        "scim": {"id": id(8), "tokens": [{"id": id(9), "scim_id": id(8)}]}}});
    let (_emulator, client) = emulated(state).await;
    let organization = client.get_organization().await.unwrap();
    assert_eq!((organization.name.as_str(), organization.login_saml_enabled), ("acme", Some(false)));
    let methods = UpdateLoginMethods { login_saml_enabled: Some(true), ..Default::default() };
    assert_eq!(client.update_login_methods(&methods).await.unwrap().login_saml_enabled, Some(true));
    let before = client.get_security_settings().await.unwrap();
    let year = SignedDuration::from_hours(365 * 24);
    let change = UpdateSecuritySettings { max_api_key_expiration_duration: Some(year), ..Default::default() };
    let after = client.update_security_settings(&change).await.unwrap();
    assert_eq!(after.max_api_key_expiration_duration, Some(year));
    assert_eq!(after.grace_period_duration, before.grace_period_duration);
    assert_eq!(client.get_security_settings().await.unwrap(), after);
    let saml = client.get_saml().await.unwrap().unwrap();
    assert_eq!(saml.status, SamlStatus::MissingCertificate);
    assert_eq!(client.list_saml_certificates(&saml.id).await.unwrap(), []);
    let scim = client.get_scim().await.unwrap().unwrap();
    assert_eq!(
        client.list_scim_tokens(&scim.id, Default::default()).all().await.unwrap()[0].id.as_str(),
        id(9)
    );
}

#[tokio::test]
async fn off_is_an_answer_and_a_path_that_is_not_there_is_none() {
    let (_emulator, client) = emulated(json!({"organization": {"id": ORGANIZATION}})).await;
    assert_eq!((client.get_saml().await.unwrap(), client.get_scim().await.unwrap()), (None, None));
    let server = Server::start(|_| Reply::Json(404, r#"{"message":"no such path"}"#.to_owned())).await;
    assert_eq!(server.client().get_scim().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_key_is_delivered_read_back_disabled_and_deleted() {
    let (_emulator, client) = emulated(json!({"organization": {"id": ORGANIZATION}})).await;
    let region = "fr-par".parse().unwrap();
    let wanted = CreateSecret {
        project_id: ORGANIZATION.parse().unwrap(),
        name: "scw-key".to_owned(),
        path: "/ci".to_owned(),
        tags: vec!["scw-iam=platform".to_owned()],
        description: String::new(),
        kind: SecretKind::KeyValue,
        protected: false,
    };
    let secret = client.create_secret(&region, &wanted).await.unwrap();
    let place =
        ListSecrets { name: Some("scw-key".to_owned()), path: Some("/ci".to_owned()), ..Default::default() };
    assert_eq!(client.list_secrets(&region, &place).all().await.unwrap(), std::slice::from_ref(&secret));
    let data = br#"{"access_key":"SCW1","secret_key":"5ec7e7"}"#;
    let version =
        CreateSecretVersion { data: SecretBytes::new(data.to_vec()), description: "SCW1".to_owned() };
    let made = client.create_secret_version(&region, &secret.id, &version).await.unwrap();
    let read = client.access_secret_version(&region, &secret.id, &made.revision).await.unwrap();
    assert_eq!((read.data.expose(), &read.revision), (&data[..], &made.revision));
    let disabled = client.disable_secret_version(&region, &secret.id, &made.revision).await.unwrap();
    assert_eq!(disabled.status, SecretVersionStatus::Disabled);
    client.enable_secret_version(&region, &secret.id, &made.revision).await.unwrap();
    client.delete_secret_version(&region, &secret.id, &made.revision).await.unwrap();
    let versions = client.list_secret_versions(&region, &secret.id, &[]).all().await.unwrap();
    assert_eq!(versions[0].status, SecretVersionStatus::ScheduledForDeletion);
    client.delete_secret(&region, &secret.id).await.unwrap();
    assert_eq!(client.list_secrets(&region, &place).all().await.unwrap(), []);
    assert!(client.get_secret(&region, &secret.id).await.unwrap().deletion_requested_at.is_some());
}

#[tokio::test]
async fn no_error_of_a_delivery_quotes_what_the_api_may_have_copied_from_it() {
    let server = Server::start(|request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let data = body["data"].as_str().unwrap();
        let quoting = json!({"type": "invalid_arguments", "message": data, "help_message": "5ec7e7", "resource": data,
            "details": [{"argument_name": data, "reason": "format", "help_message": "5ec7e7"}]});
        Reply::Json(400, quoting.to_string())
    })
    .await;
    let version =
        CreateSecretVersion { data: SecretBytes::new(b"5ec7e7".to_vec()), description: String::new() };
    let (client, region, secret) = (server.client(), "fr-par".parse().unwrap(), id(1).parse().unwrap());
    let error = client.create_secret_version(&region, &secret, &version).await.unwrap_err();
    assert_eq!((error.kind(), error.api_type()), (ErrorKind::InvalidArguments, Some("invalid_arguments")));
    let shown = format!("{error} {error:?} {error:#}");
    assert!(!shown.contains("5ec7e7") && !shown.contains("NWVjN2U3"), "{shown}");
}

#[tokio::test]
async fn who_wrote_what_is_told_over_pages_and_by_the_logs_where_that_is_refused() {
    let (_emulator, client) = large().await;
    let began = Timestamp::now() - SignedDuration::from_hours(1);
    let group = id(1000).parse().unwrap();
    for _ in 0..60 {
        client.remove_member(&group, &Member::User(id(2).parse().unwrap())).await.unwrap();
        client.add_member(&group, &Member::User(id(2).parse().unwrap())).await.unwrap();
    }
    client.lock_user(&id(2).parse().unwrap()).await.unwrap();
    client.set_rules(&id(2000).parse().unwrap(), &[]).await.unwrap();
    let events = client.list_audit_events(&ListAuditEvents::since(began)).all().await.unwrap();
    assert_eq!(events.len(), 122, "more than a page");
    let ids: BTreeSet<_> = events.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), 122);
    let [rules, lock] = &events[..2] else { panic!("two events") };
    assert_eq!((rules.method_name.as_str(), rules.resources[0].id.as_str()), ("SetRules", id(2000).as_str()));
    assert_eq!((lock.method_name.as_str(), lock.run_id()), ("LockMember", Some("r-7")));
    assert_eq!(lock.principal.as_ref().map(|principal| principal.id.clone()), Some(id(1)));
    let of_policy = ListAuditEvents { resource_id: Some(id(2000)), ..ListAuditEvents::since(began) };
    assert_eq!(client.list_audit_events(&of_policy).all().await.unwrap(), std::slice::from_ref(rules));
    let logs =
        client.list_logs(&ListLogs { search: Some(id(2000)), ..Default::default() }).all().await.unwrap();
    assert_eq!((logs.len(), logs[0].bearer_id.as_str(), logs[0].run_id()), (1, id(1).as_str(), Some("r-7")));
}

#[tokio::test]
async fn events_that_come_twice_or_never_end_are_an_error() {
    let event = |number: usize| {
        format!(r#"{{"id":"e{number}","recorded_at":"2026-01-01T00:00:00Z","method_name":"SetRules"}}"#)
    };
    let looping = Server::start(move |_| {
        Reply::Json(200, format!(r#"{{"events":[{}],"next_page_token":"t"}}"#, event(1)))
    })
    .await;
    let list = ListAuditEvents::since(Timestamp::UNIX_EPOCH);
    let error = looping.client().list_audit_events(&list).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ListChanged);
    let tokens = Server::start(move |request| match request.query("page_token")[..] {
        [] => Reply::Json(200, format!(r#"{{"events":[{}],"next_page_token":"two"}}"#, event(1))),
        ["two"] => Reply::Json(200, format!(r#"{{"events":[{}]}}"#, event(2))),
        _ => Reply::Json(500, "{}".to_owned()),
    })
    .await;
    let ids: Vec<_> =
        tokens.client().list_audit_events(&list).all().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, ["e1", "e2"]);
}

#[tokio::test]
async fn the_products_that_are_recorded_are_listed_whole_or_not_at_all() {
    let (_emulator, client) = large().await;
    let region = "fr-par".parse().unwrap();
    let products = client.list_audit_products(&region).await.unwrap();
    let named: Vec<_> = products.iter().map(|it| (it.name.as_str(), it.title.as_str())).collect();
    assert_eq!(named, [("account", "Account"), ("iam", "IAM"), ("secret-manager", "Secret Manager")]);
    let methods = |at: usize| &products[at].services[0].methods;
    assert!(methods(1).contains(&"LockMember".to_owned()) && methods(2).contains(&"CreateSecret".to_owned()));
    assert_eq!(products[1].services[0].name, "scaleway.iam.v1alpha1.Api");
    let answers = |text: &'static str| Server::start(move |_| Reply::Json(200, text.to_owned()));
    let short = answers(r#"{"products":[{"name":"iam"}],"total_count":2}"#).await;
    let error = short.client().list_audit_products(&region).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ListChanged);
    let bare = answers(r#"{"products":[{"name":"iam","services":null}]}"#).await;
    assert_eq!(bare.client().list_audit_products(&region).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_clock_of_the_api_is_known_after_an_answer_and_moved_by_its_clients() {
    let (emulator, client) = emulated(json!({"organization": {"id": ORGANIZATION}})).await;
    assert_eq!(client.clock_ahead(), None);
    client.get_organization().await.unwrap();
    assert!(client.clock_ahead().unwrap().abs() < SignedDuration::from_mins(2), "{:?}", client.clock_ahead());
    let later = Timestamp::now() + SignedDuration::from_hours(24 * 30);
    let client = Client::builder(Secret::new("any"), ORGANIZATION.parse().unwrap()).emulated_time(later);
    let client = client.api_url(emulator.url()).build().unwrap();
    client.get_organization().await.unwrap();
    assert!(
        client.clock_ahead().unwrap() > SignedDuration::from_hours(24 * 29),
        "{:?}",
        client.clock_ahead()
    );
}
