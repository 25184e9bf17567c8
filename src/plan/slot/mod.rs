//! API keys by slot: what is due, what is to be finished, what may go, and what has to be left alone.
//!
//! [`assess`] is given what files say of a slot, what is live of it, and the time. It is asked twice: for the plan, and
//! again right before the work is done, so that both have one idea of what a slot needs.

mod assess;
mod deliveries;
#[cfg(test)]
mod tests;
mod whole;
mod work;

pub use self::assess::assess;
pub use self::whole::{KeyFacts, KeyReader, KeysPlan, Stray, StrayKind};
pub use self::work::{
    BadAdoption, Due, Hands, MARGIN, MOST_VERSIONS, Occasion, SlotCase, SlotPlan, SlotWait, SlotWork,
    UNDER_WAY,
};
