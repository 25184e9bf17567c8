//! Both laws of access, proven in the small: *every* pair of organizations within a bound is planned, and *every* state
//! that the edges of its plan allow is judged.
//!
//! A pair is a live and a desired side with two principals, two groups and two policies. Memberships, principals of
//! policies and rules are any on either side; beside them one object may be made, deleted, renamed, replaced by
//! another one, or leave its name to another one. It is the least that has every interplay: two ways to hold something
//! that are exchanged, a policy that moves between groups while members do, rules that are wider, narrower, and neither
//! (so that a policy goes through what both grant), and names that become free. A third principal that stays is there
//! where a call needs one (`PUT /members`).
//!
//! Beside people whom files only name there are people whom they manage (invited, locked, removed, with a new e-mail address),
//! alone and next to an application or a group that comes or goes; a group of another stack into which files put their own
//! principals (`memberships`); and objects that files release, alone and next to one that is deleted. Applications have keys, and
//! a slot that lacks its first one.
//!
//! In every state: nobody holds more than before and after, nobody who is to be locked can use more than before, nobody lacks
//! what they keep except for what the plan lists, and what it lists is missing; every call can be made, and finds what it says
//! that it replaces; the last state is the desired one; the guards `self_lockout` and `min_iam_admins` say what the states show.
//! The guards `people` and `keys` count the calls, and the keys that end; the first keys are those of the applications that the
//! files declare. (Keys are made after the last step, so no state on the way has one more.)
//!
//! Rules are taken three at a time, so that the proof comes to an end: `a` and the mixed rules, which have something in common
//! and something of their own, are in every space, and with them, one after the other, a wider rule, no rule, and a rule
//! under a condition. (What `a` and the mixed rules have in common is under a condition too.) No pair has a wider rule and
//! one under a condition, or no rule.
//!
//! *Up to symmetry*: pairs that differ only in which of two principals, groups or policies is which are alike for the laws.
//! For the planner they are alike but for how it breaks ties, which it does by order; so which of them is planned is
//! as if drawn, and a space of its own is gone through in which only the two policies stand for each other.
//!
//! A few thousand pairs run in the tests. `SCW_IAM_TEST_CASES=all cargo test --release --test proof -- --nocapture` runs
//! all; a number runs as many of each space.

mod builder;
mod organization;
mod space;
#[path = "../support/mod.rs"]
mod support;
mod walk;
mod writer;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use builder::Live;
use organization::{Call, Organization, PRINCIPAL};
use scw_iam::model::Desired;
use scw_iam::plan::{GuardName, Reason};
use space::{Event, Events, Side, Space, spaces, spread};
use walk::{avoidable, walk};

/// What was seen.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    pairs: u64,
    steps: u64,
    states: u64,
    interrupted: u64,
    interruptions: u64,
    /// Pairs with an interruption for which another order of the same calls needs none.
    avoidable: u64,
    lockouts: u64,
    few_administrators: u64,
    /// Pairs with enough people who administer in the end, and too few in some state on the way: they are refused too.
    few_on_the_way: u64,
    /// Those of them for which another order of the same calls keeps enough, without an interruption.
    few_avoidable: u64,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.steps += other.steps;
        self.states += other.states;
        self.interrupted += other.interrupted;
        self.interruptions += other.interruptions;
        self.avoidable += other.avoidable;
        self.lockouts += other.lockouts;
        self.few_administrators += other.few_administrators;
        self.few_on_the_way += other.few_on_the_way;
        self.few_avoidable += other.few_avoidable;
    }
}

/// A side with all that is made of it once.
struct Made<T> {
    side: Side,
    organization: Organization,
    made: T,
}

/// Plans a pair and judges every state.
fn judge(space: &Space, live: &Made<Live>, desired: &Made<Desired>) -> Result<Seen, String> {
    let (before, wanted) = (&live.organization, &desired.organization);
    let plan = builder::plan(space, &live.made, &before.names, &desired.made)?;
    let schedule = builder::schedule(space, &plan, wanted, |_| true);
    let told = |what: String| format!("{what}\n{schedule:#?}");
    let found = walk(before, wanted, &schedule).map_err(told)?;
    let locked_out = builder::found(&plan, GuardName::SelfLockout);
    let loses = found.loses[space.caller()];
    if locked_out != loses {
        return Err(told(format!("self_lockout says {locked_out}, the states {loses}")));
    }
    let few = builder::found(&plan, GuardName::MinIamAdmins);
    let there_were = before.administrators();
    let too_few = |there_are: u32| there_are < there_were.min(2);
    if few != too_few(found.least_administrators) {
        let least = found.least_administrators;
        return Err(told(format!("min_iam_admins says {few}, and the states have {least} of {there_were}")));
    }
    let on_the_way = few && !too_few(wanted.administrators());
    let locks = |call: &Call| matches!(call, Call::Lock { .. });
    let removes =
        |call: &Call| matches!(*call, Call::Delete { kind, at } if kind == PRINCIPAL && space.person(at));
    let calls = |is: &dyn Fn(&Call) -> bool| schedule.calls.iter().filter(|call| is(call)).count();
    for (guard, there_are) in [(GuardName::Locks, calls(&locks)), (GuardName::People, calls(&removes))] {
        let counted = builder::found_number(&plan, guard);
        if there_are != counted {
            return Err(told(format!("the guard {guard} counts {counted}, the calls are {there_are}")));
        }
    }
    builder::judge_keys(space, before, wanted, &plan).map_err(told)?;
    let interrupted = !schedule.interruptions.is_empty();
    Ok(Seen {
        pairs: 1,
        steps: schedule.calls.len() as u64,
        states: found.states,
        interrupted: u64::from(interrupted),
        interruptions: schedule.interruptions.len() as u64,
        avoidable: u64::from(interrupted && avoidable(before, wanted, &schedule, 0)),
        lockouts: u64::from(locked_out),
        few_administrators: u64::from(few),
        few_on_the_way: u64::from(on_the_way),
        few_avoidable: u64::from(on_the_way && avoidable(before, wanted, &schedule, there_were.min(2))),
    })
}

/// What is wrong, by its first words: how often, and the shortest example.
type Broken = BTreeMap<String, (u64, String)>;

/// The pairs of one space and event.
struct Run<'s> {
    space: &'s Space,
    events: Events,
    live: Vec<Side>,
    desired: Vec<Made<Desired>>,
}

impl<'s> Run<'s> {
    fn new(space: &'s Space, events: Events) -> Self {
        let [live, desired] = space.pairs(events);
        let renamed = events.renamed();
        let made = |side: Side| {
            let organization = space.organization(&side, renamed);
            let identity = renamed.map(|(kind, at, _)| (kind, at));
            Made { side, organization, made: builder::desired(space, &side, &organization, identity) }
        };
        Self { space, events, live, desired: desired.into_iter().map(made).collect() }
    }

    fn live(&self, side: &Side) -> Made<Live> {
        let organization = self.space.organization(side, None);
        Made { side: *side, organization, made: builder::live(self.space, side, &organization) }
    }

    fn pair(&self, live: &Made<Live>, desired: &Made<Desired>, seen: &mut Seen, broken: &mut Broken) {
        match judge(self.space, live, desired) {
            Ok(one) => seen.add(&one),
            Err(what) => {
                let first: String = what.chars().take_while(|c| !c.is_ascii_digit()).take(60).collect();
                let (live, desired) = (live.organization, desired.organization);
                let told = format!("{what}\n{:?}\n  {live:?}\n→ {desired:?}", self.events);
                let (often, shortest) = broken.entry(first).or_insert_with(|| (0, told.clone()));
                *often += 1;
                if told.len() < shortest.len() {
                    *shortest = told;
                }
            }
        }
    }

    /// Goes through all pairs that stand for others, or through a share that follows from a number alone.
    fn all(&self, seen: &Mutex<Seen>, broken: &Mutex<Broken>) {
        let next = AtomicUsize::new(0);
        let work = || {
            let (mut own, mut wrong) = (Seen::default(), Broken::new());
            while let Some(side) = self.live.get(next.fetch_add(1, Ordering::Relaxed)) {
                let live = self.live(side);
                let counts = |one: &&Made<Desired>| {
                    self.space.fits(self.events, side, &one.side)
                        && self.space.stands(self.events, side, &one.side)
                };
                for desired in self.desired.iter().filter(counts) {
                    self.pair(&live, desired, &mut own, &mut wrong);
                }
            }
            gather(&own, wrong, seen, broken);
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    }

    fn some(&self, count: usize, seen: &Mutex<Seen>, broken: &Mutex<Broken>) {
        let (mut own, mut wrong) = (Seen::default(), Broken::new());
        let drawn = (0..).map(|number| {
            let drawn = usize::try_from(spread(number) >> 1).unwrap();
            (&self.live[drawn % self.live.len()], &self.desired[drawn / self.live.len() % self.desired.len()])
        });
        let fits =
            |(live, desired): &(&Side, &Made<Desired>)| self.space.fits(self.events, live, &desired.side);
        for (live, desired) in drawn.filter(fits).take(count) {
            self.pair(&self.live(live), desired, &mut own, &mut wrong);
        }
        gather(&own, wrong, seen, broken);
    }
}

fn gather(own: &Seen, wrong: Broken, seen: &Mutex<Seen>, broken: &Mutex<Broken>) {
    seen.lock().unwrap().add(own);
    let mut broken = broken.lock().unwrap();
    for (what, (often, told)) in wrong {
        let of = broken.entry(what).or_insert_with(|| (0, told.clone()));
        of.0 += often;
        if told.len() < of.1.len() {
            of.1 = told;
        }
    }
}

/// How many pairs of each space the tests draw.
const SOME: usize = 150;

/// How many cases of each space to draw; `None` for all.
fn count(usual: usize) -> Option<usize> {
    match std::env::var("SCW_IAM_TEST_CASES").ok().as_deref() {
        Some("all") => None,
        Some(number) => Some(number.parse().unwrap()),
        None => Some(usual),
    }
}

/// The spaces whose names have the words that the environment names.
fn chosen(mut spaces: Vec<Space>) -> Vec<Space> {
    let only = std::env::var("SCW_IAM_TEST_SPACE").ok();
    spaces.retain(|space| only.as_deref().is_none_or(|only| space.name.contains(only)));
    spaces
}

#[test]
fn no_state_that_a_plan_allows_breaks_a_law() {
    let count = count(SOME);
    let (broken, begun) = (Mutex::new(Broken::new()), Instant::now());
    let mut sum = Seen::default();
    for space in &chosen(spaces()) {
        let (seen, since) = (Mutex::new(Seen::default()), Instant::now());
        for events in &space.events {
            let run = Run::new(space, *events);
            match count {
                None => run.all(&seen, &broken),
                Some(count) => run.some(count.div_ceil(space.events.len()), &seen, &broken),
            }
        }
        let seen = seen.into_inner().unwrap();
        println!("{}: {}, {:.1?}", space.name, told(&seen), since.elapsed());
        sum.add(&seen);
    }
    println!("in all: {}, {:.1?}", told(&sum), begun.elapsed());
    let broken = broken.into_inner().unwrap();
    let mut text = String::new();
    for (often, what) in broken.values() {
        writeln!(text, "{often} pairs; the shortest:\n{what}\n").unwrap();
    }
    assert!(broken.is_empty(), "{text}");
}

fn told(seen: &Seen) -> String {
    format!(
        "{} pairs, {} steps, {} states; {} pairs with {} interruptions, {} of them avoidable; {} lock the caller out, {} leave too \
         few who administer, {} of them on the way alone, {} avoidably",
        seen.pairs,
        seen.steps,
        seen.states,
        seen.interrupted,
        seen.interruptions,
        seen.avoidable,
        seen.lockouts,
        seen.few_administrators,
        seen.few_on_the_way,
        seen.few_avoidable
    )
}

/// The walk itself is seen to find what edges of each kind keep from happening.
#[test]
fn without_the_edges_that_keep_a_law_the_law_is_broken() {
    let space = spaces().pop().unwrap();
    let run = Run::new(&space, Event::Nothing.into());
    let kinds = [(Reason::Leak, "a leak"), (Reason::Gap, "a gap"), (Reason::Writer, "")];
    for (reason, words) in kinds {
        let breaks = |number: u64| {
            let drawn = usize::try_from(spread(number) >> 1).unwrap();
            let desired = &run.desired[drawn / run.live.len() % run.desired.len()];
            let live = run.live(&run.live[drawn % run.live.len()]);
            let plan = builder::plan(&space, &live.made, &live.organization.names, &desired.made).unwrap();
            let schedule = builder::schedule(&space, &plan, &desired.organization, |other| other != reason);
            walk(&live.organization, &desired.organization, &schedule)
                .is_err_and(|what| what.starts_with(words))
        };
        assert!((0..300).any(breaks), "{reason:?}");
    }
}
