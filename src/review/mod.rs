//! What is worth knowing about the access of an organization: findings, and what a reader has to know about them.
//!
//! A [`ReportedFinding`] is a value: what was found, about what, how bad it is, and a fingerprint that stays the same from
//! run to run. What could not be looked for is a result too ([`FindingResult::NotJudged`]), never an empty list.

mod activity;
mod attribution;
mod compare;
mod dossier;
mod escalation;
mod examine;
mod finding;
mod since;

pub use activity::{ActivityRow, FamilyUse};
pub use attribution::attribute;
pub use compare::{
    CompareGate, ComparedSide, Comparison, DifferenceKind, GrantDifference, ObjectDifference, UnknownGate,
};
pub use dossier::{AccessProfile, AnsweredQuestion, Dossier, EndingAccess, PrincipalRow, StandingQuestion};
pub use escalation::{EdgeName, EscalationPath, Hop, ReachedPoint, escalation_paths};
pub use examine::{Examined, ends, examine};
pub use finding::{FindingResult, Gauge, Outline, ReportedFinding, Subject, fingerprint};
pub use since::{Since, SinceMark};

pub use crate::model::{
    FindingId, FindingSeverity, FindingText, ReportSettings, UnknownFindingId, UnknownSeverity,
};
