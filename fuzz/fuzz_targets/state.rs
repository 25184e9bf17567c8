//! Any bytes as a STATE file: loading never panics, and an organization that loads answers every list.
//!
//! `cargo +nightly fuzz run state -- -max_total_time=900`, with states as seeds.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use scw_iam::emulator::{Behaviour, Organization, Request, Token};

const LISTS: [&str; 9] = [
    "/iam/v1alpha1/users",
    "/iam/v1alpha1/applications",
    "/iam/v1alpha1/groups",
    "/iam/v1alpha1/policies",
    "/iam/v1alpha1/api-keys",
    "/iam/v1alpha1/ssh-keys",
    "/iam/v1alpha1/permission-sets",
    "/iam/v1alpha1/quota",
    "/account/v3/projects",
];

fuzz_target!(|bytes: &[u8]| {
    let now: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
    let Ok(state) = serde_json::from_slice(bytes) else { return };
    let mut organization = match Organization::load(&state, Behaviour::default(), 1) {
        Ok(organization) => organization,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let id = organization.id().to_owned();
    for list in LISTS {
        let target = format!("{list}?organization_id={id}&page_size=100");
        let reply = organization.answer(&Request {
            method: "GET",
            target: &target,
            body: b"",
            token: Some(Token::SecretKey("11111111-1111-1111-1111-111111111111")),
            now,
            ip: "192.0.2.1",
            user_agent: "fuzz",
            request_id: "00000000-0000-4000-8000-000000000000",
        });
        assert!(reply.status < 500, "{target}: {}", reply.status);
    }
    let again = organization.state();
    let loaded = Organization::load(&again, Behaviour::default(), 1);
    assert!(loaded.is_ok(), "what is saved loads again");
});
