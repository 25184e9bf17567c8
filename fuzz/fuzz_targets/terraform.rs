//! Any bytes as a Terraform state: reading never panics, and what it says can be shown.
//!
//! `cargo +nightly fuzz run terraform -- -max_total_time=900`, with states of the Scaleway provider as seeds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scw_iam::config::TerraformState;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = TerraformState::read(bytes) {
        assert!(!error.to_string().is_empty());
    }
});
