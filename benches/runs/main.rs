//! What the budgets promise of whole runs, as tables: the requests, the time and the memory of the command.
//!
//! `cargo bench --bench runs` takes minutes; words choose rows, as in `cargo bench --bench runs -- quota plan`. The requests are
//! counted by an emulator that answers as slowly as the API was recorded to. Figures, not verdicts: the budget stands beside
//! each. `SCW_IAM_BENCH_BINARY` names another build of the program, to compare the two on one machine.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod command;
mod floor;
mod organization;

use command::{Gateway, Pace, Ran, median, run};

use organization::{QUOTA, Size, TENFOLD};

/// How many runs a figure of the small organization is the median of.
const RUNS: usize = 3;
/// The lowest burst at which the gateway was seen to refuse.
const LIMIT: f64 = 66.0;

const GATEWAYS: [Gateway; 3] = [Gateway::Open, Gateway::Limit(LIMIT, None), Gateway::Limit(LIMIT, Some(1))];

const HEAD: &str = "\
`scw-iam` as it is without options, at recorded latency, projects pinned; requests, those refused included, and seconds
quota: 100 applications, 50 users, 50 groups, 50 policies; tenfold: ten times that
first apply: all but the users, with 20 members in each group

                                    no limit      66 a second   with Retry-After: 1
                    steps    requests      s   requests      s   requests      s   budget";
const FOOT: &str = "
budget: with no limit; with one of 66 a second a plan takes at most 1.25 times what that allows";

const PLACES_HEAD: &str = "
the same, by requests in flight, at a rate that keeps nobody waiting

                    steps places   counted formula   chain      ms   floor  ratio by      MiB";
const PLACES_FOOT: &str = "
budget: counted = formula; quota plan, 10 places: at most 1.30 times the chain, and under 700 ms
formula: a request for each 100 of a kind, one for each policy with rules, one for the caller, one for SCIM; `apply`: the
  names of the organization and of its project, the quotas where something is created, one for each step, one for a look
  before each that overwrites, and the reading again of what was touched
chain: requests that wait for each other, in ms: the slowest list, then the rules over the places; `apply`: then the
  project, then the longest path of steps and their looks, then the slowest reading again
floor: the longer of the chain and the time of all requests over the places";

/// What is run.
#[derive(Clone, Copy, PartialEq)]
enum What {
    /// A plan of nothing.
    Plan,
    /// An apply of a busy week.
    Week,
    /// The first apply of an organization.
    First,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Week => "busy week",
            Self::First => "first apply",
        }
    }

    /// Returns the most seconds that a run with the usual settings may take, where a budget says so.
    fn budget(self, size: Size) -> Option<f64> {
        let quota = size.policies == QUOTA.policies;
        match self {
            Self::Plan => Some(if quota { 0.7 } else { 6.0 }),
            Self::Week => None,
            Self::First => Some(if quota { 5.5 } else { 60.0 }),
        }
    }
}

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let rows = [QUOTA, TENFOLD].into_iter().flat_map(|size| {
        [What::Plan, What::Week, What::First]
            .map(|what| (format!("{} {}", size.name, what.name()), size, what))
    });
    let rows: Vec<_> =
        rows.filter(|(name, ..)| wanted.iter().all(|word| name.contains(word.as_str()))).collect();
    println!("{HEAD}");
    for (name, size, what) in &rows {
        usual(name, *size, *what).await;
    }
    println!("{FOOT}\n{PLACES_HEAD}");
    for (name, size, what) in rows.iter().filter(|(.., what)| *what != What::First) {
        places(name, *size, *what).await;
    }
    println!("{PLACES_FOOT}");
    let size = std::fs::metadata(command::binary()).map_or(0, |found| found.len());
    println!("\n`scw-iam --version`: {:.1} ms (budget 10 ms)", command::version().as_secs_f64() * 1e3);
    println!("binary: {:.1} MiB (budget 17 MiB, for the release profile as it is)", size as f64 / 1048576.0);
}

/// Prints the row of a run with the usual settings.
async fn usual(name: &str, size: Size, what: What) {
    let mut line = String::new();
    for gateway in GATEWAYS {
        let ran = several(size, what, Pace::Usual, gateway).await;
        if line.is_empty() {
            let steps = ran.document["steps"].as_array().map_or(0, Vec::len);
            line = format!("{name:<19} {steps:>5} ");
        }
        line.push_str(&format!("{:>11} {:>6.2}", ran.requests, ran.took.as_secs_f64()));
    }
    let budget = what.budget(size).map_or_else(String::new, |seconds| format!("{seconds:>9.1}"));
    println!("{line}{budget}");
}

/// Prints the rows of a run by requests in flight.
async fn places(name: &str, size: Size, what: What) {
    for places in [1, 5, 10, 20] {
        let ran = several(size, what, Pace::Places(places), Gateway::Open).await;
        let cost = match what {
            What::Plan => floor::plan(size, places),
            What::Week | What::First => floor::apply(size, &ran.document, places),
        };
        let steps = ran.document["steps"].as_array().map_or(0, Vec::len);
        print!("{name:<19} {steps:>5} {places:>6} {:>9} {:>7}", ran.requests, cost.requests);
        let (floor, ms) = (cost.floor(places), ran.took.as_millis());
        let ratio = ran.took.as_secs_f64() * 1e3 / floor.ms as f64;
        print!(" {:>7} {ms:>7} {:>7} {ratio:>6.2} {:6}", cost.chain(), floor.ms, floor.by);
        println!("{:>5.0}", ran.peak.unwrap_or_default() as f64 / 1024.0);
    }
}

async fn once(size: Size, what: What, pace: Pace, gateway: Gateway) -> Ran {
    let (command, state, files): (&[&str], _, _) = match what {
        What::Plan => (&["plan"], size.state(), size.files()),
        What::Week => (&["apply", "--yes"], size.state(), size.changed()),
        What::First => (&["apply", "--yes"], size.people(), size.first()),
    };
    run(command, state, &files, pace, gateway).await
}

/// The run in the middle of several, by its time; of the large organization the only one.
async fn several(size: Size, what: What, pace: Pace, gateway: Gateway) -> Ran {
    let runs = if size.policies == QUOTA.policies { RUNS } else { 1 };
    let mut all = Vec::new();
    for _ in 0..runs {
        all.push(once(size, what, pace, gateway).await);
    }
    let middle = median(all.iter().map(|ran| ran.took).collect());
    all.swap_remove(all.iter().position(|ran| ran.took == middle).unwrap_or(0))
}
