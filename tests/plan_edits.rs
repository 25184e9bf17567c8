//! A saved plan that somebody edited: refused, or it does what the plan that was made does.

mod support;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use scw_iam::model::{Address, Attachment, Id, Ids, Key, Principal, State};
use scw_iam::plan::file::{Document, Reread, Stale, Unreadable};
use scw_iam::plan::{Action, Caller, Error, Facts, Options, Plan, Step};
use serde_json::{Value, json};
use support::oracle::Laws;
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
}

impl Known {
    fn reread(&self, document: &Value) -> Result<Plan, Reread> {
        let document = Document::parse(document.to_string().as_bytes())?;
        let facts = Facts {
            live: &self.live,
            ids: &self.ids,
            titles: &self.titles,
            duplicates: &self.duplicates,
            oldest_keys: &HashMap::new(),
            caller: &self.caller,
            now: Timestamp::UNIX_EPOCH,
        };
        document.reread(&facts, &Options::default(), SignedDuration::from_hours(24))
    }
}

/// The document of a plan, as if nothing had refused it.
fn saved(plan: &Plan) -> Value {
    let mut document = plan.document();
    document.summary.refused = false;
    document.guards.clear();
    serde_json::to_value(document).unwrap()
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
        "application" => of(&mut live.applications.keys().map(ToString::to_string)),
        "group" => of(&mut live.groups.keys().map(ToString::to_string)),
        _ => of(&mut live.policies.keys().map(ToString::to_string)),
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
        let again = known.reread(&saved(&plan)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(actions(&again).eq(actions(&plan)));
        let edges =
            |step: &Step| step.after.iter().map(|edge| edge.step).collect::<std::collections::BTreeSet<_>>();
        prop_assert!(again.steps().iter().map(edges).eq(plan.steps().iter().map(edges)));
        prop_assert_eq!(again.access(), plan.access());
        prop_assert_eq!(again.interruptions(), plan.interruptions());
        prop_assert_eq!(again.outcome(), plan.outcome());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn an_edit_is_refused_or_changes_nothing() {
    let mut taken = [0_u32; KINDS];
    let mut refused = [0_u32; KINDS];
    // The same edits each time, unless somebody asks for many: each kind is to be tried.
    let many = cases(96).cases;
    let mut runner = if many == 96 { TestRunner::deterministic() } else { TestRunner::new(cases(96)) };
    for _ in 0..many {
        let tree = (planned(), any::<u64>()).new_tree(&mut runner).unwrap();
        let (Some((known, plan)), seed) = tree.current() else { continue };
        for kind in 0..KINDS {
            let mut document = saved(&plan);
            if plan.is_empty()
                || edit(&mut document, &known.live, kind, seed).is_none()
                || document == saved(&plan)
            {
                continue;
            }
            match known.reread(&document) {
                Err(_) => refused[kind] += 1,
                Ok(again) => {
                    taken[kind] += 1;
                    assert!(actions(&again).eq(actions(&plan)), "edit {kind}: {document:#}");
                    if let Err(broken) = Laws::of(&again).judge_all_orders() {
                        panic!("edit {kind}: {broken}: {document:#}");
                    }
                }
            }
        }
    }
    assert!(refused.iter().all(|count| *count > 0), "an edit that was never tried: {refused:?}");
    // Only an edge that others imply may go, or one that keeps a law which nothing breaks any more.
    let edges = [0, 20];
    assert!((0..KINDS).all(|kind| taken[kind] == 0 || edges.contains(&kind)), "{taken:?}");
    assert!(edges.iter().all(|kind| taken[*kind] * 4 < refused[*kind]), "{taken:?} {refused:?}");
}

#[test]
fn a_key_that_is_there_twice_is_refused_wherever_it_is() {
    let mut runner = TestRunner::deterministic();
    let plan = loop {
        let plan = pair().new_tree(&mut runner).unwrap().current().case().plan().unwrap();
        if !plan.is_empty() {
            break plan;
        }
    };
    let text = saved(&plan).to_string();
    assert!(Document::parse(text.as_bytes()).is_ok());
    for (of, twice) in [
        (r#""steps":["#, r#""steps":[],"steps":["#),
        (r#""created":"#, r#""created":0,"created":"#),
        (r#""effect":"#, r#""effect":"neutral","effect":"#),
        (r#""hash":"#, r#""hash":null,"hash":"#),
    ] {
        let edited = text.replacen(of, twice, 1);
        assert_ne!(edited, text, "{of}");
        let Err(Unreadable::Shape(why)) = Document::parse(edited.as_bytes()) else {
            panic!("{of} was there twice")
        };
        assert!(why.starts_with("duplicate field"), "{why}");
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
        let Some(group) = joined.filter(|group| case.live.groups.contains_key(group)) else { continue };
        let Some(policy) = case.live.policies.values().next().cloned() else { continue };
        let caller = Caller::Known(Principal::User(Key::Named("u0@x.io".parse().unwrap())));
        let mut known = Known {
            live: case.live,
            ids: case.ids,
            titles: HashMap::new(),
            duplicates: BTreeMap::new(),
            caller,
        };
        let attachment = Attachment::Group(group);
        let policy = scw_iam::model::Policy { attachment, ..policy };
        known.live.policies.insert(Key::Named("came".parse().unwrap()), policy);
        let again = known.reread(&saved(&plan));
        let Err(Reread::Stale(Stale::Changed(changed))) = again else { panic!("{again:?}") };
        assert_eq!(changed.iter().map(|it| it.address.as_str()).collect::<Vec<_>>(), ["policy came"]);
        tried += 1;
    }
    assert!(tried > 5, "{tried}");
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
        caller: Caller::Known(Principal::User(Key::Named("u0@x.io".parse().unwrap()))),
    }
}

#[track_caller]
fn refused(known: &Known, document: &Value, words: &str) {
    match known.reread(document) {
        Err(Reread::Unreadable(why)) => assert!(why.to_string().contains(words), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_another_stack_owns_is_neither_deleted_nor_written() {
    let (mut case, ..) = some(|case, _| (!case.live.policies.is_empty()).then_some(()));
    let state = std::mem::replace(&mut case.desired.state, State::empty(case.live.organization));
    let plan = case.plan().unwrap();
    assert!(actions(&plan).all(|action| action.deletes().is_some()));
    let mut document = saved(&plan);
    assert!(known(&case).reread(&document).is_ok());
    document["stack"] = "another".into();
    refused(&known(&case), &document, "not stack another's, and a step writes it");
    document["stack"] = Value::Null;
    refused(&known(&case), &document, "not nobody's, and a step writes it");
    // What it makes says whose it is.
    case.desired.state = state;
    case.desired.identities.clear();
    case.live.applications.clear();
    case.live.policies.clear();
    case.live.groups.retain(|_, group| group.builtin.is_some());
    let mut document = saved(&case.plan().unwrap());
    assert!(known(&case).reread(&document).is_ok());
    document["stack"] = "another".into();
    refused(&known(&case), &document, "would not be stack another's");
}

#[test]
fn what_a_product_manages_is_not_written() {
    let (case, plan, group) = some(|case, plan| {
        actions(plan).find_map(|action| match action.address() {
            Address::Group(key) => case.live.groups.contains_key(&key).then_some(key),
            _ => None,
        })
    });
    let mut known = known(&case);
    known.live.groups[&group].flags.managed = true;
    refused(&known, &saved(&plan), "is managed by a product or built in");
}

#[test]
fn an_adoption_is_taken_when_it_is_stated_and_done() {
    let mut runner = TestRunner::deterministic();
    let (known, plan) = loop {
        let found = planned().new_tree(&mut runner).unwrap().current();
        let Some((known, plan)) = found.filter(|(_, plan)| plan.adoptions().len() == 1) else { continue };
        break (known, plan);
    };
    let document = saved(&plan);
    assert!(known.reread(&document).is_ok());
    let mut silent = document.clone();
    silent["adoptions"] = json!([]);
    silent["summary"]["adopted"] = 0.into();
    refused(&known, &silent, "and a step writes it");
    let mut other = document.clone();
    other["adoptions"][0]["from_stack"] = "third".into();
    refused(&known, &other, "and a step writes it");
    let mut more = document;
    more["adoptions"].as_array_mut().unwrap().push(json!({
        "address": "group nobody", "from_stack": null, "api_keys": 0, "oldest_api_key": null,
    }));
    more["summary"]["adopted"] = 2.into();
    refused(&known, &more, "no step adopts group nobody");
}

#[test]
fn rules_that_cannot_be_written_are_not() {
    // The policy is nobody's, so that nobody's access tells.
    let (case, plan, (at, name)) = some(|_, plan| {
        plan.steps().iter().enumerate().find_map(|(at, step)| match &step.action {
            Action::CreatePolicy { name, policy }
                if policy.attachment == Attachment::None && policy.rules.0.len() == 1 =>
            {
                Some((at, format!("policy {name}")))
            }
            _ => None,
        })
    });
    let mut document = saved(&plan);
    document["steps"][at]["changes"]["rules"]["to"][0]["scope"] = "gone".into();
    let objects = document["objects"].as_array_mut().unwrap();
    let object = objects.iter_mut().find(|object| object["address"] == *name).unwrap();
    object["desired"]["rules"][0]["scope"] = "gone".into();
    refused(&known(&case), &document, "writes rules that cannot be written");
}

#[test]
fn a_hash_that_is_not_that_of_the_content_beside_it_is_refused_even_where_live_has_moved() {
    let (case, plan, group) = some(|case, plan| {
        actions(plan).find_map(|action| match action.address() {
            Address::Group(key) => case.live.groups.contains_key(&key).then_some(key),
            _ => None,
        })
    });
    let mut known = known(&case);
    known.live.groups[&group].meta.description = "moved".to_owned();
    let mut document = saved(&plan);
    assert!(matches!(known.reread(&document), Err(Reread::Stale(Stale::Changed(_)))));
    let objects = document["objects"].as_array_mut().unwrap();
    let object = objects.iter_mut().find(|object| object["address"] == format!("group {group}")).unwrap();
    object["planned_from"]["description"] = "harmless".into();
    refused(&known, &document, "has a hash that is not that of `planned_from`");
}

#[test]
fn a_name_that_somebody_took_since_makes_a_rename_stale() {
    let (case, plan, (from, to)) = some(|case, plan| {
        let mut renames = actions(plan).filter_map(|action| match action {
            Action::Update(update) => Some((update.name.clone()?.0, update.address.clone())),
            _ => None,
        });
        let (from, to) = renames.next()?;
        let Address::Group(to) = to else { return None };
        (!case.live.groups.contains_key(&to)).then_some((from, to))
    });
    let mut known = known(&case);
    let group = known.live.groups[&from].clone();
    known.live.groups.insert(to.clone(), group);
    let again = known.reread(&saved(&plan));
    let Err(Reread::Stale(Stale::Changed(changed))) = again else { panic!("{again:?}") };
    assert_eq!(changed[0].address, format!("group {to}"));
    // And no two objects are one live object.
    let mut document = saved(&plan);
    document["objects"].as_array_mut().unwrap().push(json!({
        "address": "group nobody", "live": from.to_string(), "hash": null, "planned_from": null, "desired": null,
    }));
    refused(&self::known(&case), &document, "makes no sense");
}
