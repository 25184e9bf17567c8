//! A saved plan that somebody edited: refused, or it does what the plan that was made does.

mod support;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use scw_iam::model::{
    Address, Application, Attachment, Desired, Group, Id, Ids, Key, Kind, Principal, State,
};
use scw_iam::plan::file::{MadeFrom, Mismatch, PlanDocument, Stale, Standing, Unreadable, digest};
use scw_iam::plan::{Action, Caller, Error, Facts, GuardOptions, Plan, between};
use serde_json::{Value, json};
use support::organizations::{Case, pair};
use support::wild::wild;

/// What is known of the live side.
#[derive(Debug)]
struct Known {
    live: State,
    ids: Ids,
    titles: HashMap<Id, String>,
    duplicates: BTreeMap<Address, Vec<Id>>,
    caller: Caller,
    desired: Desired,
}

impl Known {
    fn facts<T>(&self, then: impl FnOnce(&Facts<'_>) -> T) -> T {
        then(&Facts {
            live: &self.live,
            ids: &self.ids,
            titles: &self.titles,
            duplicates: &self.duplicates,
            oldest_keys: &HashMap::new(),
            keys: scw_iam::plan::slot::KeyFacts::NONE,
            people: scw_iam::plan::PeopleFacts::NONE,
            guards: None,
            caller: &self.caller,
            now: Timestamp::UNIX_EPOCH,
        })
    }

    fn plan(&self) -> Result<Plan, Error> {
        self.facts(|facts| between(facts, &self.desired, &GuardOptions::default()))
    }

    fn digest(&self) -> String {
        self.facts(|facts| digest(facts, None))
    }

    /// What `plan --out` writes, as if nothing had refused it.
    fn saved(&self, plan: &Plan) -> Value {
        let mut document = plan.saved(MadeFrom::new(Vec::new(), &GuardOptions::default(), self.digest()));
        document.summary.refused = false;
        document.guards.clear();
        serde_json::to_value(document).unwrap()
    }

    /// What `apply plan.json` does with a document.
    fn check(&self, document: &Value) -> Result<Standing, Mismatch> {
        self.check_with(document, &self.plan().unwrap())
    }

    /// The same, with the plan that was made again.
    fn check_with(&self, document: &Value, again: &Plan) -> Result<Standing, Mismatch> {
        let document = PlanDocument::parse(document.to_string().as_bytes())?;
        _ = document.usable(Timestamp::UNIX_EPOCH, SignedDuration::from_hours(24))?;
        document.check(again, &self.digest(), Timestamp::UNIX_EPOCH)
    }
}

type Planned = Option<(Arc<Known>, Arc<Plan>)>;

/// A tidy case, or one that is less so; `None` where names cannot be taken, or something declared is not to be touched.
fn planned() -> impl Strategy<Value = Planned> {
    let tidy = pair().prop_map(|pair| {
        let case = pair.case();
        let plan = case.plan().unwrap();
        let caller = Caller::Unresolved("nobody asked".to_owned());
        let known = Known {
            live: case.live,
            ids: case.ids,
            titles: HashMap::new(),
            duplicates: BTreeMap::new(),
            caller,
            desired: case.desired,
        };
        Some((Arc::new(known), Arc::new(plan)))
    });
    let wild = wild().prop_map(|wild| {
        let case = wild.case();
        let plan = match case.plan() {
            Ok(plan) => plan,
            Err(Error::NamesInACircle(_) | Error::NameTaken { .. } | Error::MatchedTwice { .. }) => {
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let known = Known {
            live: case.live,
            ids: case.ids,
            titles: case.titles,
            duplicates: case.duplicates,
            caller: Caller::Known(case.caller),
            desired: case.desired,
        };
        Some((Arc::new(known), Arc::new(plan)))
    });
    prop_oneof![tidy, wild].prop_map(|it: Planned| it.filter(|(_, plan)| plan.conflicts().is_empty()))
}

/// One of `count`, by a seed.
fn pick(seed: u64, count: usize) -> Option<usize> {
    let count = u64::try_from(count).unwrap();
    (count > 0).then(|| usize::try_from(seed % count).unwrap())
}

/// A member of a list that is not empty.
fn one(list: &mut Value, seed: u64) -> Option<&mut Value> {
    let list = list.as_array_mut()?;
    let at = pick(seed, list.len())?;
    Some(&mut list[at])
}

fn take(list: &mut Value, seed: u64) -> Option<Value> {
    let list = list.as_array_mut()?;
    let at = pick(seed, list.len())?;
    Some(list.remove(at))
}

/// Takes an edge away, or all those of a step; from `after_for_safety` alone, or from both lists.
fn drop_edge(document: &mut Value, seed: u64) -> Option<()> {
    let steps = document["steps"].as_array_mut()?;
    let mut with: Vec<_> =
        steps.iter_mut().filter(|step| !step["after"].as_array().unwrap().is_empty()).collect();
    let at = pick(seed / 8, with.len())?;
    let step = &mut with[at];
    match seed % 4 {
        0 => (step["after"], step["after_for_safety"]) = (json!([]), json!([])),
        1 => _ = take(&mut step["after_for_safety"], seed / 64)?,
        _ => {
            let gone = take(&mut step["after"], seed / 64)?;
            step["after_for_safety"].as_array_mut()?.retain(|edge| *edge != gone);
        }
    }
    Some(())
}

fn other_address(document: &mut Value, live: &State, seed: u64) -> Option<()> {
    let step = one(&mut document["steps"], seed)?;
    let kind = step["address"].as_str()?.split_once(' ')?.0.to_owned();
    let of =
        |keys: &mut dyn Iterator<Item = String>| keys.map(|key| format!("{kind} {key}")).collect::<Vec<_>>();
    let others = match kind.as_str() {
        "application" => of(&mut live.applications().map(|(key, _)| key).map(ToString::to_string)),
        "group" => of(&mut live.groups().map(|(key, _)| key).map(ToString::to_string)),
        _ => of(&mut live.policies().map(|(key, _)| key).map(ToString::to_string)),
    };
    let others: Vec<_> = others.into_iter().filter(|other| step["address"] != **other).collect();
    step["address"] = others[pick(seed / 64, others.len())?].clone().into();
    Some(())
}

fn other_set(document: &mut Value, seed: u64) -> Option<()> {
    let steps = document["steps"].as_array_mut()?.iter_mut();
    let mut rules: Vec<&mut Value> = steps
        .filter_map(|step| step["changes"].get_mut("rules")?["to"].as_array_mut())
        .flatten()
        .map(|rule| &mut rule["permission_sets"])
        .collect();
    let at = pick(seed / 4, rules.len())?;
    let sets = rules[at].as_array_mut()?;
    if seed.is_multiple_of(2) {
        sets.push("IAMPolicyManager".into());
    } else {
        sets[0] = "IAMPolicyManager".into();
    }
    Some(())
}

fn more_members(document: &mut Value, seed: u64) -> Option<()> {
    let steps = document["steps"].as_array_mut()?.iter_mut();
    let mut lists: Vec<&mut Value> =
        steps.filter_map(|step| Some(&mut step["changes"].get_mut("members")?["to"])).collect();
    let at = pick(seed, lists.len())?;
    let list = lists[at].as_array_mut()?;
    let more = (0..6).map(|n| json!(format!("user u{n}@x.io"))).find(|user| !list.contains(user))?;
    list.push(more);
    Some(())
}

/// Edits one thing; `None` where there is nothing of it.
fn edit(document: &mut Value, live: &State, kind: usize, seed: u64) -> Option<()> {
    match kind {
        0 => drop_edge(document, seed)?,
        1 => _ = take(&mut document["objects"], seed)?,
        2 => other_address(document, live, seed)?,
        3 => other_set(document, seed)?,
        4 => more_members(document, seed)?,
        5 => document["stack"] = if seed.is_multiple_of(2) { Value::Null } else { "another".into() },
        6 => _ = take(&mut document["access"], seed)?,
        7 => _ = take(&mut one(&mut document["access"], seed)?["changes"], seed)?,
        8 => _ = take(&mut document["interruptions"], seed)?,
        9 => {
            let counts = ["created", "updated", "deleted", "adopted", "steps"];
            let count = &mut document["summary"][counts[pick(seed, 5)?]];
            *count = (count.as_u64()? + 1).into();
        }
        10 => {
            let effect = &mut one(&mut document["steps"], seed)?["effect"];
            *effect = if *effect == "revokes" { "grants".into() } else { "revokes".into() };
        }
        11 => _ = take(&mut document["adoptions"], seed)?,
        12 => one(&mut document["objects"], seed)?["desired"] = Value::Null,
        13 => one(&mut document["objects"], seed)?["live"] = "g0".into(),
        14 => _ = one(&mut document["objects"], seed)?.as_object_mut()?.shift_remove("live")?,
        15 => {
            let from = &mut one(&mut document["objects"], seed)?["planned_from"];
            from.as_object_mut()?.insert("description".to_owned(), "harmless".into());
        }
        16 => _ = document["steps"].as_array_mut()?.pop()?,
        17 => one(&mut document["steps"], seed)?["changes"] = json!({}),
        18 => {
            let object =
                json!({"address": "group nobody", "hash": null, "planned_from": null, "desired": null});
            document["objects"].as_array_mut()?.push(object);
        }
        19 => {
            let object = one(&mut document["objects"], seed)?.clone();
            document["objects"].as_array_mut()?.push(object);
        }
        20 => {
            let all = document["steps"].as_array_mut()?.iter_mut().map(|step| &mut step["after_for_safety"]);
            all.for_each(|edges| *edges = json!([]));
        }
        21 => {
            let steps = document["steps"].as_array_mut()?.iter_mut();
            let mut rules: Vec<_> =
                steps.filter_map(|step| step["changes"].get_mut("rules")?["from"].as_array_mut()).collect();
            let at = pick(seed, rules.len())?;
            if rules[at].pop().is_none() {
                rules[at].push(
                    json!({"permission_sets": ["IAMManager"], "scope": "organization", "condition": null}),
                );
            }
        }
        22 => {
            let steps = document["steps"].as_array_mut()?;
            let mut step = steps.last()?.clone();
            step["after"] = json!([step["id"]]);
            step["id"] = (steps.len() + 1).into();
            step["after_for_safety"] = json!([]);
            steps.push(step);
            document["summary"]["steps"] = document["steps"].as_array()?.len().into();
        }
        _ => {
            let mut steps = document["steps"].as_array_mut()?.iter_mut();
            let step = steps.find(|step| step["action"] != "update" && step["action"] != "create")?;
            step["changes"]["name"] = json!({"from": "harmless", "to": "harmless"});
        }
    }
    Some(())
}

const KINDS: usize = 24;

fn actions(plan: &Plan) -> impl Iterator<Item = &Action> {
    plan.steps().iter().map(|step| &step.action)
}

fn cases(many: u32) -> ProptestConfig {
    let cases = std::env::var("SCW_IAM_TEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(many);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn a_plan_that_nobody_edited_is_always_taken() {
    let outcome = TestRunner::new(cases(256)).run(&planned(), |planned| {
        let Some((known, plan)) = planned else { return Ok(()) };
        let standing = known.check(&known.saved(&plan));
        prop_assert_eq!(standing.map_err(|error| TestCaseError::fail(error.to_string()))?, Standing::Same);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// The edits that a document may have: nothing depends on its counts.
const COUNTS: usize = 9;

#[test]
fn an_edit_is_refused_or_changes_nothing() {
    let mut refused = [0_u32; KINDS];
    // The same edits each time, unless somebody asks for many: each kind is to be tried.
    let many = cases(96).cases;
    let mut runner = if many == 96 { TestRunner::deterministic() } else { TestRunner::new(cases(96)) };
    for _ in 0..many {
        let tree = (planned(), any::<u64>()).new_tree(&mut runner).unwrap();
        let (Some((known, plan)), seed) = tree.current() else { continue };
        let saved = known.saved(&plan);
        let again = known.plan().unwrap();
        for (kind, refused) in refused.iter_mut().enumerate() {
            let mut document = saved.clone();
            if plan.is_empty() || edit(&mut document, &known.live, kind, seed).is_none() || document == saved
            {
                continue;
            }
            match known.check_with(&document, &again) {
                Err(Mismatch::Unreadable(_)) => *refused += 1,
                Ok(Standing::Same) if kind == COUNTS => *refused += 1,
                other => panic!("edit {kind}: {other:?}: {document:#}"),
            }
        }
    }
    assert!(refused.iter().all(|count| *count > 0), "an edit that was never tried: {refused:?}");
}

#[test]
fn a_key_that_is_there_twice_is_refused_wherever_it_is() {
    let (case, plan, ()) = some(|_, plan| (!plan.is_empty()).then_some(()));
    let text = known(&case).saved(&plan).to_string();
    assert!(PlanDocument::parse(text.as_bytes()).is_ok());
    for (of, twice) in [
        (r#""steps":["#, r#""steps":[],"steps":["#),
        (r#""created":"#, r#""created":0,"created":"#),
        (r#""effect":"#, r#""effect":"neutral","effect":"#),
        (r#""hash":"#, r#""hash":null,"hash":"#),
        (r#""files":"#, r#""files":[],"files":"#),
        (r#""name":"scw-iam""#, r#""name":"other","name":"scw-iam""#),
    ] {
        let edited = text.replacen(of, twice, 1);
        assert_ne!(edited, text, "{of}");
        let Err(Unreadable::Shape(why)) = PlanDocument::parse(edited.as_bytes()) else {
            panic!("{of} was there twice")
        };
        assert!(why.starts_with("duplicate field"), "{why}");
    }
}

#[test]
fn a_document_that_is_nested_without_end_is_refused() {
    let (case, plan, ()) = some(|_, plan| (!plan.is_empty()).then_some(()));
    let text = known(&case).saved(&plan).to_string();
    let deep = format!(r#""interruptions":{}"#, "[".repeat(1_000_000));
    let text = text.replacen(r#""interruptions":["#, &deep, 1);
    assert!(matches!(PlanDocument::parse(text.as_bytes()), Err(Unreadable::Shape(_))));
}

/// The first random case whose plan is of use, with its plan.
fn some<T>(choose: impl Fn(&Case, &Plan) -> Option<T>) -> (Case, Plan, T) {
    let mut runner = TestRunner::deterministic();
    loop {
        let case = pair().new_tree(&mut runner).unwrap().current().case();
        let plan = case.plan().unwrap();
        if let Some(found) = choose(&case, &plan) {
            return (case, plan, found);
        }
    }
}

fn known(case: &Case) -> Known {
    Known {
        live: case.live.clone(),
        ids: case.ids.clone(),
        titles: HashMap::new(),
        duplicates: BTreeMap::new(),
        caller: Caller::Known(Principal::User(Key::Email("u0@x.io".parse().unwrap()))),
        desired: case.desired.clone(),
    }
}

/// What is not as planned any more, by name.
#[track_caller]
fn stale(known: &Known, document: &Value) -> Vec<String> {
    match known.check(document) {
        Err(Mismatch::Stale(Stale::Changed(differences))) => {
            assert!(differences.iter().all(|it| !it.parts.is_empty()), "{differences:?}");
            differences.into_iter().map(|it| it.of).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_policy_that_came_to_a_group_whose_members_change_makes_the_plan_stale() {
    let mut runner = TestRunner::new(cases(64));
    let mut tried = 0;
    for _ in 0..64 {
        let case = pair().new_tree(&mut runner).unwrap().current().case();
        let plan = case.plan().unwrap();
        let joined = actions(&plan).find_map(|action| match action {
            Action::AddMembers { group, .. } => Some(group.clone()),
            _ => None,
        });
        let Some(group) = joined.filter(|group| case.live.group(group).is_some()) else { continue };
        let Some(mut policy) = case.live.policies().map(|(_, it)| it).next().cloned() else { continue };
        let mut known = known(&case);
        let document = known.saved(&plan);
        policy.attachment = Attachment::Group(group);
        policy.meta.owner = None;
        known.live.insert(Key::Named("came".parse().unwrap()), policy);
        let stale = stale(&known, &document);
        assert!(stale.contains(&"policy came".to_owned()), "{stale:?}");
        tried += 1;
    }
    assert!(tried > 5, "{tried}");
}

/// A case that writes a group that is there.
fn writes_a_group() -> (Known, Value, Key) {
    let (case, plan, group) = some(|case, plan| {
        actions(plan).find_map(|action| match (action, action.address()) {
            (Action::AddMembers { group, .. } | Action::SetMembers { group, .. }, _) => {
                case.live.group(group).is_some().then(|| group.clone())
            }
            _ => None,
        })
    });
    let known = known(&case);
    let document = known.saved(&plan);
    (known, document, group)
}

#[test]
fn what_a_product_took_over_is_not_written() {
    let (mut known, document, group) = writes_a_group();
    known.live.find_mut::<Group>(&group).unwrap().flags.managed = true;
    assert!(matches!(known.check(&document), Err(Mismatch::Stale(Stale::Changed(_)))));
}

#[test]
fn a_member_made_anew_under_the_same_name_makes_the_plan_stale() {
    let (mut known, document, group) = writes_a_group();
    let member = known.desired.state.group(&group).unwrap().members.iter().next().unwrap().address();
    known.ids.insert(member.clone(), Id::from_bits(77));
    let written = member.to_string().replace('`', "");
    assert_eq!(stale(&known, &document), [written]);
}

#[test]
fn a_group_or_policy_made_anew_under_the_same_name_makes_the_plan_stale() {
    let (mut known, document, group) = writes_a_group();
    known.ids.insert(Address::group(group.clone()), Id::from_bits(77));
    assert_eq!(stale(&known, &document), [format!("group {group}")]);
}

#[test]
fn an_application_that_is_deleted_must_have_as_many_keys_as_when_it_was_planned() {
    let (case, plan, application) = some(|case, plan| {
        actions(plan).find_map(|action| match action.deletes() {
            Some(address) => case.live.application(address.key()).is_some().then(|| address.key().clone()),
            None => None,
        })
    });
    let mut known = known(&case);
    let document = known.saved(&plan);
    known.live.find_mut::<Application>(&application).unwrap().api_keys = 5;
    assert_eq!(stale(&known, &document), [format!("application {application}")]);
}

#[test]
fn a_hash_that_is_not_that_of_the_content_beside_it_is_refused_even_where_live_has_moved() {
    let (mut known, mut document, group) = writes_a_group();
    known.live.find_mut::<Group>(&group).unwrap().meta.description = "moved".to_owned();
    assert_eq!(stale(&known, &document), [format!("group {group}")]);
    let objects = document["objects"].as_array_mut().unwrap();
    let object = objects.iter_mut().find(|object| object["address"] == format!("group {group}")).unwrap();
    object["planned_from"]["description"] = "harmless".into();
    match known.check(&document) {
        Err(Mismatch::Unreadable(Unreadable::Shape(why))) => {
            assert!(why.contains("is not that of its `planned_from`"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_that_somebody_took_since_makes_a_rename_stale() {
    let (case, plan, (from, to)) = some(|case, plan| {
        let mut renames = actions(plan).filter_map(|action| match action {
            Action::Update { from, address, .. } => Some((from.clone()?, address.clone())),
            _ => None,
        });
        let (from, to) = renames.next()?;
        let to = (to.kind() == Kind::Group).then(|| to.key().clone())?;
        case.live.group(&to).is_none().then_some((from, to))
    });
    let mut known = known(&case);
    let document = known.saved(&plan);
    let mut group = known.live.group(&from).unwrap().clone();
    group.meta.owner = None;
    known.live.insert(to.clone(), group);
    known.ids.insert(Address::group(to.clone()), Id::from_bits(0xfff_ffff));
    // Nobody's group is neither renamed nor deleted to make room.
    match known.plan() {
        Err(Error::NameTaken { address, .. }) => assert_eq!(address, Address::group(to)),
        other => panic!("{other:?}, {document:?}"),
    }
}
