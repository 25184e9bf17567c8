//! Reading and checking an organization of the largest size that is promised, from 50 files.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use scw_iam::config::{Source, read};
use scw_iam::model::Catalogue;

const APPLICATIONS: usize = 10_000;
const GROUPS: usize = 5_000;
const MEMBERS: usize = 20;
const POLICIES: usize = 5_000;
const RULES: usize = 10;
const FILES: usize = 50;

/// Writes the files: 100,000 memberships, 50,000 rules, a tenth of them with a condition of its own.
fn files(folder: &Path) {
    let sets = [
        "InstancesFullAccess",
        "ObjectStorageReadOnly",
        "VPCReadOnly",
        "IPAMReadOnly",
        "SecretManagerReadOnly",
    ];
    for file in 0..FILES {
        let mut text = String::new();
        if file == 0 {
            text += "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\nstack: platform\nprojects:\n";
            for project in 0..100 {
                writeln!(text, "  project-{project}: 105bdce1-64c0-48ab-899d-{project:012}")
                    .expect("a string");
            }
        }
        text += "applications:\n";
        for n in (file..APPLICATIONS).step_by(FILES) {
            writeln!(
                text,
                "  app-{n}:\n    description: Application number {n}\n    tags: [team=platform, n={n}]"
            )
            .expect("a string");
        }
        text += "groups:\n";
        for n in (file..GROUPS).step_by(FILES) {
            let member = |m: usize| (n * 37 + m * 101) % APPLICATIONS;
            let users: Vec<_> = (0..MEMBERS / 2).map(|m| format!("user-{}@example.com", member(m))).collect();
            let applications: Vec<_> = (0..MEMBERS / 2).map(|m| format!("app-{}", member(m))).collect();
            let (users, applications) = (users.join(", "), applications.join(", "));
            writeln!(
                text,
                "  group-{n}:\n    members:\n      users: [{users}]\n      applications: [{applications}]"
            )
            .expect("a string");
        }
        text += "policies:\n";
        for n in (file..POLICIES).step_by(FILES) {
            writeln!(text, "  policy-{n}:\n    principal: {{group: group-{n}}}\n    rules:")
                .expect("a string");
            for rule in 0..RULES {
                let (set, project) = (sets[rule % sets.len()], (n + rule) % 100);
                writeln!(text, "      - permission_sets: [{set}]\n        scope: [project-{project}]")
                    .expect("a string");
                if rule == 0 {
                    writeln!(
                        text,
                        "        condition: resource.name.startsWith(\"/team-{n}/\") || !has(resource.id)"
                    )
                    .expect("a string");
                }
            }
        }
        std::fs::write(folder.join(format!("part-{file:02}.yaml")), text).expect("a folder to write in");
    }
}

fn load(folder: &Path) -> usize {
    let now: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
    let files = read(&[Source::Path(PathBuf::from(folder))], now).expect("good files");
    let resolved = files.resolve(None, Catalogue::published(), false).expect("good files");
    resolved.desired.state.policies().count()
}

fn validate(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    files(folder.path());
    let mut group = criterion.benchmark_group("validate");
    group.sample_size(10);
    group.bench_function("10,000 applications, 5,000 groups, 5,000 policies in 50 files", |bencher| {
        bencher.iter(|| black_box(load(folder.path())));
    });
    group.finish();
    if let Some(peak) = peak() {
        report(&peak);
    }
}

#[expect(clippy::print_stderr, reason = "a bench talks to the person who runs it")]
fn report(peak: &str) {
    eprintln!("peak memory: {peak}");
}

/// Returns the most memory that this process ever held, where the system tells.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_owned())
}

criterion_group!(benches, validate);
criterion_main!(benches);
