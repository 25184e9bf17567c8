//! Both laws of access, for random organizations and random orders that the edges allow.

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use scw_iam::plan::{Plan, Step, StepId, rehearse};
use support::oracle::Laws;
use support::organizations::{Case, pair};

/// A small generator, so that an order follows from its seed alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// Any order that the edges allow.
fn any_allowed_order(plan: &Plan, seed: u64) -> Vec<&Step> {
    let mut dice = Dice(seed);
    let mut done: BTreeSet<StepId> = BTreeSet::new();
    let mut order = Vec::new();
    while order.len() < plan.steps().len() {
        let free: Vec<_> = plan
            .steps()
            .iter()
            .filter(|step| {
                !done.contains(&step.id) && step.after.iter().all(|edge| done.contains(&edge.step))
            })
            .collect();
        assert!(!free.is_empty(), "the edges close a cycle");
        let step = free[dice.below(free.len())];
        done.insert(step.id);
        order.push(step);
    }
    order
}

fn any_order_is_safe(case: &Case, seed: u64) -> Result<(usize, usize), TestCaseError> {
    let plan = case.plan().map_err(|error| TestCaseError::fail(error.to_string()))?;
    let laws = Laws::of(&plan);
    let mut now = plan.before().clone();
    let mut done = BTreeSet::new();
    laws.judge(&now, &done).map_err(TestCaseError::fail)?;
    for step in any_allowed_order(&plan, seed) {
        rehearse(&mut now, &step.action);
        done.insert(step.id);
        laws.judge(&now, &done).map_err(TestCaseError::fail)?;
    }
    prop_assert_eq!(&now, plan.outcome());
    Ok((plan.steps().len(), plan.interruptions().len()))
}

fn cases() -> u32 {
    std::env::var("SCW_IAM_TEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256)
}

#[test]
fn no_order_that_the_edges_allow_opens_a_door() {
    let (mut pairs, mut steps, mut interrupted) = (0u32, 0usize, 0u32);
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = {
        let counts = std::cell::RefCell::new((&mut pairs, &mut steps, &mut interrupted));
        runner.run(&(pair(), any::<u64>()), |(pair, seed)| {
            let (found, interruptions) = any_order_is_safe(&pair.case(), seed)?;
            let mut counts = counts.borrow_mut();
            *counts.0 += 1;
            *counts.1 += found;
            *counts.2 += u32::from(interruptions > 0);
            Ok(())
        })
    };
    println!("{pairs} pairs, {steps} steps, {interrupted} pairs with an interruption");
    if let Err(error) = result {
        panic!("{error}");
    }
}
