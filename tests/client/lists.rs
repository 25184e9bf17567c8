//! What a request carries, and how lists are read.
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures::TryStreamExt;
use scw_iam::api::wire::{Group, UpdateGroup};
use scw_iam::api::{ErrorKind, ListGroups, Timeouts};

use crate::scripted::{ORGANIZATION, Reply, Request, SECRET, Server, group, id, quick};

/// A page of groups, by number.
fn page(groups: impl IntoIterator<Item = usize>, total: usize) -> Reply {
    let groups: Vec<_> = groups.into_iter().map(group).collect();
    Reply::Json(200, format!(r#"{{"groups":[{}],"total_count":{total}}}"#, groups.join(",")))
}

/// The page of a list of `total` groups that a request asks for.
fn page_of(request: &Request, total: usize) -> Reply {
    let first = (request.page() - 1) * 100;
    page(first..total.min(first + 100), total)
}

/// The same, with another count.
fn page_with_total_of(request: &Request, items: usize, total: usize) -> Reply {
    let first = (request.page() - 1) * 100;
    page(first..items.min(first + 100), total)
}

fn numbers(groups: &[Group]) -> Vec<String> {
    groups.iter().map(|group| group.name.clone()).collect()
}

#[tokio::test]
async fn every_request_carries_the_token_the_run_and_nothing_of_the_access_key() {
    let server = Server::start(|_| Reply::Json(200, group(1))).await;
    let client = quick(&server.url()).run_id("r-7").user_agent("ci/1").build().unwrap();
    client.get_group(&id(1).parse().unwrap()).await.unwrap();
    client.update_group(&id(1).parse().unwrap(), &UpdateGroup::default()).await.unwrap();
    let [get, patch] = &server.requests()[..] else { panic!("two requests") };
    assert_eq!(get.header("x-auth-token"), Some(SECRET));
    let agent = format!("scw-iam/{} (run r-7) ci/1", env!("CARGO_PKG_VERSION"));
    assert_eq!(get.header("user-agent"), Some(agent.as_str()));
    assert_eq!((get.header("content-type"), get.body.as_str()), (None, ""));
    assert_eq!((patch.header("content-type"), patch.body.as_str()), (Some("application/json"), "{}"));
    assert_eq!(get.header("accept"), Some("application/json"));
}

#[tokio::test]
async fn a_list_of_one_page_is_one_request_with_organization_order_and_page() {
    let server = Server::start(|request| page_of(request, 3)).await;
    let groups = server.client().list_groups(&ListGroups::default()).all().await.unwrap();
    assert_eq!(numbers(&groups), ["g0", "g1", "g2"]);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!(request.path, "/iam/v1alpha1/groups");
    assert_eq!(
        request.query,
        format!("organization_id={ORGANIZATION}&order_by=created_at_asc&page=1&page_size=100")
    );
}

#[tokio::test]
async fn an_empty_list_is_empty() {
    let server = Server::start(|_| page([], 0)).await;
    let client = server.client();
    assert!(client.list_groups(&ListGroups::default()).all().await.unwrap().is_empty());
    let streamed: Vec<_> = client.list_groups(&ListGroups::default()).try_collect().await.unwrap();
    assert!(streamed.is_empty());
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_long_list_comes_whole_and_in_order_from_all_and_as_a_stream() {
    for total in [100, 101, 250, 1000] {
        let server = Server::start(move |request| page_of(request, total)).await;
        let client = server.client();
        let wanted: Vec<_> = (0..total).map(|number| format!("g{number}")).collect();
        let all = client.list_groups(&ListGroups::default()).all().await.unwrap();
        assert_eq!(numbers(&all), wanted);
        assert_eq!(server.count(), total.div_ceil(100));
        let streamed: Vec<Group> = client.list_groups(&ListGroups::default()).try_collect().await.unwrap();
        assert_eq!(numbers(&streamed), wanted);
        assert_eq!(server.count(), 2 * total.div_ceil(100));
    }
}

/// The most requests that were in flight at once while `total` groups were listed.
async fn most_at_once(parallelism: usize, total: usize) -> usize {
    // How many are in flight, and the most that were.
    let (flights, more) = (Arc::new(Mutex::new((0, 0))), Condvar::new());
    let seen = Arc::clone(&flights);
    let server = Server::start(move |request| {
        let mut now = flights.lock().unwrap();
        now.0 += 1;
        now.1 = now.1.max(now.0);
        more.notify_all();
        // The first page is alone; a later one waits for another beside it, where there may be one, and gives up on it
        // long before the client does.
        if parallelism > 1 && request.page() > 1 {
            let alone = |now: &mut (usize, usize)| now.1 < 2;
            now = more.wait_timeout_while(now, Duration::from_secs(10), alone).unwrap().0;
        }
        now.0 -= 1;
        drop(now);
        page_of(request, total)
    })
    .await;
    let patient =
        Timeouts { silence: Duration::from_secs(20), total: Duration::from_secs(20), ..Timeouts::default() };
    let client = quick(&server.url()).timeouts(patient).parallelism(parallelism).build().unwrap();
    assert_eq!(client.list_groups(&ListGroups::default()).all().await.unwrap().len(), total);
    seen.lock().unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn later_pages_are_asked_for_at_once_within_the_parallelism() {
    assert_eq!(most_at_once(1, 800).await, 1);
    let three = most_at_once(3, 800).await;
    assert!((2..=3).contains(&three), "{three}");
}

#[tokio::test]
async fn a_list_that_changed_under_way_is_read_again_until_it_is_whole() {
    // First the count differs, then an item comes twice, then one is missing; the fourth reading is whole.
    let server = Server::start(|request| match (request.number, request.page()) {
        (0, _) => page(0..100, 150),
        (1, _) => page(100..151, 151),
        (2, _) => page(0..100, 150),
        (3, _) => page(99..149, 150),
        (4, _) => page(0..100, 150),
        (5, _) => page(100..149, 150),
        _ => page_of(request, 151),
    })
    .await;
    let groups = server.client().list_groups(&ListGroups::default()).all().await.unwrap();
    assert_eq!((groups.len(), server.count()), (151, 8));
}

#[tokio::test]
async fn a_list_that_never_holds_still_is_an_error_and_no_part_of_it() {
    for changing in [
        |request: &Request| page(0..100, 150 + request.number), // another count each time
        |request: &Request| if request.page() == 1 { page(0..100, 150) } else { page(0..50, 150) }, // twice the same
        |request: &Request| if request.page() == 1 { page(0..100, 150) } else { page([], 150) },    // short
        |request: &Request| if request.page() == 1 { page(0..100, 150) } else { page(100..170, 150) }, // long
        |request: &Request| page_with_total_of(request, 200, 199 + request.page()), // only the count differs
        |_: &Request| page(0..20, 21),                                              // the first page already
    ] {
        let server = Server::start(changing).await;
        let client = server.client();
        let error = client.list_groups(&ListGroups::default()).all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ListChanged, "{error}");
        let readings = server.requests().iter().filter(|request| request.page() == 1).count();
        assert_eq!(readings, 4, "once, and three times again");
        let streamed: Result<Vec<_>, _> = client.list_groups(&ListGroups::default()).try_collect().await;
        assert_eq!(streamed.unwrap_err().kind(), ErrorKind::ListChanged);
    }
}

#[tokio::test]
async fn a_list_longer_than_any_can_be_is_refused_after_its_first_page() {
    let server = Server::start(|_| page(0..100, 4_000_000_000)).await;
    let error = server.client().list_groups(&ListGroups::default()).all().await.unwrap_err();
    assert_eq!((error.kind(), server.count()), (ErrorKind::TooLarge, 1));
}

#[tokio::test]
async fn a_page_that_is_none_is_an_error_and_no_short_list() {
    for body in ["{}", r#"{"groups":null,"total_count":0}"#, r#"{"groups":[{}],"total_count":1}"#, "[", ""] {
        let server = Server::start(move |_| Reply::Json(200, body.to_owned())).await;
        let error = server.client().list_groups(&ListGroups::default()).all().await.unwrap_err();
        assert_eq!((error.kind(), error.status(), server.count()), (ErrorKind::InvalidAnswer, Some(200), 1));
    }
}

#[tokio::test]
async fn an_endless_body_is_not_read() {
    let server = Server::start(|_| Reply::Json(200, " ".repeat((64 << 20) + 1))).await;
    // A loaded machine takes its time to write so much: only the size is to end this.
    let patient = Timeouts {
        connect: Duration::from_secs(30),
        silence: Duration::from_secs(30),
        total: Duration::from_secs(60),
    };
    let client = quick(&server.url()).timeouts(patient).build().unwrap();
    let error = client.get_group(&id(1).parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_redirect_is_not_followed_since_the_token_would_go_along() {
    let elsewhere = Server::start(|_| Reply::Json(200, group(1))).await;
    let url = elsewhere.url();
    let server =
        Server::start(move |_| Reply::Raw(307, vec![("location", url.clone())], String::new())).await;
    let error = server.client().get_group(&id(1).parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::UnexpectedStatus, Some(307)));
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn the_clients_own_secret_is_taken_out_of_what_the_api_says() {
    let upper = SECRET.to_uppercase();
    let bare = SECRET.replace('-', "");
    let said = format!(r#"{{"type":"{SECRET}","message":"{upper} and {bare}","resource":"{SECRET}"}}"#);
    let server = Server::start(move |_| {
        Reply::Raw(
            403,
            vec![("x-request-id", SECRET.to_owned()), ("content-type", "application/json".to_owned())],
            said.clone(),
        )
    })
    .await;
    let error = server.client().get_group(&id(1).parse().unwrap()).await.unwrap_err();
    let text = format!("{error} {error:?}").to_lowercase();
    assert!(text.contains("[secret]"), "{text}");
    assert!(!text.contains(SECRET) && !text.contains(&SECRET.replace('-', "")), "{text}");
}
