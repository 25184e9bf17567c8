//! Any bytes as the answer to each request of a reading: nothing panics, nothing hangs, and what it says can be shown.
//!
//! One document has the lists of all kinds, so that each request finds its own in it.
//! `cargo +nightly fuzz run answers -- -max_total_time=900`, with such documents as seeds.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, RwLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use scw_iam::api::{Client, RetryPolicy, Secret};
use scw_iam::live::LiveNeeds;
use scw_iam::model::Kind;
use scw_iam::reconcile::Session;
use tokio::runtime::Runtime;

static ANSWER: RwLock<Vec<u8>> = RwLock::new(Vec::new());

/// Answers every request of a connection alike.
fn serve(mut stream: TcpStream) {
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut part) {
        text.extend_from_slice(&part[..read]);
        while let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            text.drain(..end + 4);
            let body = ANSWER.read().expect("nobody panics with it").clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
                return;
            }
        }
    }
}

static READER: LazyLock<(Runtime, Session)> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    let runtime = Runtime::new().expect("a runtime");
    let organization = "105bdce1-64c0-48ab-899d-868455867ecf";
    let secret = Secret::new("11111111-1111-1111-1111-111111111111");
    let short = Duration::from_millis(1);
    let retry = RetryPolicy { base: short, cap: short, attempts: 1, ..RetryPolicy::default() };
    let client = Client::builder(secret, organization.parse().expect("an id"));
    let client = runtime.block_on(async { client.api_url(url).max_rps(1e6).retry(retry).build() });
    let session = Session::new(client.expect("a client"), organization.parse().expect("an id"));
    (runtime, session)
});

fuzz_target!(|bytes: &[u8]| {
    let (runtime, session) = &*READER;
    *ANSWER.write().expect("nobody panics with it") = bytes.to_vec();
    let needs = LiveNeeds {
        kinds: Kind::ALL.iter().copied().collect(),
        projects: true,
        permission_sets: true,
        ..LiveNeeds::default()
    };
    let read = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), session.read(&needs)).await });
    match read.expect("it ends") {
        Ok(live) => assert!(!format!("{:?}", live.state).is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
