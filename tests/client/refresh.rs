//! A refresh that cannot be whole is an error that says what could not be read.
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use scw_iam::api::{Client, ErrorKind, Timeouts};
use scw_iam::live::{self, Error, Live, LiveNeeds};

use crate::scripted::{ORGANIZATION, Reply, Request, Server, error, group, id, quick};

async fn refresh(client: &Client) -> Result<Live, Error> {
    live::refresh(client, ORGANIZATION.parse().unwrap(), &LiveNeeds::default()).await
}

fn page(key: &str, items: &[String]) -> Reply {
    Reply::Json(200, format!(r#"{{"{key}":[{}],"total_count":{}}}"#, items.join(","), items.len()))
}

fn policy(rules: usize) -> String {
    let mut policy = group(5).replace(r#""name":"g5""#, r#""name":"p""#);
    policy.insert_str(
        policy.len() - 1,
        &format!(
            r#","nb_rules":{rules},"nb_scopes":{rules},"nb_permission_sets":{rules},"no_principal":true"#
        ),
    );
    policy
}

fn rule(number: usize) -> String {
    format!(
        r#"{{"id":"{}","permission_set_names":["IAMReadOnly"],"permission_sets_scope_type":"organization","condition":"","organization_id":"{ORGANIZATION}"}}"#,
        id(number)
    )
}

/// An organization of one group and one policy with two rules.
fn healthy(request: &Request) -> Reply {
    match request.path.as_str() {
        "/iam/v1alpha1/users" => page("users", &[]),
        "/iam/v1alpha1/applications" => page("applications", &[]),
        "/iam/v1alpha1/groups" => page("groups", &[group(1)]),
        "/iam/v1alpha1/policies" => page("policies", &[policy(2)]),
        "/iam/v1alpha1/rules" => page("rules", &[rule(6), rule(7)]),
        _ => Reply::Json(200, policy(2)),
    }
}

#[tokio::test]
async fn a_healthy_organization_is_read() {
    let server = Server::start(healthy).await;
    let live = refresh(&server.client()).await.unwrap();
    assert_eq!((live.state.groups().count(), live.state.policies().next().unwrap().1.rules.0.len()), (1, 2));
    assert_eq!(server.count(), 5);
}

#[tokio::test]
async fn whatever_list_fails_is_named_and_the_call_is_its_source() {
    let lists = [
        ("users", "the users"),
        ("applications", "the applications"),
        ("groups", "the groups"),
        ("policies", "the policies"),
        ("rules", "the rules of policy `p`"),
    ];
    for (list, what) in lists {
        let path = format!("/iam/v1alpha1/{list}");
        let truncated = Reply::Json(200, format!(r#"{{"{list}":[{{"id":"#));
        for (fault, kind) in [
            (error(403, "permissions_denied"), ErrorKind::Forbidden),
            (truncated, ErrorKind::InvalidAnswer),
            (Reply::Json(200, format!(r#"{{"{list}":[],"total_count":3}}"#)), ErrorKind::ListChanged),
        ] {
            let path = path.clone();
            let server = Server::start(
                move |request| if request.path == path { fault.clone() } else { healthy(request) },
            )
            .await;
            let failed = refresh(&server.client()).await.unwrap_err();
            assert_eq!(failed.to_string(), format!("could not read {what}"));
            let Error::Read { source, .. } = failed else { panic!("a failed call") };
            assert_eq!(source.kind(), kind);
        }
    }
}

#[tokio::test]
async fn a_policy_with_fewer_rules_than_it_counts_is_read_again_and_then_refused() {
    // One rule was taken away between the two lists: the policy itself says so.
    let server = Server::start(|request| match (request.path.as_str(), request.number) {
        ("/iam/v1alpha1/rules", _) => page("rules", &[rule(6)]),
        (path, _) if path.ends_with(&id(5)) => Reply::Json(200, policy(1)),
        _ => healthy(request),
    })
    .await;
    assert_eq!(refresh(&server.client()).await.unwrap().state.policies().next().unwrap().1.rules.0.len(), 1);
    // One rule is never shown.
    let server = Server::start(|request| match request.path.as_str() {
        "/iam/v1alpha1/rules" => page("rules", &[rule(6)]),
        _ => healthy(request),
    })
    .await;
    let failed = refresh(&server.client()).await.unwrap_err();
    assert_eq!(failed.to_string(), "policy `p` has 2 rules, of which only 1 could be read");
}

#[tokio::test]
async fn a_policy_without_rules_costs_no_request_and_one_that_does_not_count_them_does() {
    let server = Server::start(|request| match request.path.as_str() {
        "/iam/v1alpha1/policies" => page("policies", &[policy(0)]),
        _ => healthy(request),
    })
    .await;
    assert!(refresh(&server.client()).await.unwrap().state.policies().next().unwrap().1.rules.0.is_empty());
    assert_eq!(server.count(), 4);
    let server = Server::start(|request| match request.path.as_str() {
        "/iam/v1alpha1/policies" => page("policies", &[policy(0).replace(r#""nb_rules":0,"#, "")]),
        _ => healthy(request),
    })
    .await;
    assert_eq!(refresh(&server.client()).await.unwrap().state.policies().next().unwrap().1.rules.0.len(), 2);
    // A counter that says none beside one that says some.
    let server = Server::start(|request| match request.path.as_str() {
        "/iam/v1alpha1/policies" => {
            page("policies", &[policy(0).replace(r#""nb_scopes":0"#, r#""nb_scopes":1"#)])
        }
        _ => healthy(request),
    })
    .await;
    assert_eq!(refresh(&server.client()).await.unwrap().state.policies().next().unwrap().1.rules.0.len(), 2);
}

/// Policies of different ids and names.
fn policies(count: usize) -> Vec<String> {
    let numbered =
        |number: usize| policy(2).replace(&id(5), &id(number)).replace(r#""p""#, &format!(r#""p{number}""#));
    (100..100 + count).map(numbered).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_slow_list_of_rules_keeps_no_other_waiting() {
    const POLICIES: usize = 30;
    let (came, more) = (Mutex::new(0), Condvar::new());
    let server = Server::start(move |request| match request.path.as_str() {
        "/iam/v1alpha1/policies" => page("policies", &policies(POLICIES)),
        "/iam/v1alpha1/rules" => {
            let mut before = came.lock().unwrap();
            *before += 1;
            more.notify_all();
            if request.query("policy_id") == [id(100)] {
                // It answers when all the others have been asked for, and gives up on them long before the client does.
                let patience = Duration::from_secs(15);
                let others = |before: &mut usize| *before < POLICIES;
                let waited = tokio::task::block_in_place(|| {
                    more.wait_timeout_while(before, patience, others).unwrap()
                });
                if waited.1.timed_out() {
                    return error(400, "invalid_arguments");
                }
            }
            healthy(request)
        }
        _ => healthy(request),
    })
    .await;
    let patient =
        Timeouts { silence: Duration::from_secs(20), total: Duration::from_secs(20), ..Timeouts::default() };
    let client = quick(&server.url()).timeouts(patient).parallelism(10).build().unwrap();
    let live = refresh(&client).await.unwrap();
    let names: Vec<_> = live.state.policies().map(|(key, _)| key).map(ToString::to_string).collect();
    assert_eq!(
        names,
        (100..100 + POLICIES).map(|number| format!("p{number}")).collect::<Vec<_>>(),
        "in the order of the list"
    );
}

#[tokio::test]
async fn a_caller_whose_key_may_not_be_read_is_unresolved_with_the_reason() {
    let key = "SCWXXXXXXXXXXXXXXXXX".parse().unwrap();
    let server = Server::start(|_| error(403, "permissions_denied")).await;
    let caller = live::caller(&server.client(), &key).await.unwrap();
    let why = caller.principal(&Default::default()).unwrap_err().to_string();
    assert!(why.contains("is not allowed to read API keys"), "{why}");
    let server = Server::start(|_| error(401, "denied_authentication")).await;
    assert!(live::caller(&server.client(), &key).await.is_err());
}
