//! What the budgets promise of whole runs, as a table: the requests, the time and the memory of the command.
//!
//! `cargo bench --bench runs` takes minutes; `cargo bench --bench runs -- quota` only looks at the organization of the
//! default quotas. The requests are counted by an emulator that answers as slowly as the API was recorded to. Figures, not
//! verdicts: the budget stands beside each.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod command;
mod floor;
mod organization;

use command::{Pace, Ran, median, run};
use floor::Cost;
use futures::future::join_all;
use organization::{QUOTA, Size, TENFOLD};

/// How many runs a figure of the small organization is the median of.
const RUNS: usize = 5;
/// The rate that the API is sent requests at, and one that keeps nobody waiting: it shows the rest.
const RATES: [u64; 2] = [30, 1000];

const HEAD: &str = "\
`scw-iam plan` of nothing, and `scw-iam apply` of a busy week, at recorded latency, projects pinned
quota: 100 applications, 50 users, 50 groups, 50 policies; 10 × quota: ten times that

                                        requests            30 requests a second         1000 requests a second
size       run    steps places   counted formula   chain      ms   floor  ratio by         ms   floor  ratio by";
const FOOT: &str = "
budget: counted = formula; `plan`, quota, 10 places: at most 1.30 times the chain, and under 700 ms
formula: a request for each 100 of a kind, one for each policy with rules, one for the caller; `apply`: one for each step,
  one for a look before each that overwrites, and the reading again of what was touched
chain: requests that wait for each other, in ms: the slowest list, then the rules over the places; `apply`: then the longest
  path of steps and their looks, then the slowest reading again
floor: the longest of the chain, the time of all requests over the places, and the rate past the first 60";

#[tokio::main]
async fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    println!("{HEAD}");
    for size in [QUOTA, TENFOLD] {
        if wanted.as_deref().is_some_and(|wanted| wanted != size.name) {
            continue;
        }
        for applies in [false, true] {
            rows(size, applies).await;
        }
    }
    println!("{FOOT}");
    let size = std::fs::metadata(command::BINARY).map_or(0, |found| found.len());
    println!("\n`scw-iam --version`: {:.1} ms (budget 10 ms)", command::version().as_secs_f64() * 1e3);
    println!("binary: {:.1} MiB (budget 15 MiB, for the release profile as it is)", size as f64 / 1048576.0);
}

/// Prints the rows of one command on one organization.
async fn rows(size: Size, applies: bool) {
    let name = if applies { "apply" } else { "plan" };
    let mut peak = None;
    let mut lines = vec![String::new(); 4];
    for rate in RATES {
        let paces = [1, 5, 10, 20].map(|parallelism| Pace { parallelism, rate });
        let many = size.policies > QUOTA.policies;
        // Those that only wait for their rate can wait side by side.
        let runs: Vec<Ran> = if many && rate == RATES[0] {
            join_all(paces.map(|pace| once(size, applies, pace))).await
        } else {
            let mut runs = Vec::new();
            for pace in paces {
                runs.push(several(size, applies, pace, if many { 1 } else { RUNS }).await);
            }
            runs
        };
        for ((line, pace), ran) in lines.iter_mut().zip(paces).zip(runs) {
            let cost = cost(size, applies, &ran, pace);
            if line.is_empty() {
                let steps = ran.document["steps"].as_array().map_or(0, Vec::len);
                *line = format!(
                    "{:10} {name:5} {steps:>6} {:>6} {:>9} {:>7} {:>7}",
                    size.name,
                    pace.parallelism,
                    ran.requests,
                    cost.requests,
                    cost.chain()
                );
            }
            let (floor, ms) = (cost.floor(pace), ran.took.as_millis());
            let ratio = ran.took.as_secs_f64() * 1e3 / floor.ms as f64;
            line.push_str(&format!("{ms:>8} {:>7} {ratio:>6.2} {:6}", floor.ms, floor.by));
            peak = ran.peak.max(peak);
        }
    }
    for line in lines {
        println!("{}", line.trim_end());
    }
    if let Some(peak) = peak {
        println!("{:10} {name:5} peak memory {:.1} MiB\n", size.name, peak as f64 / 1024.0);
    }
}

fn cost(size: Size, applies: bool, ran: &Ran, pace: Pace) -> Cost {
    if applies { floor::apply(size, &ran.document, pace) } else { floor::plan(size, pace) }
}

async fn once(size: Size, applies: bool, pace: Pace) -> Ran {
    let (command, files): (&[&str], _) =
        if applies { (&["apply", "--yes"], size.changed()) } else { (&["plan"], size.files()) };
    run(command, size.state(), &files, pace).await
}

/// The run in the middle of several, by its time.
async fn several(size: Size, applies: bool, pace: Pace, runs: usize) -> Ran {
    let mut all = Vec::new();
    for _ in 0..runs {
        all.push(once(size, applies, pace).await);
    }
    let middle = median(all.iter().map(|ran| ran.took).collect());
    all.swap_remove(all.iter().position(|ran| ran.took == middle).unwrap_or(0))
}
