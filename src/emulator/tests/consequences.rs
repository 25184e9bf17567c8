//! What a write changes elsewhere, and what it moves.

use serde_json::{Value, json};

use super::{ORGANIZATION, World, id, text};

#[test]
fn an_application_takes_its_keys_and_leaves_its_policies() {
    let mut world = World::new();
    let group = world.group("ops");
    world.ok("POST", &format!("groups/{group}/add-member"), json!({"application_id": id(3)}));
    let key = text(&world.ok("POST", "api-keys", json!({"application_id": id(3)}))["access_key"]);
    let policy = text(&world.ok("POST", "policies", json!({"name": "p", "application_id": id(3)}))["id"]);
    let before = world.get(&format!("policies/{policy}"));
    assert_eq!(world.get(&format!("applications/{}", id(3)))["nb_api_keys"], 1);
    assert_eq!(world.call("DELETE", &format!("applications/{}", id(3)), Value::Null), (204, Value::Null));
    assert_eq!(world.fails("GET", &format!("api-keys/{key}"), Value::Null).1["resource"], "access_key");
    assert_eq!(world.get(&format!("groups/{group}"))["application_ids"], json!([]));
    let after = world.get(&format!("policies/{policy}"));
    assert_eq!((&after["no_principal"], after.get("application_id")), (&json!(true), None));
    assert_eq!(after["updated_at"], before["updated_at"]);
    assert_eq!(world.fails("DELETE", &format!("applications/{}", id(3)), Value::Null).0, 404);
    world.ok("PATCH", &format!("policies/{policy}"), json!({"group_id": group}));
    world.ok("DELETE", &format!("groups/{group}"), Value::Null);
    assert_eq!(world.get(&format!("policies/{policy}"))["no_principal"], true);
}

#[test]
fn a_user_takes_keys_and_memberships_along() {
    let mut world = World::new();
    let group = world.group("ops");
    world.ok(
        "PUT",
        &format!("groups/{group}/members"),
        json!({"user_ids": [id(2), id(1)], "application_ids": []}),
    );
    let key = text(&world.ok("POST", "api-keys", json!({"user_id": id(2)}))["access_key"]);
    world.ok("DELETE", &format!("users/{}", id(2)), Value::Null);
    assert_eq!(world.get(&format!("groups/{group}"))["user_ids"], json!([id(1)]));
    assert_eq!(world.fails("GET", &format!("api-keys/{key}"), Value::Null).0, 404);
}

#[test]
fn a_project_leaves_its_rules_without_a_scope() {
    let mut world = World::new();
    let rules = json!([
        {"permission_set_names": ["VPCReadOnly"], "project_ids": [id(4)]},
        {"permission_set_names": ["IPAMReadOnly"], "project_ids": [id(4), ORGANIZATION]},
    ]);
    let policy = world.policy("p", rules);
    assert_eq!(world.get(&format!("policies/{policy}"))["nb_scopes"], 2);
    world.ok("DELETE", &format!("/account/v3/projects/{}", id(4)), Value::Null);
    let rules = world.get(&format!("rules?policy_id={policy}"));
    let keys: Vec<&String> = rules["rules"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "permission_set_names", "permission_sets_scope_type", "condition"]);
    assert_eq!(rules["rules"][0]["permission_sets_scope_type"], "unknown_scope_type");
    assert_eq!(rules["rules"][1]["project_ids"], json!([ORGANIZATION]));
}

#[test]
fn a_project_with_keys_and_the_default_one_stay() {
    let mut world = World::new();
    let line =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO me@example.com";
    let key = world.ok("POST", "ssh-keys", json!({"name": "k", "public_key": line, "project_id": id(4)}));
    assert_eq!(text(&key["public_key"]), line.trim_end_matches(" me@example.com"));
    assert_eq!(world.fails("DELETE", &format!("/account/v3/projects/{}", id(4)), Value::Null).0, 412);
    world.ok("DELETE", &format!("ssh-keys/{}", text(&key["id"])), Value::Null);
    world.ok("DELETE", &format!("/account/v3/projects/{}", id(4)), Value::Null);
    assert_eq!(world.fails("DELETE", &format!("/account/v3/projects/{ORGANIZATION}"), Value::Null).0, 412);
}

#[test]
fn a_created_policy_counts_nothing_until_it_is_read() {
    let mut world = World::new();
    let rule = json!({"permission_set_names": ["VPCReadOnly", "IPAMReadOnly"], "project_ids": [id(4)]});
    let made = world.ok("POST", "policies", json!({"name": "p", "no_principal": true, "rules": [rule]}));
    let counters = |policy: &Value| {
        [&policy["nb_rules"], &policy["nb_scopes"], &policy["nb_permission_sets"]]
            .map(|n| n.as_u64().unwrap())
    };
    assert_eq!(counters(&made), [0, 0, 0]);
    assert_eq!(counters(&world.get(&format!("policies/{}", text(&made["id"])))), [1, 1, 2]);
}

#[test]
fn set_rules_gives_new_ids_and_moves_the_policy() {
    let mut world = World::new();
    let rules = json!([{"permission_set_names": ["VPCReadOnly"], "organization_id": ORGANIZATION}]);
    let policy = world.policy("p", rules.clone());
    let path = format!("policies/{policy}");
    let (before, old) = (world.get(&path), world.get(&format!("rules?policy_id={policy}")));
    let new = world.ok("PUT", "rules", json!({"policy_id": policy, "rules": rules}));
    assert_ne!(old["rules"][0]["id"], new["rules"][0]["id"]);
    assert_eq!(new["rules"][0]["permission_sets_scope_type"], "projects");
    assert!(text(&world.get(&path)["updated_at"]) > text(&before["updated_at"]));
}

#[test]
fn updated_at_moves_as_recorded() {
    let mut world = World::new();
    let group = world.group("ops");
    let policy = world.policy("p", json!([]));
    let key = text(&world.ok("POST", "api-keys", json!({"application_id": id(3)}))["access_key"]);
    // What an answer says, and what a get says afterwards, against before.
    let mut moved = |get: &str, method: &str, path: &str, body: Value| {
        let before = text(&world.get(get)["updated_at"]);
        let answered = text(&world.ok(method, path, body)["updated_at"]);
        (answered != before, text(&world.get(get)["updated_at"]) != before)
    };
    let application = format!("applications/{}", id(3));
    let group = format!("groups/{group}");
    let policy = format!("policies/{policy}");
    let user = format!("users/{}", id(2));
    let project = format!("/account/v3/projects/{}", id(4));
    let key = format!("api-keys/{key}");
    assert_eq!(moved(&application, "PATCH", &application, json!({"description": "x"})), (true, true));
    assert_eq!(moved(&application, "PATCH", &application, json!({})), (false, false));
    assert_eq!(moved(&group, "PATCH", &group, json!({"tags": ["x"]})), (true, true));
    assert_eq!(
        moved(&group, "POST", &format!("{group}/add-member"), json!({"user_id": id(2)})),
        (false, false)
    );
    assert_eq!(
        moved(&group, "POST", &format!("{group}/add-members"), json!({"application_ids": [id(3)]})),
        (false, false)
    );
    assert_eq!(
        moved(&group, "PUT", &format!("{group}/members"), json!({"user_ids": [], "application_ids": []})),
        (false, false)
    );
    assert_eq!(moved(&policy, "PATCH", &policy, json!({"application_id": id(3)})), (false, false));
    assert_eq!(moved(&policy, "PATCH", &policy, json!({"tags": ["x"]})), (false, true));
    assert_eq!(moved(&user, "PATCH", &user, json!({"first_name": "A"})), (false, true));
    assert_eq!(
        moved(&user, "POST", &format!("{user}/update-username"), json!({"username": "al"})),
        (false, true)
    );
    assert_eq!(moved(&project, "PATCH", &project, json!({"description": "x"})), (true, true));
    assert_eq!(moved(&key, "PATCH", &key, json!({"description": "x"})), (true, true));
}

#[test]
fn members_are_answered_as_put_and_served_sorted() {
    let mut world = World::new();
    let group = world.group("ops");
    let put = json!({"user_ids": [id(2), id(1), id(2)], "application_ids": [id(3)]});
    let answer = world.ok("PUT", &format!("groups/{group}/members"), put);
    assert_eq!(answer["user_ids"], json!([id(2), id(1)]));
    assert_eq!(world.get(&format!("groups/{group}"))["user_ids"], json!([id(1), id(2)]));
    world.ok("POST", &format!("groups/{group}/add-member"), json!({"user_id": id(1)}));
    assert_eq!(world.get(&format!("groups/{group}"))["user_ids"], json!([id(1), id(2)]));
    world.ok("PUT", &format!("groups/{group}/members"), json!({"user_ids": [], "application_ids": null}));
    assert_eq!(world.get(&format!("groups/{group}"))["application_ids"], json!([]));
}

#[test]
fn a_patch_keeps_what_it_does_not_name() {
    let mut world = World::new();
    let path = format!("applications/{}", id(3));
    world.ok("PATCH", &path, json!({"description": "d", "tags": ["a", "b"]}));
    let kept = world.ok("PATCH", &path, json!({"name": "ci2", "tags": null, "nonsense": 1}));
    assert_eq!(
        (&kept["name"], &kept["description"], &kept["tags"]),
        (&json!("ci2"), &json!("d"), &json!(["a", "b"]))
    );
    let emptied = world.ok("PATCH", &path, json!({"description": "", "tags": []}));
    assert_eq!((&emptied["description"], &emptied["tags"]), (&json!(""), &json!([])));
}

#[test]
fn a_secret_is_shown_once() {
    let mut world = World::new();
    let made = world.ok(
        "POST",
        "api-keys",
        json!({"application_id": id(3), "expires_at": "2035-07-06T11:00:00+02:00"}),
    );
    assert!(super::super::fields::uuid(made["secret_key"].as_str().unwrap()).is_some());
    assert_eq!(
        (&made["expires_at"], &made["creation_ip"]),
        (&json!("2035-07-06T09:00:00Z"), &json!("192.0.2.10"))
    );
    let path = format!("api-keys/{}", text(&made["access_key"]));
    assert_eq!(world.get(&path)["secret_key"], Value::Null);
    assert_eq!(world.ok("PATCH", &path, json!({"expires_at": null}))["expires_at"], "2035-07-06T09:00:00Z");
    assert!(!world.organization.state().to_string().contains(made["secret_key"].as_str().unwrap()));
}

#[test]
fn a_masked_access_key_is_the_last_one_made() {
    let mut world = World::new();
    let key = format!("SCW{}", "X".repeat(17));
    let masked = &format!("api-keys/{key}");
    assert_eq!(world.fails("GET", masked, Value::Null).1["resource_id"], key.as_str());
    let first = world.ok("POST", "api-keys", json!({"application_id": id(3)}));
    let second = world.ok("POST", "api-keys", json!({"application_id": id(3)}));
    assert_eq!(world.get(masked)["access_key"], second["access_key"]);
    world.ok("DELETE", masked, Value::Null);
    assert_eq!(world.get(masked)["access_key"], first["access_key"]);
    world.ok("DELETE", masked, Value::Null);
    assert_eq!(world.fails("GET", masked, Value::Null).1["resource_id"], second["access_key"]);
}

#[test]
fn a_clone_has_the_rules_and_neither_principal_nor_tags() {
    let mut world = World::new();
    let rule =
        json!({"permission_set_names": ["VPCReadOnly"], "project_ids": [id(4)], "condition": "1 == 1"});
    let body = json!({"name": "n".repeat(64), "application_id": id(3), "tags": ["x"], "rules": [rule]});
    let original = text(&world.ok("POST", "policies", body)["id"]);
    let copy = text(&world.ok("POST", &format!("policies/{original}/clone"), json!({}))["id"]);
    let read = world.get(&format!("policies/{copy}"));
    assert!(text(&read["name"]).starts_with("Copy of n") && text(&read["name"]).len() == 64);
    assert_eq!(
        (read.get("application_id"), &read["no_principal"], &read["tags"], &read["nb_rules"]),
        (None, &json!(true), &json!([]), &json!(1))
    );
    let rules = [original, copy].map(|id| world.get(&format!("rules?policy_id={id}"))["rules"][0].clone());
    assert_ne!(rules[0]["id"], rules[1]["id"]);
    assert_eq!(rules[0]["condition"], rules[1]["condition"]);
}

#[test]
fn a_locked_user_is_unlocked_again() {
    let mut world = World::new();
    assert_eq!(world.ok("POST", &format!("users/{}/lock", id(2)), json!({}))["locked"], true);
    assert_eq!(world.ok("POST", &format!("users/{}/unlock", id(2)), Value::Null)["locked"], false);
}
