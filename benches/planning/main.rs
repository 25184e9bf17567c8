//! What `scw-iam plan` does besides reading the live side: time by phase and peak memory, by size of the organization.
//!
//! `cargo bench --bench planning` prints a table; `-- full 100` prints only the rows whose name has these words. Figures, not
//! verdicts: compare them within one run. Each row runs in processes of its own, so that peaks do not mix.
//!
//! `PLANNING_OUTPUT=FOLDER` keeps what each row writes, so that `diff -r` shows whether two builds write the same bytes.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod organization;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use scw_iam::access::{World, changes};
use scw_iam::config::{Source, read};
use scw_iam::model::{Catalogue, Key, Principal};
use scw_iam::plan::{Caller, Facts, GuardOptions, between};
use scw_iam::render::plan::PlanReport;
use scw_iam::render::{Report, Style};

use organization::{End, Organization, Start};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Milliseconds of each phase, and kibibytes.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Figures {
    read: f64,
    resolve: f64,
    plan: f64,
    text: f64,
    markdown: f64,
    json: f64,
    html: f64,
    /// Of `plan`: who gains and who loses, with what has to be known for it, measured apart.
    access: f64,
    steps: usize,
    /// What the live side takes, which reading would take too.
    live: u64,
    /// The peak up to the plan, and the one with its text too.
    planned: u64,
    peak: u64,
}

impl Figures {
    fn sum(&self) -> f64 {
        self.read + self.resolve + self.plan + self.text
    }
}

fn timed<T>(took: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    *took = started.elapsed().as_secs_f64() * 1000.0;
    done
}

/// Plans once, in this process.
fn measure(organization: &Organization, folder: &Path) -> Figures {
    let mut figures = Figures::default();
    let (live, ids) = organization.live();
    figures.live = kibibytes("VmRSS:");
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let files = timed(&mut figures.read, || read(&[Source::Path(folder.into())], now)).expect("good files");
    let resolved = timed(&mut figures.resolve, || files.resolve(Some(&live), Catalogue::published(), false));
    let desired = resolved.expect("good files").desired;
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
    let plan =
        timed(&mut figures.plan, || between(&facts, &desired, &GuardOptions::default())).expect("a plan");
    figures.steps = plan.steps().len();
    figures.planned = kibibytes("VmHWM:");
    let report = PlanReport::new(&plan);
    let write = |took: &mut f64, name: &str, write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut written = Vec::new();
        timed(took, || write(&mut written)).expect("a vector takes it");
        if let Some(folder) = std::env::var_os(OUTPUT) {
            std::fs::write(Path::new(&folder).join(name), &written).expect("a folder to write in");
        }
    };
    write(&mut figures.text, "text", &|out| report.text(out, Style::default()));
    figures.peak = kibibytes("VmHWM:");
    write(&mut figures.markdown, "markdown", &|out| report.markdown(out));
    write(&mut figures.json, "json", &|out| report.json(out));
    write(&mut figures.html, "html", &|out| report.html(out));
    let differing = timed(&mut figures.access, || {
        let mut world = World::default();
        let before = world.holdings(plan.before());
        let after = world.holdings(plan.outcome());
        changes(&world, (&before, plan.before()), (&after, plan.outcome()))
    });
    assert_eq!(differing.len(), plan.access().len());
    figures
}

/// Returns a line of what the system tells of this process, where it tells.
fn kibibytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|found| found.strip_prefix(line));
    line.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or_default()
}

/// What a child process is told by.
const ROW: &str = "PLANNING_ROW";
const FOLDER: &str = "PLANNING_FOLDER";

/// The folder to keep what is written in; for a child process, that of its row.
const OUTPUT: &str = "PLANNING_OUTPUT";

/// How often each row runs; the fastest counts, with the highest peak.
const TIMES: usize = 5;

fn row(name: &str, organization: &Organization) -> Figures {
    let folder = tempfile::tempdir().expect("a folder");
    organization.files(folder.path());
    let output = std::env::var_os(OUTPUT).map(|output| Path::new(&output).join(name));
    if let Some(output) = &output {
        std::fs::create_dir_all(output).expect("a folder to write in");
    }
    let once = || {
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child
            .env(ROW, serde_json::to_string(organization).expect("plain data"))
            .env(FOLDER, folder.path())
            .stderr(Stdio::inherit());
        if let Some(output) = &output {
            child.env(OUTPUT, output);
        }
        let child = child.output().expect("this program runs again");
        assert!(child.status.success(), "{}", child.status);
        serde_json::from_slice::<Figures>(&child.stdout).expect("figures")
    };
    let all: Vec<Figures> = (0..TIMES).map(|_| once()).collect();
    let peak = all.iter().map(|figures| figures.peak).max().unwrap_or_default();
    let fastest = all.into_iter().min_by(|a, b| a.sum().total_cmp(&b.sum()));
    Figures { peak, ..fastest.expect("it ran") }
}

fn main() {
    if let (Ok(organization), Some(folder)) = (std::env::var(ROW), std::env::var_os(FOLDER)) {
        let organization = serde_json::from_str(&organization).expect("a row");
        let figures = measure(&organization, Path::new(&folder));
        println!("{}", serde_json::to_string(&figures).expect("plain data"));
        return;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let usual = Organization {
        thousandths: 1000,
        changed: 1,
        start: Start::Owned,
        end: End::Everything,
        sentences: false,
    };
    let rows = [
        ("half, 1 % changed", Organization { thousandths: 500, ..usual }),
        ("full, 1 % changed", usual),
        ("double, 1 % changed", Organization { thousandths: 2000, ..usual }),
        ("full, nothing changed", Organization { changed: 0, ..usual }),
        ("full, 1 %, assertions, guardrails", Organization { sentences: true, ..usual }),
        ("full, 10 % changed", Organization { changed: 10, ..usual }),
        ("tenth, 100 % changed", Organization { thousandths: 100, changed: 100, ..usual }),
        ("half, 100 % changed", Organization { thousandths: 500, changed: 100, ..usual }),
        ("full, 100 % changed", Organization { changed: 100, ..usual }),
        ("full, first run", Organization { start: Start::Users, changed: 0, ..usual }),
        ("full, adoption", Organization { start: Start::Untagged, changed: 0, ..usual }),
        ("full, all deleted", Organization { end: End::Nothing, changed: 0, ..usual }),
    ];
    println!(
        "full: 10,000 users and applications, 5,000 groups with 100,000 members, 5,000 policies with 50,000 rules; ms, MiB"
    );
    println!(
        "{:<35}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}{:>7} |{:>9}{:>9}{:>9}{:>9}{:>7}{:>8}",
        "",
        "steps",
        "read",
        "resolve",
        "plan",
        "text",
        "sum",
        "peak",
        "markdown",
        "json",
        "html",
        "access",
        "live",
        "planned"
    );
    let mut sums: HashMap<&str, f64> = HashMap::new();
    for (name, organization) in rows {
        if !wanted.iter().all(|word| name.contains(word.as_str())) {
            continue;
        }
        let figures = row(name, &organization);
        let Figures { read, resolve, plan, text, markdown, json, html, access, steps, live, planned, peak } =
            figures;
        let (sum, live, planned, peak) = (figures.sum(), live / 1024, planned / 1024, peak / 1024);
        println!(
            "{name:<35}{steps:>7}{read:>9.1}{resolve:>9.1}{plan:>9.1}{text:>9.1}{sum:>9.1}{peak:>7} |{markdown:>9.1}{json:>9.1}{html:>9.1}{access:>9.1}{live:>7}{planned:>8}"
        );
        sums.insert(name, sum);
    }
    for (small, large) in [
        ("half, 1 % changed", "full, 1 % changed"),
        ("full, 1 % changed", "double, 1 % changed"),
        ("half, 100 % changed", "full, 100 % changed"),
    ] {
        if let (Some(one), Some(two)) = (sums.get(small), sums.get(large)) {
            println!("{small} → {large}: {:.2} times as long", two / one);
        }
    }
}
