//! A saved plan, read again: whether it may be applied at all, and whether the plan made anew is the one it holds.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::basis;
use super::compare::{PlanDifference, applied, differences};
use super::document::{FORMAT_VERSION, MadeFrom, PlanDocument};
use crate::model::{AllowEntry, Expiry};
use crate::plan::Verdict;
use crate::plan::whole_plan::Plan;

/// Why a plan file cannot be applied at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not a plan file.
    #[error("it is not a plan file: {0}")]
    Shape(String),
    /// It has the format of another version.
    #[error("its format version is {found}, but this version of scw-iam reads {FORMAT_VERSION}")]
    Format {
        /// The version of its format.
        found: u64,
    },
    /// It was made by another version of the tool.
    #[error("it was made by scw-iam {made}, but this is {this}")]
    Version {
        /// The version that made it.
        made: String,
        /// This version.
        this: &'static str,
    },
    /// It reports a plan, and does not hold what the plan was made from.
    #[error("it is a report, without the files that the plan was made from")]
    Report,
    /// The organization is what it was, and planning again leads to something else.
    #[error("it was edited: {} not what a plan of its own files gives", subjects(.0))]
    Edited(Vec<PlanDifference>),
    /// A guard or a conflict refused it.
    #[error("it was refused when it was made")]
    Refused,
}

/// A plan that is out of date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// It is too old.
    #[error("the plan is {age} old; the limit is {most}")]
    Age {
        /// How old it is.
        age: String,
        /// How old it may be.
        most: String,
    },
    /// Its time lies ahead.
    #[error("the plan was made at {created_at}, which is in the future")]
    Future {
        /// When it says that it was made.
        created_at: Timestamp,
    },
    /// Entries with an `until` ended since it was made.
    #[error("an `until` has ended since the plan was made: {}", ends(.0))]
    Ended(Vec<Expiry>),
    /// Entries under `allow` ended since it was made.
    #[error("an entry under `allow` has ended since the plan was made: {}", entries(.0))]
    AllowEnded(Vec<AllowEntry>),
    /// The organization changed, and planning again leads to something else.
    #[error("the organization has changed since the plan was made: {} no longer as planned", subjects(.0))]
    Changed(Vec<PlanDifference>),
}

impl Unreadable {
    /// Returns what may help, where that is known.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Shape(_) => None,
            Self::Format { .. } | Self::Version { .. } => Some("plan again with this version"),
            Self::Report => Some("save a plan with `scw-iam plan --out plan.json`"),
            Self::Edited(_) => Some("plan again"),
            Self::Refused => Some("plan again, with --allow if the change is intended"),
        }
    }
}

impl Stale {
    /// Returns what may help.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Age { .. } | Self::Ended(_) | Self::AllowEnded(_) | Self::Changed(_) => "plan again",
            Self::Future { .. } => "check the clocks of both machines, and plan again",
        })
    }
}

/// The most subjects that a message names.
const NAMED: usize = 5;

/// `group a is`, or `group a, policy b and 3 more are`.
fn subjects(differences: &[PlanDifference]) -> String {
    let named: Vec<&str> = differences.iter().take(NAMED).map(|one| one.of.as_str()).collect();
    let more = differences.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let verb = if differences.len() == 1 { "is" } else { "are" };
    format!("{}{more} {verb}", named.join(", "))
}

fn ends(expiries: &[Expiry]) -> String {
    let one = |expiry: &Expiry| format!("{} ({})", expiry.address, expiry.until);
    expiries.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", ")
}

fn entries(entries: &[AllowEntry]) -> String {
    let one = |entry: &AllowEntry| format!("{} at {} ({})", entry.guard, entry.at, entry.until);
    entries.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", ")
}

/// Why a saved plan is not applied.
#[derive(Debug, thiserror::Error)]
pub enum Mismatch {
    /// It cannot be applied at all.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It is out of date.
    #[error(transparent)]
    Stale(#[from] Stale),
}

/// What a saved plan is to the organization as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Planning again gives the same plan.
    Same,
    /// All of it was done, and nobody changed what it did.
    Applied,
}

/// What tells whether the rest of a document can be read.
#[derive(Deserialize)]
struct Header {
    format_version: u64,
    tool: super::Tool,
    made_from: Option<IgnoredAny>,
}

impl PlanDocument {
    /// Reads a plan file.
    ///
    /// # Errors
    /// When it is not a plan, or one of another version; when it says anything twice, because other readers may have
    /// shown the other value.
    pub fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let shape = |error: serde_json::Error| Unreadable::Shape(error.to_string());
        let Header { format_version, tool, made_from } = serde_json::from_slice(text).map_err(shape)?;
        let this = env!("CARGO_PKG_VERSION");
        if tool.name != "scw-iam" {
            return Err(Unreadable::Shape("its `tool` is not scw-iam".to_owned()));
        }
        if format_version != u64::from(FORMAT_VERSION) {
            return Err(Unreadable::Format { found: format_version });
        }
        if tool.version != this {
            return Err(Unreadable::Version { made: tool.version.chars().take(40).collect(), this });
        }
        if made_from.is_none() {
            return Err(Unreadable::Report);
        }
        let document: Self = serde_json::from_slice(text).map_err(shape)?;
        let unfit = document.objects.iter().find(|it| it.planned_from.as_ref().map(basis::hash) != it.hash);
        match unfit {
            Some(object) => {
                let why = format!("the hash of {} is not that of its `planned_from`", object.address);
                Err(Unreadable::Shape(why))
            }
            None => Ok(document),
        }
    }

    /// Returns what it was made from, if it may be applied at this time. `most` is how old it may be.
    ///
    /// # Errors
    /// When it is too old, was refused, or does not hold what it was made from.
    pub fn usable(&self, now: Timestamp, most: SignedDuration) -> Result<&MadeFrom, Mismatch> {
        let made_from = self.made_from.as_ref().ok_or(Unreadable::Report)?;
        let refused = Verdict::Refused.word();
        if self.summary.refused
            || !self.conflicts.is_empty()
            || self.guards.iter().any(|guard| guard.verdict == refused)
        {
            return Err(Unreadable::Refused.into());
        }
        let age = now.duration_since(self.created_at);
        if age < -CLOCKS_APART {
            return Err(Stale::Future { created_at: self.created_at }.into());
        }
        if age > most {
            return Err(Stale::Age { age: span(age), most: span(most) }.into());
        }
        Ok(made_from)
    }

    /// Compares it with the plan that its desired state leads to now.
    ///
    /// The other plan must be made from [`MadeFrom`], with the files read as of `created_at`. `digest` is that of what was
    /// read for it ([`super::digest`]), and `now` is the time of the apply. Guards are not compared: the other plan has
    /// today's.
    ///
    /// # Errors
    /// When the two are not the same, or an entry has ended since.
    pub fn check(&self, again: &Plan, digest: &str, now: Timestamp) -> Result<Standing, Mismatch> {
        let ended = again.expiries().iter().filter(|expiry| !expiry.expired && expiry.until <= now);
        let ended: Vec<Expiry> = ended.cloned().collect();
        if !ended.is_empty() {
            return Err(Stale::Ended(ended).into());
        }
        let ended = again.allow().iter().filter(|entry| entry.until > self.created_at && entry.until <= now);
        let ended: Vec<AllowEntry> = ended.cloned().collect();
        if !ended.is_empty() {
            return Err(Stale::AllowEnded(ended).into());
        }
        let differences = self.differences(again);
        if differences.is_empty() {
            return Ok(Standing::Same);
        }
        if self.made_from.as_ref().is_some_and(|from| from.digest == digest) {
            return Err(Unreadable::Edited(differences).into());
        }
        if applied(self, again) {
            return Ok(Standing::Applied);
        }
        Err(Stale::Changed(differences).into())
    }

    /// Returns how another plan differs in what is compared; empty when they are the same.
    #[must_use]
    pub fn differences(&self, again: &Plan) -> Vec<PlanDifference> {
        differences(self, again)
    }
}

/// How far the clocks of two machines may be apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

fn span(duration: SignedDuration) -> String {
    let (hours, minutes, seconds) = (duration.as_hours(), duration.as_mins() % 60, duration.as_secs() % 60);
    if hours == 0 { format!("{minutes} min {seconds} s") } else { format!("{hours} h {minutes} min") }
}
