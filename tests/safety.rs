//! Both laws of access, for random organizations and random orders that the edges allow.

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use scw_iam::model::{Address, Kind, Principal, State, UserType};
use scw_iam::plan::{Error, GuardName, PartialScope, Plan, Step, StepId, rehearse};
use support::oracle::{Laws, covered, held};
use support::organizations::{Case, pair};
use support::wild::{WildCase, wild};

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

/// What was seen of a case.
#[derive(Default)]
struct Seen {
    pairs: u32,
    steps: usize,
    interrupted: u32,
    refused_names: u32,
    conflicts: u32,
    /// Steps that write SSH keys.
    ssh_keys: usize,
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands the error over")]
fn fail(words: impl ToString) -> TestCaseError {
    TestCaseError::fail(words.to_string())
}

/// What is wrong, with the plan in which it is.
fn told(plan: &Plan, broken: &str) -> String {
    let line = |step: &Step| {
        let after: Vec<_> =
            step.after.iter().map(|edge| format!("{} {:?}", edge.step, edge.reason)).collect();
        format!("{} {:?} after {}", step.id, step.action, after.join(", "))
    };
    let steps: Vec<_> = plan.steps().iter().map(line).collect();
    format!("{broken}\n{}\n{:?}", steps.join("\n"), plan.interruptions())
}

/// Goes through one order, judges every state on the way, and says what the steps lead to.
fn any_order_is_safe(plan: &Plan, seed: u64) -> Result<Vec<State>, TestCaseError> {
    let laws = Laws::of(plan);
    let mut now = plan.before().clone();
    let mut done = BTreeSet::new();
    let mut states = vec![now.clone()];
    laws.judge(&now, &done).map_err(|broken| fail(told(plan, &broken)))?;
    for step in any_allowed_order(plan, seed) {
        rehearse(&mut now, &step.action);
        done.insert(step.id);
        laws.judge(&now, &done).map_err(|broken| fail(told(plan, &broken)))?;
        states.push(now.clone());
    }
    prop_assert_eq!(&now, plan.outcome());
    Ok(states)
}

fn tidy_case(case: &Case, seed: u64) -> Result<Seen, TestCaseError> {
    let plan = case.plan().map_err(fail)?;
    any_order_is_safe(&plan, seed)?;
    Ok(Seen::of(&plan))
}

/// Whether somebody is without a grant to administer with that they had in the beginning.
fn locked_out(states: &[State], caller: &Principal) -> bool {
    let owner = match caller {
        Principal::User(key) => states[0].user(key).is_some_and(|user| user.kind == UserType::Owner),
        Principal::Application(_) => false,
    };
    let of = |state: &State| held(state).remove(caller).unwrap_or_default();
    let mut needed = of(&states[0]);
    needed.retain(|grant| grant.permission_set.as_str().starts_with("IAM"));
    let deleted = match caller {
        Principal::User(_) => false,
        Principal::Application(key) => states.last().is_none_or(|state| state.application(key).is_none()),
    };
    let lost = |state: &State| {
        let now = of(state);
        needed.iter().any(|grant| !covered(grant, &now))
    };
    !owner && (deleted || states.iter().any(lost))
}

/// Whether the files lock who plans, which no plan does.
fn files_lock(case: &WildCase, caller: &Principal) -> bool {
    let Principal::User(key) = caller else { return false };
    let locked = |state: &State| state.user(key).is_some_and(|user| user.locked);
    locked(&case.desired.state) && !locked(&case.live)
}

fn wild_case(case: WildCase, seed: u64) -> Result<Seen, TestCaseError> {
    let plan = match case.plan() {
        Ok(plan) => plan,
        Err(Error::NamesInACircle(_) | Error::NameTaken { .. } | Error::MatchedTwice { .. }) => {
            return Ok(Seen { pairs: 1, refused_names: 1, ..Seen::default() });
        }
        Err(error) => return Err(fail(error)),
    };
    let states = any_order_is_safe(&plan, seed)?;
    let caller = match &case.caller {
        Principal::User(_) => case.caller.clone(),
        Principal::Application(live) => {
            let address = Address::application(live.clone());
            let renamed =
                plan.before().applications().map(|(key, _)| key).find(|key| {
                    plan.ids().get(&Address::application((*key).clone())) == case.ids.get(&address)
                });
            Principal::Application(renamed.unwrap().clone())
        }
    };
    let lockout = |plan: &Plan| {
        let mut found =
            plan.findings().iter().find(|finding| finding.guard == GuardName::SelfLockout).cloned();
        found.iter_mut().for_each(|finding| finding.items.sort());
        found
    };
    let found = lockout(&plan);
    let locks = files_lock(&case, &caller);
    prop_assert_eq!(
        found.is_some(),
        locks || locked_out(&states, &caller),
        "{} is locked out, or is not",
        caller
    );
    // A plan that touches what it must not is refused for that, when it is read again too.
    if plan.conflicts().is_empty() {
        let saved = case.saved(&plan).map_err(fail)?;
        prop_assert_eq!(lockout(&saved), found, "judged again, {} is", caller);
    }
    prop_assert_eq!(plan.document(), case.plan().map_err(fail)?.document(), "the same input, another plan");
    let seen = Seen::of(&plan);
    let again = case.after(&plan).plan().map_err(fail)?;
    prop_assert!(again.is_empty(), "a second plan: {:#?}", again.steps());
    Ok(seen)
}

impl Seen {
    fn of(plan: &Plan) -> Self {
        Self {
            pairs: 1,
            steps: plan.steps().len(),
            interrupted: u32::from(!plan.interruptions().is_empty()),
            refused_names: 0,
            conflicts: u32::from(!plan.conflicts().is_empty()),
            ssh_keys: plan.steps().iter().filter(|step| step.action.address().kind() == Kind::SshKey).count(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.steps += other.steps;
        self.interrupted += other.interrupted;
        self.refused_names += other.refused_names;
        self.conflicts += other.conflicts;
        self.ssh_keys += other.ssh_keys;
    }
}

fn cases() -> u32 {
    std::env::var("SCW_IAM_TEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256)
}

fn all<S: Strategy>(strategy: S, judge: impl Fn(S::Value, u64) -> Result<Seen, TestCaseError>) {
    some(cases(), strategy, judge);
}

#[expect(clippy::print_stdout, reason = "a run by hand reads the shares")]
fn some<S: Strategy>(cases: u32, strategy: S, judge: impl Fn(S::Value, u64) -> Result<Seen, TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let seen = RefCell::new(Seen::default());
    let since = std::time::Instant::now();
    let result = TestRunner::new(config).run(&(strategy, any::<u64>()), |(value, seed)| {
        seen.borrow_mut().add(&judge(value, seed)?);
        Ok(())
    });
    let Seen { pairs, steps, interrupted, refused_names, conflicts, ssh_keys } = seen.into_inner();
    println!(
        "{pairs} pairs, {steps} steps, {ssh_keys} of SSH keys, {interrupted} pairs with an interruption, {conflicts} with a conflict, \
         {refused_names} with names that cannot be taken, {:.1?}",
        since.elapsed()
    );
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Plans a part of a case: it keeps both laws, touches nothing else, is done once, and leaves the whole plan as it was.
fn part_of(mut case: WildCase, seed: u64) -> Result<Seen, TestCaseError> {
    let whole = match case.plan() {
        Ok(plan) => plan,
        Err(Error::NamesInACircle(_) | Error::NameTaken { .. } | Error::MatchedTwice { .. }) => {
            return Ok(Seen { pairs: 1, refused_names: 1, ..Seen::default() });
        }
        Err(error) => return Err(fail(error)),
    };
    let mut dice = Dice(seed);
    let all: BTreeSet<Address> =
        case.desired.state.objects.keys().chain(case.live.objects.keys()).cloned().collect();
    let asked: BTreeSet<Address> = all.into_iter().filter(|_| dice.below(6) == 0).collect();
    case.desired.only = Some(asked);
    // What has a name may be nothing that a plan could move.
    let plan = match case.plan() {
        Ok(plan) => plan,
        Err(Error::NameTaken { .. }) => return Ok(Seen { pairs: 1, refused_names: 1, ..Seen::default() }),
        Err(error) => return Err(fail(error)),
    };
    any_order_is_safe(&plan, seed)?;
    let Some(PartialScope::Only { asked, needed }) = plan.partial() else { return Err(fail("not a part")) };
    for step in plan.steps() {
        let address = step.action.address();
        let chosen = asked.contains(&address) || needed.contains(&address);
        let displaced = step.action.deletes().is_some() && address.key().id().is_some();
        prop_assert!(chosen || displaced, "{} is not in {:?}, {:?}", address, asked, needed);
    }
    let mut after = case.after(&plan);
    let again = after.plan().map_err(fail)?;
    prop_assert!(again.is_empty(), "a second plan of {:?}: {:#?}", asked, again.steps());
    after.desired.only = None;
    let rest = after.plan().map_err(fail)?;
    if whole.conflicts().is_empty() {
        prop_assert_eq!(&rest.outcome().objects, &whole.outcome().objects, "the rest leads elsewhere");
    }
    Ok(Seen::of(&plan))
}

#[test]
fn a_part_of_a_plan_keeps_the_laws_and_leaves_the_rest() {
    // Each case is planned four times.
    some(cases() / 4, wild(), |wild, seed| part_of(wild.case(), seed));
}

#[test]
fn no_order_that_the_edges_allow_opens_a_door() {
    all(pair(), |pair, seed| tidy_case(&pair.case(), seed));
}

#[test]
fn nor_where_an_organization_is_less_tidy() {
    all(wild(), |wild, seed| wild_case(wild.case(), seed));
}
