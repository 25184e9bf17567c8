//! Secret Manager, the settings of the organization, SAML, SCIM, and what was written by whom.

use serde_json::{Value, json};

use super::super::{AuditDelay, Behaviour, EMULATOR_ACCESS_KEY, Organization};
use super::{ORGANIZATION, World, id, text};

const SECRETS: &str = "/secret-manager/v1beta1/regions/fr-par/secrets";
const EVENTS: &str = "/audit-trail/v1alpha1/regions/fr-par/events";
const DAY: i64 = 24 * 3600;

fn later(world: &mut World, seconds: i64) {
    world.now += jiff::SignedDuration::from_secs(seconds);
}

fn secret(world: &mut World, more: Value) -> String {
    let mut body = json!({"project_id": id(4), "name": "key"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{SECRETS}/{}", text(&world.ok("POST", SECRETS, body)["id"]))
}

/// Adds a version of `data` in base64, and returns it.
fn version(world: &mut World, secret: &str, data: &str) -> Value {
    world.ok("POST", &format!("{secret}/versions"), json!({"data": data}))
}

fn statuses(world: &mut World, secret: &str) -> Vec<String> {
    let listed = world.get(&format!("{secret}/versions"));
    let all = listed["versions"].as_array().unwrap().iter();
    all.map(|version| format!("{} {}", version["revision"], text(&version["status"]))).collect()
}

#[test]
fn a_version_is_disabled_enabled_deleted_and_gone_after_seven_days() {
    let mut world = World::new();
    let secret = secret(&mut world, json!({}));
    assert_eq!(version(&mut world, &secret, "b25l")["latest"], true);
    version(&mut world, &secret, "dHdv");
    let disabled = world.ok("POST", &format!("{secret}/versions/latest/disable"), json!({}));
    assert_eq!((&disabled["revision"], &disabled["status"]), (&json!(2), &json!("disabled")));
    assert_eq!(world.ok("POST", &format!("{secret}/versions/2/disable"), json!({})), disabled);
    assert_eq!(world.fails("GET", &format!("{secret}/versions/2/access"), Value::Null).0, 412);
    let enabled = world.get(&format!("{secret}/versions/latest_enabled/access"));
    assert_eq!((&enabled["revision"], &enabled["data"]), (&json!(1), &json!("b25l")));
    world.ok("POST", &format!("{secret}/versions/2/enable"), json!({}));
    world.ok("DELETE", &format!("{secret}/versions/1"), Value::Null);
    assert_eq!(statuses(&mut world, &secret), ["2 enabled", "1 scheduled_for_deletion"]);
    assert_eq!(world.fails("GET", &format!("{secret}/versions/1/access"), Value::Null).0, 412);
    later(&mut world, 7 * DAY);
    assert_eq!(statuses(&mut world, &secret), ["2 enabled"]);
    let gone = world.get(&format!("{secret}/versions?status=deleted"))["versions"][0].clone();
    assert!(gone["deleted_at"].is_string(), "{gone}");
    assert_eq!(world.fails("GET", &format!("{secret}/versions/1"), Value::Null).0, 404);
    assert_eq!(version(&mut world, &secret, "dHJvaXM=")["revision"], 3, "no revision is used twice");
}

#[test]
fn twenty_versions_are_the_most_and_those_to_be_deleted_count() {
    let mut world = World::new();
    let secret = secret(&mut world, json!({}));
    for _ in 0..20 {
        version(&mut world, &secret, "eA==");
    }
    world.ok("DELETE", &format!("{secret}/versions/1"), Value::Null);
    let (status, full) = world.fails("POST", &format!("{secret}/versions"), json!({"data": "eA=="}));
    assert_eq!(
        (status, &full["type"], &full["details"][0]["quota"]),
        (403, &json!("quotas_exceeded"), &json!(20))
    );
    later(&mut world, 7 * DAY);
    assert_eq!(version(&mut world, &secret, "eA==")["revision"], 21);
}

#[test]
fn the_previous_version_is_disabled_only_when_asked_for() {
    let mut world = World::new();
    let secret = secret(&mut world, json!({}));
    version(&mut world, &secret, "eA==");
    version(&mut world, &secret, "eA==");
    world.ok("POST", &format!("{secret}/versions"), json!({"data": "eA==", "disable_previous": true}));
    assert_eq!(statuses(&mut world, &secret), ["3 enabled", "2 disabled", "1 disabled"]);
}

#[test]
fn data_is_checked_by_its_sum_and_by_the_type_of_the_secret() {
    let mut world = World::new();
    let secret = secret(&mut world, json!({"type": "key_value"}));
    let versions = format!("{secret}/versions");
    let refused = |world: &mut World, body: Value| world.refused("POST", &versions, body);
    assert_eq!(refused(&mut world, json!({"data": "!"})), ["data format"]);
    assert_eq!(refused(&mut world, json!({})), ["data required"]);
    assert_eq!(refused(&mut world, json!({"data": "WzFd"})), ["data format"], "[1] is no object");
    let sum = |sum: u32| json!({"data": "eyJhIjoiYiJ9", "data_crc32": sum});
    assert_eq!(refused(&mut world, sum(1)), ["data_crc32 constraint"]);
    world.ok("POST", &versions, sum(crc32fast::hash(br#"{"a":"b"}"#)));
    assert_eq!(world.get(&format!("{versions}/1/access"))["data_crc32"], crc32fast::hash(br#"{"a":"b"}"#));
}

#[test]
fn a_secret_is_found_by_its_place_and_only_in_its_region() {
    let mut world = World::new();
    let path = secret(&mut world, json!({"path": "/ci/", "tags": ["scw-iam=platform", "a"]}));
    secret(&mut world, json!({"path": "/"}));
    version(&mut world, &path, "eA==");
    let found = |world: &mut World, query: &str| {
        world.get(&format!("{SECRETS}?project_id={}&{query}", id(4)))["total_count"].as_u64().unwrap()
    };
    assert_eq!(found(&mut world, "name=key"), 2);
    assert_eq!(found(&mut world, "name=key&path=/ci"), 1);
    assert_eq!(found(&mut world, "tags=a&tags=scw-iam%3Dplatform"), 1);
    assert_eq!(found(&mut world, "tags=a&tags=b"), 0);
    let by_path = "/secret-manager/v1beta1/regions/fr-par/secrets-by-path/versions/latest/access";
    let query = format!("project_id={}&secret_path=/ci&secret_name=key", id(4));
    assert_eq!(world.get(&format!("{by_path}?{query}"))["data"], "eA==");
    assert_eq!(world.fails("GET", &path.replace("fr-par", "nl-ams"), Value::Null).0, 404);
    assert_eq!(world.fails("GET", &SECRETS.replace("fr-par", "Paris"), Value::Null).0, 404);
    let browsed = world.get(&format!("{SECRETS}/browse?prefix=/"));
    let names: Vec<_> = browsed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["name"], it["folder"].is_object()))
        .collect();
    assert_eq!(names, [(&json!("ci"), true), (&json!("key"), false)]);
    assert_eq!(
        world.get("/secret-manager/v1beta1/regions/fr-par/tags")["tags"],
        json!(["a", "scw-iam=platform"])
    );
}

#[test]
fn a_deleted_secret_can_be_had_back_for_seven_days() {
    let mut world = World::new();
    let path = secret(&mut world, json!({}));
    world.ok("DELETE", &path, Value::Null);
    assert_eq!(world.get(SECRETS)["total_count"], 0);
    assert_eq!(world.get(&format!("{SECRETS}?scheduled_for_deletion=true"))["total_count"], 1);
    assert_eq!(world.fails("POST", &format!("{path}/versions"), json!({"data": "eA=="})).0, 412);
    assert_eq!(world.ok("POST", &format!("{path}/restore"), json!({}))["deletion_requested_at"], Value::Null);
    world.ok("DELETE", &path, Value::Null);
    later(&mut world, 7 * DAY);
    assert_eq!(world.fails("GET", &path, Value::Null).0, 404);
}

#[test]
fn ephemeral_versions_end_by_themselves() {
    let mut world = World::new();
    let policy = |once: bool, action: &str| json!({"ephemeral_policy": {"time_to_live": "3600s", "expires_once_accessed": once, "action": action}});
    let once = secret(&mut world, policy(true, "disable"));
    version(&mut world, &once, "eA==");
    world.get(&format!("{once}/versions/1/access"));
    assert_eq!(statuses(&mut world, &once), ["1 disabled"]);
    let timed = secret(&mut world, policy(false, "delete"));
    version(&mut world, &timed, "eA==");
    world.get(&format!("{timed}/versions/1/access"));
    assert_eq!(statuses(&mut world, &timed), ["1 enabled"]);
    later(&mut world, 3600);
    assert_eq!(statuses(&mut world, &timed), ["1 scheduled_for_deletion"]);
}

/// An organization in which the application (3) with the key `5ecret` holds these sets on the project (4).
fn granted(sets: &Value, condition: &str) -> World {
    World::of(json!({
        "organization": {"id": ORGANIZATION},
        "applications": [{"id": id(3), "name": "ci"}],
        "projects": [{"id": id(4), "name": "prod"}, {"id": id(5), "name": "dev"}],
        "policies": [{"id": id(6), "name": "p", "application_id": id(3), "rules": [
            {"permission_set_names": sets, "project_ids": [id(4)], "condition": condition}]}],
        "api_keys": [{"access_key": "SCW00000000000000001", "secret_key": "5ecret", "application_id": id(3)}],
        "secrets": [
            {"id": id(7), "project_id": id(4), "name": "key", "path": "/ci", "versions": [{"revision": 1, "data": "eA=="}]},
            {"id": id(8), "project_id": id(5), "name": "key", "versions": [{"revision": 1, "data": "eA=="}]},
        ],
    }))
    .with_token("5ecret")
}

#[test]
fn each_right_to_secrets_is_a_set_of_its_own_on_a_project() {
    let calls = |sets: Value, condition: &str| {
        let mut world = granted(&sets, condition);
        let of = |number: u32, rest: &str| format!("{SECRETS}/{}{rest}", id(number));
        [
            ("GET", of(7, ""), Value::Null),
            ("GET", of(7, "/versions/1/access"), Value::Null),
            ("POST", of(7, "/versions"), json!({"data": "eA=="})),
            ("POST", of(7, "/versions/1/disable"), json!({})),
            ("DELETE", of(7, "/versions/1"), Value::Null),
            ("GET", of(8, "/versions/1/access"), Value::Null),
        ]
        .map(|(method, path, body)| if world.call(method, &path, body).0 == 403 { '-' } else { 'x' })
        .iter()
        .collect::<String>()
    };
    assert_eq!(calls(json!(["SecretManagerReadOnly"]), ""), "x-----");
    assert_eq!(calls(json!(["SecretManagerSecretAccess"]), ""), "-x----");
    assert_eq!(calls(json!(["SecretManagerSecretCreate"]), ""), "--x---");
    assert_eq!(calls(json!(["SecretManagerSecretWrite"]), ""), "---x--");
    assert_eq!(calls(json!(["SecretManagerSecretDelete"]), ""), "----x-");
    assert_eq!(calls(json!(["SecretManagerFullAccess"]), ""), "xxxxx-");
    assert_eq!(calls(json!(["SecretManagerFullAccess"]), r#"resource.name.startsWith("/ci/")"#), "xxxxx-");
    assert_eq!(calls(json!(["SecretManagerFullAccess"]), r#"resource.name.startsWith("/cd/")"#), "------");
    assert_eq!(
        calls(json!(["AllProductsReadOnly"]), ""),
        "x-----",
        "reading a product is not reading its secrets"
    );
}

#[test]
fn a_state_gets_its_secrets_back_with_the_data_it_gave_and_no_other() {
    let given = json!({
        "organization": {"id": ORGANIZATION},
        "secrets": [{"id": id(7), "name": "key", "srn": "x", "versions": [{"revision": 4, "data": "eA==", "status": "disabled"}]}],
    });
    let mut world = World::of(given);
    let made = version(&mut world, &format!("{SECRETS}/{}", id(7)), "bWFkZQ==");
    assert_eq!(made["revision"], 5);
    let saved = world.organization.state();
    let secret = &saved["secrets"][0];
    assert_eq!(
        (&secret["project_id"], &secret["srn"], &secret["version_count"]),
        (&json!(ORGANIZATION), &json!("x"), &json!(2))
    );
    assert_eq!(
        (&secret["versions"][0]["data"], &secret["versions"][1]["data"]),
        (&json!("eA=="), &Value::Null)
    );
    assert!(!saved.to_string().contains("bWFkZQ"), "{saved}");
    assert_eq!(World::of(saved.clone()).organization.state(), saved);
    let wrong =
        json!({"secrets": [{"id": id(7), "name": "key", "versions": [{"revision": 1, "status": "lost"}]}]});
    let error = Organization::load(&wrong, Behaviour::default(), 1).err().unwrap().to_string();
    assert!(error.starts_with("secrets[0] `key`: `versions[0].status`: unknown variant `lost`"), "{error}");
}

#[test]
fn settings_change_field_by_field_and_one_login_method_stays() {
    let mut world = World::new();
    let own = format!("organizations/{ORGANIZATION}");
    assert_eq!(world.get(&own)["login_saml_enabled"], false);
    let settings = format!("{own}/security-settings");
    let before = world.get(&settings);
    assert_eq!(before["grace_period_duration"], "259200s");
    assert_eq!(world.ok("PATCH", &settings, json!({})), before);
    let change =
        json!({"login_attempts_before_locked": 5, "max_api_key_expiration_duration": "86400.000000000s"});
    let after = world.ok("PATCH", &settings, change);
    assert_eq!(
        (&after["login_attempts_before_locked"], &after["max_api_key_expiration_duration"]),
        (&json!(5), &json!("86400s"))
    );
    assert_eq!(after["grace_period_duration"], before["grace_period_duration"]);
    assert_eq!(
        world.refused("PATCH", &settings, json!({"login_attempts_before_locked": 51})),
        ["login_attempts_before_locked constraint"]
    );
    assert_eq!(
        world.refused("POST", "api-keys", json!({"application_id": id(3)})),
        ["expires_at constraint"]
    );
    let methods = format!("{own}/login-methods");
    let off = |method: &str| json!({format!("login_{method}_enabled"): false});
    world.ok("PATCH", &methods, off("password"));
    world.ok("PATCH", &methods, off("oauth2"));
    assert_eq!(world.fails("PATCH", &methods, off("magic_code")).0, 412);
    assert_eq!(world.get(&own)["login_magic_code_enabled"], true);
    assert_eq!(world.ok("PUT", &format!("{own}/alias"), json!({"alias": "acme"}))["alias"], "acme");
    assert_eq!(world.fails("PUT", &format!("{own}/alias"), json!({"alias": "other"})).0, 412);
    let saved = world.organization.state();
    assert_eq!(World::of(saved).get(&settings), after);
    let wrong = json!({"organization": {"id": ORGANIZATION, "security_settings": {"grace_period_duration": "3 days"}}});
    let error = Organization::load(&wrong, Behaviour::default(), 1).err().unwrap().to_string();
    assert_eq!(
        error,
        "organization: `security_settings.grace_period_duration`: value must be a duration in seconds, as in 259200s"
    );
}

#[test]
fn a_grace_period_lasts_until_the_password_is_new_and_starts_anew_with_an_unlock() {
    let mut world = World::new();
    let settings = format!("organizations/{ORGANIZATION}/security-settings");
    world.ok("PATCH", &settings, json!({"enforce_password_renewal": true}));
    let member = json!({"email": "m@example.com", "username": "member", "password": "first"});
    let user =
        text(&world.ok("POST", "users", json!({"organization_id": ORGANIZATION, "member": member}))["id"]);
    let periods =
        |world: &mut World| world.get(&format!("grace-periods?user_id={user}"))["grace_periods"].clone();
    let first = periods(&mut world)[0].clone();
    assert_eq!(first["type"], "update_password");
    later(&mut world, DAY);
    world.ok("POST", &format!("users/{user}/lock"), json!({}));
    world.ok("POST", &format!("users/{user}/unlock"), json!({}));
    assert!(text(&periods(&mut world)[0]["expires_at"]) > text(&first["expires_at"]));
    assert_eq!(
        World::of(world.organization.state()).get(&format!("grace-periods?user_id={user}"))["grace_periods"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.ok("POST", &format!("users/{user}/update-password"), json!({"password": "second"}));
    assert_eq!(periods(&mut world), json!([]));
    assert_eq!(world.get(&format!("users/{user}")).get("grace_periods"), None);
}

/// A certificate that ends on 2026-03-16.
const CERTIFICATE: &str = include_str!("certificate.pem");

#[test]
fn saml_is_valid_when_nothing_is_missing() {
    let mut world = World::new();
    let own = format!("organizations/{ORGANIZATION}/saml");
    let saml = text(&world.ok("POST", &own, json!({}))["id"]);
    assert_eq!(world.fails("POST", &own, json!({})).0, 409);
    assert_eq!(
        world.refused("PATCH", &format!("saml/{saml}"), json!({"entity_id": "http://x"})),
        ["entity_id constraint"]
    );
    world.ok(
        "PATCH",
        &format!("saml/{saml}"),
        json!({"entity_id": "https://x/m", "single_sign_on_url": "https://x/s"}),
    );
    let certificates = format!("saml/{saml}/certificates");
    assert_eq!(
        world.refused("POST", &certificates, json!({"type": "signing", "content": "x"})),
        ["content format"]
    );
    let added = world.ok("POST", &certificates, json!({"type": "signing", "content": CERTIFICATE}));
    assert_eq!(added["expires_at"], "2026-03-16T10:20:16Z");
    assert_eq!(world.get(&own)["status"], "valid");
    assert_eq!(world.get(&format!("saml-certificates/{}", text(&added["id"]))), added);
    let saved = world.organization.state();
    assert_eq!(World::of(saved).get(&own)["status"], "valid");
    let metadata = r#"<md:EntityDescriptor entityID="https://idp/e"><md:SingleSignOnService Binding="x" Location='https://idp/s'/><ds:X509Certificate>AA</ds:X509Certificate></md:EntityDescriptor>"#;
    let parsed = world.ok("POST", "parse-saml-metadata", json!({"file": {"content": metadata}}));
    assert_eq!(
        parsed,
        json!({"single_sign_on_url": "https://idp/s", "entity_id": "https://idp/e", "signing_certificates": ["AA"]})
    );
}

#[test]
fn scim_has_two_tokens_at_most_and_shows_each_once() {
    let mut world = World::new();
    let own = format!("organizations/{ORGANIZATION}/scim");
    let scim = text(&world.ok("POST", &own, json!({}))["id"]);
    let tokens = format!("scim/{scim}/tokens");
    let made = world.ok("POST", &tokens, Value::Null);
    let bearer = text(&made["bearer_token"]);
    world.ok("POST", &tokens, Value::Null);
    assert_eq!(world.fails("POST", &tokens, Value::Null).0, 403);
    assert_eq!(world.get(&tokens)["scim_tokens"][0], made["token"]);
    let saved = world.organization.state();
    assert!(!saved.to_string().contains(&bearer), "{saved}");
    let mut again = World::of(saved);
    assert_eq!(again.get(&tokens)["total_count"], 2);
    let token = format!("scim-tokens/{}", text(&made["token"]["id"]));
    assert_eq!(again.get(&token), made["token"]);
    again.ok("DELETE", &token, Value::Null);
    again.ok("DELETE", &format!("scim/{scim}"), Value::Null);
    assert_eq!(again.fails("GET", &own, Value::Null).0, 404);
}

fn events(world: &mut World, query: &str) -> Vec<Value> {
    let listed = world.get(&format!("{EVENTS}?organization_id={ORGANIZATION}&{query}"));
    listed["events"].as_array().unwrap().clone()
}

fn methods(world: &mut World, query: &str) -> Vec<String> {
    events(world, query).iter().map(|event| text(&event["method_name"])).collect()
}

#[test]
fn every_write_becomes_an_event_after_a_while_and_no_read_does() {
    let mut world = World::new();
    let group = world.group("ops");
    assert_eq!(methods(&mut world, ""), [""; 0], "not a second after");
    world.ok("POST", &format!("groups/{group}/add-member"), json!({"user_id": id(2)}));
    world.ok("POST", &format!("users/{}/lock", id(2)), json!({}));
    let policy = world.policy("p", json!([]));
    world.ok("PUT", "rules", json!({"policy_id": policy, "rules": []}));
    world.ok("DELETE", &format!("groups/{group}"), Value::Null);
    world.get("users");
    later(&mut world, 2);
    assert_eq!(
        methods(&mut world, ""),
        ["DeleteGroup", "SetRules", "CreatePolicy", "LockMember", "AddGroupMember", "CreateGroup"]
    );
    let rules = &events(&mut world, "method_name=SetRules")[0];
    assert_eq!(
        (&rules["resources"][0]["type"], &rules["resources"][0]["id"]),
        (&json!("iam_policy"), &json!(policy))
    );
    let owner = world.get(&format!("api-keys/{EMULATOR_ACCESS_KEY}"))["user_id"].clone();
    assert_eq!(
        (&rules["principal"]["id"], &rules["project_id"], &rules["status_code"]),
        (&owner, &Value::Null, &json!(200))
    );
    let deleted = &events(&mut world, "resource_type=iam_group&order_by=recorded_at_desc")[0];
    assert_eq!(deleted["resources"][0]["name"], "ops");
    assert!(deleted["resources"][0]["deleted_at"].is_string(), "{deleted}");
    assert_eq!(
        events(&mut world, &format!("project_id={}", id(4))),
        [Value::Null; 0],
        "IAM's events have no project"
    );
    let elsewhere = EVENTS.replace("fr-par", "nl-ams");
    assert_eq!(world.get(&format!("{elsewhere}?organization_id={ORGANIZATION}"))["events"], json!([]));
    later(&mut world, 3600);
    assert_eq!(methods(&mut world, ""), [""; 0], "the last hour is the default");
    assert_eq!(methods(&mut world, "recorded_after=2026-06-01T00:00:00Z").len(), 6);
    later(&mut world, 91 * DAY);
    assert_eq!(methods(&mut world, "recorded_after=2026-06-01T00:00:00Z").len(), 0, "90 days are kept");
}

#[test]
fn events_come_in_pages_by_a_token_that_the_last_page_lacks() {
    let mut world = World::with(
        &json!({"organization": {"id": ORGANIZATION}}),
        Behaviour { audit_delay: AuditDelay(jiff::SignedDuration::ZERO), ..Behaviour::default() },
    );
    for name in ["a", "b", "c", "d", "e"] {
        world.group(name);
    }
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let page = world.get(&format!(
            "{EVENTS}?organization_id={ORGANIZATION}&order_by=recorded_at_asc&page_size=2{token}"
        ));
        assert_eq!(page.get("total_count"), None);
        names.extend(
            page["events"].as_array().unwrap().iter().map(|event| text(&event["resources"][0]["name"])),
        );
        let Some(next) = page.get("next_page_token") else { break };
        token = format!("&page_token={}", text(next));
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

#[test]
fn an_event_never_holds_what_is_secret_and_tells_what_was_forbidden() {
    let mut world = World::new();
    let member = json!({"email": "m@example.com", "username": "member", "password": "hunter2", "tags": null});
    world.ok("POST", "users", json!({"organization_id": ORGANIZATION, "member": member}));
    let path = secret(&mut world, json!({}));
    version(&mut world, &path, "aHVudGVyMg==");
    later(&mut world, 2);
    let all = json!(events(&mut world, ""));
    assert_eq!(all.as_array().unwrap().len(), 3);
    assert!(!all.to_string().contains("hunter2") && !all.to_string().contains("aHVudGVyMg"), "{all}");
    let mut closed = granted(&json!(["AuditTrailReadOnly", "SecretManagerReadOnly"]), "");
    assert_eq!(closed.fails("DELETE", &format!("groups/{}", id(9)), Value::Null).0, 403);
    assert_eq!(closed.fails("DELETE", &format!("{SECRETS}/{}", id(7)), Value::Null).0, 403);
    later(&mut closed, 2);
    let refused = events(&mut closed, "status=403&order_by=recorded_at_asc");
    assert_eq!(refused.len(), 2);
    assert_eq!(
        (&refused[1]["principal"]["id"], &refused[1]["resources"][0]["name"]),
        (&json!(id(3)), &json!("key"))
    );
}

#[test]
fn logs_tell_the_same_in_fewer_words() {
    let mut world = World::new();
    let policy = world.policy("p", json!([]));
    world.ok("PUT", "rules", json!({"policy_id": policy, "rules": []}));
    world.ok("DELETE", &format!("policies/{policy}"), Value::Null);
    secret(&mut world, json!({}));
    later(&mut world, 2);
    let logs = world.get(&format!("logs?organization_id={ORGANIZATION}"));
    let told: Vec<_> = logs["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| (text(&log["action"]), text(&log["resource_type"])))
        .collect();
    let policy_was = |action: &str| (action.to_owned(), "policy".to_owned());
    assert_eq!(told, [policy_was("created"), policy_was("updated"), policy_was("deleted")]);
    let found = world.get(&format!("logs?organization_id={ORGANIZATION}&action=deleted&search={policy}"));
    assert_eq!(found["total_count"], 1);
    let log = &found["logs"][0];
    assert_eq!(&world.get(&format!("logs/{}", text(&log["id"]))), log);
}
