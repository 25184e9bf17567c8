//! Who holds what: grants per principal, what changes between two states, questions and assertions.
//!
//! A [`Grant`] is a permission set on a scope under a condition. IAM only allows, so what a principal holds is the
//! union of the grants of all policies that reach it, and comparing two states is exact.

mod assertion;
pub mod cel;
mod change;
mod condition;
mod given;
mod grant;
mod guardrail;
mod holdings;
mod inclusion;
mod pattern;
mod question;
mod secret;
mod symbols;

pub use assertion::{Broken, broken_assertions, granted, nearly_granted, sentence};
pub use change::{AccessChange, AccessEffect, ChangedGrant, Path, changes};
pub use condition::{Forbidden, GrantFacts, RequestFacts, ResourceFacts, Undecided, ends, holds};
pub use given::{GivenGrant, Receivers, given, receivers};
pub use grant::{Grant, GrantScope, escalating, self_escalating};
pub use guardrail::{Judgement, Unjudged, judge_guardrails};
pub use holdings::{Attached, GroupId, Held, Holdings, Number, PolicyId, PrincipalId, World};
pub use inclusion::includes;
pub use pattern::{fits, is_pattern};
pub use question::{
    CanDo, Everything, HeldGrant, Holds, Lack, UnseenGrant, decide, decide_held, membership_end, nearest,
    project, single_scope,
};
pub use secret::SecretRequest;
pub use symbols::{Grants, Packed, Symbols};
