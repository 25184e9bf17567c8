use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::case::{after, since};
use super::*;
use crate::model::{
    AccessKeyId, Address, Delivery, EmptySecret, FoundSecret, Id, KeyMark, KeySlot, KeyStage, LiveKey,
    LiveKeys, LiveSecret, LiveVersion, Marking, Place, SecretPlace, VersionState,
};

const DAY: i64 = 24 * 60;

/// A time so many minutes after the first of January.
fn at(minutes: i64) -> Timestamp {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    first + SignedDuration::from_mins(minutes)
}

fn id(number: u32) -> AccessKeyId {
    format!("SCW{number:017}").parse().unwrap()
}

fn place(number: u32) -> SecretPlace {
    let name: Arc<str> = format!("key-{number}").into();
    SecretPlace { project: Id::from_bits(9), region: "fr-par".into(), path: "/ci".into(), name }
}

/// A key of the slot: made at this minute, and `ok` since another.
fn key(number: u32, made: i64, ok: Option<i64>) -> LiveKey {
    let stage = ok.map_or(KeyStage::New, |since| KeyStage::Ok(at(since)));
    LiveKey {
        access_key: id(number),
        created_at: at(made),
        expires_at: Some(at(made + 90 * DAY)),
        marking: Marking::Mark(KeyMark { slot: "deploy".parse().unwrap(), stage }),
        ordinary: true,
    }
}

fn secret(versions: &[(u32, VersionState)]) -> FoundSecret {
    let all = (1..).zip(versions).map(|(revision, (key, state))| {
        let key = (*key > 0).then(|| id(*key));
        LiveVersion { revision, state: *state, key }
    });
    let mut versions: Vec<_> = all.collect();
    versions.reverse();
    FoundSecret::One(LiveSecret {
        id: "s".into(),
        owner: Some("platform".parse().unwrap()),
        versions,
        twins: Vec::new(),
    })
}

fn slot(deliver: Vec<Delivery>) -> KeySlot {
    KeySlot {
        default_project: None,
        expires_after: SignedDuration::from_mins(90 * DAY),
        rotate_before: SignedDuration::from_mins(14 * DAY),
        overlap: SignedDuration::from_mins(7 * DAY),
        made_after: None,
        adopt: None,
        previously: None,
        deliver,
        at: Place { file: std::path::Path::new("a.yaml").into(), line: 1, column: 1 },
    }
}

fn stored(number: u32) -> Delivery {
    Delivery::SecretManager { secret: place(number), adopt: false }
}

/// A slot with one secret, and what is live of it.
#[derive(Debug, Clone)]
struct World {
    slot: KeySlot,
    keys: Vec<LiveKey>,
    secrets: BTreeMap<SecretPlace, FoundSecret>,
    occasion: Occasion,
    own: Option<AccessKeyId>,
    hands: Hands,
    longest_life: Option<SignedDuration>,
}

impl World {
    fn new(keys: Vec<LiveKey>, secret: FoundSecret) -> Self {
        Self {
            slot: slot(vec![stored(1)]),
            keys,
            secrets: BTreeMap::from([(place(1), secret)]),
            occasion: Occasion::Files,
            own: None,
            hands: Hands::Named { files: false, commands: BTreeSet::new() },
            longest_life: None,
        }
    }

    fn on(self, occasion: Occasion) -> Self {
        Self { occasion, ..self }
    }

    fn look(&self, minute: i64) -> SlotPlan {
        let live = LiveKeys {
            all: self.keys.iter().map(|key| key.access_key.clone()).collect(),
            secrets: self.secrets.clone(),
            longest_life: self.longest_life,
            ..LiveKeys::default()
        };
        let case = SlotCase {
            name: &"deploy".parse().unwrap(),
            slot: &self.slot,
            stack: &"platform".parse().unwrap(),
            keys: &self.keys,
            live: &live,
            own: self.own.as_ref(),
            hands: &self.hands,
            occasion: self.occasion,
            now: at(minute),
        };
        assess(&Address::application("ci".parse::<crate::model::Name>().unwrap()), case)
    }

    fn work(&self, minute: i64) -> Vec<SlotWork> {
        self.look(minute).work
    }
}

const ON: VersionState = VersionState::Enabled;
const OFF: VersionState = VersionState::Disabled;

fn make(why: Due) -> Vec<SlotWork> {
    vec![SlotWork::Make { why }]
}

#[test]
fn a_slot_without_a_key_gets_one_from_files_and_from_a_saved_plan_and_from_no_scheduled_job() {
    let world = World::new(Vec::new(), FoundSecret::None);
    assert_eq!(world.work(0), make(Due::First));
    assert_eq!(world.clone().on(Occasion::Saved).work(0), make(Due::First));
    let due = world.on(Occasion::Due).look(0);
    assert_eq!((due.work, due.waits), (Vec::new(), vec![SlotWait::NeedsApply(Due::First)]));
}

#[test]
fn a_key_is_replaced_before_it_ends_and_goes_after_the_overlap() {
    let first = World::new(vec![key(1, 0, Some(0))], secret(&[(1, ON)]));
    assert_eq!(first.work(75 * DAY), []);
    let expires = Due::Expires(at(90 * DAY));
    for occasion in [Occasion::Files, Occasion::Due] {
        assert_eq!(first.clone().on(occasion).work(76 * DAY), make(expires.clone()));
    }
    let saved = first.on(Occasion::Saved).look(76 * DAY);
    assert_eq!((saved.work, saved.waits), (Vec::new(), vec![SlotWait::NeedsApply(expires)]));

    let keys = vec![key(1, 0, Some(0)), key(2, 76 * DAY, Some(76 * DAY))];
    let second = World::new(keys, secret(&[(1, ON), (2, ON)]));
    let until = at(83 * DAY);
    let waiting = second.look(83 * DAY - 1);
    assert_eq!((waiting.work, waiting.waits), (Vec::new(), vec![SlotWait::Overlap { key: id(1), until }]));
    assert_eq!(second.work(83 * DAY), [SlotWork::Retire { key: id(1) }]);
}

#[test]
fn the_old_key_stays_while_the_newest_version_does_not_give_the_current_one() {
    let keys = vec![key(1, 0, Some(0)), key(2, 10, Some(10))];
    let lacks = Due::NotDelivered(stored(1));
    for versions in [&[(1, ON)][..], &[(2, ON), (1, ON)], &[(1, ON), (2, OFF)], &[(2, ON), (0, ON)]] {
        let world = World::new(keys.clone(), secret(versions));
        assert_eq!(world.work(20 * DAY), make(lacks.clone()), "{versions:?}");
        // Where it would be delivered is not for a scheduled job to say.
        let due = world.on(Occasion::Due).look(20 * DAY);
        assert_eq!(due.work, [], "{versions:?}");
        assert!(due.waits.contains(&SlotWait::NeedsApply(lacks.clone())), "{versions:?}");
    }
}

#[test]
fn a_new_key_belongs_to_its_run_for_a_quarter_of_an_hour() {
    let world = World::new(vec![key(1, 0, Some(0)), key(2, 100 * DAY, None)], secret(&[(1, ON)]));
    let young = world.look(100 * DAY + 14);
    let until = at(100 * DAY + 15);
    assert_eq!((young.work, young.waits), (Vec::new(), vec![SlotWait::UnderWay { key: id(2), until }]));
    let old = world.work(100 * DAY + 15);
    assert_eq!(old[0], SlotWork::Discard { key: id(2) });
}

#[test]
fn an_unfinished_key_is_finished_where_a_version_has_it() {
    let keys = vec![key(1, 0, Some(0)), key(2, 76 * DAY, None)];
    let world = World::new(keys, secret(&[(1, ON), (2, ON)]));
    assert_eq!(world.work(77 * DAY), [SlotWork::Finish { key: id(2) }]);
    // Once it is about to end itself, another one is made, and it goes after that one's overlap.
    let late = world.work(160 * DAY);
    assert!(matches!(late[..], [SlotWork::Make { .. }]), "{late:?}");
}

#[test]
fn an_unfinished_key_that_a_delivery_may_hold_goes_after_another_one() {
    let keys = vec![key(1, 0, Some(0)), key(2, 10, None)];
    let unreadable = World::new(keys.clone(), secret(&[(1, ON), (2, OFF)]));
    assert_eq!(unreadable.work(DAY), make(Due::Unfinished(id(2))));
    let mut alone = World::new(keys, FoundSecret::None);
    alone.slot.deliver = vec![Delivery::File("ci.json".into())];
    alone.hands = Hands::Named { files: true, commands: BTreeSet::new() };
    assert_eq!(alone.work(DAY), make(Due::Unfinished(id(2))));
    alone.keys.push(key(3, DAY, Some(DAY)));
    assert_eq!(alone.work(8 * DAY), [SlotWork::Retire { key: id(1) }, SlotWork::Retire { key: id(2) }]);
}

#[test]
fn no_more_keys_are_made_while_three_wait_for_another_one() {
    let mut keys = vec![key(1, 0, Some(0))];
    keys.extend((2..5).map(|number| key(number, i64::from(number) * 60, None)));
    let mut world = World::new(keys, FoundSecret::None);
    world.slot.deliver = vec![Delivery::Command("github".parse().unwrap())];
    world.hands = Hands::Named { files: false, commands: BTreeSet::from(["github".parse().unwrap()]) };
    let look = world.look(2 * DAY);
    assert_eq!(look.work, []);
    assert!(look.waits.contains(&SlotWait::Stuck(vec![id(2), id(3), id(4)])), "{:?}", look.waits);
}

#[test]
fn a_delivery_that_nobody_named_keeps_the_slot_as_it_is() {
    let keys = vec![key(1, 0, Some(0)), key(2, 10, Some(10))];
    let mut world = World::new(keys, secret(&[(1, ON), (2, ON)]));
    let command = Delivery::Command("github".parse().unwrap());
    world.slot.deliver.push(command.clone());
    let look = world.look(100 * DAY);
    assert_eq!((look.work, look.waits), (Vec::new(), vec![SlotWait::Unnamed(command)]));
}

#[test]
fn a_secret_that_is_not_the_stacks_is_left_alone() {
    let of = |owner: Option<&str>, adopt: bool| {
        let mut world = World::new(Vec::new(), FoundSecret::None);
        let owner = owner.map(|stack| stack.parse().unwrap());
        let found =
            FoundSecret::One(LiveSecret { id: "s".into(), owner, versions: Vec::new(), twins: Vec::new() });
        world.secrets.insert(place(1), found);
        world.slot.deliver = vec![Delivery::SecretManager { secret: place(1), adopt }];
        world.work(0)
    };
    assert_eq!(of(None, false), []);
    assert_eq!(of(Some("other"), false), []);
    assert_eq!(of(Some("other"), true), [], "what another stack has is not for taking");
    assert_eq!(of(None, true), make(Due::First));
    assert_eq!(World::new(Vec::new(), FoundSecret::Several(2)).work(0), []);
}

#[test]
fn an_empty_second_secret_goes_once_no_run_can_be_at_work() {
    let FoundSecret::One(mut both) = secret(&[(1, ON)]) else { unreachable!() };
    both.twins.push(EmptySecret { id: "t".into(), created_at: at(0) });
    let world = World::new(vec![key(1, 0, Some(0))], FoundSecret::One(both));
    let young = world.look(14);
    assert_eq!((young.work, young.waits), (Vec::new(), vec![SlotWait::Several(place(1), 2)]));
    let goes = SlotWork::Deduplicate { secret: place(1), empty: vec!["t".into()] };
    assert_eq!(world.work(15), std::slice::from_ref(&goes));
    assert_eq!(world.clone().on(Occasion::Due).work(15), [goes]);
    assert_eq!(world.on(Occasion::Saved).work(15), []);
}

#[test]
fn a_key_that_is_there_is_taken_in_and_replaced() {
    let mut theirs = key(1, 0, None);
    (theirs.marking, theirs.expires_at) = (Marking::None, None);
    let mut world = World::new(vec![theirs], FoundSecret::None);
    world.slot.adopt = Some(id(1));
    let lacks = Due::NotDelivered(stored(1));
    assert_eq!(world.work(DAY), [SlotWork::Adopt { key: id(1) }, SlotWork::Make { why: lacks }]);
    assert_eq!(world.clone().on(Occasion::Saved).work(DAY), []);
    let bad = |world: &World| world.look(30 * DAY).waits;
    let mut gone = world.clone();
    gone.slot.adopt = Some(id(7));
    assert_eq!(bad(&gone), [SlotWait::Adopt(id(7), BadAdoption::NotThere)]);
    // A slot with an older key is taken; one with a younger key has replaced it.
    let mut taken = world.clone();
    taken.keys[0].created_at = at(20);
    taken.keys.push(key(2, 10, Some(10)));
    taken.secrets.insert(place(1), secret(&[(2, ON)]));
    assert_eq!(bad(&taken), [SlotWait::Adopt(id(1), BadAdoption::SlotTaken)]);
    taken.keys[0].created_at = at(0);
    assert_eq!(bad(&taken), []);
}

#[test]
fn a_renamed_slot_keeps_its_keys() {
    let mut world = World::new(vec![key(1, 0, Some(0))], secret(&[(1, ON)]));
    let mark = KeyMark { slot: "old".parse().unwrap(), stage: KeyStage::Ok(at(0)) };
    world.keys[0].marking = Marking::Mark(mark);
    world.slot.previously = Some("old".parse().unwrap());
    assert_eq!(world.work(DAY), [SlotWork::Rename { key: id(1), stage: KeyStage::Ok(at(0)) }]);
}

#[test]
fn a_time_to_come_makes_nothing_due() {
    let mut world = World::new(vec![key(1, 0, Some(0))], secret(&[(1, ON)]));
    world.slot.made_after = Some(at(2 * DAY));
    assert_eq!(world.work(DAY), []);
    assert_eq!(world.work(2 * DAY), make(Due::MadeBefore(at(2 * DAY))));
}

#[test]
fn a_life_that_the_organization_cuts_short_makes_no_key_at_each_run() {
    let mut world = World::new(Vec::new(), FoundSecret::None);
    let longest = SignedDuration::from_mins(14 * DAY);
    world.longest_life = Some(longest);
    let look = world.look(0);
    assert_eq!((look.work, look.waits), (Vec::new(), vec![SlotWait::TooShort(longest)]));
}

#[test]
fn a_version_whose_key_is_gone_goes_and_the_newest_is_only_disabled() {
    let sweep = |disable, delete| SlotWork::Sweep { secret: place(1), disable, delete };
    let world = World::new(vec![key(3, 0, Some(0))], secret(&[(1, OFF), (2, ON), (3, ON)]));
    assert_eq!(world.work(DAY), [sweep(vec![2], vec![2, 1])]);
    let world = World::new(Vec::new(), secret(&[(0, ON), (1, ON)]));
    assert_eq!(world.work(DAY)[0], sweep(vec![2], vec![]), "somebody else's version stays");
}

fn any_version() -> impl Strategy<Value = (u32, VersionState)> {
    let state = prop_oneof![Just(ON), Just(OFF), Just(VersionState::Going)];
    (0u32..5, state)
}

fn any_secret() -> impl Strategy<Value = FoundSecret> {
    prop_oneof![
        1 => Just(FoundSecret::None),
        6 => prop::collection::vec(any_version(), 0..22).prop_map(|versions| secret(&versions)),
        4 => prop::collection::vec(any_version(), 0..5).prop_map(|versions| secret(&versions)),
    ]
}

fn any_keys() -> impl Strategy<Value = Vec<LiveKey>> {
    let one =
        (0i64..120, prop::option::of(0i64..120), prop::option::of(0i64..200), prop::bool::weighted(0.9));
    prop::collection::vec(one, 0..5).prop_map(|keys| {
        let keys = (1..).zip(keys).map(|(number, (made, ok, ends, ordinary))| {
            let made = made * DAY;
            let expires_at = ends.map(|ends| at(ends * DAY));
            LiveKey { expires_at, ordinary, ..key(number, made, ok.map(|ok| ok * DAY)) }
        });
        keys.collect()
    })
}

fn any_world() -> impl Strategy<Value = World> {
    let occasion =
        prop_oneof![Just(Occasion::Files), Just(Occasion::Saved), Just(Occasion::Due), Just(Occasion::Asked)];
    let deliver =
        (0usize..3, any::<bool>()).prop_filter("one delivery", |(stored, file)| *stored > 0 || *file);
    (any_keys(), any_secret(), any_secret(), occasion, deliver, prop::option::of(1u32..5)).prop_map(
        |(keys, first, second, occasion, (secrets, file), own)| {
            let mut world = World::new(keys, first).on(occasion);
            world.secrets.insert(place(2), second);
            world.slot.deliver = (1..=u32::try_from(secrets).unwrap()).map(stored).collect();
            if file {
                world.slot.deliver.push(Delivery::File("ci.json".into()));
            }
            world.hands = Hands::Named { files: true, commands: BTreeSet::new() };
            world.own = own.map(id);
            world
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What holds for a slot in any state, whatever came before.
    #[test]
    fn no_work_takes_a_key_away_that_somebody_needs(world in any_world(), minute in 0i64..(130 * DAY)) {
        let look = world.look(minute);
        let now = at(minute);
        let of = |name: &AccessKeyId| world.keys.iter().find(|key| key.access_key == *name).unwrap();
        let stored = |number: u32| match &world.secrets[&place(number)] {
            FoundSecret::One(stored) if world.slot.secrets().any(|it| *it == place(number)) => Some(stored),
            _ => None,
        };
        let secrets: Vec<_> = (1..3).filter_map(stored).collect();
        let young = |key: &LiveKey| since(key).is_none() && after(key.created_at, UNDER_WAY) > now;
        prop_assert!(!world.keys.iter().any(young) || look.work.is_empty(), "a run is under way");
        let mut renewals = 0;
        for work in &look.work {
            match work {
                SlotWork::Retire { key } | SlotWork::Discard { key } => {
                    prop_assert!(look.current.as_ref() != Some(key), "the current key goes");
                    prop_assert!(!secrets.iter().any(|it| it.gives(key)), "`latest` names a key that goes");
                }
                SlotWork::Finish { .. } | SlotWork::Make { .. } => renewals += 1,
                SlotWork::Sweep { .. } | SlotWork::Deduplicate { .. } => {}
                SlotWork::Rename { .. } | SlotWork::Adopt { .. } => prop_assert!(false, "nothing asks for it"),
            }
            match work {
                SlotWork::Discard { key } => {
                    prop_assert!(since(of(key)).is_none() && world.slot.secrets().next().is_some());
                    prop_assert!(secrets.iter().all(|it| it.of(key).next().is_none()), "a version may hold it");
                }
                SlotWork::Retire { key } => {
                    prop_assert!(world.own.as_ref() != Some(key), "the caller's own key goes");
                    let ready = |it: &LiveKey| it.age() > of(key).age()
                        && since(it).is_some_and(|since| after(since, world.slot.overlap) <= now);
                    prop_assert!(world.keys.iter().any(ready), "the overlap is not over");
                    let current = look.current.as_ref().unwrap();
                    let all = world.slot.secrets().count();
                    prop_assert!(secrets.iter().filter(|it| it.gives(current)).count() == all);
                }
                SlotWork::Make { why } => {
                    prop_assert!(secrets.iter().all(|it| it.versions.len() < MOST_VERSIONS), "a 21st version");
                    match world.occasion {
                        Occasion::Saved => prop_assert!(*why == Due::First),
                        Occasion::Due => prop_assert!(look.current.is_some() && why.by_time()),
                        Occasion::Files | Occasion::Asked => {}
                    }
                }
                SlotWork::Finish { key } => {
                    prop_assert!(secrets.iter().any(|it| it.of(key).any(|it| it.state == ON)));
                    prop_assert!(secrets.iter().all(|it| it.gives(key) || it.versions.len() < MOST_VERSIONS));
                }
                SlotWork::Sweep { disable, delete, .. } => {
                    let named = |number: &u32| secrets.iter().flat_map(|it| &it.versions)
                        .filter(|it| it.revision == *number).all(|it| it.key.is_none()
                            || !world.keys.iter().any(|key| Some(&key.access_key) == it.key.as_ref()));
                    // Two secrets share the numbers here, so that one alone is told by its own property.
                    let alone = secrets.len() < 2;
                    prop_assert!(!alone || disable.iter().chain(delete).all(named), "a version of a live key goes");
                }
                SlotWork::Rename { .. } | SlotWork::Adopt { .. } | SlotWork::Deduplicate { .. } => {}
            }
        }
        prop_assert!(renewals < 2, "one key at a time");
        if world.occasion == Occasion::Saved {
            let first = |work: &SlotWork| matches!(work, SlotWork::Make { why: Due::First });
            prop_assert!(look.work.iter().all(first), "a saved plan rotates");
        }
    }
}
