//! Each fault that a network or a server can show, and what the client does about it: the requests are counted where they
//! arrive.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use scw_iam::api::wire::{
    Bearer, CreateApiKey, CreateApplication, CreateGroup, Member, Members, UpdateGroup, User,
};
use scw_iam::api::{Client, Error, ErrorKind, GroupId, ListGroups, RetryPolicy, UserId, WriteLog};

use crate::scripted::{Nobody, ORGANIZATION, Reply, Request, Server, error, group, id, no_content, quick};

fn the_group() -> GroupId {
    id(1).parse().unwrap()
}

/// Does `fault` to the first `times` requests, and then as the API would.
async fn faulty(times: usize, fault: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| if request.number < times { fault() } else { healthy(request) }).await
}

fn healthy(request: &Request) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("DELETE", _) => no_content(),
        ("GET", "/iam/v1alpha1/groups") => {
            Reply::Json(200, format!(r#"{{"groups":[{}],"total_count":1}}"#, group(1)))
        }
        _ => Reply::Json(200, group(1)),
    }
}

/// The faults of which nobody knows whether the request was executed.
fn open_faults() -> Vec<Reply> {
    vec![
        Reply::Cut,
        Reply::CutBody(200, 500, r#"{"id":""#.to_owned()),
        Reply::CutBody(500, 500, r#"{"message":""#.to_owned()),
        Reply::Stall(500, r#"{"id":""#.to_owned()),
        Reply::Json(500, "{}".to_owned()),
        Reply::Raw(502, vec![("content-type", "text/html".to_owned())], "<html>".to_owned()),
        Reply::Raw(503, vec![], String::new()),
        Reply::Json(504, "not JSON".to_owned()),
    ]
}

/// The faults that say that nothing was executed and that it may be tried again.
fn harmless_faults() -> Vec<Reply> {
    vec![
        // As recorded: no body, no content type, no Retry-After.
        Reply::Raw(429, vec![("x-envoy-ratelimited", "true".to_owned())], String::new()),
        Reply::Raw(429, vec![("retry-after", "0".to_owned())], String::new()),
        // It says no, whatever the rest of its body would have been.
        Reply::CutBody(429, 500, "{".to_owned()),
        error(409, "transient_state"),
    ]
}

/// The answers that would be the same the next time.
fn final_faults() -> Vec<(Reply, ErrorKind)> {
    vec![
        (error(400, "invalid_arguments"), ErrorKind::InvalidArguments),
        (error(401, "denied_authentication"), ErrorKind::Unauthorized),
        (error(403, "permissions_denied"), ErrorKind::Forbidden),
        (error(403, "quotas_exceeded"), ErrorKind::QuotaExceeded),
        (error(404, "not_found"), ErrorKind::NotFound),
        (error(409, "conflict"), ErrorKind::Conflict),
        (error(409, "already_exists"), ErrorKind::Conflict),
        (error(410, "resource_expired"), ErrorKind::Gone),
        (error(412, "precondition_failed"), ErrorKind::PreconditionFailed),
        (error(423, "locked"), ErrorKind::Locked),
    ]
}

/// A client that waits for what comes, and not for long where nothing does.
fn client_for(fault: &Reply, server: &Server) -> Client {
    if matches!(fault, Reply::Stall(..)) { server.hasty() } else { server.client() }
}

async fn create(client: &Client) -> Result<(), Error> {
    client.create_group(&CreateGroup { name: "g".to_owned(), ..Default::default() }).await.map(drop)
}

#[tokio::test]
async fn what_is_safe_to_repeat_outlives_every_passing_fault() {
    for fault in open_faults().into_iter().chain(harmless_faults()) {
        let again = fault.clone();
        let server = faulty(2, move || again.clone()).await;
        client_for(&fault, &server).get_group(&the_group()).await.unwrap();
        assert_eq!(server.count_of("GET"), 3, "{fault:?}");
        let again = fault.clone();
        let server = faulty(2, move || again.clone()).await;
        client_for(&fault, &server).update_group(&the_group(), &UpdateGroup::default()).await.unwrap();
        assert_eq!(server.count_of("PATCH"), 3, "{fault:?}");
        let again = fault.clone();
        let server = faulty(2, move || again.clone()).await;
        client_for(&fault, &server).set_members(&the_group(), &Members::default()).await.unwrap();
        assert_eq!(server.count_of("PUT"), 3, "{fault:?}");
        let again = fault.clone();
        let server = faulty(2, move || again.clone()).await;
        client_for(&fault, &server).delete_group(&the_group()).await.unwrap();
        assert_eq!(server.count_of("DELETE"), 3, "{fault:?}");
        let again = fault.clone();
        let server = faulty(2, move || again.clone()).await;
        assert_eq!(
            client_for(&fault, &server).list_groups(&ListGroups::default()).all().await.unwrap().len(),
            1
        );
        assert_eq!(server.count(), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn a_create_is_never_sent_twice_blindly() {
    for fault in open_faults() {
        let again = fault.clone();
        let server = faulty(9, move || again.clone()).await;
        let failed = create(&client_for(&fault, &server)).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::OutcomeUnknown, "{fault:?}");
        assert!(failed.may_have_happened());
        assert!(failed.hint().is_some_and(|hint| hint.contains("it may have been executed")), "{failed}");
        assert_eq!(server.count(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_create_that_was_surely_not_executed_is_sent_again() {
    for fault in harmless_faults() {
        let again = fault.clone();
        let server = faulty(3, move || again.clone()).await;
        create(&server.client()).await.unwrap();
        assert_eq!(server.count(), 4, "{fault:?}");
    }
    // And once it might have been executed, it ends there.
    let server = Server::start(|request| match request.number {
        0 => error(409, "transient_state"),
        _ => Reply::Cut,
    })
    .await;
    assert_eq!(create(&server.client()).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_created_object_whose_answer_cannot_be_read_is_an_unknown_outcome() {
    for answer in [
        Reply::Json(200, "{".to_owned()),
        Reply::Json(200, "{}".to_owned()),
        Reply::Raw(200, vec![("content-type", "text/html".to_owned())], "<html>".to_owned()),
    ] {
        let server = faulty(9, move || answer.clone()).await;
        let failed = create(&server.client()).await.unwrap_err();
        assert_eq!((failed.kind(), failed.status()), (ErrorKind::OutcomeUnknown, Some(200)));
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn a_final_answer_is_reported_at_once_whatever_the_method() {
    for (answer, kind) in final_faults() {
        let server = faulty(99, move || answer.clone()).await;
        let client = server.client();
        let failed = [
            client.get_group(&the_group()).await.map(drop).unwrap_err(),
            create(&client).await.unwrap_err(),
            client.delete_group(&the_group()).await.unwrap_err(),
            client
                .remove_member(&the_group(), &Member::User(id(2).parse().unwrap()))
                .await
                .map(drop)
                .unwrap_err(),
        ];
        assert!(failed.iter().all(|failed| failed.kind() == kind && !failed.may_have_happened()), "{kind:?}");
        assert_eq!(server.count(), 4, "{kind:?}");
    }
}

#[tokio::test]
async fn a_fault_that_does_not_pass_is_reported_with_the_number_of_tries() {
    let server = faulty(99, || error(500, "internal")).await;
    let failed = server.client().get_group(&the_group()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.status(), failed.attempts()), (ErrorKind::Server, Some(500), 9));
    assert_eq!(server.count(), 9);
    let path = format!("/iam/v1alpha1/groups/{}", id(1));
    let shown = format!("`GET {path}` answered 500 internal: scripted (9 tries, request id scripted-500)");
    assert_eq!(failed.to_string(), shown);
}

#[tokio::test]
async fn a_404_to_a_delete_that_is_sent_again_is_success_and_to_the_first_an_error() {
    let server =
        Server::start(|request| if request.number == 0 { Reply::Cut } else { error(404, "not_found") }).await;
    server.client().delete_group(&the_group()).await.unwrap();
    assert_eq!(server.count(), 2);
    let server = faulty(9, || error(404, "not_found")).await;
    let failed = server.client().delete_group(&the_group()).await.unwrap_err();
    assert_eq!((failed.kind(), server.count()), (ErrorKind::NotFound, 1));
}

#[tokio::test]
async fn a_page_that_is_no_answer_of_the_api_is_no_deletion() {
    let portal =
        || Reply::Raw(200, vec![("content-type", "text/html".to_owned())], "<html>log in".to_owned());
    let server = faulty(9, portal).await;
    let failed = server.client().delete_group(&the_group()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.status()), (ErrorKind::InvalidAnswer, Some(200)));
    let failed = server.client().get_group(&the_group()).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::InvalidAnswer);
    assert_eq!(server.count(), 2, "it would be the same the next time");
}

#[tokio::test]
async fn retry_after_is_waited_for_in_seconds_and_as_a_date() {
    let date = |second: u32| format!("Sun, 06 Nov 1994 08:49:{second:02} GMT");
    for headers in
        [vec![("retry-after", "1".to_owned())], vec![("date", date(10)), ("retry-after", date(11))]]
    {
        let server = faulty(1, move || Reply::Raw(429, headers.clone(), String::new())).await;
        let start = Instant::now();
        create(&server.client()).await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(1));
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn a_retry_after_beyond_the_deadline_is_not_waited_for() {
    let server = faulty(9, || Reply::Raw(429, vec![("retry-after", "3600".to_owned())], String::new())).await;
    let failed = server.client().get_group(&the_group()).await.unwrap_err();
    assert_eq!((failed.kind(), server.count()), (ErrorKind::TooManyRequests, 1));
}

#[tokio::test]
async fn a_refused_connection_is_tried_a_few_times_and_known_not_to_have_done_anything() {
    let nobody = Nobody::new();
    let client = quick(&nobody.url()).build().unwrap();
    for failed in [create(&client).await, client.delete_group(&the_group()).await] {
        let failed = failed.unwrap_err();
        assert_eq!((failed.kind(), failed.attempts()), (ErrorKind::Connect, 4));
        assert!(!failed.may_have_happened());
        let mut chain = Vec::new();
        let mut cause = std::error::Error::source(&failed);
        while let Some(error) = cause {
            chain.push(error.to_string());
            cause = error.source();
        }
        assert!(chain.iter().any(|text| text.contains("refused")), "{chain:?}");
        assert!(
            !chain.iter().any(|text| failed.to_string().contains(text.as_str())),
            "nothing is said twice"
        );
    }
}

#[tokio::test]
async fn a_server_that_comes_up_late_gets_a_create_exactly_once() {
    let nobody = Nobody::new();
    let policy = RetryPolicy {
        base: Duration::from_millis(150),
        attempts: u32::MAX,
        connect_attempts: u32::MAX,
        ..RetryPolicy::default()
    };
    let write_log = Arc::new(WriteLog::default());
    let client = quick(&nobody.url()).retry(policy).build().unwrap().with_write_log(Arc::clone(&write_log));
    let creating = tokio::spawn(async move { create(&client).await });
    while write_log.last_write().writes == 0 {
        tokio::task::yield_now().await;
    }
    let server = Server::start_on(nobody, healthy).await;
    creating.await.unwrap().unwrap();
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_403_flaps_only_for_those_who_have_just_granted_something() {
    let flapping = || faulty(3, || error(403, "permissions_denied"));
    let server = flapping().await;
    assert_eq!(create(&server.client()).await.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(server.count(), 1);
    let server = flapping().await;
    let now = tokio::time::Instant::now();
    let granted = server.client().with_propagation_window(now, Duration::from_secs(120));
    create(&granted).await.unwrap();
    assert_eq!(server.count(), 4);
    let server = flapping().await;
    let over = server.client().with_propagation_window(now, Duration::ZERO);
    assert_eq!(create(&over).await.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_membership_is_set_right_after_an_open_fault_and_looked_at_when_the_api_refuses() {
    let user = Member::User(id(2).parse().unwrap());
    let with_user = group(1).replace(r#""user_ids":[]"#, &format!(r#""user_ids":["{}"]"#, id(2)));
    // The first try worked and was cut off; the second meets a refusal; the group tells.
    let refusing = |status, kind: &'static str, body: String| {
        Server::start(move |request| match (request.method.as_str(), request.number) {
            ("POST", 0) => Reply::Cut,
            ("POST", _) => error(status, kind),
            _ => Reply::Json(200, body.clone()),
        })
    };
    let server = refusing(409, "already_exists", with_user.clone()).await;
    assert!(server.client().add_member(&the_group(), &user).await.unwrap().has(&user));
    let server = refusing(400, "invalid_arguments", with_user.clone()).await;
    let both = Members { user_ids: vec![id(2).parse().unwrap()], application_ids: vec![] };
    assert!(server.client().add_members(&the_group(), &both).await.unwrap().has_all(&both));
    let server = refusing(404, "not_found", group(1)).await;
    assert!(!server.client().remove_member(&the_group(), &user).await.unwrap().has(&user));
    assert_eq!((server.count_of("POST"), server.count_of("GET")), (2, 1));
    // The group is not as wanted: then the refusal stands.
    let server = refusing(409, "conflict", group(1)).await;
    assert_eq!(
        server.client().add_member(&the_group(), &user).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let server = refusing(404, "not_found", with_user).await;
    assert_eq!(
        server.client().remove_member(&the_group(), &user).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

fn user(username: &str, locked: bool) -> Reply {
    Reply::Json(
        200,
        format!(
            r#"{{"id":"{}","email":"a@b.c","username":"{username}","organization_id":"{ORGANIZATION}","created_at":null,"updated_at":null,"deletable":true,"last_login_at":null,"type":"member","locked":{locked}}}"#,
            id(2)
        ),
    )
}

#[tokio::test]
async fn a_user_is_looked_at_when_the_api_refuses_what_an_earlier_try_may_have_done() {
    let alice: UserId = id(2).parse().unwrap();
    let refusing = |username: &'static str, locked| {
        Server::start(move |request| match (request.method.as_str(), request.number) {
            ("POST", 0) => Reply::Cut,
            ("POST", _) => error(409, "conflict"),
            _ => user(username, locked),
        })
    };
    let done = |result: Result<User, Error>| result.map(drop).map_err(|error| error.kind());
    let server = refusing("alice", true).await;
    assert_eq!(done(server.client().update_username(&alice, "alice").await), Ok(()));
    let server = refusing("alice", true).await;
    assert_eq!(done(server.client().lock_user(&alice).await), Ok(()));
    let server = refusing("alice", true).await;
    assert_eq!(done(server.client().unlock_user(&alice).await), Err(ErrorKind::Conflict));
    let server = refusing("bob", false).await;
    assert_eq!(done(server.client().update_username(&alice, "alice").await), Err(ErrorKind::Conflict));
}

#[tokio::test]
async fn no_error_tells_a_secret() {
    let odd = r#"{"managed":"5ec7e7-a","secret_key":"5ec7e7-b","access_key":["5ec7e7-c"]}"#; // the parser quotes the first
    let server = Server::start(move |_| Reply::Json(200, odd.to_owned())).await;
    let key = CreateApiKey {
        bearer: Bearer::Application(id(3).parse().unwrap()),
        description: String::new(),
        expires_at: None,
        default_project_id: None,
    };
    let failed = server.client().create_api_key(&key).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::OutcomeUnknown);
    assert!(!format!("{failed} {failed:?}").contains("5ec7e7"), "{failed:?}");
    let server = faulty(99, || Reply::Cut).await;
    let failed = server.client().get_group(&the_group()).await.unwrap_err();
    assert!(!format!("{failed} {failed:?}").contains("5ec7e7"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_requests_are_in_flight_than_allowed_also_while_they_are_tried_again() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let server = Server::start(move |request| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(10));
        now.fetch_sub(1, Ordering::SeqCst);
        if request.number % 3 == 0 { error(503, "x") } else { Reply::Json(200, group(1)) }
    })
    .await;
    let client = quick(&server.url()).parallelism(2).build().unwrap();
    let name = |number| CreateApplication { name: format!("a{number}"), ..Default::default() };
    let group = the_group();
    let reads = (0..8).map(|_| client.get_group(&group));
    assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
    drop(client.create_application(&name(1)).await);
    assert!(seen.load(Ordering::SeqCst) <= 2);
}
