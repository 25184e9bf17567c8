//! Plans applied over HTTP to the emulator.

mod support;

use scw_iam::apply::{End, Journal, StopSignal, Unwatched, apply};
use scw_iam::emulator;
use scw_iam::plan::Plan;
use serde_json::Value;
use support::bench::{case, cases, client, emulate, options};
use support::state_json::{from_json, same, twins};

fn arrived(plan: &Plan, state: &Value) -> Result<(), String> {
    let found = twins(state);
    if !found.is_empty() {
        return Err(format!("twins: {found:?}"));
    }
    same(&from_json(state), plan.outcome())
}

#[tokio::test]
async fn a_plan_leads_where_it_says() {
    let mut steps = 0;
    for seed in 0..cases("SCW_IAM_APPLY_CASES", 40) {
        let case = case(seed);
        let plan = case.plan().unwrap();
        let emulator = emulate(&case, emulator::Options::default()).await;
        let mut ids = plan.ids().clone();
        let outcome = apply(
            &plan,
            &client(&emulator, &plan),
            &mut ids,
            &mut Journal::none(),
            &Unwatched,
            StopSignal::never(),
            &options(),
        )
        .await;
        assert_eq!(outcome.end, End::Done, "seed {seed}: {outcome:#?}");
        assert_eq!(outcome.done(), plan.steps().len());
        let state = emulator.shutdown().await.unwrap();
        arrived(&plan, &state).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let found = support::state_json::ids(&state);
        for (address, id) in found.iter() {
            assert_eq!(ids.get(address), Some(id), "seed {seed}: {address}");
        }
        steps += plan.steps().len();
    }
    println!("{steps} steps");
    assert!(steps > 300, "{steps}");
}
