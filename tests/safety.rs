//! Both laws of access, for random organizations and random orders that the edges allow.

#![expect(clippy::unwrap_used, reason = "in tests a panic is the way to fail")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use scw_iam::access::Grant;
use scw_iam::model::{Principal, State};
use scw_iam::plan::{Plan, Step, StepId, rehearse};
use support::oracle::{Held, covered, held, kept};
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

/// What must hold between two steps.
struct Laws {
    before: Held,
    after: Held,
    kept: BTreeMap<Principal, BTreeSet<Grant>>,
}

impl Laws {
    fn of(plan: &Plan) -> Self {
        let (before, after) = (held(plan.before()), held(plan.outcome()));
        let none = BTreeSet::new();
        let kept =
            before.iter().map(|(who, held)| (who.clone(), kept(held, after.get(who).unwrap_or(&none))));
        Self { kept: kept.collect(), before, after }
    }

    fn judge(&self, plan: &Plan, state: &State, done: &BTreeSet<StepId>) -> Result<(), TestCaseError> {
        let now = held(state);
        let none = BTreeSet::new();
        for (who, grants) in &now {
            let (before, after) =
                (self.before.get(who).unwrap_or(&none), self.after.get(who).unwrap_or(&none));
            let most: BTreeSet<_> = before.union(after).cloned().collect();
            for grant in grants {
                prop_assert!(covered(grant, &most), "a leak: {} holds {:?} after {:?}", who, grant, done);
            }
        }
        for (who, kept) in &self.kept {
            let holds = now.get(who).unwrap_or(&none);
            for grant in kept {
                let listed = plan.interruptions().iter().any(|interruption| {
                    let open =
                        done.contains(&interruption.from_step) && !done.contains(&interruption.to_step);
                    open && interruption.principal == *who
                        && covered(grant, &BTreeSet::from([interruption.grant.clone()]))
                });
                prop_assert!(
                    covered(grant, holds) || listed,
                    "a gap: {} lacks {:?} after {:?}",
                    who,
                    grant,
                    done
                );
            }
        }
        for interruption in plan.interruptions() {
            let open = done.contains(&interruption.from_step) && !done.contains(&interruption.to_step);
            let holds = now.get(&interruption.principal).unwrap_or(&none);
            prop_assert!(
                !open || !covered(&interruption.grant, holds),
                "no interruption: {:?}",
                interruption
            );
        }
        Ok(())
    }
}

fn any_order_is_safe(case: &Case, seed: u64) -> Result<(usize, usize), TestCaseError> {
    let plan = case.plan().map_err(|error| TestCaseError::fail(error.to_string()))?;
    let laws = Laws::of(&plan);
    let mut now = plan.before().clone();
    let mut done = BTreeSet::new();
    laws.judge(&plan, &now, &done)?;
    for step in any_allowed_order(&plan, seed) {
        rehearse(&mut now, &step.action);
        done.insert(step.id);
        laws.judge(&plan, &now, &done)?;
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
