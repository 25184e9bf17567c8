//! Any text as CEL: compiling never panics, judging ends, and what is wrong stands where it says.
//!
//! `cargo +nightly fuzz run cel -- -max_total_time=900 -dict=fuzz/language.dict`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scw_iam::access::cel::{Vocabulary, compile};
use scw_iam::access::{RequestFacts, ends, holds};
use scw_iam::model::Condition;

fuzz_target!(|text: &str| {
    for vocabulary in [Vocabulary::Condition, Vocabulary::Guardrail] {
        match compile(text, vocabulary) {
            Ok(expression) => expression.compared().for_each(|(_, _, at)| assert!(text.get(at).is_some())),
            Err(faults) => {
                assert!(!faults.is_empty());
                faults.iter().for_each(|fault| assert!(text.get(fault.at.clone()).is_some(), "{fault:?}"));
            }
        }
    }
    let Ok(condition) = text.parse::<Condition>() else { return };
    let request = RequestFacts {
        time: "2026-11-22T00:00:00Z".parse().expect("a time"),
        ip: Some("192.0.2.1".into()),
        user_agent: None,
        resource: Default::default(),
    };
    _ = holds(&condition, &request);
    _ = ends(&condition);
});
