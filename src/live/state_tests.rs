//! What the model makes of answers that no healthy organization gives.
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::live::Notice;
use crate::live::any::AnyAnswer;
use crate::model::{Builtin, Flags, Key, Rule, Scope, UserType};

const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";

/// What the API serves, by kind.
#[derive(Debug, Clone, Default)]
struct Served {
    users: Vec<wire::User>,
    applications: Vec<wire::Application>,
    groups: Vec<wire::Group>,
    policies: Vec<PolicyWithRules>,
    projects: Vec<wire::Project>,
    permission_sets: Option<Vec<wire::PermissionSet>>,
    quota: Vec<wire::Quotum>,
}

#[derive(Debug, Clone)]
struct PolicyWithRules {
    policy: wire::Policy,
    rules: Vec<wire::Rule>,
}

impl Served {
    fn answers(&self) -> RefreshAnswers {
        let Self { users, applications, groups, policies, projects, permission_sets, quota } = self.clone();
        let plain = |answer: AnyAnswer| ObjectWithRules { answer, rules: Vec::new() };
        let objects = users.into_iter().map(AnyAnswer::from);
        let objects = objects.chain(applications.into_iter().map(AnyAnswer::from));
        let objects = objects.chain(groups.into_iter().map(AnyAnswer::from)).map(plain);
        let policies =
            policies.into_iter().map(|it| ObjectWithRules { answer: it.policy.into(), rules: it.rules });
        RefreshAnswers { objects: objects.chain(policies).collect(), projects, permission_sets, quota }
    }
}

fn id(number: u32) -> Id {
    Id::from_bits(number.into())
}

/// Reads an object of the API: what every kind has, with some fields set.
fn object<T: DeserializeOwned>(number: u32, fields: &Value) -> T {
    let mut object = json!({
        "id": id(number).to_string(), "organization_id": ORGANIZATION, "name": format!("n{number}"), "description": "",
        "created_at": null, "updated_at": null, "editable": true, "deletable": true, "managed": false, "tags": [],
    });
    let object_fields = object.as_object_mut().unwrap();
    object_fields.extend(fields.as_object().unwrap().clone());
    serde_json::from_value(object).unwrap()
}

fn a_user(number: u32, email: &str) -> wire::User {
    let mut user: wire::User =
        object(number, &json!({"email": email, "username": "u", "type": "member", "last_login_at": null}));
    user.unknown = wire::UnknownFields::default(); // a user has no name, description or flags
    user
}

fn an_application(number: u32, fields: &Value) -> wire::Application {
    let mut all = json!({"nb_api_keys": 0});
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    object(number, &all)
}

fn a_group(number: u32, users: &[u32], applications: &[u32], fields: &Value) -> wire::Group {
    let texts = |ids: &[u32]| ids.iter().map(|number| id(*number).to_string()).collect::<Vec<_>>();
    let mut all = json!({"user_ids": texts(users), "application_ids": texts(applications)});
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    object(number, &all)
}

fn a_policy(number: u32, fields: &Value, rules: &[Value]) -> PolicyWithRules {
    let rules = rules.iter().enumerate().map(|(at, fields)| {
        let mut rule = json!({
            "id": id(900 + u32::try_from(at).unwrap()).to_string(), "permission_set_names": ["InstancesFullAccess"],
            "permission_sets_scope_type": "projects", "condition": "",
        });
        rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(rule).unwrap()
    });
    let rules = rules.collect();
    PolicyWithRules { policy: object(number, fields), rules }
}

fn live(answers: &Served) -> Live {
    assemble(ORGANIZATION.parse().unwrap(), &answers.answers()).unwrap()
}

fn refusal(answers: &Served) -> String {
    assemble(ORGANIZATION.parse().unwrap(), &answers.answers()).unwrap_err().to_string()
}

/// The only rule of the only policy.
fn the_rule(fields: &Value) -> Result<Rule, String> {
    let answers =
        Served { policies: vec![a_policy(1, &json!({}), std::slice::from_ref(fields))], ..Served::default() };
    let live =
        assemble(ORGANIZATION.parse().unwrap(), &answers.answers()).map_err(|error| error.to_string())?;
    Ok(live.state.policies().next().unwrap().1.rules.0[0].clone())
}

#[test]
fn a_name_that_two_bear_leaves_both_to_their_ids() {
    let named = |number, name: &str| an_application(number, &json!({ "name": name }));
    let answers = Served {
        applications: vec![
            named(1, "ci"),
            named(2, "ci"),
            named(3, "other"),
            named(4, "no/name"),
            named(5, "no/name"),
        ],
        users: vec![a_user(6, "a@x.io"), a_user(7, "A@X.io"), a_user(8, "ci"), a_user(9, "b@x.io")],
        ..Served::default()
    };
    let live = live(&answers);
    let applications: Vec<_> =
        live.state.applications().map(|(key, _)| key).map(ToString::to_string).collect();
    let text = |number| id(number).to_string();
    assert_eq!(applications, [text(1), text(2), "other".to_owned(), text(4), text(5)]);
    let users: Vec<_> = live.state.users().map(|(key, _)| key).map(ToString::to_string).collect();
    assert_eq!(users, [text(6), text(7), text(8), "b@x.io".to_owned()]);
    assert_eq!(
        (live.titles.len(), live.titles[&id(4)].as_str(), live.titles[&id(7)].as_str()),
        (7, "no/name", "A@X.io")
    );
    let duplicates = BTreeMap::from([
        (Address::user(Key::Email("a@x.io".parse().unwrap())), vec![id(6), id(7)]),
        (Address::application(Key::Named("ci".parse().unwrap())), vec![id(1), id(2)]),
    ]);
    assert_eq!(live.duplicates, duplicates, "what is no name is nobody's to declare");
    assert_eq!(live.ids.get(&Address::application(Key::Named("other".parse().unwrap()))), Some(id(3)));
    assert_eq!(live.ids.address_of(id(2)), Some(&Address::application(id(2))));
}

#[test]
fn a_name_may_be_borne_once_in_each_kind() {
    let answers = Served {
        applications: vec![an_application(1, &json!({"name": "ops"}))],
        groups: vec![a_group(2, &[], &[1], &json!({"name": "ops"}))],
        policies: vec![a_policy(3, &json!({"name": "ops", "group_id": id(2).to_string()}), &[])],
        ..Served::default()
    };
    let live = live(&answers);
    assert!(live.duplicates.is_empty() && live.titles.is_empty());
    assert_eq!(live.state.policies().next().unwrap().1.attachment.to_string(), "group ops");
}

#[test]
fn members_that_no_list_shows_stay_by_their_id() {
    let answers = Served {
        users: vec![a_user(1, "a@x.io")],
        applications: vec![an_application(2, &json!({"name": "ci"}))],
        groups: vec![a_group(3, &[1, 8], &[2, 9], &json!({}))],
        ..Served::default()
    };
    let live = live(&answers);
    let members: Vec<_> =
        live.state.groups().next().unwrap().1.members.iter().map(ToString::to_string).collect();
    let hidden = [format!("user {}", id(8)), format!("application {}", id(9))];
    assert_eq!(members, ["user a@x.io", hidden[0].as_str(), "application ci", hidden[1].as_str()]);
    assert!(!live.state.groups().next().unwrap().1.fully_listed(&live.state));
}

#[test]
fn an_attachment_may_dangle_or_be_missing() {
    let policy = |number, fields: Value| a_policy(number, &fields, &[]);
    let answers = Served {
        policies: vec![
            policy(1, json!({"user_id": id(7).to_string()})),
            policy(2, json!({"application_id": id(8).to_string()})),
            policy(3, json!({"group_id": id(9).to_string()})),
            policy(4, json!({"no_principal": true})),
            policy(5, json!({})),
        ],
        ..Served::default()
    };
    let attachments: Vec<_> =
        live(&answers).state.policies().map(|(_, it)| it).map(|it| it.attachment.to_string()).collect();
    let dangling = [format!("user {}", id(7)), format!("application {}", id(8)), format!("group {}", id(9))];
    assert_eq!(attachments[..3], dangling);
    assert_eq!(attachments[3..], ["none", "none"]);
}

#[test]
fn what_looks_the_same_on_the_wire_is_told_apart_by_the_sets() {
    let on_organization = |scope_type: &str, sets: &[&str]| {
        let fields = json!({
            "organization_id": ORGANIZATION, "permission_sets_scope_type": scope_type, "permission_set_names": sets,
        });
        the_rule(&fields).unwrap().scope
    };
    assert_eq!(on_organization("projects", &["AllProductsFullAccess"]), Scope::AllProjects);
    assert_eq!(on_organization("organization", &["IAMManager"]), Scope::Organization);
    // Where the answer does not say, the catalogue does, if it knows all of the sets.
    assert_eq!(on_organization("unknown_scope_type", &["InstancesFullAccess"]), Scope::AllProjects);
    assert_eq!(on_organization("of_tomorrow", &["IAMManager", "IAMReadOnly"]), Scope::Organization);
    for sets in [&["IAMManager", "InstancesFullAccess"][..], &["OfTomorrow", "IAMManager"], &[]] {
        assert!(matches!(on_organization("unknown_scope_type", sets), Scope::Other(_)), "{sets:?}");
    }
    assert!(matches!(on_organization("account_root_user", &["IAMManager"]), Scope::Other(_)));
}

#[test]
fn the_organizations_own_list_of_sets_goes_before_the_published_one() {
    let fields = json!({
        "organization_id": ORGANIZATION, "permission_sets_scope_type": "unknown_scope_type",
        "permission_set_names": ["OfTomorrow"],
    });
    let set = json!({"name": "OfTomorrow", "scope_type": "projects", "categories": ["compute"]});
    let answers = Served {
        policies: vec![a_policy(1, &json!({}), &[fields])],
        permission_sets: Some(vec![object(2, &set)]),
        ..Served::default()
    };
    let live = live(&answers);
    assert_eq!(live.state.policies().next().unwrap().1.rules.0[0].scope, Scope::AllProjects);
    let set = live.catalogue.unwrap().get(&"OfTomorrow".parse().unwrap()).cloned();
    assert_eq!(set, Some(PermissionSet { scope_type: ScopeType::Projects, category: "compute".to_owned() }));
}

#[test]
fn a_rule_is_on_the_projects_that_it_names_the_default_one_included() {
    let rule = the_rule(&json!({"project_ids": [id(5).to_string(), ORGANIZATION]})).unwrap();
    assert_eq!(rule.scope, Scope::Projects([id(5), ORGANIZATION.parse().unwrap()].into()));
    assert!(rule.expressible() && rule.condition.is_none());
}

#[test]
fn a_rule_that_files_cannot_express_makes_its_policy_untouchable() {
    let scope = |fields: Value| {
        let rule = the_rule(&fields).unwrap();
        assert!(!rule.expressible());
        rule.scope
    };
    assert_eq!(scope(json!({})), Scope::Gone);
    assert_eq!(scope(json!({"project_ids": []})), Scope::Gone);
    assert_eq!(scope(json!({"account_root_user_id": "r"})), Scope::Other("account root user r".to_owned()));
    let later = json!({"organization_id": ORGANIZATION, "not_before": "2027-01-01"});
    assert_eq!(scope(later), Scope::Other("with not_before, which this version does not know".to_owned()));
}

#[test]
fn an_object_of_another_organization_is_refused_by_name() {
    let other = json!({"organization_id": id(9).to_string()});
    let project: wire::Project = object(1, &other);
    let mut user = a_user(1, "a@x.io");
    user.organization_id = id(9).to_string().parse().unwrap();
    let foreign = [
        (Served { users: vec![user], ..Served::default() }, "user `a@x.io`"),
        (Served { applications: vec![an_application(1, &other)], ..Served::default() }, "application `n1`"),
        (Served { groups: vec![a_group(1, &[], &[], &other)], ..Served::default() }, "group `n1`"),
        (Served { policies: vec![a_policy(1, &other, &[])], ..Served::default() }, "policy `n1`"),
        (Served { projects: vec![project], ..Served::default() }, "project `n1`"),
    ];
    for (answers, what) in foreign {
        let wanted = format!("{what} belongs to the organization {}, not to {ORGANIZATION}", id(9));
        assert_eq!(refusal(&answers), wanted);
    }
    let rule = the_rule(&json!({"organization_id": id(9).to_string()})).unwrap_err();
    assert!(rule.starts_with("rule `") && rule.contains("belongs to the organization"), "{rule}");
}

#[test]
fn what_the_model_cannot_take_is_an_error_and_nothing_is_skipped() {
    let no_uuid = json!({"id": "not-a-uuid"});
    let refused = [
        Served { applications: vec![an_application(1, &no_uuid)], ..Served::default() },
        Served { groups: vec![a_group(1, &[], &[], &no_uuid)], ..Served::default() },
        Served { groups: vec![a_group(1, &[], &[], &json!({"user_ids": ["x"]}))], ..Served::default() },
        Served { policies: vec![a_policy(1, &json!({"user_id": "x"}), &[])], ..Served::default() },
        Served { projects: vec![object(1, &json!({"name": "a\u{1b}"}))], ..Served::default() },
        Served {
            groups: vec![a_group(1, &[], &[], &json!({"all_users": true, "all_applications": true}))],
            ..Served::default()
        },
    ];
    for answers in refused {
        assert!(!refusal(&answers).is_empty(), "{answers:?}");
    }
    assert!(the_rule(&json!({"permission_set_names": ["a b"]})).is_err());
    assert!(the_rule(&json!({"project_ids": ["x"]})).is_err());
    assert!(the_rule(&json!({"condition": "x".repeat(2049)})).is_err());
    let twins = Served {
        applications: vec![an_application(1, &json!({}))],
        groups: vec![a_group(1, &[], &[], &json!({}))],
        ..Served::default()
    };
    assert_eq!(refusal(&twins), "application n1 and group n1 have the same id");
}

#[test]
fn owners_flags_and_builtin_groups_are_carried_over() {
    let fields = json!({"tags": ["scw-iam=platform", "b"], "editable": false, "deletable": false, "managed": true,
        "description": "d", "nb_api_keys": 7});
    let answers = Served {
        applications: vec![an_application(1, &fields)],
        groups: vec![
            a_group(2, &[4], &[], &json!({"all_users": true})),
            a_group(3, &[], &[], &json!({"all_applications": true})),
        ],
        users: vec![a_user(4, "a@x.io")],
        ..Served::default()
    };
    let live = live(&answers);
    let application = &live.state.applications().next().unwrap().1;
    assert!(application.meta.owner.as_ref().unwrap().is(&"platform".parse().unwrap()));
    assert_eq!(application.meta.wire_tags(), ["b", "scw-iam=platform"]);
    assert_eq!((application.meta.description.as_str(), application.api_keys), ("d", 7));
    assert_eq!(application.flags, Flags { editable: false, deletable: false, managed: true });
    let builtin: Vec<_> = live.state.groups().map(|(_, it)| it).map(|group| group.builtin).collect();
    assert_eq!(builtin, [Some(Builtin::AllUsers), Some(Builtin::AllApplications)]);
    assert!(live.state.groups().all(|(_, group)| group.members.is_empty()), "who is in them is not listed");
}

#[test]
fn a_user_is_what_the_api_says_and_of_a_new_type_no_owner() {
    let kind = |text: &str| {
        let mut user = a_user(1, "a@x.io");
        user.kind = serde_json::from_value(json!(text)).unwrap();
        live(&Served { users: vec![user], ..Served::default() }).state.users().next().unwrap().1.kind
    };
    assert_eq!(kind("owner"), UserType::Owner);
    assert_eq!((kind("member"), kind("guest")), (UserType::Member, UserType::Member));
    assert_eq!((kind("unknown_type"), kind("robot")), (UserType::Other, UserType::Other));
}

#[test]
fn what_is_new_is_told_once_however_often_it_comes() {
    let new = json!({"srn": "x"});
    let mut user = a_user(3, "a@x.io");
    user.kind = wire::UserType::Unknown("robot".to_owned());
    let answers = Served {
        applications: vec![an_application(1, &new), an_application(2, &new)],
        users: vec![user],
        policies: vec![a_policy(4, &new, &[json!({"project_ids": [id(5).to_string()], "until": 1})])],
        ..Served::default()
    };
    let notices: Vec<_> = live(&answers).notices.iter().map(ToString::to_string).collect();
    let told = |what: &str| format!("the API serves {what}, which this version does not know");
    let fields = ["the field `srn` in application", "the field `srn` in policy", "the field `until` in rule"];
    assert_eq!(
        notices,
        [told(fields[0]), told(fields[1]), told(fields[2]), told("`robot` as `type` in user")]
    );
    assert!(
        live(&answers).notices.contains(&Notice::UnknownField { kind: "rule", field: "until".to_owned() })
    );
}

#[test]
fn projects_on_their_way_out_have_no_name_to_grant_on() {
    let project = |number, status: Value| object(number, &json!({"name": "prod", "status": status}));
    let answers = Served {
        projects: vec![project(1, json!("active")), project(2, json!("deleting")), project(3, Value::Null)],
        ..Served::default()
    };
    let named: Vec<_> = live(&answers).state.projects.keys().copied().collect();
    assert_eq!(named, [id(1), id(3)], "two of one name are for the files to tell apart");
}

#[test]
fn the_global_quotas_are_found() {
    let quota = |name: &str, rest: Value| {
        let mut quota = json!({"name": name});
        quota.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        serde_json::from_value(quota).unwrap()
    };
    let answers = Served {
        quota: vec![
            quota(
                "iam_groups",
                json!({"limit": 1, "limits": [{"region": "fr-par", "limit": 2}, {"global": true, "limit": 50}]}),
            ),
            quota("iam_policies", json!({"limits": [{"global": true, "unlimited": true}]})),
            quota("old", json!({"limit": 7})),
            quota("by_zone", json!({"limits": [{"zone": "fr-par-1", "limit": 7}]})),
        ],
        ..Served::default()
    };
    let live = live(&answers);
    let quotas = [("iam_groups", Some(50)), ("iam_policies", None), ("old", Some(7))];
    let found: Vec<_> = live.quotas.iter().map(|quota| (quota.name.as_str(), quota.most)).collect();
    assert_eq!(found, quotas);
}
