//! Two runs that know nothing of each other apply the same files at the same time: what they leave is there once.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use scw_iam::api::Client;
use scw_iam::apply::{
    End, How, Journal, Outcome, RunOptions, StepEnd, StepError, StopSignal, Unwatched, apply,
};
use scw_iam::emulator::{self, Emulator, Latency};
use scw_iam::live::{self, LiveNeeds};
use scw_iam::model::{Application, Attachment, Desired, State};
use scw_iam::plan::{self, Caller, Facts, Plan, between};
use support::bench::{cases, client_of, emulate, options};
use support::organizations::Case;
use support::small::{application, changed, group, key, meta, policy};
use support::state_json::twins;

/// A case whose plan makes an application, its policy, and a group with the application in it.
fn one_of_each() -> Case {
    changed(|state: &mut State| {
        state.insert(key("bot"), Application { meta: meta(), ..Application::default() });
        let to = Attachment::Principal(application("bot"));
        state.insert(key("bot-run"), policy(to, &["InstancesReadOnly"]));
        let mut bots = group(&[]);
        bots.members.insert(application("bot"));
        state.insert(key("bots"), bots);
    })
}

/// Plans for what is live.
async fn planned(client: &Client, desired: &Desired) -> Result<Plan, plan::Error> {
    let live = live::refresh(client, desired.state.organization, &LiveNeeds::default()).await.unwrap();
    let facts = Facts {
        live: &live.state,
        ids: &live.ids,
        titles: &live.titles,
        duplicates: &live.duplicates,
        oldest_keys: &HashMap::new(),
        keys: scw_iam::plan::slot::KeyFacts::NONE,
        people: scw_iam::plan::PeopleFacts::NONE,
        guards: None,
        caller: &Caller::Unresolved("nobody asked".to_owned()),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    between(&facts, desired, &plan::GuardOptions::default())
}

async fn applied(client: &Client, plan: &Plan) -> Outcome {
    let (mut ids, mut journal) = (plan.ids().clone(), Journal::none());
    let options = RunOptions { converge_within: Duration::from_secs(3), ..options() };
    apply(plan, client, &mut ids, &mut journal, &Unwatched, StopSignal::never(), &options).await
}

/// A number that looks random, the same for the same seed.
fn random(seed: u64, salt: u64, below: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 30)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) % below
}

/// What came of a trial.
#[derive(Default)]
struct Trial {
    /// Whether both runs sent their create of the application.
    both: bool,
    killed: bool,
    /// Runs that deleted what they had made.
    gave_way: u32,
}

fn posts(emulator: &Emulator) -> u64 {
    let key = ("POST".to_owned(), "/iam/v1alpha1/applications".to_owned());
    emulator.requests().get(&key).copied().unwrap_or(0)
}

fn gave_way(outcome: &Outcome) -> bool {
    let removed = |end: &StepEnd| matches!(end, StepEnd::Failed { error: StepError::TwinRemoved { .. }, .. });
    matches!(outcome.end, End::Twins(_)) || outcome.steps.iter().any(|step| removed(&step.end))
}

async fn trial(seed: u64) -> Trial {
    let case = one_of_each();
    let latency =
        emulator::EmulatorOptions { latency: Latency::Recorded, ..emulator::EmulatorOptions::default() };
    let emulator = emulate(&case, latency).await;
    let plan = case.plan().unwrap();
    let [one, other] = [(), ()].map(|()| client_of(&emulator.url(), &plan));
    // Within the time that one request takes.
    let offset = Duration::from_millis(random(seed, 1, 60));
    let killed = seed % 4 == 3;
    let until = Duration::from_millis(random(seed, 2, 900));
    let late = async {
        tokio::time::sleep(offset).await;
        match killed {
            true => tokio::time::timeout(until, applied(&other, &plan)).await.ok(),
            false => Some(applied(&other, &plan).await),
        }
    };
    let (first, second) = tokio::join!(applied(&one, &plan), late);
    let mut trial = Trial { both: posts(&emulator) > 1, killed: second.is_none(), gave_way: 0 };
    if second.is_some() {
        assert_eq!(twins(&emulator.state()), Vec::<String>::new(), "seed {seed}: {first:#?} {second:#?}");
    }
    for outcome in [Some(first), second].into_iter().flatten() {
        trial.gave_way += u32::from(gave_way(&outcome));
        let told = outcome.end == End::Done || gave_way(&outcome) || outcome.overtaken() || outcome.wrote();
        assert!(told, "seed {seed}: {outcome:#?}");
    }
    // What a killed run has left is mended by the next one, and there is never more to do than one run can.
    let mut again = planned(&one, &case.desired).await.unwrap();
    for _ in 0..2 {
        let outcome = applied(&one, &again).await;
        again = planned(&one, &case.desired).await.unwrap();
        if again.is_empty() {
            break;
        }
        assert!(outcome.end != End::Done || killed, "seed {seed}: {outcome:#?}");
    }
    assert!(again.is_empty(), "seed {seed}: {:#?}", again.steps());
    assert_eq!(twins(&emulator.state()), Vec::<String>::new(), "seed {seed}");
    trial
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_the_same_time_leave_no_twins() {
    let trials = cases("SCW_IAM_TWINS_CASES", 200);
    let all: Vec<Trial> = stream::iter(0..trials)
        .map(|seed| async move { tokio::spawn(trial(seed)).await.unwrap() })
        .buffer_unordered(16)
        .collect()
        .await;
    let count = |which: fn(&Trial) -> bool| all.iter().filter(|trial| which(trial)).count() as u64;
    let (both, killed) = (count(|trial| trial.both), count(|trial| trial.killed));
    let gave_way = count(|trial| trial.gave_way > 0);
    println!(
        "{trials} trials: {both} with both creates sent, {killed} killed, {gave_way} in which a run gave way"
    );
    assert!(both * 2 >= trials, "{both} of {trials} sent both creates");
    assert!(gave_way > 0);
}

/// What a run tells that plans, and applies when another run has made the same meanwhile.
async fn late(case: &Case, meanwhile: impl AsyncFn(&Client)) -> Outcome {
    let emulator = emulate(case, emulator::EmulatorOptions::default()).await;
    let plan = case.plan().unwrap();
    let client = client_of(&emulator.url(), &plan);
    meanwhile(&client).await;
    applied(&client, &plan).await
}

#[tokio::test]
async fn a_group_that_another_run_made_meanwhile_is_taken_for_ours_or_makes_the_plan_stale() {
    let case = |members: &[&str]| {
        let members: Vec<String> = members.iter().map(ToString::to_string).collect();
        changed(move |state: &mut State| {
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            state.insert(key("bots"), group(&members));
        })
    };
    let same = async |client: &Client| {
        let plan = case(&["ann"]).plan().unwrap();
        assert_eq!(applied(client, &plan).await.end, End::Done);
    };
    // Made, with a member in it already: what the plan saw is not so any more.
    let outcome = late(&case(&["ann"]), same).await;
    assert!(outcome.overtaken(), "{outcome:#?}");
    let hints: Vec<_> = outcome.failures().flat_map(|(_, error)| error.hints()).collect();
    assert_eq!(hints.iter().map(ToString::to_string).collect::<Vec<_>>(), ["plan again"]);
    // Made, and nobody in it yet: as good as ours.
    let empty = async |client: &Client| {
        let plan = case(&[]).plan().unwrap();
        assert_eq!(applied(client, &plan).await.end, End::Done);
    };
    let outcome = late(&case(&["ann"]), empty).await;
    assert_eq!(outcome.end, End::Done, "{outcome:#?}");
    assert!(
        matches!(&outcome.steps[0].end, StepEnd::Done(receipt) if receipt.how == How::AlreadySo),
        "{outcome:#?}"
    );
}
