//! Who may call what.

use serde_json::{Value, json};

use super::super::{EMULATOR_ACCESS_KEY, Request};
use super::{ORGANIZATION, World, id};

const SECRET: &str = "5ec2e700-0000-4000-8000-000000000001";

/// A closed organization: an application (3) with a key, and what its policy (5) grants it through `principal`.
fn closed(principal: Value, rules: &Value) -> World {
    let mut policy = json!({"id": id(5), "name": "p", "rules": rules});
    policy.as_object_mut().unwrap().extend(principal.as_object().unwrap().clone());
    World::of(json!({
        "organization": {"id": ORGANIZATION},
        "users": [{"id": id(1), "email": "o@example.com", "type": "owner"}, {"id": id(2), "email": "a@example.com"}],
        "applications": [{"id": id(3), "name": "ci"}],
        "groups": [
            {"id": id(6), "name": "ops", "application_ids": [id(3)]},
            {"id": id(7), "name": "All Applications", "all_applications": true},
        ],
        "projects": [{"id": id(4), "name": "prod"}],
        "policies": [policy],
        "api_keys": [
            {"access_key": "SCW00000000000000001", "secret_key": SECRET, "application_id": id(3)},
            {"access_key": "SCW00000000000000002", "secret_key": "owner", "user_id": id(1)},
            {"access_key": "SCW00000000000000003", "secret_key": "alice", "user_id": id(2)},
            {"access_key": "SCW00000000000000004", "secret_key": "old", "application_id": id(3), "expires_at": "2020-01-01T00:00:00Z"},
        ],
    }))
    .with_token(SECRET)
}

fn on_organization(set: &str) -> Value {
    json!([{"permission_set_names": [set], "organization_id": ORGANIZATION}])
}

fn list(kind: &str) -> String {
    format!("{kind}?organization_id={ORGANIZATION}")
}

#[test]
fn an_open_emulator_takes_any_token_for_the_owner() {
    let mut world = World::new();
    let key = world.get(&format!("api-keys/{EMULATOR_ACCESS_KEY}"));
    assert_eq!((&key["user_id"], &key["secret_key"]), (&json!(id(1)), &Value::Null));
    assert_eq!(world.get("api-keys")["total_count"], 0);
    let bare = Request {
        method: "GET",
        target: "/iam/v1alpha1/users",
        body: b"",
        token: None,
        now: world.now,
        ip: "",
        user_agent: "",
        request_id: "",
    };
    assert_eq!(world.organization.answer(&bare).status, 401);
}

#[test]
fn a_state_without_an_owner_has_one_that_no_list_shows() {
    let mut world = World::of(json!({"organization": {"id": ORGANIZATION}}));
    let owner = world.get(&format!("api-keys/{EMULATOR_ACCESS_KEY}"))["user_id"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("users/{owner}"))["type"], "owner");
    assert_eq!(world.get("users")["total_count"], 0);
    assert_eq!(world.organization.state()["users"], json!([]));
}

#[test]
fn a_closed_emulator_knows_its_callers() {
    let read = |token: &str| {
        let mut world =
            closed(json!({"application_id": id(3)}), &on_organization("IAMReadOnly")).with_token(token);
        let (status, error) = world.call("GET", &list("groups"), Value::Null);
        (status, error["reason"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(read(SECRET), (200, String::new()));
    assert_eq!(read("nobody"), (401, "not_found".into()));
    assert_eq!(read("old"), (401, "expired".into()));
    assert_eq!(read("owner"), (200, String::new()));
    assert_eq!(read("alice").0, 403);
    let mut world = closed(json!({}), &json!([])).with_token("nobody");
    let (_, error) = world.fails("GET", &list("groups"), Value::Null);
    assert_eq!(
        error.to_string(),
        r#"{"message":"authentication is denied","method":"api_key","reason":"not_found","type":"denied_authentication"}"#
    );
    assert_eq!(
        world.with_token("owner").fails("GET", &format!("api-keys/{EMULATOR_ACCESS_KEY}"), Value::Null).0,
        404
    );
}

#[test]
fn a_locked_user_is_denied() {
    let mut world = closed(json!({"user_id": id(2)}), &on_organization("IAMManager")).with_token("alice");
    world.get(&list("groups"));
    let mut world = world.with_token("owner");
    world.ok("POST", &format!("users/{}/lock", id(2)), json!({}));
    assert_eq!(world.with_token("alice").fails("GET", &list("groups"), Value::Null).0, 401);
}

#[test]
fn a_read_only_set_reads_and_a_managers_set_writes_its_kind() {
    let group = json!({"name": "x", "organization_id": ORGANIZATION});
    for (set, reads_groups, writes_groups, reads_policies) in [
        ("IAMReadOnly", true, false, true),
        ("OrganizationReadOnly", true, false, true),
        ("IAMGroupReadOnly", true, false, false),
        ("IAMGroupManager", true, true, false),
        ("IAMPolicyManager", false, false, true),
        ("IAMManager", true, true, true),
        ("OrganizationManager", true, true, true),
        ("BillingManager", false, false, false),
    ] {
        let mut world = closed(json!({"application_id": id(3)}), &on_organization(set));
        let mut allowed = |method: &str, path: &str, body: Value| world.call(method, path, body).0 == 200;
        assert_eq!(allowed("GET", &list("groups"), Value::Null), reads_groups, "{set}");
        assert_eq!(
            allowed("GET", &format!("rules?policy_id={}", id(5)), Value::Null),
            reads_policies,
            "{set}"
        );
        assert_eq!(allowed("POST", "groups", group.clone()), writes_groups, "{set}");
    }
}

#[test]
fn a_key_without_a_right_may_not_even_see_itself() {
    let mut world = closed(json!({"application_id": id(3)}), &on_organization("IAMGroupManager"));
    let (status, error) = world.fails("GET", "api-keys/SCW00000000000000001", Value::Null);
    assert_eq!(status, 403);
    assert_eq!(
        error.to_string(),
        r#"{"details":[{"action":"read","resource":"api_key"}],"message":"insufficient permissions","type":"permissions_denied"}"#
    );
}

#[test]
fn a_group_grants_to_its_members_and_all_applications_to_all() {
    for group in [id(6), id(7)] {
        let mut world = closed(json!({"group_id": group}), &on_organization("IAMReadOnly"));
        world.get(&list("groups"));
        assert_eq!(world.with_token("alice").fails("GET", &list("groups"), Value::Null).0, 403);
    }
}

#[test]
fn a_condition_must_hold() {
    for (condition, allowed) in
        [("request.ip == '192.0.2.10'", true), ("request.ip == '198.51.100.1'", false)]
    {
        let rules = json!([{"permission_set_names": ["IAMReadOnly"], "organization_id": ORGANIZATION, "condition": condition}]);
        let mut world = closed(json!({"application_id": id(3)}), &rules);
        assert_eq!(world.call("GET", &list("groups"), Value::Null).0 == 200, allowed, "{condition}");
    }
}

#[test]
fn a_right_on_a_project_ends_at_the_project() {
    let rules = json!([{"permission_set_names": ["SSHKeysFullAccess"], "project_ids": [id(4)]}]);
    let mut world = closed(json!({"application_id": id(3)}), &rules);
    let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO";
    let key = |project: &str| json!({"name": "k", "public_key": line, "project_id": project});
    world.ok("POST", "ssh-keys", key(&id(4)));
    assert_eq!(world.fails("GET", &list("ssh-keys"), Value::Null).0, 403);
    assert_eq!(world.fails("GET", "ssh-keys", Value::Null).0, 403);
    assert_eq!(world.get(&format!("ssh-keys?project_id={}", id(4)))["total_count"], 1);
    assert_eq!(world.fails("POST", "ssh-keys", key(ORGANIZATION)).0, 403);
}

#[test]
fn nobody_locks_themselves() {
    let mut world = closed(json!({"user_id": id(2)}), &on_organization("IAMManager")).with_token("alice");
    assert_eq!(world.fails("POST", &format!("users/{}/lock", id(2)), Value::Null).0, 403);
    assert_eq!(
        world.with_token("owner").ok("POST", &format!("users/{}/lock", id(2)), Value::Null)["locked"],
        true
    );
}

#[test]
fn keys_are_made_for_applications_and_oneself() {
    let mut world = closed(json!({"user_id": id(2)}), &on_organization("IAMManager")).with_token("alice");
    assert_eq!(world.fails("POST", "api-keys", json!({"user_id": id(1)})).0, 403);
    let own = world.ok("POST", "api-keys", json!({"user_id": id(2)}));
    let mut world = world.with_token(own["secret_key"].as_str().unwrap());
    world.get(&list("groups"));
    world.ok("DELETE", &format!("api-keys/{}", own["access_key"].as_str().unwrap()), Value::Null);
    assert_eq!(world.fails("GET", &list("groups"), Value::Null).0, 401);
}
