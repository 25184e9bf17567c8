use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{FindingId, FindingSeverity, PermissionSetName, Scope};

/// The settings of a report: what it finds, and what it answers first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSettings {
    /// How long new objects are not reported as unused.
    pub grace: SignedDuration,
    /// How old an API key may be.
    pub key_age: SignedDuration,
    /// How many people may administer IAM.
    pub max_iam_admins: usize,
    /// The severities that differ from the default ones.
    pub severity: BTreeMap<FindingId, FindingSeverity>,
    /// The questions that it answers; `None` for the default ones.
    pub questions: Option<Vec<ReportQuestion>>,
}

/// A question that a report answers first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportQuestion {
    /// What it asks, in words that follow *who*.
    pub name: String,
    /// The permission set.
    pub can: PermissionSetName,
    /// Where.
    pub on: Scope,
}

const fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            grace: days(30),
            key_age: days(365),
            max_iam_admins: 5,
            severity: BTreeMap::new(),
            questions: None,
        }
    }
}

impl ReportSettings {
    /// Returns the severity of a finding.
    #[must_use]
    pub fn severity_of(&self, id: FindingId) -> FindingSeverity {
        self.severity.get(&id).copied().unwrap_or(id.text().severity)
    }
}
