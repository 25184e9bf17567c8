//! Any bytes as a file: reading never panics; what it says can be shown; what loads is exported, and loads to the
//! same again.
//!
//! `cargo +nightly fuzz run load -- -max_total_time=600 -dict=fuzz/language.dict`, with `tests/mistakes/` and
//! `examples/` as seeds.
#![no_main]

use std::collections::HashMap;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use scw_iam::config::{ExportOptions, SCHEMA, Source, Split, export, read};
use scw_iam::model::{Catalogue, Desired, Kind};
use scw_iam::render::Report as _;
use scw_iam::render::mistake::{self, MistakesReport};

fn load(text: &[u8], now: Timestamp) -> Option<Desired> {
    let files = match read(&[Source::Text { name: "fuzz.yaml".into(), bytes: text.to_vec() }], now) {
        Ok(files) => files,
        Err(mistakes) => {
            assert!(!mistake::text(&mistakes).is_empty());
            let mut json = Vec::new();
            assert!(MistakesReport(&mistakes).json(&mut json).is_ok());
            assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
            return None;
        }
    };
    match files.resolve(None, Catalogue::published(), false) {
        Ok(resolved) => Some(resolved.desired),
        Err(mistakes) => {
            assert!(!mistake::text(&mistakes).is_empty());
            None
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let now: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
    let Some(desired) = load(bytes, now) else { return };
    let titles = HashMap::new();
    let options = ExportOptions {
        stack: desired.stack.as_ref(),
        split: Split::One,
        titles: &titles,
        catalogue: Catalogue::published(),
        now,
        schema: Some(SCHEMA.0),
        part: None,
    };
    let files = export(&desired.state, &options).files;
    let again = load(files[0].text.as_bytes(), now).expect("what is exported loads");
    let (first, second) = (desired.state, again.state);
    for (address, object) in first.objects.iter().filter(|(address, _)| address.kind() != Kind::User) {
        assert_eq!(second.get(address), Some(object), "{}", files[0].text);
    }
});
