//! API keys by slot: what is due, what is to be finished, what may go, and what has to be left alone.
//!
//! [`assess()`] is given what files say of a slot, what is live of it, and the time. It is asked twice: for the plan, and
//! again right before the work is done, so that both have one idea of what a slot needs.

mod assess;
mod case;
mod deliveries;
mod look;
#[cfg(test)]
mod tests;
mod wait;
mod whole;
mod work;

pub use self::assess::{SlotPlan, assess};
pub use self::case::{Hands, MARGIN, MOST_VERSIONS, Occasion, SlotCase, UNDER_WAY};
pub use self::wait::{BadAdoption, SlotWait};
pub use self::whole::{KeyFacts, KeyReader, KeysPlan, Stray, StrayKind};
pub use self::work::{Due, SlotWork};
