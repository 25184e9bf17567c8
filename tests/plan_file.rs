//! A saved plan: what it holds, and when it is still applied.

mod support;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use scw_iam::model::{Address, Key, Principal, State};
use scw_iam::plan::file::{Document, Reread, Stale, Unreadable, schema};
use scw_iam::plan::{Caller, Facts, Options, Plan, Verdict};
use support::organizations::{Case, pair};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn owner() -> Caller {
    Caller::Known(Principal::User(Key::Named("u0@x.io".parse().unwrap())))
}

/// Reads a saved plan again for a live side.
fn reread(
    document: &Document,
    case: &Case,
    live: &State,
    caller: &Caller,
    now: Timestamp,
) -> Result<Plan, Reread> {
    let facts = Facts {
        live,
        ids: &case.ids,
        titles: &HashMap::new(),
        duplicates: &BTreeMap::new(),
        oldest_keys: &HashMap::new(),
        caller,
        now,
    };
    document.reread(&facts, &Options::default(), DAY)
}

/// Makes it a document that nothing refuses.
fn lift(document: &mut Document) {
    document.summary.refused = false;
    document.guards.clear();
    document.conflicts.clear();
}

/// What `plan --out` writes, read back. The guards of a random case do not matter here.
fn saved(plan: &Plan) -> Document {
    let mut document = plan.document();
    lift(&mut document);
    let text = serde_json::to_vec_pretty(&document).unwrap();
    Document::parse(&text).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_comes_back_from_its_file_as_it_was(pair in pair()) {
        let case = pair.case();
        let plan = case.plan().unwrap();
        let document = saved(&plan);
        prop_assert_eq!(serde_json::to_string(&document).unwrap(), serde_json::to_string(&{
            let mut again = plan.document();
            lift(&mut again);
            again
        }).unwrap());
        let again = reread(&document, &case, &case.live, &owner(), Timestamp::UNIX_EPOCH);
        let again = again.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        prop_assert_eq!(again.steps().len(), plan.steps().len());
        for (one, other) in again.steps().iter().zip(plan.steps()) {
            prop_assert_eq!(&one.action, &other.action);
            let edges = |step: &scw_iam::plan::Step| step.after.iter().map(|edge| (edge.step, edge.reason.safety())).collect::<Vec<_>>();
            prop_assert_eq!(edges(one), edges(other));
        }
        prop_assert_eq!(again.outcome(), plan.outcome());
        prop_assert_eq!(again.interruptions(), plan.interruptions());
        prop_assert_eq!(again.access(), plan.access());
    }

    #[test]
    fn what_the_steps_touch_must_be_what_it_was(pair in pair()) {
        let case = pair.case();
        let plan = case.plan().unwrap();
        let document = saved(&plan);
        // Somebody leaves or joins every group, one at a time: where a step writes the group, the plan is stale.
        let somebody = Principal::User(Key::Named("u5@x.io".parse().unwrap()));
        for (key, group) in case.live.groups.iter().filter(|(_, group)| group.builtin.is_none()) {
            let mut live = case.live.clone();
            let members = &mut live.groups[key].members;
            if !members.remove(&somebody) {
                members.insert(somebody.clone());
            }
            let written = plan.steps().iter().any(|step| {
                let address = step.action.address();
                address == Address::Group(key.clone()) || plan.renamed_from(&address).is_some_and(|from| {
                    from == key && matches!(address, Address::Group(_))
                })
            });
            let again = reread(&document, &case, &live, &owner(), Timestamp::UNIX_EPOCH);
            let stale = matches!(again, Err(Reread::Stale(Stale::Changed(_))));
            prop_assert!(!written || stale, "{key} changed, is written, and nobody noticed");
            let depended = document.objects.iter().any(|object| {
                object.address == format!("group {key}") || object.live.as_deref() == Some(&key.to_string())
            });
            prop_assert_eq!(stale, depended, "{} of {:?}", key, group);
        }
    }
}

/// A case with steps.
fn some_case() -> (Case, Plan) {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    loop {
        let case = pair().new_tree(&mut runner).unwrap().current().case();
        let plan = case.plan().unwrap();
        if !plan.is_empty() {
            return (case, plan);
        }
    }
}

#[test]
fn a_plan_that_is_too_old_is_stale() {
    let (case, plan) = some_case();
    let at = |hours: i64| {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        reread(&saved(&plan), &case, &case.live, &owner(), now)
    };
    assert!(at(23).is_ok());
    assert!(matches!(at(25), Err(Reread::Stale(Stale::Age { .. }))));
}

#[test]
fn a_refused_plan_is_never_applied() {
    let (case, plan) = some_case();
    let mut document = saved(&plan);
    document.summary.refused = true;
    let again = reread(&document, &case, &case.live, &owner(), Timestamp::UNIX_EPOCH);
    assert!(matches!(again, Err(Reread::Unreadable(Unreadable::Refused))));
}

#[test]
fn another_organization_or_version_or_shape_is_no_plan_to_apply() {
    let (case, plan) = some_case();
    let mut document = saved(&plan);
    document.organization = "105bdce1-64c0-48ab-899d-868455867ecf".to_owned();
    let again = reread(&document, &case, &case.live, &owner(), Timestamp::UNIX_EPOCH);
    assert!(matches!(again, Err(Reread::Unreadable(Unreadable::Organization { .. }))));
    let mut value = serde_json::to_value(saved(&plan)).unwrap();
    value["tool"]["version"] = "0.0.0".into();
    assert!(matches!(Document::parse(value.to_string().as_bytes()), Err(Unreadable::Version { .. })));
    let text = serde_json::to_string(&saved(&plan)).unwrap();
    assert!(matches!(Document::parse(&text.as_bytes()[..text.len() - 3]), Err(Unreadable::Shape(_))));
}

#[test]
fn a_step_before_itself_makes_no_sense() {
    let (case, plan) = some_case();
    let mut document = saved(&plan);
    document.steps[0].after = vec![1];
    let again = reread(&document, &case, &case.live, &owner(), Timestamp::UNIX_EPOCH);
    assert!(matches!(again, Err(Reread::Unreadable(Unreadable::Shape(_)))));
}

#[test]
fn the_one_who_applies_is_judged_and_not_the_one_who_planned() {
    let (case, plan) = some_case();
    let nobody = Caller::Unresolved("the key may not be read".to_owned());
    let again = reread(&saved(&plan), &case, &case.live, &nobody, Timestamp::UNIX_EPOCH).unwrap();
    assert!(again.refused());
    assert!(again.findings().iter().all(|finding| finding.verdict == Verdict::Refused));
}

#[test]
fn the_schema_of_the_plan_file_is_what_the_types_say() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/plan.schema.json");
    let made = format!("{:#}\n", schema().to_value());
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "schema/plan.schema.json is not what the types say; UPDATE_FILES=1 writes it anew");
}
