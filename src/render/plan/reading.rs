//! What a plan is read as.

/// What the difference between both sides is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanReading {
    /// What an apply would do.
    Plan,
    /// Drift: live differs, and nobody asked for it.
    Drift,
}
