//! A panic while a secret key is held prints none of it, neither in its message nor in its backtrace.
//!
//! Deliveries are the library's own code. An embedder's code that can panic between the creation of a key and its last delivery is a
//! subscriber to the client's events.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt as _;
use scw_iam::reconcile::ApplyOptions;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::{Life, STORED, at};

/// Where the child leaves what it delivered.
const FOLDER: &str = "SCW_IAM_TEST_DELIVERED";

/// Panics at one of the client's events, with all that the event says.
struct Panics {
    at: usize,
    seen: Arc<AtomicUsize>,
}

impl Subscriber for Panics {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("scw_iam")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let number = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(number != self.at, "{}", all_of(event));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn all_of(event: &Event<'_>) -> String {
    struct Fields(String);
    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            _ = write!(self.0, " {field}={value:?}");
        }
    }
    let mut fields = Fields(format!("event {:?}", event.metadata()));
    event.record(&mut fields);
    fields.0
}

/// One life in which the subscriber panics at an event, from 1; how many events there were.
async fn life(at_event: usize, folder: &std::path::Path) -> usize {
    let mut life = Life::new(&[STORED, "{file: key.json}"]).await;
    life.tools.folder = Some(folder.to_owned());
    let session = life.session(&life.emulator.url(), at(0));
    let planned = life.plan(&session, &life.files(), at(0)).await.unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let panics = Panics { at: at_event, seen: Arc::clone(&seen) };
    let applied = {
        let _default = tracing::subscriber::set_default(panics);
        AssertUnwindSafe(session.apply(&planned, ApplyOptions::default())).catch_unwind().await
    };
    match applied {
        Ok(outcome) => assert!(outcome.unwrap().keys.is_done()),
        // What an embedder may print of it.
        Err(panic) => {
            let said = format!("{:?} {session:?}\n", panic.downcast_ref::<String>());
            std::io::stderr().write_all(said.as_bytes()).unwrap();
        }
    }
    seen.load(Ordering::SeqCst)
}

#[tokio::test]
#[ignore = "the child of the test below, which has the process to itself"]
async fn panics_at_every_event_of_an_apply() {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let events = life(0, &folder).await;
    for at in 1..=events {
        let aside = tempfile::tempdir().unwrap();
        assert_eq!(life(at, &aside.path().canonicalize().unwrap()).await, at);
    }
}

#[test]
fn a_panic_while_a_secret_is_held_prints_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "panics::panics_at_every_event_of_an_apply", "--ignored", "--nocapture"])
        .env(FOLDER, &folder)
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success(), "{said}");
    let delivered = std::fs::read_to_string(folder.join("key.json")).unwrap();
    let delivered: serde_json::Value = serde_json::from_str(&delivered).unwrap();
    let secret = delivered["secret_key"].as_str().unwrap();
    assert_eq!(secret.len(), 36, "{secret}");
    // The key was made, and not yet delivered.
    for path in [
        "/secret-manager/v1beta1/regions/fr-par/secrets",
        "/versions",
        delivered["access_key"].as_str().unwrap(),
    ] {
        assert!(said.lines().any(|line| line.starts_with("event ") && line.contains(path)), "{path}\n{said}");
    }
    for part in [secret, &secret[..13], &secret[24..], &secret.replace('-', "")] {
        assert!(!said.contains(part), "it says {part}");
    }
}
