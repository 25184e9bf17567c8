//! Access that is kept, and missing on the way.

use super::step::StepId;
use crate::access::Grant;
use crate::model::Principal;

/// Access that a principal keeps, but lacks temporarily.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interruption {
    /// Who.
    pub principal: Principal,
    /// What.
    pub grant: Grant,
    /// The step after which it is missing.
    pub from_step: StepId,
    /// The step after which it is back.
    pub to_step: StepId,
}
