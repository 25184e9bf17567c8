//! Grace periods: how long somebody has for a new password or a second factor.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::organization::{HandlerRequest, Organization};
use super::reply::{Handled, Reply};
use super::time::micros;

/// How long a person has for something.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct GracePeriod {
    #[serde(rename = "type")]
    pub(super) kind: GracePeriodKind,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    expires_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GracePeriodKind {
    UpdatePassword,
    SetMfa,
}

impl Organization {
    /// Starts a grace period now.
    pub(super) fn grace_period(&self, kind: GracePeriodKind, now: Timestamp) -> GracePeriod {
        let expires_at = now.checked_add(self.grace()).unwrap_or(now);
        GracePeriod { kind, created_at: now, expires_at }
    }

    /// Lists the grace periods of a user, the caller's own where none is named; neither pages nor a count.
    pub(super) fn list_grace_periods(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let user = ask.query.id("user_id");
        ask.query.done()?;
        let user = user.or_else(|| self.principal_of(&ask.caller)).unwrap_or_default();
        let periods = self.users.get(&user).map(|user| user.grace_periods.clone()).unwrap_or_default();
        Ok(Reply::ok(json!({"grace_periods": periods})))
    }
}
