//! Applies on the API's bad days: lost answers leave no twins, and every day ends in the desired state.

#[path = "faults/chaos.rs"]
mod chaos;
#[path = "faults/ends.rs"]
mod ends;
mod support;
#[path = "faults/writer.rs"]
mod writer;

use scw_iam::api::{Client, wire};
use scw_iam::apply::{
    End, How, Journal, Outcome, RunOptions, StepEnd, StepError, StepOutcome, StopSignal, Unwatched, apply,
};
use scw_iam::emulator::{self, Emulator, Faults};
use scw_iam::model::{Attachment, Group, Policy, State};
use scw_iam::plan::Plan;
use support::bench::{arrived, case, cases, client, client_of, emulate, options};
use support::laws::Laws;
use support::middle::{Middle, Trouble};
use support::organizations::Case;
use support::replay::{Replay, writes};
use support::small::{changed, group, key, members, policy, rule, user};
use support::state_json::{from_json, ids, twins};

fn faulty(faults: &str, seed: u64) -> emulator::EmulatorOptions {
    let faults: Faults = faults.parse().unwrap();
    emulator::EmulatorOptions { faults, seed: Some(seed), ..emulator::EmulatorOptions::default() }
}

/// A case whose plan makes one of each kind.
fn one_of_each() -> Case {
    changed(|state| {
        let ci = state.application(&key("ci")).unwrap().clone();
        state.insert(key("bot"), ci);
        state.insert(key("new"), group(&[]));
        let to = Attachment::Principal(user("ann"));
        state.insert(key("more"), policy(to, &["InstancesReadOnly", "ObjectStorageReadOnly"]));
    })
}

async fn run(plan: &Plan, client: &Client, options: &RunOptions) -> Outcome {
    let (mut ids, mut journal) = (plan.ids().clone(), Journal::none());
    apply(plan, client, &mut ids, &mut journal, &Unwatched, StopSignal::never(), options).await
}

/// Applies a case to an emulator with these faults.
async fn on_a_bad_day(case: &Case, faults: &str) -> (Plan, Emulator, Outcome) {
    let plan = case.plan().unwrap();
    let emulator = emulate(case, faulty(faults, 1)).await;
    let outcome = run(&plan, &client(&emulator, &plan), &options()).await;
    (plan, emulator, outcome)
}

fn requests(emulator: &Emulator, method: &str, path: &str) -> u64 {
    let key = (method.to_owned(), format!("/iam/v1alpha1{path}"));
    emulator.requests().get(&key).copied().unwrap_or(0)
}

fn how(outcome: &Outcome, kind: &str) -> Option<How> {
    let step = outcome.steps.iter().find(|step| step.address.kind().section() == kind)?;
    match &step.end {
        StepEnd::Done(receipt) => Some(receipt.how),
        StepEnd::Failed { .. } | StepEnd::Abandoned | StepEnd::NotStarted(_) => None,
    }
}

fn only_failure(outcome: &Outcome) -> (&StepOutcome, &StepError) {
    let mut failures = outcome.failures();
    let first = failures.next().expect("something fails");
    assert!(failures.next().is_none(), "{outcome:#?}");
    first
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_taken_over() {
    for fault in ["cut-after", "500-after", "truncated", "wrong-content-type"] {
        for kind in ["applications", "groups", "policies"] {
            let (plan, emulator, outcome) =
                on_a_bad_day(&one_of_each(), &format!("{fault}:POST/{kind}=#1")).await;
            assert_eq!(outcome.end, End::Done, "{fault} {kind}: {outcome:#?}");
            assert_eq!(how(&outcome, kind), Some(How::TakenOver), "{fault} {kind}");
            assert_eq!(requests(&emulator, "POST", &format!("/{kind}")), 1, "{fault} {kind}: sent once");
            arrived(&plan, &emulator.state()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_create_that_did_not_happen_is_sent_again_after_looking() {
    for fault in ["cut-before", "500", "503"] {
        for kind in ["applications", "groups", "policies"] {
            let (plan, emulator, outcome) =
                on_a_bad_day(&one_of_each(), &format!("{fault}:POST/{kind}=#1")).await;
            assert_eq!(outcome.end, End::Done, "{fault} {kind}: {outcome:#?}");
            assert_eq!(how(&outcome, kind), Some(How::Sent), "{fault} {kind}");
            assert_eq!(requests(&emulator, "POST", &format!("/{kind}")), 2, "{fault} {kind}");
            // Two looks; and before and after it, and at the end, where others may have the name too, or the list tells access.
            let most = if kind == "groups" { 2 + 2 } else { 2 + 3 };
            let lists = requests(&emulator, "GET", &format!("/{kind}"));
            assert!((2..=most).contains(&lists), "{fault} {kind}: {lists} lists");
            arrived(&plan, &emulator.state()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_create_that_never_happens_is_given_up() {
    let (_, emulator, outcome) = on_a_bad_day(&one_of_each(), "cut-before:POST/groups=1").await;
    assert_eq!(outcome.end, End::Failed);
    assert!(matches!(only_failure(&outcome).1, StepError::NotMade { .. }), "{outcome:#?}");
    assert_eq!(requests(&emulator, "POST", "/groups"), 4);
    assert!(twins(&emulator.state()).is_empty());
}

#[tokio::test]
async fn without_a_list_nothing_is_sent_again() {
    let (_, emulator, outcome) =
        on_a_bad_day(&one_of_each(), "cut-after:POST/groups=#1,500:GET/groups=1").await;
    let (step, error) = only_failure(&outcome);
    assert!(matches!(error, StepError::Unlisted { .. }), "{error}");
    assert!(error.may_have_happened() && step.end.wrote());
    assert_eq!(requests(&emulator, "POST", "/groups"), 1);
}

/// Applies a case that creates a policy, whose request has its trouble while somebody else creates one of the same name.
async fn beside_another_hand(trouble: Trouble, sets: &[&str]) -> (Emulator, Outcome) {
    let case = one_of_each();
    let plan = case.plan().unwrap();
    let emulator = emulate(&case, emulator::EmulatorOptions::default()).await;
    let client = client(&emulator, &plan);
    let body = wire::CreatePolicy {
        name: "more".to_owned(),
        description: String::new(),
        tags: vec!["scw-iam=stack".to_owned()],
        rules: sets
            .iter()
            .map(|set| wire::RuleSpec {
                permission_set_names: vec![(*set).to_owned()],
                condition: String::new(),
                scope: wire::SpecScope::Organization(client.organization().clone()),
            })
            .collect(),
        principal: wire::Principal::User(
            plan.ids().get(&user("ann").address()).unwrap().to_string().parse().unwrap(),
        ),
    };
    let (hand, made) = (client.clone(), body);
    let meanwhile = async move { drop(hand.create_policy(&made).await.unwrap()) };
    let middle = Middle::start(&emulator.url(), ("POST", "/policies"), trouble, meanwhile).await;
    let outcome = run(&plan, &client_of(&middle.url, &plan), &options()).await;
    (emulator, outcome)
}

#[tokio::test]
async fn a_policy_of_the_same_name_and_other_rules_is_not_taken_over() {
    let (emulator, outcome) = beside_another_hand(Trouble::Lost, &["IAMManager"]).await;
    let error = only_failure(&outcome).1.to_string();
    assert!(matches!(only_failure(&outcome).1, StepError::Other { .. }), "{error}");
    assert!(error.contains("rules should be [InstancesReadOnly on all_projects"), "{error}");
    assert!(error.contains("but is [IAMManager on organization]"), "{error}");
    assert_eq!(requests(&emulator, "POST", "/policies"), 1, "the other one alone");
}

#[tokio::test]
async fn of_two_new_objects_of_the_name_none_is_taken_over() {
    let sets = ["InstancesReadOnly", "ObjectStorageReadOnly"];
    let (emulator, outcome) = beside_another_hand(Trouble::Cut, &sets).await;
    let StepError::Twins { found, .. } = only_failure(&outcome).1 else { panic!("{outcome:#?}") };
    assert_eq!(found.len(), 2);
    assert_eq!(requests(&emulator, "POST", "/policies"), 2, "ours and the other one");
}

#[tokio::test]
async fn members_whose_answer_was_lost_are_looked_up() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob", "cat", "eve"]);
    });
    for fault in ["cut-after", "truncated", "500-after"] {
        let faults = format!("{fault}:POST/groups/*/remove-member=#1,{fault}:POST/groups/*/add-member=#1");
        let (plan, emulator, outcome) = on_a_bad_day(&case, &faults).await;
        assert_eq!(outcome.end, End::Done, "{fault}: {outcome:#?}");
        arrived(&plan, &emulator.state()).unwrap();
    }
}

#[tokio::test]
async fn a_403_is_waited_out_only_when_this_run_has_just_granted_something_to_the_caller() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("ops")).unwrap().members = members(&["eve", "ann"]);
        state.find_mut::<Policy>(&key("run")).unwrap().attachment = Attachment::Group(key("ops"));
        state.find_mut::<Policy>(&key("run")).unwrap().rules.0 =
            vec![rule("InstancesFullAccess"), rule("IAMManager")];
    });
    let mut case = case;
    support::state_json::servable(&mut case.desired.state);
    for (caller, ends) in [(Some(user("ann")), true), (Some(user("dan")), false), (None, false)] {
        let plan = case.plan().unwrap();
        let emulator = emulate(&case, faulty("403-after-grant=#1-3", 1)).await;
        let options = RunOptions { caller: caller.clone(), parallelism: 1, ..options() };
        let outcome = run(&plan, &client(&emulator, &plan), &options).await;
        assert_eq!(outcome.end == End::Done, ends, "{caller:?}: {outcome:#?}");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_not_overwritten() {
    let case =
        changed(|state| state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob"]));
    let (_, emulator, outcome) = on_a_bad_day(&case, "500:GET/groups/*=1").await;
    assert!(matches!(only_failure(&outcome).1, StepError::Unseen { .. }), "{outcome:#?}");
    assert_eq!(requests(&emulator, "PUT", "/groups/{group_id}/members"), 0);
    assert!(!outcome.wrote());
}

/// Every fault of the emulator, and mixes.
const DAYS: &[&str] = &[
    "429=0.2",
    "429-retry-after=0.1",
    "500=0.2",
    "503=0.2",
    "500-after=0.2",
    "409=0.3",
    "cut-before=0.2",
    "cut-after=0.2",
    "truncated=0.1",
    "wrong-content-type=0.1",
    "slow-body=0.05",
    "403-after-grant=0.2",
    "cut-before:POST=0.5,cut-after:PUT=0.5,500-after:PATCH=0.5",
    "429=5%,503=5%,500-after=5%,cut-after=5%,truncated=5%,409=5%,403-after-grant=5%",
];

/// Plans what an emulator holds anew.
fn again(case: &Case, state: &serde_json::Value) -> Plan {
    let again = Case { live: from_json(state), ids: ids(state), desired: case.desired.clone() };
    again.plan().unwrap()
}

/// Judges every state that a record led through.
fn lawful(laws: &Laws, start: &serde_json::Value, record: &str) -> Result<usize, String> {
    let (mut replay, writes) = (Replay::of(start), writes(record));
    for (at, write) in writes.iter().enumerate() {
        replay.follow(write);
        let state = replay.state();
        let found = twins(&state);
        if !found.is_empty() {
            return Err(format!("twins after write {at}: {found:?}"));
        }
        laws.judge(&from_json(&state))
            .map_err(|why| format!("after write {at}, {} {}: {why}", write.method, write.path))?;
    }
    Ok(writes.len())
}

/// One random organization on one bad day: applied again until it is done.
async fn weather(seed: u64, faults: &str) -> Result<(u32, usize), String> {
    let case = case(seed);
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let emulator = emulate(
        &case,
        emulator::EmulatorOptions {
            record: Some(std::fs::File::create(&record).unwrap()),
            ..faulty(faults, seed)
        },
    )
    .await;
    let start = emulator.state();
    let mut plan = case.plan().unwrap();
    let mut laws = Laws::of(&plan);
    let goal = plan.outcome().clone();
    let mut rounds = 0;
    loop {
        rounds += 1;
        let outcome = run(&plan, &client(&emulator, &plan), &options()).await;
        if outcome.end == End::Done {
            break;
        }
        if rounds == 40 {
            return Err(format!("not done after {rounds} rounds: {outcome:#?}"));
        }
        plan = again(&case, &emulator.state());
        laws.excuse(&plan);
    }
    let state = emulator.state();
    arrived(&plan, &state)?;
    support::state_json::same(&from_json(&state), &goal)?;
    let written = lawful(&laws, &start, &std::fs::read_to_string(&record).unwrap())?;
    let replayed = replayed(&start, &std::fs::read_to_string(&record).unwrap());
    support::state_json::same(&replayed, plan.outcome()).map_err(|why| format!("the record: {why}"))?;
    Ok((rounds, written))
}

fn replayed(start: &serde_json::Value, record: &str) -> State {
    let mut replay = Replay::of(start);
    writes(record).iter().for_each(|write| replay.follow(write));
    from_json(&replay.state())
}

#[tokio::test]
async fn every_bad_day_ends_in_the_desired_state_and_opens_no_door_on_the_way() {
    let (mut rounds, mut written) = (0, 0);
    for seed in 0..cases("SCW_IAM_FAULT_CASES", 42) {
        let faults = DAYS[usize::try_from(seed).unwrap() % DAYS.len()];
        let (more, wrote) =
            weather(seed, faults).await.unwrap_or_else(|why| panic!("seed {seed}, {faults}: {why}"));
        rounds += more;
        written += wrote;
    }
    println!("{rounds} applies, {written} writes");
}
