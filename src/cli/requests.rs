//! Shows the requests that a command sends: a line for each with `-v`, or progress on a terminal.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::output::{columns_of_stderr, talk_with};
use super::progress_line;
use crate::render::escape::terminal;

/// How long a command runs before its progress is shown.
const PATIENCE: Duration = Duration::from_millis(500);
/// The shortest time between two updates of the progress line.
const PAUSE: Duration = Duration::from_millis(100);

/// How much is shown of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// Each one.
    Each,
    /// A progress line with the number of requests and what is being read.
    Progress,
    /// Nothing.
    Nothing,
}

/// Shows requests from now on.
pub(super) fn tell(telling: Telling) {
    // Some CI systems give a job a terminal, but keep what it writes as a log.
    let logged = ["CI", "GITLAB_CI"].into_iter().any(|name| std::env::var_os(name).is_some());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let terminal = io::stderr().is_terminal() && !logged && !dumb;
    if telling == Telling::Nothing || (telling == Telling::Progress && !terminal) {
        return;
    }
    let now = Instant::now();
    let state = Mutex::new(RequestCount { began: now, drawn: now, sent: 0, again: 0, slow: None });
    // Setting it fails only if there is one already, and this program sets no other.
    _ = tracing::subscriber::set_global_default(Requests { telling, state });
}

struct Requests {
    telling: Telling,
    state: Mutex<RequestCount>,
}

struct RequestCount {
    began: Instant,
    drawn: Instant,
    sent: u64,
    /// How many of them were repeated.
    again: u64,
    /// The rate in requests a second, once the API has asked for a lower one.
    slow: Option<f64>,
}

impl Subscriber for Requests {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("scw_iam::api")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = RequestFields::default();
        event.record(&mut fields);
        match self.telling {
            Telling::Each => talk_with(|out| writeln!(out, "{}", terminal(&fields.line()))),
            Telling::Progress => self.progress(&fields),
            Telling::Nothing => {}
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Requests {
    fn progress(&self, fields: &RequestFields) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rate) = fields.rate {
            state.slow = Some(rate);
            return;
        }
        state.sent += 1;
        state.again += u64::from(fields.attempt > 1);
        let now = Instant::now();
        if now.duration_since(state.began) < PATIENCE || now.duration_since(state.drawn) < PAUSE {
            return;
        }
        state.drawn = now;
        let line: String = state.line(fields).chars().take(columns_of_stderr().saturating_sub(1)).collect();
        progress_line::show(&terminal(&line));
    }
}

impl RequestCount {
    fn line(&self, fields: &RequestFields) -> String {
        let verb = if fields.method == "GET" { "Reading" } else { "Writing" };
        let mut line = format!("{verb} {}: {} requests", fields.what(), self.sent);
        if self.again > 0 {
            _ = write!(line, ", {} repeated", self.again);
        }
        if let Some(rate) = self.slow {
            _ = write!(line, ", slowed down to {rate:.0} per second");
        }
        line
    }
}

/// The fields of an event of the client.
#[derive(Default)]
struct RequestFields {
    message: String,
    method: String,
    path: String,
    query: String,
    status: Option<u64>,
    ms: u64,
    request_id: String,
    attempt: u64,
    rate: Option<f64>,
}

impl RequestFields {
    /// Returns the list or object that a request is about, in words.
    fn what(&self) -> String {
        let mut parts = self.path.split('/').filter(|part| !part.is_empty());
        let word = parts.find(|part| {
            let version = part.starts_with('v') && part[1..].starts_with(|c: char| c.is_ascii_digit());
            !version
                && !matches!(
                    *part,
                    "iam" | "account" | "secret-manager" | "audit-trail" | "regions" | "fr-par"
                )
        });
        word.unwrap_or(&self.path).replace('-', " ")
    }

    fn line(&self) -> String {
        let Self { message, method, path, query, status, ms, request_id, attempt, rate } = self;
        if method.is_empty() {
            let rate = rate.map(|rate| format!(": {rate:.0} requests a second")).unwrap_or_default();
            let path = if path.is_empty() { String::new() } else { format!(" ({path})") };
            return format!("{message}{path}{rate}");
        }
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let again = if *attempt > 1 { format!(" (try {attempt})") } else { String::new() };
        let id = if request_id.is_empty() { String::new() } else { format!(" {request_id}") };
        format!("{method} {path}{query} {status} {ms} ms{again}{id}")
    }
}

impl Visit for RequestFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "requests_a_second" {
            self.rate = Some(value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" => self.status = Some(value),
            "ms" => self.ms = value,
            "attempt" => self.attempt = value,
            _ => {}
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.record_u64(field, u64::try_from(value).unwrap_or(u64::MAX));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            "method" => self.method = value.to_owned(),
            "path" => self.path = value.to_owned(),
            "query" => self.query = value.to_owned(),
            "request_id" => self.request_id = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_is_about_is_told_in_words() {
        let what = |path: &str| RequestFields { path: path.to_owned(), ..RequestFields::default() }.what();
        assert_eq!(what("/iam/v1alpha1/api-keys"), "api keys");
        assert_eq!(what("/iam/v1alpha1/groups/0f3a/members"), "groups");
        assert_eq!(what("/account/v3/projects"), "projects");
        assert_eq!(what("/secret-manager/v1beta1/regions/fr-par/secrets"), "secrets");
    }
}
