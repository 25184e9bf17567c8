//! A server that does exactly what a script says, so that each fault can be provoked exactly and each request counted.
//!
//! It speaks just enough HTTP/1.1 on a loopback port: a connection carries one request after the other, and each is given
//! to the script, which answers, stalls or cuts.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scw_iam::api::{Client, ClientBuilder, RetryPolicy, Secret, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
pub(crate) const SECRET: &str = "5ec7e700-0000-4000-8000-000000000000";

/// The id with this number.
pub(crate) fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A group with this number, as the API writes it.
pub(crate) fn group(number: usize) -> String {
    format!(
        r#"{{"id":"{}","name":"g{number}","description":"","organization_id":"{ORGANIZATION}","created_at":null,"updated_at":null,"user_ids":[],"application_ids":[],"tags":[],"editable":true,"deletable":true,"managed":false}}"#,
        id(number)
    )
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Its number, from 0.
    pub(crate) number: usize,
    pub(crate) method: String,
    /// The path, without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    /// The header lines, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The values of a query key, in order.
    pub(crate) fn query(&self, key: &str) -> Vec<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
    }

    pub(crate) fn page(&self) -> usize {
        self.query("page").first().and_then(|page| page.parse().ok()).unwrap_or(1)
    }
}

/// What the script does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with this status and JSON.
    Json(u16, String),
    /// Answers with this status, these header lines and this body.
    Raw(u16, Vec<(&'static str, String)>, String),
    /// Closes the connection without a word.
    Cut,
    /// Answers with this status, announces so many bytes, sends this text, and closes.
    CutBody(u16, usize, String),
    /// Announces so many bytes, sends this text, and falls silent.
    Stall(usize, String),
}

/// An empty answer, as the API gives to a DELETE.
pub(crate) fn no_content() -> Reply {
    Reply::Raw(204, vec![("content-type", "application/json".to_owned())], String::new())
}

/// An error body of the API.
pub(crate) fn error(status: u16, kind: &str) -> Reply {
    Reply::Json(status, format!(r#"{{"message":"scripted","type":"{kind}"}}"#))
}

/// An address of this machine where nobody listens, and nobody else can.
pub(crate) struct Nobody(TcpSocket);

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }
}

/// The running server. It stops when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Starts a server that asks `script` what to do with each request.
    pub(crate) async fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_on(Nobody::new(), script).await
    }

    /// Starts a server where nobody listened so far.
    pub(crate) async fn start_on(
        nobody: Nobody,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = nobody.0.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, script) = (Arc::new(Mutex::new(Vec::new())), Arc::new(script));
        let log = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, script) = (Arc::clone(&log), Arc::clone(&script));
                tokio::spawn(async move { serve(stream, &log, &*script).await });
            }
        });
        Self { address, seen, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that came in whole, in order.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests().len()
    }

    /// How many requests of a method came in.
    pub(crate) fn count_of(&self, method: &str) -> usize {
        self.requests().iter().filter(|request| request.method == method).count()
    }

    /// A client of this server that waits milliseconds where a real one waits seconds.
    pub(crate) fn client(&self) -> Client {
        quick(&self.url()).build().unwrap()
    }

    /// The same, for a script that falls silent: it waits no longer for the rest than a busy machine may take for an
    /// answer that does come.
    pub(crate) fn hasty(&self) -> Client {
        let timeouts = Timeouts { silence: Duration::from_secs(1), ..PATIENT };
        quick(&self.url()).timeouts(timeouts).build().unwrap()
    }
}

/// Longer than a busy machine takes for anything: no test waits for these to pass.
const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(30),
    silence: Duration::from_secs(30),
    total: Duration::from_secs(60),
};

/// A client of any address that waits milliseconds where a real one waits seconds.
pub(crate) fn quick(url: &str) -> ClientBuilder {
    Client::builder(Secret::new(SECRET), ORGANIZATION.parse().unwrap())
        .api_url(url)
        .max_rps(10_000.0)
        .retry(RetryPolicy {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
            deadline: Duration::from_secs(20),
            ..RetryPolicy::default()
        })
        .timeouts(PATIENT)
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    script: &(dyn Fn(&Request) -> Reply + Send + Sync),
) {
    let mut unread = Vec::new();
    while let Some(mut request) = read(&mut stream, &mut unread).await {
        {
            let mut log = log.lock().unwrap();
            request.number = log.len();
            log.push(request.clone());
        }
        if !answer(&mut stream, script(&request)).await {
            return;
        }
    }
}

/// Reads one request; `None` at the end of the connection.
async fn read(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<Request> {
    let head_end = loop {
        if let Some(at) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(unread).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(unread.drain(..head_end).collect()).ok()?;
    let mut lines = head.lines();
    let mut start = lines.next()?.split(' ');
    let (method, target) = (start.next()?.to_owned(), start.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or("0", |(_, value)| value);
    let length: usize = length.parse().ok()?;
    while unread.len() < length {
        if stream.read_buf(unread).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(unread.drain(..length).collect()).ok()?;
    Some(Request { number: 0, method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

/// Does what the script said; `false` when the connection is over.
async fn answer(stream: &mut TcpStream, reply: Reply) -> bool {
    let json = || vec![("content-type", "application/json".to_owned())];
    let (status, headers, length, body, then) = match reply {
        Reply::Json(status, body) => (status, json(), body.len(), body, Then::GoOn),
        Reply::Raw(status, headers, body) => (status, headers, body.len(), body, Then::GoOn),
        Reply::Cut => return false,
        Reply::CutBody(status, length, body) => (status, json(), length, body, Then::Close),
        Reply::Stall(length, body) => (200, json(), length, body, Then::Wait),
    };
    let mut text = format!("HTTP/1.1 {status} Scripted\r\nx-request-id: scripted-{status}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if status != 204 {
        text.push_str(&format!("content-length: {length}\r\n"));
    }
    text.push_str(&format!("\r\n{body}"));
    if stream.write_all(text.as_bytes()).await.is_err() {
        return false;
    }
    match then {
        Then::GoOn => true,
        Then::Close => false,
        Then::Wait => {
            tokio::time::sleep(Duration::from_secs(3)).await;
            false
        }
    }
}

enum Then {
    GoOn,
    Close,
    Wait,
}
