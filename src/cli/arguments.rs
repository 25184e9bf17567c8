//! Arguments that several commands share.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use super::common::Common;
use crate::config::Source;
use crate::files::Links;
use crate::model::{Address, Key, Principal};
use crate::plan::{Allowance, GuardOptions};
use crate::reconcile::{AbsentObject, ConnectOptions, KeyOptions, PlanOptions};

/// The heading of the options of commands that read the live side.
const LIVE: &str = "Live organization";

/// The files to read.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Paths {
    /// Files or folders of *.yaml and *.yml files; `-` reads standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) follow: Follow,
}

/// Whether links are followed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Follow {
    /// Follow symbolic links in PATH and in folders, wherever they lead; without this option, links are errors
    #[arg(long)]
    pub(super) follow_links: bool,
}

impl Follow {
    pub(super) const fn links(self) -> Links {
        if self.follow_links { Links::Followed } else { Links::Refused }
    }
}

impl Paths {
    pub(super) fn sources(&self) -> Vec<Source> {
        self.paths.iter().flat_map(|path| self.sources_of(path)).collect()
    }

    /// The same for a path that another argument names.
    pub(super) fn sources_of(&self, path: &Path) -> Vec<Source> {
        vec![match (Source::of_argument(path.as_os_str()), self.follow.links()) {
            (source, Links::Refused) => source,
            (source, Links::Followed) => source.followed(),
        }]
    }
}

/// How the live side is reached.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConnectArgs {
    /// The profile of the configuration file that holds the credentials, in place of SCW_PROFILE
    #[arg(help_heading = LIVE, long, value_name = "NAME", conflicts_with = "emulate", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) profile: Option<String>,
    /// Use an embedded emulator with this state instead of the real API; reads no credentials, changes nothing real
    #[arg(help_heading = LIVE, long, value_name = "STATE.json")]
    pub(super) emulate: Option<PathBuf>,
    /// With --emulate: save the resulting state to this file, which must not be STATE.json
    // What only reads leads to nothing new: the help of `apply` alone shows it.
    #[arg(help_heading = LIVE, long, value_name = "FILE", requires = "emulate", hide = true)]
    pub(super) save: Option<PathBuf>,
    /// Maximum number of requests in flight
    #[arg(help_heading = LIVE, long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(super) parallelism: u16,
    /// Maximum number of requests per second. The rate starts at 60, climbs while the API accepts it, and halves when the
    /// API answers 429 or 503
    #[arg(help_heading = LIVE, long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) max_rps: u32,
}

impl ConnectArgs {
    /// How a session of the real API sends requests.
    pub(super) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            parallelism: self.parallelism.into(),
            max_rps: self.max_rps.into(),
            profile: self.profile.clone(),
            emulated_time: None,
        }
    }
}

/// How a plan is judged.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PlanArgs {
    /// Override a guard (a safety limit on plans) for exactly the number that the plan printed; may be given several times
    #[arg(long, value_name = "GUARD=NUMBER", value_parser = Allowance::from_str)]
    pub(super) allow: Vec<Allowance>,
    /// Plan only this object and what it needs; everything else stays as it is. May be given several times
    #[arg(long, value_name = "KIND:NAME", value_parser = object)]
    pub(super) only: Vec<Address>,
    /// Who runs this plan, if the API key does not identify them
    #[arg(long, value_name = "user:E-MAIL|application:NAME", value_parser = principal)]
    pub(super) caller: Option<Principal>,
}

/// Reads a span of time, such as `90s`, `1h30m` or `PT2M`; ten years at most.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
    let span = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    span.filter(|span| *span <= MOST).ok_or_else(|| "expected a duration such as 60s, 2m or 24h".to_owned())
}

/// Reads `user:alice@example.com` or `application:ci`.
pub(super) fn principal(text: &str) -> Result<Principal, String> {
    match text.split_once(':') {
        Some(("user", email)) => {
            let key = Key::of_person(email).map_err(|error| format!("`{email}` {error}"))?;
            Ok(Principal::User(key))
        }
        Some(("application", name)) => {
            let name = name.parse().map_err(|error| format!("`{name}` {error}"))?;
            Ok(Principal::Application(Key::Named(name)))
        }
        None if text.contains('@') => principal(&format!("user:{text}")),
        _ => Err("it takes an e-mail address, user:E-MAIL or application:NAME".to_owned()),
    }
}

/// Reads `group:developers`.
pub(super) fn object(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error| format!("`{text}` {error}"))
}

/// Reads `alice@example.com`, `username=alice` or `id=` and an id, with `user:` before it or without.
pub(super) fn person(text: &str) -> Result<Key, String> {
    let text = text.strip_prefix("user:").unwrap_or(text);
    Key::of_person(text).map_err(|error| format!("`{text}` {error}"))
}

impl PlanArgs {
    pub(super) fn options(&self, common: &Common) -> PlanOptions {
        let allow = self.allow.iter().map(|allowed| (allowed.guard, allowed.number)).collect();
        let guards = GuardOptions { allow, strict: common.strict };
        PlanOptions {
            now: common.now(),
            caller: self.caller.clone(),
            only: self.only.clone(),
            absent: AbsentObject::Refused,
            guards,
            keys: KeyOptions::default(),
        }
    }
}
