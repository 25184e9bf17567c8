use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{Address, Place, Stack};

/// What a finding of `drift` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DriftKind {
    /// An assertion or a guardrail that live violates, or a pinned project that is gone.
    Broken,
    /// Somebody holds a permission set that can escalate, by something that the files do not declare.
    Escalation,
    /// The files name somebody or something that is not in the organization any more.
    Gone,
    /// A declared object that is not live.
    Missing,
    /// An object that the stack owns and no file declares.
    Extra,
    /// A declared object that differs.
    Changed,
    /// A person to whom the files grant access is locked.
    Locked,
    /// An entry that has ended, and is still live.
    Due,
    /// An entry of `settings.drift.ignore` that has ended, or that no finding matches. Nothing ignores it.
    StaleIgnore,
    /// An object that no file declares and the stack does not own.
    Unmanaged,
}

impl DriftKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: &'static [Self] = &[
        Self::Broken,
        Self::Escalation,
        Self::Gone,
        Self::Missing,
        Self::Extra,
        Self::Changed,
        Self::Locked,
        Self::Due,
        Self::StaleIgnore,
        Self::Unmanaged,
    ];

    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Escalation => "escalation",
            Self::Gone => "gone",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
            Self::Locked => "locked",
            Self::Due => "due",
            Self::StaleIgnore => "stale-ignore",
            Self::Unmanaged => "unmanaged",
        }
    }
}

impl fmt::Display for DriftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DriftKind {
    type Err = UnknownDriftKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(UnknownDriftKind)
    }
}

/// A word that is not a kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected `broken`, `escalation`, `gone`, `missing`, `extra`, `changed`, `locked`, `due`, `stale-ignore` or `unmanaged`"
)]
pub struct UnknownDriftKind;

/// Which findings `drift` fails on, and which it ignores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftSettings {
    /// The findings that make `drift` exit with 2.
    pub fail_on: BTreeSet<DriftKind>,
    /// Known findings, which do not count for a limited time.
    pub ignore: Vec<IgnoredFinding>,
    /// Stacks that are trusted: access through their objects is not an escalation.
    pub stacks: BTreeSet<Stack>,
}

impl Default for DriftSettings {
    fn default() -> Self {
        let counts = |kind: &DriftKind| match kind {
            DriftKind::Broken
            | DriftKind::Escalation
            | DriftKind::Gone
            | DriftKind::Missing
            | DriftKind::Extra
            | DriftKind::Changed => true,
            DriftKind::Locked | DriftKind::Due | DriftKind::StaleIgnore | DriftKind::Unmanaged => false,
        };
        let fail_on = DriftKind::ALL.iter().copied().filter(counts).collect();
        Self { fail_on, ignore: Vec::new(), stacks: BTreeSet::new() }
    }
}

/// A known finding, which does not count for a limited time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredFinding {
    /// Which finding.
    pub by: IgnoredBy,
    /// Why it is ignored.
    pub reason: String,
    /// When that ends.
    pub until: Timestamp,
    /// Where the entry is written.
    pub at: Place,
}

/// How an entry names the findings that it ignores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IgnoredBy {
    /// One finding, by its fingerprint: 12 hexadecimal digits.
    Fingerprint(String),
    /// What is found about one live object.
    Object {
        /// The object.
        object: Address,
        /// The kinds of findings.
        findings: BTreeSet<DriftKind>,
    },
}

impl fmt::Display for IgnoredBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => f.write_str(fingerprint),
            Self::Object { object, findings } => {
                let findings: Vec<_> = findings.iter().map(|finding| finding.as_str()).collect();
                write!(f, "{} ({})", object.text(), findings.join(", "))
            }
        }
    }
}
