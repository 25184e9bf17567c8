//! State files: what they may hold, and what they get back.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Behaviour, Organization};
use super::{ORGANIZATION, World, id, text};

fn error(state: &Value) -> String {
    let error = Organization::load(state, Behaviour::default(), 0).err();
    error.map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_wrong_state_is_told_by_the_object() {
    for (state, words) in [
        (json!([]), "the state's top is not an object"),
        (json!(null), "the state's top is not an object"),
        (
            json!({"users": [], "widg\u{1b}ets": []}),
            "the state has the key `widgets`, and may have only `organization`, `users`, `projects`, `applications`, `groups`, `policies`, `api_keys`, `ssh_keys`, `quota`, `secrets`, `snapshot`",
        ),
        (json!({"users": {}}), "the state's `users` is not a list"),
        (json!({"users": [3]}), "the state's `users[0]` is not an object"),
        (json!({"organization": "x"}), "the state's organization is not an object"),
        (json!({"organization": {"name": "x"}}), "organization: `id`: required key not provided"),
        (json!({"organization": {"id": "x"}}), "organization: `id`: value must be a valid UUID"),
        (json!({"groups": [{"name": "ops"}]}), "groups[0] `ops`: `id`: is missing"),
        (
            json!({"groups": [{"id": id(1), "name": 3}]}),
            &format!("groups[0] `{}`: `name`: invalid type: integer `3`, expected a string", id(1)),
        ),
        (
            json!({"groups": [{"id": id(1), "name": "o", "user_ids": ["x"]}]}),
            "groups[0] `o`: `user_ids`: value must be a valid UUID",
        ),
        (
            json!({"applications": [{"id": id(1), "name": "a"}, {"id": id(1), "name": "b"}]}),
            &format!("applications[1] `b`: the id `{}` was there before", id(1)),
        ),
        (
            json!({"api_keys": [{"access_key": "key", "user_id": id(1)}]}),
            "api_keys[0] `key`: `access_key`: value must be SCW and 17 capital letters or digits",
        ),
        (
            json!({"api_keys": [{"access_key": "SCW00000000000000001"}]}),
            "api_keys[0] `SCW00000000000000001`: precisely one of application_id, user_id must be set",
        ),
        (
            json!({"users": [{"id": id(1), "email": "\u{1b}[31m", "created_at": "now"}]}),
            "users[0] `[31m`: `created_at`: value must be an RFC 3339 time",
        ),
        (
            json!({"policies": [{"id": id(1), "name": "p", "rules": [{"condition": 1}]}]}),
            "policies[0] `p`: `rules[0].condition`: invalid type: integer `1`, expected a string",
        ),
        (
            json!({"policies": [{"id": id(1), "name": "p", "user_id": id(1), "no_principal": true}]}),
            "policies[0] `p`: there may be one of user_id, group_id, application_id, no_principal",
        ),
        (json!({"quota": [{"limit": 3}]}), "quota[0]: `name`: is missing"),
    ] {
        assert_eq!(error(&state), words, "{state}");
    }
}

#[test]
fn what_is_absent_has_a_default() {
    let mut world = World::of(json!({"users": [{"id": id(2), "email": "a@b.c"}], "applications": null}));
    let user = world.get(&format!("users/{}", id(2)));
    assert_eq!(
        (&user["username"], &user["type"], &user["locale"]),
        (&json!("a@b.c"), &json!("member"), &json!("en_US"))
    );
    assert_eq!(user["created_at"], "2020-01-01T00:00:00.000000Z");
    assert_eq!(world.organization.id(), "00000000-0000-4000-8000-000000000000");
    let named = World::of(json!({"groups": [{"id": id(1), "name": "x", "organization_id": ORGANIZATION}]}));
    assert_eq!(named.organization.id(), ORGANIZATION);
}

#[test]
fn an_empty_organization_has_an_owner_and_a_default_project() {
    let state = Organization::empty(Behaviour::default(), 7).state();
    assert_eq!(
        (&state["users"][0]["type"], &state["projects"][0]["name"]),
        (&json!("owner"), &json!("default"))
    );
    assert_eq!(state["projects"][0]["id"], state["organization"]["id"]);
    assert_eq!(Organization::empty(Behaviour::default(), 7).state(), state);
}

#[test]
fn what_is_unknown_is_served_last_and_saved() {
    let mut world = World::of(json!({
        "groups": [{"srn": "srn://x", "id": id(1), "name": "x", "all_users": false}],
    }));
    let keys: Vec<String> =
        world.get(&format!("groups/{}", id(1))).as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys[keys.len() - 3..], ["managed", "all_users", "srn"]);
    let state = world.organization.state();
    assert_eq!(state["groups"][0]["srn"], "srn://x");
    assert_eq!(state.get("quota"), None);
}

#[test]
fn a_secret_is_saved_only_where_it_was_given() {
    let key = json!({"access_key": "SCW00000000000000001", "secret_key": "given", "user_id": id(1)});
    let mut world = World::of(json!({
        "users": [{"id": id(1), "email": "o@example.com", "type": "owner"}], "api_keys": [key],
    }))
    .with_token("given");
    world.ok("POST", "api-keys", json!({"user_id": id(1)}));
    let keys = world.organization.state()["api_keys"].clone();
    assert_eq!((&keys[0]["secret_key"], &keys[1]["secret_key"]), (&json!("given"), &Value::Null));
    assert_eq!(world.get("api-keys")["api_keys"][0]["secret_key"], Value::Null);
}

#[test]
fn counters_of_a_state_are_kept_unless_they_say_too_little() {
    let rule = json!({"id": id(9), "permission_set_names": ["VPCReadOnly"], "project_ids": [id(4)]});
    let policy = |number: u32, counted: u64, rules: Value| json!({"id": id(number), "name": "p", "nb_rules": counted, "nb_scopes": counted, "nb_permission_sets": counted, "rules": rules});
    let mut world = World::of(json!({"policies": [policy(1, 3, json!([])), policy(2, 0, json!([rule]))]}));
    assert_eq!(world.get(&format!("policies/{}", id(1)))["nb_rules"], 3);
    assert_eq!(world.get(&format!("policies/{}", id(2)))["nb_rules"], 1);
}

#[test]
fn an_old_rule_is_served_as_it_is() {
    let rules = json!([
        {"id": id(8), "permission_set_names": ["Forgotten"], "permission_sets_scope_type": "account_root_user", "account_root_user_id": id(1)},
        {"id": id(9), "permission_set_names": ["IPAMReadOnly"], "permission_sets_scope_type": "unknown_scope_type"},
    ]);
    let mut world = World::of(json!({"policies": [{"id": id(1), "name": "p", "rules": rules}]}));
    let served = world.get(&format!("rules?policy_id={}", id(1)));
    assert_eq!(served["rules"][0]["account_root_user_id"], id(1));
    assert_eq!(
        served["rules"][1],
        json!({"id": id(9), "permission_set_names": ["IPAMReadOnly"],
        "permission_sets_scope_type": "unknown_scope_type", "condition": ""})
    );
}

/// Any JSON, with the words of a state in it.
fn any_state() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just(String::from("id")),
        Just("name".into()),
        Just("rules".into()),
        Just("users".into()),
        Just("groups".into()),
        Just("policies".into()),
        Just("api_keys".into()),
        Just("quota".into()),
        Just("secrets".into()),
        Just("versions".into()),
        Just("revision".into()),
        Just("saml".into()),
        Just("scim".into()),
        Just("security_settings".into()),
        Just("organization".into()),
        Just("created_at".into()),
        Just("access_key".into()),
        Just("user_ids".into()),
        "[a-z]{0,3}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(id(1))),
        Just(json!("2026-01-01T00:00:00Z")),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(word.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_state_makes_the_loader_panic(state in any_state()) {
        if let Ok(organization) = Organization::load(&state, Behaviour::default(), 0) {
            let saved = organization.state();
            let again = Organization::load(&saved, Behaviour::default(), 0).unwrap();
            prop_assert_eq!(again.state(), saved);
        }
    }
}

#[test]
fn a_rule_keeps_a_set_that_is_newer_than_the_published_list() {
    let rule = json!({"permission_set_names": ["NewerFullAccess"], "permission_sets_scope_type": "projects",
        "project_ids": [ORGANIZATION]});
    let policy = json!({"id": id(5), "name": "p", "no_principal": true, "rules": [rule]});
    let mut world = World::of(json!({"organization": {"id": ORGANIZATION}, "policies": [policy]}));
    let rules = |name: &str| json!({"policy_id": id(5), "rules": [{"permission_set_names": [name], "project_ids": [ORGANIZATION]}]});
    let kept = world.ok("PUT", "rules", rules("NewerFullAccess"));
    assert_eq!(kept["rules"][0]["permission_sets_scope_type"], "projects");
    let unknown = world.refused("PUT", "rules", rules("NewestFullAccess"));
    assert_eq!(unknown, ["rules[0].permission_set_names constraint"]);
    let mut page = |page: u8| {
        let path = format!("permission-sets?organization_id={ORGANIZATION}&page_size=100&page={page}");
        world.get(&path)["permission_sets"].as_array().unwrap().clone()
    };
    let sets = [page(1), page(2)].concat();
    let newer = sets.iter().find(|set| set["name"] == "NewerFullAccess").unwrap();
    assert_eq!(newer["categories"], json!([]));
}

#[test]
fn every_organization_has_the_groups_of_all_users_and_all_applications() {
    let listed = format!("groups?organization_id={ORGANIZATION}");
    let product = json!({"id": id(8), "name": "vpn", "managed": true});
    let state = json!({
        "organization": {"id": ORGANIZATION},
        "users": [{"id": id(2), "email": "b@x.io"}, {"id": id(1), "email": "o@x.io", "type": "owner"}],
        "applications": [{"id": id(3), "name": "ci"}, product],
    });
    let mut world = World::of(state.clone());
    let groups = world.get(&listed)["groups"].clone();
    let seen: Vec<_> = (0..2)
        .map(|at| &groups[at])
        .map(|group| (&group["name"], &group["all_users"], &group["user_ids"], &group["application_ids"]))
        .collect();
    assert!(
        seen.contains(&(&json!("All Users"), &json!(true), &json!([id(1), id(2)]), &json!([]))),
        "{groups}"
    );
    assert!(
        seen.contains(&(&json!("All Applications"), &json!(false), &json!([]), &json!([id(3)]))),
        "{groups}"
    );
    let all = groups.as_array().unwrap().iter().find(|group| group["all_users"] == true).unwrap();
    let path = format!("groups/{}", text(&all["id"]));
    for (method, path) in
        [("PATCH", path.clone()), ("DELETE", path.clone()), ("PUT", format!("{path}/members"))]
    {
        let body = json!({"name": "x", "user_ids": [], "application_ids": []});
        assert_eq!(world.fails(method, &path, body).0, 403, "{method} {path}");
    }
    assert_eq!(
        world.fails("POST", "groups", json!({"name": "All Users", "organization_id": ORGANIZATION})).0,
        409
    );
    world.ok("DELETE", &format!("users/{}", id(2)), Value::Null);
    assert_eq!(world.get(&path)["user_ids"], json!([id(1)]));
    let by_member = format!("{listed}&user_ids={}", id(1));
    assert_eq!(world.get(&by_member)["groups"][0]["name"], "All Users");
    let policy = json!({"name": "p", "group_id": all["id"], "organization_id": ORGANIZATION});
    world.ok("POST", "policies", policy);
    let saved = world.organization.state();
    assert_eq!(saved["groups"], json!([]), "what the state did not have is not written into it");
    let again = World::of(saved.clone()).get("policies?organization_id=105bdce1-64c0-48ab-899d-868455867ecf");
    assert_eq!(again["policies"][0]["group_id"], all["id"]);
    assert_eq!(World::of(saved).organization.state()["groups"], json!([]));
}

#[test]
fn a_state_keeps_its_own_groups_of_everybody() {
    let own =
        json!({"id": id(7), "name": "Everybody", "all_users": true, "user_ids": [id(9)], "editable": true});
    let named = json!({"id": id(8), "name": "All Applications"});
    let mut world = World::of(json!({
        "organization": {"id": ORGANIZATION}, "groups": [own, named], "users": [{"id": id(2), "email": "b@x.io"}],
    }));
    let listed = world.get(&format!("groups?organization_id={ORGANIZATION}"));
    assert_eq!(listed["total_count"], 2);
    assert_eq!(world.get(&format!("groups/{}", id(7)))["user_ids"], json!([id(2)]));
    let renamed = world.ok("PATCH", &format!("groups/{}", id(7)), json!({"name": "All"}));
    assert_eq!(renamed["user_ids"], json!([id(2)]));
    let body = json!({"user_id": id(2)});
    assert_eq!(world.fails("POST", &format!("groups/{}/add-member", id(7)), body).0, 403);
    assert_eq!(world.organization.state()["groups"][0]["user_ids"], json!([id(9)]));
}

#[test]
fn the_owner_and_the_default_project_are_there_where_a_state_leaves_them_out() {
    let group = json!({"id": id(6), "name": "g"});
    let mut world = World::of(json!({"organization": {"id": ORGANIZATION}, "groups": [group]}));
    let owner = world.get("api-keys/SCWEMULATOR000000000")["user_id"].clone();
    let joined = world.ok("POST", &format!("groups/{}/add-member", id(6)), json!({"user_id": owner}));
    assert_eq!(joined["user_ids"], json!([owner]));
    let policy = json!({"name": "p", "user_id": owner, "organization_id": ORGANIZATION});
    assert_eq!(world.ok("POST", "policies", policy)["user_id"], owner);
    let project = world.get(&format!("/account/v3/projects/{ORGANIZATION}"));
    assert_eq!(project["name"], "default");
    let listed = world.get(&format!("/account/v3/projects?organization_id={ORGANIZATION}"));
    assert_eq!(listed["total_count"], 0);
}
