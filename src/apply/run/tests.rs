use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::apply::journal::Kept;
use crate::apply::progress::Unwatched;
use crate::apply::{Stopper, stop_signal};
use crate::model::{Address, Group, Key, Name};
use crate::plan::{Action, Edge, Effect, Reason, StepId};

fn step(id: StepId, effect: Effect, after: &[(StepId, Reason)]) -> Step {
    let name: Name = format!("g{id}").parse().unwrap();
    let action = Action::Delete { address: Address::group(name), object: Group::default().into() };
    let after = after.iter().map(|(step, reason)| Edge { step: *step, reason: *reason }).collect();
    Step { id, action, effect, after }
}

fn sent(result: Result<How, StepError>) -> Sent {
    let receipt =
        Receipt { how: How::Sent, request_id: None, status: None, writes: 1, elapsed: Duration::ZERO };
    Sent { result, receipt }
}

fn failure() -> StepError {
    StepError::Unknown(Address::group(Key::Named("nobody".parse().unwrap())))
}

/// What happened, in order: a step started or ended, at which millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Started(StepId, u128),
    Ended(StepId, u128),
    Synced,
}

/// A world in which each step takes some time and perhaps fails or panics.
#[derive(Clone, Default)]
struct World {
    events: Arc<Mutex<Vec<Event>>>,
    takes: BTreeMap<StepId, u64>,
    /// How long each step reads before it is sent, in milliseconds.
    looks: BTreeMap<StepId, u64>,
    fails: BTreeSet<StepId>,
    panics: BTreeSet<StepId>,
    parallelism: usize,
    settle: u64,
    /// When to ask to stop, in milliseconds, each time once more.
    stops: Vec<u64>,
}

impl World {
    fn log(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    fn started(&self) -> Vec<StepId> {
        let started = |event| match event {
            Event::Started(id, _) => Some(id),
            Event::Ended(..) | Event::Synced => None,
        };
        self.events().into_iter().filter_map(started).collect()
    }

    async fn run(&self, steps: &[Step]) -> Outcome {
        self.run_with(steps, &mut Journal::none()).await
    }

    async fn run_with(&self, steps: &[Step], journal: &mut Journal) -> Outcome {
        let began = Instant::now();
        let (stopper, mut stop) = stop_signal();
        let gate = &SendGate::default();
        let send = |step: &Step| {
            let (world, step, id) = (self.clone(), step.clone(), step.id);
            async move {
                world.log(Event::Started(id, began.elapsed().as_millis()));
                let looks = world.looks.get(&id).copied().unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(looks)).await;
                if let Err(unsent) = gate.pass(&step) {
                    return sent(Err(unsent));
                }
                let takes = world.takes.get(&id).copied().unwrap_or(10);
                tokio::time::sleep(Duration::from_millis(takes)).await;
                assert!(!world.panics.contains(&id), "a step fell over");
                world.log(Event::Ended(id, began.elapsed().as_millis()));
                sent(if world.fails.contains(&id) { Err(failure()) } else { Ok(How::Sent) })
            }
        };
        let settings =
            Pace { parallelism: self.parallelism.max(1), settle: Duration::from_millis(self.settle) };
        let asking = ask(stopper, self.stops.clone());
        let run = run(steps, send, gate, journal, &Unwatched, &mut stop, &settings);
        tokio::pin!(asking, run);
        tokio::select! {
            biased;
            outcome = &mut run => outcome,
            () = &mut asking => unreachable!("asking never ends"),
        }
    }
}

async fn ask(stopper: Stopper, stops: Vec<u64>) {
    let began = Instant::now();
    for at in stops {
        tokio::time::sleep_until(began + Duration::from_millis(at)).await;
        stopper.stop();
    }
    std::future::pending::<()>().await;
}

fn words(outcome: &Outcome) -> String {
    let word = |step: &StepOutcome| match &step.end {
        StepEnd::Done(_) => format!("{} done", step.id),
        StepEnd::Failed { error, .. } => format!("{} failed: {error}", step.id),
        StepEnd::Abandoned => format!("{} abandoned", step.id),
        StepEnd::NotStarted(why) => format!("{} not started: {why}", step.id),
    };
    outcome.steps.iter().map(word).collect::<Vec<_>>().join("\n")
}

use Effect::{Grants, Neutral, Revokes};
use Reason::{Leak, Reference, Writer};

#[tokio::test(start_paused = true)]
async fn after_a_failure_only_independent_revocations_start() {
    let steps = [
        step(1, Neutral, &[]),
        step(2, Revokes, &[(1, Reference)]),
        step(3, Grants, &[]),
        step(4, Revokes, &[(3, Leak)]),
        step(5, Revokes, &[(4, Writer)]),
        step(6, Grants, &[(3, Writer)]),
        step(7, Neutral, &[(3, Writer)]),
        step(8, Revokes, &[(6, Writer)]),
    ];
    let world = World { parallelism: 2, fails: [1].into(), takes: [(3, 30)].into(), ..World::default() };
    let outcome = world.run(&steps).await;
    assert_eq!(outcome.end, End::Failed);
    insta::assert_snapshot!(words(&outcome), @"
    1 failed: group nobody has no id: the plan does not match the organization
    2 not started: step 1 was not done
    3 done
    4 done
    5 done
    6 not started: after a failure only revocations start
    7 not started: after a failure only revocations start
    8 not started: after a failure only revocations start
    ");
}

#[tokio::test(start_paused = true)]
async fn settling_waits_along_the_edges_that_keep_a_law_and_no_others() {
    let steps = [step(1, Revokes, &[]), step(2, Grants, &[(1, Leak)]), step(3, Neutral, &[(1, Writer)])];
    let world = World { parallelism: 9, settle: 60_000, ..World::default() };
    assert_eq!(world.run(&steps).await.end, End::Done);
    let starts: Vec<_> =
        world.events().into_iter().filter(|event| matches!(event, Event::Started(..))).collect();
    assert_eq!(starts, [Event::Started(1, 0), Event::Started(3, 10), Event::Started(2, 60_010)]);
}

#[tokio::test(start_paused = true)]
async fn the_longest_chain_is_not_kept_waiting() {
    let mut steps: Vec<_> = (1..=4).map(|id| step(id, Neutral, &[])).collect();
    steps.extend([step(5, Neutral, &[]), step(6, Neutral, &[(5, Writer)]), step(7, Neutral, &[(6, Writer)])]);
    let world = World { parallelism: 2, ..World::default() };
    let outcome = world.run(&steps).await;
    assert_eq!((outcome.end, outcome.elapsed), (End::Done, Duration::from_millis(40)));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_failure_of_its_step() {
    let steps = [step(1, Grants, &[]), step(2, Revokes, &[]), step(3, Grants, &[(1, Writer)])];
    let world = World { parallelism: 1, panics: [1].into(), ..World::default() };
    let outcome = world.run(&steps).await;
    assert!(outcome.wrote());
    insta::assert_snapshot!(words(&outcome), @"
    1 failed: bug: the step panicked: a step fell over; please report it
    2 done
    3 not started: step 1 was not done
    ");
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_it_finishes_what_is_in_flight() {
    let steps: Vec<_> = (1..=4).map(|id| step(id, Revokes, &[])).collect();
    let world = World { parallelism: 2, stops: vec![5], ..World::default() };
    let outcome = world.run(&steps).await;
    assert_eq!((outcome.end.clone(), outcome.elapsed), (End::Stopped, Duration::from_millis(10)));
    insta::assert_snapshot!(words(&outcome), @"
    1 done
    2 done
    3 not started: the apply was interrupted
    4 not started: the apply was interrupted
    ");
}

#[tokio::test(start_paused = true)]
async fn asked_twice_it_stops_at_once() {
    let steps: Vec<_> = (1..=3).map(|id| step(id, Revokes, &[])).collect();
    let world =
        World { parallelism: 2, stops: vec![5, 6], takes: [(1, 3), (2, 99)].into(), ..World::default() };
    let outcome = world.run(&steps).await;
    assert_eq!((outcome.end.clone(), outcome.elapsed), (End::Abandoned, Duration::from_millis(6)));
    insta::assert_snapshot!(words(&outcome), @r"
    1 done
    2 abandoned
    3 abandoned
    ");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_still_looks_when_it_is_asked_to_stop_sends_nothing() {
    let steps: Vec<_> = (1..=3).map(|id| step(id, Revokes, &[])).collect();
    for (stops, second) in [(vec![5], "done"), (vec![5, 6], "abandoned")] {
        let world = World {
            parallelism: 3,
            looks: [(1, 20), (3, 20)].into(),
            takes: [(2, 7)].into(),
            stops,
            ..World::default()
        };
        let why = "not started: the apply was interrupted";
        let wanted = format!("1 {why}\n2 {second}\n3 {why}");
        assert_eq!(words(&world.run(&steps).await), wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_still_looks_when_another_step_fails_sends_nothing() {
    let steps = [step(1, Neutral, &[]), step(2, Grants, &[]), step(3, Revokes, &[]), step(4, Grants, &[])];
    let looks = [(2, 20), (3, 20)].into();
    let world =
        World { parallelism: 4, fails: [1].into(), takes: [(4, 30)].into(), looks, ..World::default() };
    let outcome = world.run(&steps).await;
    insta::assert_snapshot!(words(&outcome), @"
    1 failed: group nobody has no id: the plan does not match the organization
    2 not started: after a failure only revocations start
    3 done
    4 done
    ");
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_while_it_settles_it_ends_at_once() {
    let steps = [step(1, Revokes, &[]), step(2, Grants, &[(1, Leak)])];
    let world = World { parallelism: 2, settle: 60_000, stops: vec![500], ..World::default() };
    let outcome = world.run(&steps).await;
    assert_eq!((outcome.end.clone(), outcome.elapsed), (End::Stopped, Duration::from_millis(500)));
}

/// A journal's file that logs when it was made safe, and is full after so many bytes, once.
struct Paper {
    world: World,
    room: usize,
    text: Arc<Mutex<Vec<u8>>>,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.text.lock().unwrap();
        if text.len() + bytes.len() > self.room {
            self.room = usize::MAX;
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"));
        }
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept for Paper {
    fn keep(&mut self) -> io::Result<()> {
        self.world.log(Event::Synced);
        Ok(())
    }
}

fn paper(world: &World, room: usize) -> (Journal, Arc<Mutex<Vec<u8>>>) {
    let text = Arc::new(Mutex::new(Vec::new()));
    let paper = Paper { world: world.clone(), room, text: Arc::clone(&text) };
    (Journal::kept(Box::new(paper), "run-1"), text)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_journal_is_safe_nor_after_before_it_is_again() {
    let steps = [step(1, Revokes, &[]), step(2, Grants, &[(1, Writer)])];
    let world = World { parallelism: 2, ..World::default() };
    let (mut journal, text) = paper(&world, usize::MAX);
    let outcome = world.run_with(&steps, &mut journal).await;
    journal.end(&outcome);
    let (started, ended) = (Event::Started, Event::Ended);
    assert_eq!(
        world.events(),
        [
            Event::Synced,
            started(1, 0),
            ended(1, 10),
            Event::Synced,
            started(2, 10),
            ended(2, 20),
            Event::Synced,
            Event::Synced
        ]
    );
    let text = String::from_utf8(text.lock().unwrap().clone()).unwrap();
    insta::assert_snapshot!(without_times(&text), @r#"
    {"run":"run-1","event":"started","step":1,"action":"delete","address":"group g1","changes":{"from":{"description":"","members":[],"tags":[]}}}
    {"run":"run-1","event":"done","step":1,"action":"delete","address":"group g1","how":"sent","request_id":null,"status":null,"writes":1,"ms":0}
    {"run":"run-1","event":"started","step":2,"action":"delete","address":"group g2","changes":{"from":{"description":"","members":[],"tags":[]}}}
    {"run":"run-1","event":"done","step":2,"action":"delete","address":"group g2","how":"sent","request_id":null,"status":null,"writes":1,"ms":0}
    {"run":"run-1","event":"end","result":"done","done":2,"failed":0,"not_started":0}
    "#);
}

/// Takes the times out.
fn without_times(text: &str) -> String {
    let line = |line: &str| {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["time"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        value.as_object_mut().unwrap().shift_remove("time");
        value.to_string()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_cannot_be_written_stops_before_the_next_write() {
    let steps: Vec<_> = (1..=4).map(|id| step(id, Revokes, &[])).collect();
    let world = World { parallelism: 1, ..World::default() };
    let (mut journal, _) = paper(&world, 0);
    let outcome = world.run_with(&steps, &mut journal).await;
    assert_eq!(outcome.end, End::Journal("no space left".to_owned()));
    assert_eq!((world.started(), outcome.wrote()), (vec![], false));

    let (mut journal, text) = paper(&world, 600);
    let outcome = world.run_with(&steps, &mut journal).await;
    let kept = text.lock().unwrap().clone();
    journal.end(&outcome);
    assert_eq!(*text.lock().unwrap(), kept, "it is left alone");
    assert_eq!(outcome.end, End::Journal("no space left".to_owned()));
    assert_eq!(world.started(), [1, 2]);
    insta::assert_snapshot!(words(&outcome), @r"
    1 done
    2 done
    3 not started: the journal could not be written
    4 not started: the journal could not be written
    ");
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let reason = prop_oneof![Just(Leak), Just(Writer), Just(Reference)];
    let effect = prop_oneof![Just(Neutral), Just(Revokes), Just(Grants)];
    let one = (effect, proptest::collection::vec((any::<prop::sample::Index>(), reason), 0..3));
    proptest::collection::vec(one, 1..12).prop_map(|list| {
        let number = |at: usize| StepId::try_from(at + 1).unwrap();
        let step = |(at, (effect, after)): (usize, (Effect, Vec<(prop::sample::Index, Reason)>))| {
            let after: BTreeMap<StepId, Reason> = after
                .into_iter()
                .filter(|_| at > 0)
                .map(|(first, reason)| (number(first.index(at)), reason))
                .collect();
            self::step(number(at), effect, &after.into_iter().collect::<Vec<_>>())
        };
        list.into_iter().enumerate().map(step).collect()
    })
}

proptest! {
    #[test]
    fn whatever_fails_no_step_starts_that_must_not_and_none_is_left_that_may(
        steps in any_steps(),
        fails in proptest::collection::btree_set(1u32..12, 0..3),
        takes in proptest::collection::btree_map(1u32..12, 1u64..40, 0..12),
        parallelism in 1usize..5,
    ) {
        let world = World { fails, takes, parallelism, ..World::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outcome = runtime.block_on(world.run(&steps));
        let (mut running, mut done, mut failed) = (0usize, BTreeSet::new(), BTreeSet::new());
        for event in world.events() {
            match event {
                Event::Started(id, _) => {
                    running += 1;
                    let step = &steps[id as usize - 1];
                    prop_assert!(running <= parallelism);
                    prop_assert!(step.after.iter().all(|edge| done.contains(&edge.step)), "{} came too soon", id);
                    prop_assert!(failed.is_empty() || step.effect == Revokes, "{} came after a failure", id);
                }
                Event::Ended(id, _) => {
                    running -= 1;
                    let set = if world.fails.contains(&id) { &mut failed } else { &mut done };
                    set.insert(id);
                }
                Event::Synced => {}
            }
        }
        for (step, outcome) in steps.iter().zip(&outcome.steps) {
            let free = step.after.iter().all(|edge| done.contains(&edge.step));
            let started = done.contains(&step.id) || failed.contains(&step.id);
            prop_assert_eq!(started, !matches!(outcome.end, StepEnd::NotStarted(_)));
            prop_assert!(started || !free || (step.effect != Revokes && !failed.is_empty()), "{} was left", step.id);
        }
        prop_assert_eq!(outcome.end == End::Done, failed.is_empty());
    }
}
