//! What guards found, and what overrides it.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::{Address, GuardName, UnknownGuard};

/// A guard that is overridden for one number: `deletes=7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The guard.
    pub guard: GuardName,
    /// The number that the plan printed.
    pub number: u32,
}

impl FromStr for Allowance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (guard, number) =
            text.split_once('=').ok_or("expected GUARD=NUMBER, as in `deletes=7`".to_owned())?;
        let guard = guard.parse().map_err(|error: UnknownGuard| error.to_string())?;
        let number = number.parse().map_err(|_| format!("`{number}` is not a number"))?;
        Ok(Self { guard, number })
    }
}

/// What a guard found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The guard.
    pub guard: GuardName,
    /// The number found; what `--allow` takes.
    pub found: u32,
    /// The most (or, for `min_iam_admins`, the least) that passes.
    pub limit: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong, in words.
    pub message: String,
    /// The objects or people it is about.
    pub items: Vec<String>,
    /// Their addresses, for an entry under `allow` that lets exactly these pass; without those that files cannot name.
    pub of: Vec<Address>,
    /// What overrode it.
    pub lifted_by: Option<LiftedBy>,
}

/// What overrode a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LiftedBy {
    /// `--allow`, for the number found.
    Number,
    /// Entries under `allow` in the files.
    Files,
}

impl Finding {
    /// Returns the entry under `allow` that lets exactly this pass, or `None` when files cannot say it. `now` is the time
    /// of the plan.
    #[must_use]
    pub fn entry(&self, now: Timestamp) -> Option<String> {
        if self.of.is_empty() {
            return None;
        }
        let until = now.saturating_add(PRINTED_END).ok()?.to_zoned(TimeZone::UTC).date();
        let of: Vec<_> = self.of.iter().map(|of| quoted(of.text())).collect();
        let (guard, of) = (self.guard, of.join(", "));
        Some(format!("- {{guard: {guard}, of: [{of}], until: {until}, reason: WHY}}"))
    }
}

/// Returns a text as YAML takes it within brackets.
fn quoted(text: String) -> String {
    let plain = |c: char| c.is_alphanumeric() || "@._-+=() :".contains(c);
    if text.chars().all(plain) { text } else { serde_json::Value::from(text).to_string() }
}

/// How long the entries that are printed last.
const PRINTED_END: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The verdict on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The plan is refused.
    Refused,
    /// The plan would be refused if this number were not allowed.
    Lifted,
    /// It is only shown.
    Shown,
}

/// How strictly a plan is checked.
#[derive(Debug, Clone, Default)]
pub struct GuardOptions {
    /// Guards that are overridden, each for exactly one number.
    pub allow: BTreeMap<GuardName, u32>,
    /// Treat warnings as errors.
    pub strict: bool,
}
