//! Random calls through the client agree with a plain model: the same answers, the same kinds of refusal, the same lists.
//!
//! The client speaks to the emulator over its socket, the model is maps in this test, written from what is known of the
//! API. `SCW_IAM_TEST_CASES` sets the number of sequences.
#[path = "model/call.rs"]
mod call;
#[path = "model/look.rs"]
mod look;
#[path = "model/plain.rs"]
mod plain;
#[path = "model/play.rs"]
mod play;

use std::cell::Cell;
use std::time::Duration;

use call::{Call, Holder, Meta, Who};
use plain::{Model, ORGANIZATION, SECRET, state};
use play::Play;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use scw_iam::api::wire::{CreateGroup, NewMember, RuleSpec, SpecScope};
use scw_iam::api::{Client, RetryPolicy, Secret};
use scw_iam::emulator::{self, Emulator, EmulatorOptions};

/// Small enough that sequences reach them; the others are unlimited.
const QUOTA: [(&str, u64); 3] = [("iam_api_keys", 5), ("iam_groups", 3), ("iam_policies", 4)];

/// Starts both sides from the same state.
async fn start(quota: &[(&str, u64)]) -> (Emulator, Play) {
    let state = state(quota);
    let options = EmulatorOptions { state: Some(state.clone()), seed: Some(7), ..EmulatorOptions::default() };
    let emulator = emulator::start(options).await.unwrap();
    let quick = RetryPolicy { base: Duration::from_millis(1), attempts: 2, ..RetryPolicy::default() };
    let client = Client::builder(Secret::new(SECRET), ORGANIZATION.parse().unwrap())
        .api_url(emulator.url())
        .max_rps(1e9)
        .retry(quick)
        .build()
        .unwrap();
    (emulator, Play { client, model: Model::of(&state) })
}

/// Plays a sequence, then looks at everything, in several orders and with several filters.
async fn agree(calls: &[Call]) -> Result<(), String> {
    let (_emulator, mut play) = start(&QUOTA).await;
    play.look(0).await.map_err(|why| format!("at the start: {why}"))?;
    for (number, call) in calls.iter().enumerate() {
        play.play(call).await.map_err(|why| format!("call {number}, {call:?}: {why}"))?;
    }
    for number in [0, calls.len() + 1] {
        play.look(number).await.map_err(|why| format!("at the end: {why}"))?;
    }
    Ok(())
}

fn cases() -> u32 {
    std::env::var("SCW_IAM_TEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(48)
}

#[test]
fn any_sequence_of_calls_agrees_with_the_model() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let (sequences, played) = (Cell::new(0), Cell::new(0));
    let result = TestRunner::new(config).run(&call::calls(), |calls| {
        sequences.set(sequences.get() + 1);
        played.set(played.get() + calls.len());
        runtime.block_on(agree(&calls)).map_err(TestCaseError::fail)
    });
    println!("{} sequences, {} calls", sequences.get(), played.get());
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Over 100 of each kind, so that every list has several pages, and then fewer again.
#[tokio::test]
async fn lists_of_several_pages_agree_with_the_model() {
    let (_emulator, mut play) = start(&[]).await;
    for number in 0..105_usize {
        let meta = || Meta { name: number % 6, description: number % 3, tags: number % 4 };
        let project = (number % 5) as u8;
        for call in [
            Call::CreateApplication(meta()),
            Call::CreateProject(meta()),
            Call::CreatePolicy(meta(), Holder::Application(number as u8), vec![]),
            Call::CreateApiKey {
                who: Who::Application(number as u8 / 4),
                description: number % 2,
                expires: (number % 4 > 0).then_some(number % 3),
                project: Some(project),
            },
            Call::CreateSshKey { name: number % 3, public_key: number % 2, project },
        ] {
            play.play(&call).await.unwrap();
        }
        let member = NewMember {
            email: format!("{number}@example.com"),
            username: format!("user{number}"),
            ..NewMember::default()
        };
        play.make_user(member, call::tags(number % 3)).await.unwrap();
        // More than two pages of groups, each holding what there is so far.
        for half in ["a", "B"] {
            let name = format!("{half} {}", number * 7 % 105);
            play.make_group(CreateGroup { name, ..CreateGroup::default() }).await.unwrap();
        }
        play.play(&Call::AddMembers(number as u8, vec![Who::User(number as u8), Who::Application(0)]))
            .await
            .unwrap();
    }
    let policy = play.model.policies.keys().nth(5).unwrap().clone();
    let projects: Vec<_> = play.model.projects.keys().cloned().collect();
    let rules = (0..130).map(|number| RuleSpec {
        permission_set_names: vec![call::SETS[number % 3].to_owned()],
        condition: call::condition(number % 2),
        scope: SpecScope::Projects(vec![
            projects[number % projects.len()].clone(),
            projects[(number + 1) % projects.len()].clone(),
        ]),
    });
    play.replace_rules(policy, &rules.collect::<Vec<_>>()).await.unwrap();
    for number in 0..12 {
        play.look(number).await.unwrap();
    }
    for at in (0..60).step_by(2) {
        for call in [
            Call::DeleteApplication(at),
            Call::DeleteUser(at),
            Call::DeleteProject(at),
            Call::DeletePolicy(at),
            Call::DeleteGroup(at),
        ] {
            play.play(&call).await.unwrap();
        }
    }
    for number in 0..12 {
        play.look(number).await.unwrap();
    }
}
