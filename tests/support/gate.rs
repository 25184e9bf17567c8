//! A way to an API that can be shut: a test says when what waits goes on, however busy the machine is.
//!
//! It passes HTTP/1.1 on between a client and a server on loopback ports. Requests go through until the one that shuts it;
//! later ones wait, and so do all answers from then on, until [`Gate::open`]. An end of a connection waits for nobody.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a test waits for what must come; only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What shuts a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shuts {
    /// Nothing does.
    Never,
    /// The first request, which goes through without its answer.
    AtOnce,
    /// This write, counted from 1, which goes through without its answer.
    AtWrite(usize),
}

/// The way to one server; gone when it is dropped.
pub(crate) struct Gate {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    shuts: Shuts,
    shut: bool,
    closed: bool,
    writes: usize,
    /// How many requests went through whose answer, or the end of whose connection, has not come yet.
    in_flight: usize,
    streams: Vec<TcpStream>,
}

/// What one connection waits for.
#[derive(Default)]
struct Open {
    requests: usize,
    /// The server sends nothing more.
    ended: bool,
}

impl Gate {
    /// Opens a way to the server at `url`, as `http://127.0.0.1:1234`.
    pub(crate) fn to(url: &str, shuts: Shuts) -> Self {
        let server = url.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { shuts, shut: false, closed: false, writes: 0, in_flight: 0, streams: Vec::new() };
        let shared = Arc::new(Shared { server, state: Mutex::new(state), moved: Condvar::new() });
        let accepting = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what shuts it.
    pub(crate) fn shuts(&self, shuts: Shuts) {
        self.shared.lock().shuts = shuts;
    }

    /// Waits until it is shut.
    pub(crate) fn wait_until_shut(&self) {
        self.shared.wait("a request that shuts the gate", |state| state.shut);
    }

    /// Lets everything go on, and shuts no more.
    pub(crate) fn open(&self) {
        let mut state = self.shared.lock();
        (state.shuts, state.shut) = (Shuts::Never, false);
        self.shared.moved.notify_all();
    }

    /// Waits until the server has answered everything that went through.
    pub(crate) fn wait_until_quiet(&self) {
        self.shared.wait("the answers to what went through", |state| state.in_flight == 0);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        (state.closed, state.shut) = (true, false);
        for stream in state.streams.drain(..) {
            _ = stream.shutdown(Shutdown::Both);
        }
        self.shared.moved.notify_all();
        drop(state);
        // Wakes the thread that accepts.
        _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            _ = accepting.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn wait(&self, what: &str, until: impl Fn(&State) -> bool) {
        let state = self.lock();
        let (state, waited) = self.moved.wait_timeout_while(state, PATIENCE, |state| !until(state)).unwrap();
        drop(state);
        assert!(!waited.timed_out(), "waited in vain for {what}");
    }

    /// Waits until the gate is open; says whether anything can still go through.
    fn pass(&self) -> bool {
        let state = self.lock();
        !self.moved.wait_while(state, |state| state.shut && !state.closed).unwrap().closed
    }

    /// Counts a request that is about to go through, when it may.
    fn count(&self, method: &str) -> bool {
        let state = self.lock();
        let mut state = self.moved.wait_while(state, |state| state.shut && !state.closed).unwrap();
        state.writes += usize::from(method != "GET");
        state.in_flight += 1;
        state.shut = match state.shuts {
            Shuts::Never => false,
            Shuts::AtOnce => true,
            Shuts::AtWrite(number) => method != "GET" && state.writes == number,
        };
        self.moved.notify_all();
        !state.closed
    }

    fn answered(&self, how_many: usize) {
        self.lock().in_flight -= how_many;
        self.moved.notify_all();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while let Ok((client, _)) = listener.accept() {
        if shared.lock().closed {
            return;
        }
        // Without a server, the client sees its connection end.
        let Ok(server) = TcpStream::connect(shared.server) else { continue };
        let copies = [&client, &server].map(|stream| stream.try_clone().unwrap());
        shared.lock().streams.extend(copies);
        let open = Arc::new(Mutex::new(Open::default()));
        let (answers, held) = mpsc::channel();
        let (to, from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        spawn(shared, &open, move |shared, open| requests(from, to, shared, open));
        spawn(shared, &open, move |shared, open| read_answers(server, &answers, shared, open));
        spawn(shared, &open, move |shared, _| write_answers(client, &held, shared));
    }
}

fn spawn(
    shared: &Arc<Shared>,
    open: &Arc<Mutex<Open>>,
    job: impl FnOnce(&Shared, &Mutex<Open>) + Send + 'static,
) {
    let (shared, open) = (Arc::clone(shared), Arc::clone(open));
    std::thread::spawn(move || job(&shared, &open));
}

/// Passes whole requests on. A client that leaves does not end the connection of what is on its way.
fn requests(mut client: TcpStream, mut server: TcpStream, shared: &Shared, open: &Mutex<Open>) {
    let (mut unread, mut piece) = (Vec::new(), [0; 1 << 14]);
    while let Ok(size @ 1..) = client.read(&mut piece) {
        unread.extend_from_slice(&piece[..size]);
        while let Some((method, length)) = whole(&unread) {
            if !shared.count(&method) {
                return;
            }
            let mut now = open.lock().unwrap();
            now.requests += 1;
            if now.ended {
                return shared.answered(1);
            }
            drop(now);
            if server.write_all(&unread[..length]).is_err() {
                return;
            }
            unread.drain(..length);
        }
    }
    shared.wait("the answers of a connection", |state| state.closed || open.lock().unwrap().requests == 0);
    _ = server.shutdown(Shutdown::Both);
}

/// The method and the length of the request at the start, when it is there as a whole.
fn whole(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = end + length.map_or(0, |(_, value)| value.trim().parse::<usize>().unwrap());
    let method = head.split(' ').next()?.to_owned();
    (length <= bytes.len()).then_some((method, length))
}

fn read_answers(mut server: TcpStream, answers: &mpsc::Sender<Vec<u8>>, shared: &Shared, open: &Mutex<Open>) {
    const START: &[u8] = b"HTTP/1.1 ";
    let (mut seen, mut piece) = (Vec::new(), [0; 1 << 14]);
    while let Ok(size @ 1..) = server.read(&mut piece) {
        seen.extend_from_slice(&piece[..size]);
        let starts = seen.windows(START.len()).filter(|bytes| *bytes == START).count();
        seen.drain(..seen.len().saturating_sub(START.len() - 1));
        // Before it is counted, so that what is quiet has been told.
        _ = answers.send(piece[..size].to_vec());
        open.lock().unwrap().requests -= starts;
        shared.answered(starts);
    }
    let rest = {
        let mut now = open.lock().unwrap();
        now.ended = true;
        std::mem::take(&mut now.requests)
    };
    shared.answered(rest);
}

fn write_answers(mut client: TcpStream, answers: &mpsc::Receiver<Vec<u8>>, shared: &Shared) {
    while let Ok(piece) = answers.recv() {
        if !shared.pass() || client.write_all(&piece).is_err() {
            break;
        }
    }
    _ = client.shutdown(Shutdown::Both);
}
