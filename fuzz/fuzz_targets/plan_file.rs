//! Any bytes as a saved plan: reading never panics, and what it says can be shown.
//!
//! `cargo +nightly fuzz run plan_file -- -max_total_time=900`, with saved plans as seeds.
#![no_main]

use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use scw_iam::plan::file::PlanDocument;
use scw_iam::reconcile::SavedPlan;

fuzz_target!(|bytes: &[u8]| {
    let now: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
    if let Ok(document) = PlanDocument::parse(bytes) {
        let text = serde_json::to_vec(&document).expect("plain data");
        assert!(PlanDocument::parse(&text).is_ok(), "what is written is read again");
    }
    if let Err(error) = SavedPlan::read("plan.json", bytes, now, Duration::from_secs(86_400)) {
        assert!(!error.to_string().is_empty());
    }
});
