//! The pure parts of planning, each by itself, on a tenth of the organization that the planning budget speaks of.
//!
//! `cargo bench --bench pure`: 1,000 applications, 500 groups with 10,000 members, 500 policies with 5,000 rules, 1 % of
//! the objects changed.

#[path = "planning/organization.rs"]
mod organization;

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use scw_iam::access::{Everything, World, changes, judge_guardrails};
use scw_iam::config::{Source, read};
use scw_iam::model::{Catalogue, Key, Principal};
use scw_iam::plan::{Caller, Facts, GuardOptions, between};
use scw_iam::render::plan::PlanReport;
use scw_iam::render::{Report, Style};

use organization::{End, Organization, Start};

fn pure(criterion: &mut Criterion) {
    let tenth = Organization {
        thousandths: 100,
        changed: 1,
        start: Start::Owned,
        end: End::Everything,
        sentences: true,
    };
    let folder = tempfile::tempdir().expect("a folder");
    tenth.files(folder.path());
    let (live, ids) = tenth.live();
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let load = || read(&[Source::Path(folder.path().into())], now).expect("good files");
    let files = load();
    let resolve = || files.resolve(Some(&live), Catalogue::published(), false).expect("good files").desired;
    let desired = resolve();
    let caller = "user-1@example.com".parse().expect("an address");
    let caller = Caller::Known(Principal::User(Key::Email(caller)));
    let facts = Facts {
        live: &live,
        ids: &ids,
        titles: &HashMap::new(),
        duplicates: &BTreeMap::new(),
        oldest_keys: &HashMap::new(),
        keys: scw_iam::plan::slot::KeyFacts::NONE,
        people: scw_iam::plan::PeopleFacts::NONE,
        guards: None,
        caller: &caller,
        now,
    };
    let plan = between(&facts, &desired, &GuardOptions::default()).expect("a plan");
    let mut world = World::default();
    let (before, after) = (world.holdings(plan.before()), world.holdings(plan.outcome()));

    let mut group = criterion.benchmark_group("pure");
    group.sample_size(20);
    group.bench_function("read the files", |bencher| bencher.iter(|| black_box(load())));
    group.bench_function("resolve them against live", |bencher| bencher.iter(|| black_box(resolve())));
    group.bench_function("who holds what", |bencher| {
        bencher.iter(|| black_box(World::default().holdings(plan.outcome())));
    });
    group.bench_function("who gains and who loses", |bencher| {
        let sides = ((&before, plan.before()), (&after, plan.outcome()));
        bencher.iter(|| black_box(changes(&world, sides.0, sides.1)));
    });
    group.bench_function("guardrails", |bencher| {
        let everything = Everything::of(plan.outcome());
        let judge = || judge_guardrails(&everything, Catalogue::published(), &desired.guardrails);
        bencher.iter(|| black_box(judge()));
    });
    group.bench_function("diff, order, rehearsal and guards", |bencher| {
        bencher.iter(|| black_box(between(&facts, &desired, &GuardOptions::default()).expect("a plan")));
    });
    group.bench_function("the plan as text", |bencher| {
        bencher.iter(|| {
            PlanReport::new(black_box(&plan))
                .text(&mut Vec::new(), Style::default())
                .expect("a vector takes it");
        });
    });
    group.bench_function("the plan as JSON", |bencher| {
        bencher.iter(|| black_box(serde_json::to_vec(&plan.document()).expect("it is plain data")));
    });
    group.finish();
}

criterion_group!(benches, pure);
criterion_main!(benches);
