//! A saved plan: what it holds, and when it is still applied.

mod support;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use scw_iam::model::{Address, Expiry, Group, Id, Key, Kind, Place, Principal};
use scw_iam::plan::file::{MadeFrom, Mismatch, PlanDocument, Stale, Standing, Unreadable, digest, schema};
use scw_iam::plan::{Caller, Facts, GuardName, GuardOptions, Plan, Verdict, between};
use support::organizations::{Case, pair};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn owner() -> Caller {
    Caller::Known(Principal::User(Key::Email("u0@x.io".parse().unwrap())))
}

fn facts<T>(case: &Case, caller: &Caller, now: Timestamp, then: impl FnOnce(&Facts<'_>) -> T) -> T {
    then(&Facts {
        live: &case.live,
        ids: &case.ids,
        titles: &HashMap::new(),
        duplicates: &BTreeMap::new(),
        oldest_keys: &HashMap::new(),
        keys: scw_iam::plan::slot::KeyFacts::NONE,
        people: scw_iam::plan::PeopleFacts::NONE,
        guards: None,
        caller,
        now,
    })
}

/// What `plan --out` writes, read back. The guards of a random case do not matter here.
fn saved(case: &Case, plan: &Plan) -> PlanDocument {
    let digest = facts(case, &owner(), Timestamp::UNIX_EPOCH, |facts| digest(facts, None));
    let mut document = plan.saved(MadeFrom::new(Vec::new(), &GuardOptions::default(), digest));
    document.summary.refused = false;
    document.guards.clear();
    let text = serde_json::to_vec_pretty(&document).unwrap();
    let read = PlanDocument::parse(&text).unwrap();
    assert_eq!(read, document);
    read
}

/// Plans again for a live side, and compares.
fn check(
    document: &PlanDocument,
    case: &Case,
    caller: &Caller,
    now: Timestamp,
) -> Result<(Standing, Plan), Mismatch> {
    _ = document.usable(now, DAY)?;
    facts(case, caller, now, |facts| {
        let again = between(facts, &case.desired, &GuardOptions::default()).unwrap();
        document.check(&again, &digest(facts, None), now).map(|standing| (standing, again))
    })
}

/// The case once its plan was applied.
fn after(case: Case, plan: &Plan) -> Case {
    let mut ids = plan.ids().clone();
    let live = plan.outcome().clone();
    let applications = live.applications().map(|(key, _)| key).cloned().map(Address::application);
    let groups = live.groups().map(|(key, _)| key).cloned().map(Address::group);
    let all =
        applications.chain(groups).chain(live.policies().map(|(key, _)| key).cloned().map(Address::policy));
    for (n, address) in all.enumerate() {
        if ids.get(&address).is_none() {
            ids.insert(address, Id::from_bits(5000 + n as u128));
        }
    }
    Case { live, ids, desired: case.desired }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_is_the_same_when_it_is_made_again(pair in pair()) {
        let case = pair.case();
        let plan = case.plan().unwrap();
        let (standing, again) = check(&saved(&case, &plan), &case, &owner(), Timestamp::UNIX_EPOCH)
            .map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        prop_assert_eq!(standing, Standing::Same);
        prop_assert_eq!(again.steps(), plan.steps());
        prop_assert_eq!(again.outcome(), plan.outcome());
        prop_assert_eq!(again.interruptions(), plan.interruptions());
        prop_assert_eq!(again.access(), plan.access());
    }

    #[test]
    fn what_the_steps_touch_must_be_what_it_was(pair in pair()) {
        let case = pair.case();
        let plan = case.plan().unwrap();
        let document = saved(&case, &plan);
        // Somebody leaves or joins every group, one at a time: where a step writes the group, the plan is stale.
        let somebody = Principal::User(Key::Email("u5@x.io".parse().unwrap()));
        for (key, group) in case.live.groups().filter(|(_, group)| group.builtin.is_none()) {
            let mut now = pair.case();
            let members = &mut now.live.find_mut::<Group>(key).unwrap().members;
            if !members.remove(&somebody) {
                members.insert(somebody.clone());
            }
            let written = plan.steps().iter().any(|step| {
                let address = step.action.address();
                address == Address::group(key.clone()) || plan.renamed_from(&address).is_some_and(|from| {
                    from == key && address.kind() == Kind::Group
                })
            });
            match check(&document, &now, &owner(), Timestamp::UNIX_EPOCH) {
                Err(Mismatch::Stale(Stale::Changed(differences))) => prop_assert!(!differences.is_empty()),
                Ok((Standing::Same, again)) => {
                    prop_assert!(!written, "{key} changed, is written, and nobody noticed: {group:?}");
                    prop_assert_eq!(again.steps(), plan.steps());
                }
                // It was the last change that was missing.
                Ok((Standing::Applied, again)) => prop_assert!(again.is_empty()),
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn a_plan_that_was_applied_is_applied_already_unless_somebody_undid_it(pair in pair()) {
        let case = pair.case();
        let plan = case.plan().unwrap();
        if plan.is_empty() {
            return Ok(());
        }
        let document = saved(&case, &plan);
        let mut case = after(case, &plan);
        let (standing, again) = check(&document, &case, &owner(), Timestamp::UNIX_EPOCH)
            .map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        prop_assert_eq!(standing, Standing::Applied);
        prop_assert!(again.is_empty());
        // One of the people it is about is somebody else by now.
        let people = case.live.users().map(|(key, _)| key).cloned().map(Address::user);
        let touched = people.into_iter().find(|of| document.objects.iter().any(|it| it.address == format!("user {}", of.to_string().trim_start_matches("user "))));
        if let Some(person) = touched {
            case.ids.insert(person, Id::from_bits(77));
            let again = check(&document, &case, &owner(), Timestamp::UNIX_EPOCH);
            prop_assert!(matches!(again, Err(Mismatch::Stale(Stale::Changed(_)))), "{again:?}");
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
        check(&saved(&case, &plan), &case, &owner(), now)
    };
    assert!(at(23).is_ok());
    assert!(matches!(at(25), Err(Mismatch::Stale(Stale::Age { .. }))));
    assert!(matches!(at(-1), Err(Mismatch::Stale(Stale::Future { .. }))));
}

#[test]
fn an_end_that_came_since_makes_a_plan_stale() {
    let (mut case, _) = some_case();
    let end = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
    let at = Place { file: std::path::Path::new("iam.yaml").into(), line: 1, column: 1 };
    case.desired.expiries.push(Expiry {
        address: Address::group(case.live.groups().map(|(key, _)| key).next().unwrap().clone()),
        member: None,
        rule: None,
        until: end(2),
        expired: false,
        at,
    });
    let document = saved(&case, &case.plan().unwrap());
    assert!(check(&document, &case, &owner(), end(1)).is_ok());
    let again = check(&document, &case, &owner(), end(2));
    assert!(matches!(again, Err(Mismatch::Stale(Stale::Ended(_)))), "{again:?}");
    // What had ended when the plan was made is planned away by it.
    case.desired.expiries[0].expired = true;
    assert!(check(&saved(&case, &case.plan().unwrap()), &case, &owner(), end(2)).is_ok());
}

#[test]
fn a_refused_plan_is_never_applied() {
    let (case, plan) = some_case();
    let mut document = saved(&case, &plan);
    document.summary.refused = true;
    let again = check(&document, &case, &owner(), Timestamp::UNIX_EPOCH);
    assert!(matches!(again, Err(Mismatch::Unreadable(Unreadable::Refused))));
}

#[test]
fn another_organization_or_version_or_shape_is_no_plan_to_apply() {
    let (case, plan) = some_case();
    let mut document = saved(&case, &plan);
    document.organization = "105bdce1-64c0-48ab-899d-868455867ecf".to_owned();
    let again = check(&document, &case, &owner(), Timestamp::UNIX_EPOCH);
    assert!(matches!(again, Err(Mismatch::Unreadable(Unreadable::Edited(_)))));
    let value = serde_json::to_value(saved(&case, &plan)).unwrap();
    let mut other = value.clone();
    other["tool"]["version"] = "0.0.0".into();
    assert!(matches!(PlanDocument::parse(other.to_string().as_bytes()), Err(Unreadable::Version { .. })));
    let mut older = value.clone();
    older["format_version"] = 1.into();
    // Whatever else the older format holds.
    older["more"] = true.into();
    let error = PlanDocument::parse(older.to_string().as_bytes()).unwrap_err();
    assert_eq!(error, Unreadable::Format { found: 1 });
    assert_eq!(error.hint(), Some("plan again with this version"));
    let text = value.to_string();
    assert!(matches!(PlanDocument::parse(&text.as_bytes()[..text.len() - 3]), Err(Unreadable::Shape(_))));
}

#[test]
fn a_report_is_not_applied() {
    let (case, plan) = some_case();
    let again = check(&plan.document(), &case, &owner(), Timestamp::UNIX_EPOCH);
    assert!(matches!(again, Err(Mismatch::Unreadable(Unreadable::Report))));
}

#[test]
fn the_one_who_applies_is_judged_and_not_the_one_who_planned() {
    let (case, plan) = some_case();
    let nobody = Caller::Unresolved("the key may not be read".to_owned());
    let (standing, again) = check(&saved(&case, &plan), &case, &nobody, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(standing, Standing::Same);
    let lockout = again.findings().iter().find(|finding| finding.guard == GuardName::SelfLockout).unwrap();
    assert_eq!(lockout.verdict, Verdict::Refused);
}

#[test]
fn what_was_allowed_is_allowed_again_and_today_s_number_counts() {
    let options =
        |list: &[(GuardName, u32)], strict| GuardOptions { allow: list.iter().copied().collect(), strict };
    let planned = options(&[(GuardName::Deletes, 7), (GuardName::Rename, 1)], false);
    let made_from = MadeFrom::new(Vec::new(), &planned, String::new());
    let again = made_from.options(&options(&[(GuardName::Deletes, 8)], true));
    let expected = options(&[(GuardName::Deletes, 8), (GuardName::Rename, 1)], true);
    assert_eq!((again.allow, again.strict), (expected.allow, expected.strict));
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
