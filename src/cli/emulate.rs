//! `scw-iam emulate`: the emulator on a port.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;
use jiff::Timestamp;

use super::failure::Failure;
use super::interrupt::Signals;
use super::state;
use super::{Common, Exit};
use crate::emulator::{
    self, AuditDelay, Behaviour, EmulatorOptions, FAULTS_HELP, Faults, KeyExpiry, Latency, NameRule,
    OneWriter, Protected, Quota,
};
use crate::files::{self, Privacy};

const EXAMPLES: &str = "\
Examples:
  scw-iam emulate --listen 127.0.0.1:8080 --state state.json
  SCW_API_URL=http://127.0.0.1:8080 scw-iam plan iam
  scw-iam emulate --state state.json --latency recorded --faults 503=5%";

/// Emulates the IAM API of an organization, and its Secret Manager and Audit Trail, on a port of this machine.
///
/// The emulator reproduces the recorded behaviour of the real API. It prints `listening on http://HOST:PORT` first, and
/// runs until SIGINT or SIGTERM. Point a client at it with SCW_API_URL.
///
/// Authentication: if any API key in the state has a secret_key, each request needs such a secret as its token, and may do
/// what the policies of the key's owner allow. Otherwise every token acts as the owner of the organization, and the access
/// key SCWEMULATOR000000000 belongs to the owner.
///
/// Recorded requests can be replayed: in a path, the access key SCWXXXXXXXXXXXXXXXXX stands for the key created last, and
/// an event filter by an IP address that is reserved for documentation matches every address.
///
/// The groups All Users and All Applications always exist; they are saved only if the state already has them. A request
/// with the header X-Emulated-Time moves the clock forward to that time.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\nFaults (SPEC):\n{FAULTS_HELP}"))]
pub struct Emulate {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Start from this organization, as JSON in the API's own representation; without it, from an empty one with an owner
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Save the final state to this file, which must not be that of --state
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Append a JSON line to this file for each request, with secrets masked
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Latency of answers: `recorded` for the real API's medians, or a number of milliseconds
    #[arg(long, value_name = "recorded|MS", value_parser = Latency::from_str)]
    latency: Option<Latency>,
    /// Answer 429 to requests beyond this number per second
    #[arg(long, value_name = "RPS", value_parser = rate)]
    rate_limit: Option<f64>,
    /// Retry-After of these 429 answers; without it they have none, as recorded
    #[arg(long, value_name = "SECONDS", requires = "rate_limit")]
    retry_after: Option<u16>,
    /// Faults to inject; see the end of --help
    #[arg(long, value_name = "SPEC", value_parser = Faults::from_str, default_value = "", hide_default_value = true)]
    faults: Faults,
    /// Seed of ids and faults, to reproduce a run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Enforce the documented default quotas if the state has none
    #[arg(long, value_name = "default", value_parser = ["default"])]
    quota: Option<String>,
    /// Answer 409 to a second application or policy with the same name
    #[arg(long)]
    unique_names: bool,
    /// Answer 409 to a second write to a policy while the first is in flight, as for groups
    #[arg(long)]
    one_writer_per_policy: bool,
    /// Allow changing the expiry of an API key once it is set, instead of answering 400
    #[arg(long)]
    changeable_expiry: bool,
    /// Delay until a write's event can be read in Audit Trail and IAM's logs; 2s unless set
    #[arg(long, value_name = "SECONDS", value_parser = AuditDelay::from_str)]
    audit_delay: Option<AuditDelay>,
    /// Status of the answer to a write to an object that a product manages
    #[arg(long, value_name = "403|412", value_parser = ["403", "412"], default_value = "403")]
    protected: String,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port such as 127.0.0.1:8080 or [::1]:0".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "expected a number above 0".to_owned())
}

impl Emulate {
    /// Runs an emulator until SIGINT or SIGTERM.
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let options = self.options(common.now)?;
        // Before the first line is out: who reads it may stop the emulator at once.
        let mut signals = Signals::listen().context("cannot listen for signals")?;
        let started = emulator::start(options).await;
        let emulator = started.map_err(|error| match &self.state {
            Some(path) => anyhow::Error::new(error).context(format!("cannot emulate {}", path.display())),
            None => anyhow::Error::new(error),
        })?;
        let mut out = std::io::stdout();
        writeln!(out, "listening on {}", emulator.url())?;
        out.flush()?;
        signals.next().await;
        let state = emulator.shutdown().await.map_err(anyhow::Error::new)?;
        if let Some(path) = &self.save {
            let text = format!("{state:#}\n");
            // A state may hold secrets.
            files::replace(path, text.as_bytes(), Privacy::Private)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(Exit::Done)
    }

    fn options(&self, now: Option<Timestamp>) -> Result<EmulatorOptions, Failure> {
        let state = match &self.state {
            Some(path) => Some(state::read(path)?),
            None => None,
        };
        Ok(EmulatorOptions {
            listen: self.listen,
            state,
            latency: self.latency.unwrap_or_default(),
            rate_limit: self.rate_limit,
            retry_after: self.retry_after,
            faults: self.faults.clone(),
            seed: self.seed,
            now,
            record: match &self.record {
                Some(path) => {
                    let opened = files::append(path);
                    Some(opened.with_context(|| format!("cannot record to {}", path.display()))?)
                }
                None => None,
            },
            one_writer: if self.one_writer_per_policy {
                OneWriter::PerGroupAndPolicy
            } else {
                OneWriter::PerGroup
            },
            behaviour: Behaviour {
                names: if self.unique_names { NameRule::Unique } else { NameRule::Repeat },
                protected: if self.protected == "412" {
                    Protected::Precondition
                } else {
                    Protected::Forbidden
                },
                quota: if self.quota.is_some() { Quota::Documented } else { Quota::OfState },
                expiry: if self.changeable_expiry { KeyExpiry::Changeable } else { KeyExpiry::Fixed },
                audit_delay: self.audit_delay.unwrap_or_default(),
                ..Behaviour::default()
            },
        })
    }
}
