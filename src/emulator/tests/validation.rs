//! What is refused, and with which words.

use serde_json::{Value, json};

use super::super::{Behaviour, KeyExpiry, NameRule, Protected, Quota};
use super::{NOBODY, ORGANIZATION, World, id};

fn application(name: &str) -> Value {
    json!({"name": name, "organization_id": ORGANIZATION})
}

#[test]
fn names_descriptions_and_tags_keep_their_limits() {
    let mut world = World::new();
    let numbered = |count| (0..count).map(|number| format!("t{number}")).collect::<Vec<_>>();
    for name in ["", " x", "a/b", "é", &"n".repeat(65)] {
        assert_eq!(world.refused("POST", "applications", application(name)), ["name constraint"], "{name}");
    }
    assert_eq!(world.refused("POST", "applications", json!({})), ["name required"]);
    assert_eq!(world.refused("POST", "applications", json!({"name": 3})), ["name format"]);
    let long = json!({"name": "x", "description": "é".repeat(201), "tags": numbered(11)});
    assert_eq!(world.refused("POST", "applications", long), ["description constraint", "tags constraint"]);
    let longest = json!({"name": "x", "description": "é".repeat(200), "tags": numbered(10)});
    assert_eq!(world.ok("POST", "applications", longest)["tags"].as_array().unwrap().len(), 10);
    assert_eq!(world.refused("POST", "/account/v3/projects", json!({"name": "a(b)"})), ["name constraint"]);
    assert_eq!(world.refused("POST", "groups", json!({"name": "x"})), ["organization_id required"]);
}

#[test]
fn a_tag_has_known_characters_and_is_named_by_its_place() {
    let mut world = World::new();
    let tagged = |tags: Value| json!({"name": "x", "organization_id": ORGANIZATION, "tags": tags});
    for (tags, refused) in [
        (json!(["team:platform"]), "tags[0] constraint"),
        (json!(["a", "a*b"]), "tags[1] constraint"),
        (json!(["é"]), "tags[0] constraint"),
        (json!([""]), "tags[0] constraint"),
        (json!(["x".repeat(71)]), "tags[0] constraint"),
        (json!(["a", "b", "a"]), "tags constraint"),
    ] {
        assert_eq!(world.refused("POST", "applications", tagged(tags.clone())), [refused], "{tags}");
        assert_eq!(world.refused("POST", "groups", tagged(tags.clone())), [refused], "{tags}");
        let patch = json!({"tags": tags});
        assert_eq!(world.refused("PATCH", &format!("applications/{}", id(3)), patch), [refused], "{tags}");
    }
    let (_, error) = world.fails("POST", "applications", tagged(json!(["team:platform"])));
    assert_eq!(
        error.to_string(),
        r#"{"details":[{"argument_name":"tags[0]","help_message":"value does not match regex pattern \"^[a-zA-Z0-9._\\\\-/=+@ ]+$\"","reason":"constraint"}],"message":"invalid argument(s)","type":"invalid_arguments"}"#
    );
    world.ok("POST", "applications", tagged(json!(["scw-iam=platform", "a.b_c-d/e+f@g h", "x".repeat(70)])));
}

#[test]
fn a_tag_older_than_the_rule_is_served_and_kept() {
    let mut world = World::of(json!({
        "organization": {"id": ORGANIZATION},
        "groups": [{"id": id(5), "name": "old", "tags": ["team:platform"]}],
    }));
    let path = format!("groups/{}", id(5));
    assert_eq!(world.get(&path)["tags"], json!(["team:platform"]));
    assert_eq!(world.ok("PATCH", &path, json!({"name": "older"}))["tags"], json!(["team:platform"]));
    assert_eq!(world.organization.state()["groups"][0]["tags"], json!(["team:platform"]));
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let mut world = World::new();
    assert_eq!(world.refused("POST", "applications", json!([])), ["body format"]);
    assert_eq!(world.refused("PATCH", &format!("applications/{}", id(3)), json!("x")), ["body format"]);
}

#[test]
fn a_malformed_id_is_not_looked_for() {
    let mut world = World::new();
    assert_eq!(world.refused("GET", "groups/ops", Value::Null), ["group_id format"]);
    let (status, error) = world.fails("GET", &format!("groups/{NOBODY}"), Value::Null);
    assert_eq!(status, 404);
    assert_eq!(
        error.to_string(),
        format!(
            r#"{{"message":"resource is not found","resource":"group","resource_id":"{NOBODY}","type":"not_found"}}"#
        )
    );
    assert_eq!(world.get(&format!("applications/{}", id(3).to_uppercase()))["name"], "ci");
}

#[test]
fn unknown_paths_are_404_wrong_methods_405_and_what_is_not_done_is_501() {
    let mut world = World::new();
    for (method, path) in [
        ("GET", "/"),
        ("GET", "nonsense"),
        ("POST", "nonsense"),
        ("GET", "policies/x/rules"),
        ("GET", "rules/x"),
    ] {
        assert_eq!(world.fails(method, path, Value::Null).0, 404, "{method} {path}");
    }
    for (method, path) in [
        ("POST", "rules"),
        ("DELETE", "organizations/x/saml"),
        ("DELETE", "organizations/x/scim"),
        ("PUT", "applications"),
        ("BREW", "groups"),
        ("HEAD", "groups"),
    ] {
        let (status, error) = world.fails(method, path, Value::Null);
        assert_eq!((status, error), (405, json!({"message": "method not allowed"})), "{method} {path}");
    }
    for (method, path) in [
        ("GET", "jwts"),
        ("POST", "check-permissions"),
        ("POST", "users/x/mfa-otp"),
        ("GET", "users/x/connections"),
    ] {
        let (status, error) = world.fails(method, path, Value::Null);
        assert_eq!((status, &error["type"]), (501, &json!("not_implemented")), "{method} {path}");
    }
    assert_eq!(
        world.get("/metadata"),
        json!({"platform": "external", "partition": "scw", "domain": "scw.eu"})
    );
}

#[test]
fn a_policy_has_precisely_one_principal_and_it_exists() {
    let mut world = World::new();
    let with = |principal: Value| {
        let mut body = json!({"name": "p", "rules": []});
        body.as_object_mut().unwrap().extend(principal.as_object().unwrap().clone());
        body
    };
    assert_eq!(world.refused("POST", "policies", with(json!({}))), ["principal required"]);
    assert_eq!(
        world.refused("POST", "policies", with(json!({"no_principal": false}))),
        ["principal required"]
    );
    let two = json!({"no_principal": true, "user_id": id(2)});
    assert_eq!(world.refused("POST", "policies", with(two)), ["principal constraint"]);
    for (key, resource) in [("user_id", "user"), ("group_id", "group"), ("application_id", "application")] {
        let (status, error) = world.fails("POST", "policies", with(json!({key: NOBODY})));
        assert_eq!((status, &error["resource"]), (404, &json!(resource)));
    }
    let policy = world.ok("POST", "policies", with(json!({"user_id": id(2)})));
    let patch = world.ok(
        "PATCH",
        &format!("policies/{}", policy["id"].as_str().unwrap()),
        json!({"application_id": id(3)}),
    );
    assert_eq!((&patch["application_id"], patch.get("user_id")), (&json!(id(3)), None));
}

#[test]
fn a_rule_has_known_sets_of_one_type_and_one_scope() {
    let mut world = World::new();
    let policy = world.policy("p", json!([]));
    let mut refused =
        |rule: Value| world.refused("PUT", "rules", json!({"policy_id": policy, "rules": [rule]})).join(", ");
    let sets = |names: &[&str]| json!({"permission_set_names": names, "organization_id": ORGANIZATION});
    assert_eq!(refused(json!("x")), "rules[0] format");
    assert_eq!(refused(json!({"organization_id": ORGANIZATION})), "rules[0].permission_set_names required");
    assert_eq!(refused(sets(&[])), "rules[0].permission_set_names constraint");
    assert_eq!(refused(sets(&["InstanceFullAccess"])), "rules[0].permission_set_names constraint");
    assert_eq!(refused(sets(&["IAMManager", "IAMManager"])), "rules[0].permission_set_names constraint");
    assert_eq!(
        refused(sets(&["IAMManager", "InstancesReadOnly"])),
        "rules[0].permission_set_names constraint"
    );
    let scoped = |scope: Value| {
        let mut rule = json!({"permission_set_names": ["InstancesReadOnly"]});
        rule.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        rule
    };
    assert_eq!(refused(scoped(json!({}))), "rules[0] format");
    assert_eq!(refused(scoped(json!({"account_root_user_id": id(1)}))), "rules[0] format");
    assert_eq!(refused(scoped(json!({"project_ids": []}))), "rules[0].project_ids constraint");
    assert_eq!(refused(scoped(json!({"project_ids": [id(4), id(4)]}))), "rules[0].project_ids constraint");
    assert_eq!(refused(scoped(json!({"project_ids": ["prod"]}))), "rules[0].project_ids format");
    let both = json!({"project_ids": [id(4)], "organization_id": ORGANIZATION});
    assert_eq!(refused(scoped(both)), "rules[0].scope constraint");
    let of_organization = json!({"permission_set_names": ["IAMManager"], "project_ids": [id(4)]});
    assert_eq!(refused(of_organization), "rules[0].project_ids constraint");
    let conditioned = |condition: &str| scoped(json!({"project_ids": [id(4)], "condition": condition}));
    assert_eq!(refused(conditioned("request.ip ==")), "rules[0].condition format");
    assert_eq!(refused(conditioned(&format!("'{}'", "x".repeat(2047)))), "rules[0].condition constraint");
    let (status, error) = world.fails(
        "PUT",
        "rules",
        json!({"policy_id": policy, "rules": [scoped(json!({"project_ids": [NOBODY]}))]}),
    );
    assert_eq!((status, &error["resource"]), (404, &json!("project")));
    assert_eq!(world.refused("PUT", "rules", json!({"policy_id": policy})), ["rules required"]);
    assert_eq!(world.fails("PUT", "rules", json!({"policy_id": NOBODY, "rules": []})).0, 404);
}

#[test]
fn a_member_is_named_once_and_exists() {
    let mut world = World::new();
    let group = world.group("ops");
    let path = |call: &str| format!("groups/{group}/{call}");
    for call in ["add-member", "remove-member"] {
        assert_eq!(world.refused("POST", &path(call), json!({})), ["member required"]);
        let both = json!({"user_id": id(2), "application_id": id(3)});
        assert_eq!(world.refused("POST", &path(call), both), ["member constraint"]);
    }
    let (status, error) = world.fails("POST", &path("add-member"), json!({"user_id": NOBODY}));
    assert_eq!((status, &error["resource"]), (404, &json!("user")));
    let (status, error) = world.fails("POST", &path("remove-member"), json!({"user_id": id(2)}));
    assert_eq!((status, &error["resource"], &error["resource_id"]), (404, &json!(""), &json!(id(2))));
    assert_eq!(world.refused("PUT", &path("members"), json!({"user_ids": []})), ["application_ids required"]);
}

#[test]
fn what_must_be_unique_is_refused_a_second_time() {
    let mut world = World::new();
    let first = world.group("ops");
    let (status, error) =
        world.fails("POST", "groups", json!({"name": "ops", "organization_id": ORGANIZATION}));
    assert_eq!(
        (status, &error["type"], &error["resource_id"]),
        (409, &json!("already_exists"), &json!(first))
    );
    let second = world.group("dev");
    assert_eq!(world.fails("PATCH", &format!("groups/{second}"), json!({"name": "ops"})).0, 409);
    world.ok("PATCH", &format!("groups/{first}"), json!({"name": "ops"}));
    let guest = json!({"organization_id": ORGANIZATION, "email": "Alice@example.com"});
    assert_eq!(world.fails("POST", "users", guest).0, 409);
    world.ok("POST", "applications", application("ci"));
    let unique = Behaviour { names: NameRule::Unique, ..Behaviour::default() };
    let mut strict = World::with(&world.organization.state(), unique);
    assert_eq!(strict.fails("POST", "applications", application("ci")).0, 409);
}

#[test]
fn a_quota_ends_the_making_of_its_kind_only() {
    let mut world = World::with(&json!({}), Behaviour { quota: Quota::Documented, ..Behaviour::default() });
    let organization = world.organization.id().to_owned();
    for at in 0..50 {
        world.ok("POST", "groups", json!({"name": format!("g{at}"), "organization_id": organization}));
    }
    let (status, error) =
        world.fails("POST", "groups", json!({"name": "one-more", "organization_id": organization}));
    assert_eq!(status, 403);
    assert_eq!(
        error.to_string(),
        r#"{"details":[{"current":50,"quota":50,"resource":"group"}],"message":"quota(s) exceeded for this resource","type":"quotas_exceeded"}"#
    );
    world.ok("POST", "applications", json!({"name": "ci"}));
    assert_eq!(world.get(&format!("quota/iam_groups?organization_id={organization}"))["limit"], 50);
    let given = json!({"quota": [{"name": "iam_applications", "limits": [{"global": true, "limit": 0}]}]});
    assert_eq!(World::of(given).fails("POST", "applications", json!({"name": "ci"})).0, 403);
    let mut free = World::new();
    let listed = free.get(&format!("quota?organization_id={ORGANIZATION}&quotum_names=iam_users"));
    assert_eq!((&listed["total_count"], &listed["quota"][0]["unlimited"]), (&json!(1), &json!(true)));
}

#[test]
fn what_a_product_manages_is_not_changed() {
    let state = json!({
        "applications": [{"id": id(3), "name": "vpn", "editable": false, "deletable": false, "managed": true}],
        "policies": [{"id": id(5), "name": "nodes", "editable": false, "deletable": true, "application_id": id(3)}],
        "groups": [{"id": id(6), "name": "All Users", "all_users": true}],
        "users": [{"id": id(1), "email": "o@example.com", "type": "owner"}],
    });
    let mut world = World::of(state.clone());
    for (method, path, body) in [
        ("PATCH", format!("applications/{}", id(3)), json!({"name": "x"})),
        ("DELETE", format!("applications/{}", id(3)), Value::Null),
        ("PUT", "rules".into(), json!({"policy_id": id(5), "rules": []})),
        ("POST", format!("groups/{}/add-member", id(6)), json!({"user_id": id(1)})),
        ("DELETE", format!("users/{}", id(1)), Value::Null),
        ("POST", format!("users/{}/lock", id(1)), Value::Null),
    ] {
        let (status, error) = world.fails(method, &path, body.clone());
        assert_eq!((status, &error["details"]), (403, &json!([])), "{method} {path}");
        let other = Behaviour { protected: Protected::Precondition, ..Behaviour::default() };
        assert_eq!(World::with(&state, other).fails(method, &path, body).0, 412, "{method} {path}");
    }
    world.ok("DELETE", &format!("policies/{}", id(5)), Value::Null);
}

#[test]
fn a_key_expires_later_than_long_ago_and_within_the_maximum() {
    let mut world = World::new();
    let key = |expires_at: &str| json!({"application_id": id(3), "expires_at": expires_at});
    assert_eq!(world.refused("POST", "api-keys", key("2020-01-01T00:00:00Z")), ["expires_at constraint"]);
    let replayed = world.ok("POST", "api-keys", key("2025-12-01T00:00:57.648653377+02:00"));
    assert_eq!(replayed["expires_at"], "2025-11-30T22:00:57.648653Z");
    assert_eq!(world.refused("POST", "api-keys", key("tomorrow")), ["expires_at format"]);
    assert_eq!(world.refused("POST", "api-keys", json!({})), ["bearer required"]);
    let both = json!({"application_id": id(3), "user_id": id(2)});
    assert_eq!(world.refused("POST", "api-keys", both), ["bearer constraint"]);
    let state = json!({"organization": {"id": ORGANIZATION, "security_settings": {"max_api_key_expiration_duration": "86400s"}},
        "applications": [{"id": id(3), "name": "ci"}]});
    let mut bounded = World::of(state);
    assert_eq!(
        bounded.refused("POST", "api-keys", json!({"application_id": id(3)})),
        ["expires_at constraint"]
    );
    assert_eq!(bounded.refused("POST", "api-keys", key("2026-08-01T00:00:00Z")), ["expires_at constraint"]);
    bounded.ok("POST", "api-keys", key("2026-06-13T00:00:00Z"));
}

#[test]
fn an_expiry_is_added_to_a_key_and_then_stays() {
    let state = json!({"organization": {"id": ORGANIZATION}, "applications": [{"id": id(3), "name": "ci"}]});
    let (early, late) = ("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    for (expiry, later) in [(KeyExpiry::Fixed, None), (KeyExpiry::Changeable, Some(late))] {
        let mut world = World::with(&state, Behaviour { expiry, ..Behaviour::default() });
        let made = world.ok("POST", "api-keys", json!({"application_id": id(3)}));
        let path = format!("api-keys/{}", made["access_key"].as_str().unwrap());
        assert_eq!(world.ok("PATCH", &path, json!({"expires_at": early}))["expires_at"], early);
        for same in [json!({"expires_at": early}), json!({"expires_at": null}), json!({"description": "d"})] {
            assert_eq!(world.ok("PATCH", &path, same)["expires_at"], early);
        }
        match later {
            Some(late) => {
                assert_eq!(world.ok("PATCH", &path, json!({"expires_at": late}))["expires_at"], late);
            }
            None => {
                let refused = world.refused("PATCH", &path, json!({"expires_at": late}));
                assert_eq!(refused, ["expires_at constraint"]);
                assert_eq!(world.get(&path)["expires_at"], early);
            }
        }
    }
}

#[test]
fn a_new_user_is_a_guest_or_a_member() {
    let mut world = World::new();
    let mut refused = |body: Value| {
        let mut whole = json!({"organization_id": ORGANIZATION});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        world.refused("POST", "users", whole).join(", ")
    };
    assert_eq!(refused(json!({})), "type required");
    assert_eq!(
        refused(json!({"email": "a@b.c", "member": {"email": "a@b.c", "username": "ab"}})),
        "type constraint"
    );
    assert_eq!(refused(json!({"email": "nobody"})), "email format");
    assert_eq!(refused(json!({"member": {"email": "a@b.c"}})), "member.username required");
    assert_eq!(refused(json!({"member": {"email": "a@b.c", "username": "a"}})), "member.username constraint");
    let password = json!({"member": {"email": "a@b.c", "username": "ab", "password": "é".repeat(37)}});
    assert_eq!(refused(password), "member.password constraint");
    let guest =
        world.ok("POST", "users", json!({"organization_id": ORGANIZATION, "email": "bob@example.com"}));
    assert_eq!(
        (&guest["username"], &guest["status"]),
        (&json!("bob@example.com"), &json!("invitation_pending"))
    );
}

#[test]
fn a_password_has_up_to_72_bytes_and_is_never_seen_again() {
    let mut world = World::new();
    let path = format!("users/{}/update-password", id(2));
    let long = "é".repeat(37);
    for (password, why) in [(json!(""), "constraint"), (json!(long), "constraint"), (json!(7), "format")] {
        assert_eq!(world.refused("POST", &path, json!({"password": password})), [format!("password {why}")]);
    }
    assert_eq!(world.refused("POST", &path, json!({})), ["password constraint"]);
    let user = world.ok("POST", &path, json!({"password": "é".repeat(36)}));
    assert_eq!(user["id"], json!(id(2)));
    assert!(!world.organization.state().to_string().contains("éé"));
}
