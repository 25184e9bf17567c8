//! What `report` and `compare` look at: the live organization, a snapshot, or files.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::arguments::ConnectArgs;
use super::common::Common;
use super::failure::Failure;
use super::output::talk;
use super::session::Connection;
use super::state;
use crate::config::{self, Source};
use crate::live::{Live, LiveNeeds};
use crate::model::{ActivityScope, ApiKeyFacts, Inventory, Key, Kind, Marking, Readout, count, second};
use crate::reconcile::ActivityLookup;
use crate::render::dossier::Evidence;
use crate::review::ComparedSide;

/// Where an organization is taken from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// The API, or the emulator of `--emulate`.
    Live,
    /// A snapshot.
    Snapshot(PathBuf),
    /// Files.
    Files(PathBuf),
}

impl FromStr for Origin {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let path = PathBuf::from(text);
        let json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        Ok(match text {
            "live" => Self::Live,
            _ if json => Self::Snapshot(path),
            _ => Self::Files(path),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("live"),
            Self::Snapshot(path) | Self::Files(path) => path.display().fmt(f),
        }
    }
}

/// An organization as it was read, and from where.
pub(super) struct Taken {
    pub(super) live: Live,
    pub(super) evidence: Evidence,
    pub(super) now: Timestamp,
}

/// What a report needs.
const NEEDS: LiveNeeds =
    LiveNeeds { kinds: BTreeSet::new(), projects: true, permission_sets: false, quota: false, scim: false };

impl Origin {
    /// Reads an organization with all that a report tells.
    pub(super) async fn take(
        &self,
        connect: &ConnectArgs,
        common: &Common,
        activity: Option<ActivityScope>,
    ) -> Result<Taken, Failure> {
        let tool = ("tool", format!("scw-iam {}", env!("CARGO_PKG_VERSION")));
        match self {
            Self::Files(_) => Err(Failure::usage("a report is about an organization, and files are none")
                .hint("name a snapshot (NAME.json), or `live`")),
            Self::Live => {
                let connection = Connection::open(connect, None).await?;
                let mut live = connection.session.read(&NEEDS).await?;
                connection.session.inventory(&mut live).await?;
                if let Some(path) = &connect.emulate {
                    overlay(&mut live.inventory, &state::read(path)?, Refusals::Recorded);
                }
                let run = connection.session.run_id().to_owned();
                let now = common.now();
                if let Some(scope) = activity {
                    let lookup = ActivityLookup::of(&live, scope);
                    talk(&format!("reading Audit Trail: at least {} requests", lookup.requests()));
                    live.inventory.activity = Some(connection.session.activity(&live, &lookup, now).await);
                }
                connection.close().await?;
                let mut evidence = vec![
                    ("organization", named(&live)),
                    ("taken at", second(now)),
                    ("from", "the live organization".to_owned()),
                    ("run", run),
                    tool,
                    ("read", read(&live)),
                ];
                if let Some(Readout::Read(activity)) = &live.inventory.activity {
                    let words = format!("{}, since {}", activity.regions.join(", "), second(activity.since));
                    evidence.push(("audit trail", words));
                }
                Ok(Taken { live, evidence, now })
            }
            Self::Snapshot(_) if activity.is_some() => {
                Err(Failure::usage("a snapshot does not hold what Audit Trail recorded")
                    .hint("`scw-iam report --activity` reads it of the live organization"))
            }
            Self::Snapshot(path) => {
                let value = state::read(path)?;
                let digest: String = Sha256::digest(value.to_string().as_bytes())
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                let record = value["snapshot"].clone();
                let taken_at = record["taken_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
                let title = value["organization"]["name"].as_str().unwrap_or_default().to_owned();
                let connection = Connection::embedded(connect, value.clone(), None, None).await;
                let connection = connection
                    .map_err(|failure| failure.context(format!("cannot read {}", path.display())))?;
                let mut live = connection.session.read(&NEEDS).await?;
                connection.session.inventory(&mut live).await?;
                connection.close_silently().await?;
                live.inventory.title = title;
                overlay(&mut live.inventory, &value, Refusals::AndUnrecorded);
                let now = common.now.or(taken_at).unwrap_or_else(|| common.now());
                let said = |field: &str| record[field].as_str().unwrap_or("not recorded").to_owned();
                let evidence = vec![
                    ("organization", named(&live)),
                    ("taken at", taken_at.map_or_else(|| "not recorded".to_owned(), second)),
                    ("judged as of", second(now)),
                    ("from", "a snapshot".to_owned()),
                    ("by", said("by")),
                    ("run", said("run_id")),
                    tool,
                    ("read", read(&live)),
                    ("content sha256", digest),
                ];
                Ok(Taken { live, evidence, now })
            }
        }
    }

    /// Reads one side of a comparison.
    pub(super) async fn side(&self, connect: &ConnectArgs, common: &Common) -> Result<ComparedSide, Failure> {
        match self {
            Self::Live | Self::Snapshot(_) => {
                let Taken { live, .. } = self.take(connect, common, None).await?;
                Ok(side_of(&live))
            }
            Self::Files(path) => {
                let files = config::read(&[Source::of_argument(path.as_os_str())], common.now())?;
                let desired = common.resolve(&files)?;
                let unknown = desired.external.iter().filter(|address| address.kind() == Kind::Group);
                let known = |key: &Key| desired.state.group(key).is_some_and(|group| group.builtin.is_some());
                let unknown =
                    unknown.map(|address| address.key().clone()).filter(|key| !known(key)).collect();
                Ok(ComparedSide { state: desired.state, ids: None, unknown, partial: true })
            }
        }
    }
}

/// Returns a fully read organization as one side of a comparison.
pub(super) fn side_of(live: &Live) -> ComparedSide {
    ComparedSide {
        state: live.state.clone(),
        ids: Some(live.ids.clone()),
        unknown: BTreeSet::new(),
        partial: false,
    }
}

fn named(live: &Live) -> String {
    let id = live.state.organization.to_string();
    if live.inventory.title.is_empty() { id } else { format!("{} ({id})", live.inventory.title) }
}

fn read(live: &Live) -> String {
    let kinds = Kind::ALL.iter().filter(|kind| kind.always_read() || NEEDS.kinds.contains(kind));
    let counts = kinds.map(|kind| count(live.state.addresses(*kind).count(), kind.noun(), kind.nouns()));
    let keys = match &live.inventory.keys {
        Readout::Read(keys) => count(keys.len(), "API key", "API keys"),
        Readout::Unread { why, .. } => format!("API keys not ({why})"),
    };
    counts.chain([keys]).collect::<Vec<_>>().join(", ")
}

/// What is taken for not read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusals {
    /// What the record of a snapshot says was refused.
    Recorded,
    /// That, and what a snapshot does not say of.
    AndUnrecorded,
}

/// Takes out of an inventory what the person who took the snapshot could not read.
fn overlay(inventory: &mut Inventory, snapshot: &Value, refusals: Refusals) {
    let list = &snapshot["snapshot"]["lists"]["api_keys"];
    if let Some(status) = list["refused"].as_u64() {
        let why = format!("{status} on /api-keys when the snapshot was taken");
        inventory.keys = Readout::Unread { why, helps: Some("IAMReadOnly") };
    } else if list.is_null() && refusals == Refusals::AndUnrecorded {
        let why = "the snapshot does not record whether the API keys were read".to_owned();
        inventory.keys = Readout::Unread { why, helps: None };
    }
    let marked = |keys: &Vec<ApiKeyFacts>| {
        keys.iter().any(|key| matches!(Marking::of(&key.description), Marking::Mark(_)))
    };
    let delivered = inventory.keys.read().is_none_or(marked);
    if refusals == Refusals::AndUnrecorded && snapshot["secrets"].is_null() && delivered {
        let why = "a snapshot does not hold secrets".to_owned();
        inventory.delivered = Readout::Unread { why, helps: None };
    }
    let settings = &snapshot["snapshot"]["lists"]["security_settings"];
    if let Some(status) = settings["refused"].as_u64() {
        let why = format!("{status} on /security-settings when the snapshot was taken");
        inventory.key_maximum = Readout::Unread { why, helps: Some("IAMReadOnly") };
    } else if settings.is_null() && refusals == Refusals::AndUnrecorded {
        let why = "the snapshot does not hold the organization's security settings".to_owned();
        inventory.key_maximum = Readout::Unread { why, helps: None };
    }
    if refusals == Refusals::AndUnrecorded {
        let why = "a snapshot does not hold how SAML is set up".to_owned();
        inventory.password_beside_saml = Readout::Unread { why, helps: None };
    }
}
