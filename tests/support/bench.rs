//! A random organization behind an emulator, and a client for it.

use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use scw_iam::api::{Client, RetryPolicy, Secret};
use scw_iam::apply::RunOptions;
use scw_iam::emulator::{self, Emulator};
use scw_iam::plan::Plan;
use serde_json::Value;

use super::organizations::{Case, pair};
use super::state_json::{from_json, same, servable, to_json, twins};

/// Returns a random case that the API can hold; the same for the same seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut case = pair().new_tree(&mut runner).unwrap().current().case();
    servable(&mut case.live);
    servable(&mut case.desired.state);
    case
}

/// Returns how many random cases a test looks at.
pub(crate) fn cases(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Starts an emulator with the live side of a case.
pub(crate) async fn emulate(case: &Case, options: emulator::EmulatorOptions) -> Emulator {
    let state = Some(to_json(&case.live, &case.ids));
    emulator::start(emulator::EmulatorOptions { state, ..options }).await.unwrap()
}

/// Returns a client that waits for nobody.
pub(crate) fn client(emulator: &Emulator, plan: &Plan) -> Client {
    client_of(&emulator.url(), plan)
}

/// The same, of any address.
pub(crate) fn client_of(url: &str, plan: &Plan) -> Client {
    let ms = Duration::from_millis;
    let retry = RetryPolicy {
        base: ms(1),
        cap: ms(4),
        deadline: Duration::from_secs(20),
        attempts: 12,
        connect_attempts: 4,
        longest_retry_after: ms(5),
    };
    Client::builder(Secret::new("any"), plan.organization().to_string().parse().unwrap())
        .api_url(url)
        .max_rps(1e6)
        .retry(retry)
        .build()
        .unwrap()
}

/// Returns options that wait for nobody.
pub(crate) fn options() -> RunOptions {
    let ms = Duration::from_millis;
    RunOptions { converge_within: ms(900), look_after: vec![ms(1), ms(5)], ..RunOptions::default() }
}

/// Says whether what the emulator holds is what a plan leads to.
pub(crate) fn arrived(plan: &Plan, state: &Value) -> Result<(), String> {
    let found = twins(state);
    if !found.is_empty() {
        return Err(format!("twins: {found:?}"));
    }
    same(&from_json(state), plan.outcome())
}
