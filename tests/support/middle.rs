//! Stands between a client and an emulator: the first write of a method fares badly, and somebody acts meanwhile.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of the first write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 429, not executed.
    TooMany,
    /// 409 `transient_state`, not executed.
    Transient,
    /// Executed, and answered with 500.
    Broken,
    /// Executed, and the connection is cut.
    Cut,
    /// Not executed, and the connection is cut.
    Lost,
}

impl Trouble {
    pub(crate) const ALL: [Self; 5] = [Self::TooMany, Self::Transient, Self::Broken, Self::Cut, Self::Lost];

    fn executed(self) -> bool {
        match self {
            Self::Broken | Self::Cut => true,
            Self::TooMany | Self::Transient | Self::Lost => false,
        }
    }

    fn answer(self) -> Option<&'static str> {
        Some(match self {
            Self::TooMany => {
                "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            }
            Self::Transient => {
                "HTTP/1.1 409 Conflict\r\ncontent-type: application/json\r\ncontent-length: 26\r\nconnection: close\r\n\r\n{\"type\":\"transient_state\"}"
            }
            Self::Broken => "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            Self::Cut | Self::Lost => return None,
        })
    }
}

type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The one in the middle. It stops when it is dropped.
pub(crate) struct Middle {
    pub(crate) url: String,
    accepting: JoinHandle<()>,
}

impl Drop for Middle {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Middle {
    /// Starts one before an emulator. The first request of `method` to a path that ends in `path` has its trouble, and
    /// `meanwhile` happens before it is answered.
    pub(crate) async fn start(
        to: &str,
        (method, path): (&'static str, &'static str),
        trouble: Trouble,
        meanwhile: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let to = to.trim_start_matches("http://").to_owned();
        let once: Arc<Mutex<Option<Meanwhile>>> = Arc::new(Mutex::new(Some(Box::pin(meanwhile))));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (to, once) = (to.clone(), Arc::clone(&once));
                tokio::spawn(async move { pass(stream, &to, (method, path), trouble, &once).await });
            }
        });
        Self { url, accepting }
    }
}

/// Passes one request on; each has a connection of its own.
async fn pass(
    stream: TcpStream,
    to: &str,
    (method, path): (&str, &str),
    trouble: Trouble,
    once: &Mutex<Option<Meanwhile>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let target = first.split(' ').nth(1)?.split('?').next()?;
    let meanwhile = match first.starts_with(method) && target.ends_with(path) {
        true => once.lock().unwrap().take(),
        false => None,
    };
    let request = [format!("{first}{head}connection: close\r\n\r\n").into_bytes(), body].concat();
    let Some(meanwhile) = meanwhile else {
        let answer = forward(to, &request).await?;
        // Each connection carries one request, so that this one can end it.
        return stream.write_all(&answer).await.ok();
    };
    if trouble.executed() {
        forward(to, &request).await?;
    }
    meanwhile.await;
    stream.write_all(trouble.answer()?.as_bytes()).await.ok()
}

async fn forward(to: &str, request: &[u8]) -> Option<Vec<u8>> {
    let mut upstream = TcpStream::connect(to).await.ok()?;
    upstream.write_all(request).await.ok()?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await.ok()?;
    Some(answer)
}
