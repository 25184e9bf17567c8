//! Pages, order and filters.

use serde_json::{Value, json};

use super::{ORGANIZATION, World, id};

fn names(list: &Value, kind: &str) -> Vec<String> {
    list[kind].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn many() -> World {
    let groups: Vec<Value> = (0..45)
        .map(|at| {
            let name = format!("{}{at:02}", if at % 2 == 0 { "a" } else { "B" });
            json!({"id": id(100 + at), "name": name, "created_at": format!("2026-01-01T00:00:{:02}Z", 59 - at), "tags": ["Team:Platform"]})
        })
        .collect();
    World::of(json!({"organization": {"id": ORGANIZATION}, "groups": groups}))
}

#[test]
fn a_page_has_twenty_unless_asked() {
    let mut world = many();
    let mut length = |query: &str| {
        let list = world.get(&format!("groups?organization_id={ORGANIZATION}&tag=platform{query}"));
        (list["groups"].as_array().unwrap().len(), list["total_count"].as_u64().unwrap())
    };
    assert_eq!(length(""), (20, 45));
    assert_eq!(length("&page=3"), (5, 45));
    assert_eq!(length("&page=4"), (0, 45));
    assert_eq!(length("&page_size=100"), (45, 45));
    assert_eq!(length("&page_size=7&page=7"), (3, 45));
}

#[test]
fn pages_and_orders_out_of_range_are_refused() {
    let mut world = many();
    for (query, refused) in [
        ("page=0", "page constraint"),
        ("page=10001", "page constraint"),
        ("page=x", "page format"),
        ("page_size=101", "page_size constraint"),
        ("page_size=-1", "page_size constraint"),
        ("order_by=size_asc", "order_by format"),
        ("order_by=name", "order_by format"),
        ("user_ids=x", "user_ids format"),
        ("name=", "name constraint"),
        ("group_ids[]=00000064-0000-4000-8000-000000000000", "group_ids[] format"),
        ("filter%5Bname%5D=ops", "filter[name] format"),
    ] {
        assert_eq!(
            world.refused("GET", &format!("groups?organization_id={ORGANIZATION}&{query}"), Value::Null),
            [refused]
        );
    }
    assert_eq!(world.refused("GET", "groups", Value::Null), ["organization_id required"]);
    assert_eq!(world.fails("GET", &format!("groups?organization_id={}", id(9)), Value::Null).0, 403);
    world.get("users");
    world.get("api-keys");
    world.get("ssh-keys");
}

#[test]
fn a_list_is_oldest_first_and_sorts_names_without_case() {
    let mut world = many();
    let mut first = |order: &str| {
        names(
            &world.get(&format!("groups?organization_id={ORGANIZATION}&tag=team{order}&page_size=3")),
            "groups",
        )
    };
    assert_eq!(first(""), ["a44", "B43", "a42"]);
    assert_eq!(first("&order_by=created_at_desc"), ["a00", "B01", "a02"]);
    assert_eq!(first("&order_by=name_asc"), ["a00", "a02", "a04"]);
    assert_eq!(first("&order_by=name_desc"), ["B43", "B41", "B39"]);
}

#[test]
fn ties_are_broken_by_id_and_what_is_made_comes_last() {
    let at = "2030-01-01T00:00:00Z";
    let application = |number: u32| json!({"id": id(number), "name": format!("n{number}"), "created_at": at});
    let mut world = World::of(
        json!({"organization": {"id": ORGANIZATION}, "applications": [application(7), application(5)]}),
    );
    world.ok("POST", "applications", json!({"name": "new"}));
    let list = world.get(&format!("applications?organization_id={ORGANIZATION}"));
    assert_eq!(names(&list, "applications"), ["n5", "n7", "new"]);
    assert_eq!(list["applications"][2]["created_at"], "2030-01-01T00:00:00.000001Z");
}

#[test]
fn of_one_name_the_smaller_id_comes_first() {
    let group = |number: u32, at: u32| json!({"id": id(number), "name": "x", "tags": ["t"], "created_at": format!("202{at}-01-01T00:00:00Z")});
    let mut world = World::of(
        json!({"organization": {"id": ORGANIZATION}, "groups": [group(7, 1), group(5, 2), group(6, 3)]}),
    );
    for order in ["name_asc", "name_desc"] {
        let list = world.get(&format!("groups?organization_id={ORGANIZATION}&tag=t&order_by={order}"));
        let ids: Vec<&Value> = list["groups"].as_array().unwrap().iter().map(|group| &group["id"]).collect();
        assert_eq!(ids, [&json!(id(5)), &json!(id(6)), &json!(id(7))]);
    }
}

#[test]
fn filters_keep_what_they_say() {
    let mut world = many();
    let mut total = |query: &str| {
        world.get(&format!("groups?organization_id={ORGANIZATION}&{query}"))["total_count"].clone()
    };
    assert_eq!((total("name=a0"), total("name=A00"), total("name=a00")), (json!(0), json!(0), json!(1)));
    assert_eq!(total("tag=platform"), 45);
    assert_eq!(total("tag=nobody"), 0);
    assert_eq!(total(&format!("group_ids={}&group_ids={}", id(100), id(101))), 2);
    assert_eq!(total(&format!("user_ids={}", id(1))), 0);
}

#[test]
fn policies_are_filtered_by_principal_and_kept_editable() {
    let mut world = World::new();
    let group = world.group("ops");
    for (name, key, value) in
        [("u", "user_id", id(2)), ("g", "group_id", group.clone()), ("a", "application_id", id(3))]
    {
        world.ok("POST", "policies", json!({"name": name, key: value}));
    }
    world.policy("n", json!([]));
    let mut found = |query: &str| {
        names(&world.get(&format!("policies?organization_id={ORGANIZATION}&{query}")), "policies").join("")
    };
    assert_eq!(found(""), "agnu");
    assert_eq!(found(&format!("user_ids={}", id(2))), "u");
    assert_eq!(found(&format!("group_ids={group}")), "g");
    assert_eq!(found(&format!("application_ids={}&application_ids={}", id(3), id(2))), "a");
    assert_eq!(found("no_principal=true"), "n");
    assert_eq!(found("no_principal=false"), "agu");
    assert_eq!(found("editable=false"), "");
    assert_eq!(found("policy_name=G"), "g");
    assert_eq!(found("order_by=created_at_asc"), "ugan");
}

#[test]
fn keys_are_filtered_by_bearer_expiry_and_description() {
    let key = |at: u32, bearer: (&str, u32), expires: Value| json!({"access_key": format!("SCW{at:017}"), bearer.0: id(bearer.1), "description": format!("Key {at}"), "expires_at": expires});
    let mut world = World::of(json!({"api_keys": [
        key(1, ("user_id", 1), Value::Null),
        key(2, ("application_id", 3), json!("2020-01-01T00:00:00Z")),
        key(3, ("application_id", 4), json!("2099-01-01T00:00:00Z")),
    ]}));
    let mut found = |query: &str| {
        let list = world.get(&format!("api-keys?{query}"));
        let keys = list["api_keys"].as_array().unwrap().iter();
        keys.map(|key| key["access_key"].as_str().unwrap()[19..].to_owned()).collect::<String>()
    };
    assert_eq!(found("bearer_type=unknown_bearer_type"), "123");
    assert_eq!(found("bearer_type=application"), "23");
    assert_eq!(found("expired=true"), "2");
    assert_eq!(found("expired=false"), "13");
    assert_eq!(found(&format!("bearer_id={}", id(4))), "3");
    assert_eq!(found(&format!("application_id={}", id(3))), "2");
    assert_eq!(found("description=key 2"), "2");
    assert_eq!(found("access_keys=SCW00000000000000001&access_keys=SCW00000000000000003"), "13");
    assert_eq!(found("order_by=expires_at_asc"), "231");
    assert_eq!(found("order_by=access_key_desc"), "321");
}

#[test]
fn rules_come_in_the_order_they_were_set_in() {
    let mut world = World::new();
    let rule = |set: &str| json!({"permission_set_names": [set], "project_ids": [id(4)]});
    let policy = world.policy("p", json!([]));
    let rules: Vec<Value> =
        (0..25).map(|at| rule(if at % 2 == 0 { "InstancesReadOnly" } else { "VPCReadOnly" })).collect();
    let answer = world.ok("PUT", "rules", json!({"policy_id": policy, "rules": rules}));
    assert_eq!((answer["rules"].as_array().unwrap().len(), answer.get("total_count")), (25, None));
    let first = world.get(&format!("rules?policy_id={policy}"));
    let second = world.get(&format!("rules?policy_id={policy}&page=2"));
    assert_eq!((first["rules"].as_array().unwrap().len(), &first["total_count"]), (20, &json!(25)));
    assert_eq!(second["rules"], json!(&answer["rules"].as_array().unwrap()[20..]));
    assert_eq!(world.refused("GET", "rules", Value::Null), ["policy_id required"]);
}

#[test]
fn projects_and_permission_sets_are_listed_as_theirs() {
    let mut world = World::new();
    let list = world.get(&format!("/account/v3/projects?organization_id={ORGANIZATION}"));
    assert_eq!(list.as_object().unwrap().keys().collect::<Vec<_>>(), ["total_count", "projects"]);
    assert_eq!(
        list["projects"][0]["qualification"],
        json!({"architecture_type": "unknown_architecture_type"})
    );
    let sets = world.get(&format!("permission-sets?organization_id={ORGANIZATION}&page_size=100"));
    assert!(sets["total_count"].as_u64().unwrap() > 150);
    assert_eq!(names(&sets, "permission_sets")[..2], ["AbuseTicketManager", "AllProductsFullAccess"]);
}

#[test]
fn ties_are_broken_by_id_upwards_in_either_direction() {
    let at = |number: u32, made: &str| json!({"id": id(number), "name": format!("g{number}"), "tags": ["t"], "created_at": made});
    let mut world = World::of(json!({"organization": {"id": ORGANIZATION}, "groups": [
        at(3, "2026-01-01T00:00:00Z"), at(1, "2026-01-01T00:00:00Z"), at(2, "2026-02-01T00:00:00Z"),
    ]}));
    let mut names = |order: &str| {
        let list = world.get(&format!("groups?organization_id={ORGANIZATION}&tag=t&order_by={order}"));
        let groups = list["groups"].as_array().unwrap().iter();
        groups.map(|group| group["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("created_at_asc"), "g1 g3 g2");
    assert_eq!(names("created_at_desc"), "g2 g1 g3");
    assert_eq!(names("updated_at_desc"), "g2 g1 g3");
}
