//! A key between its making and its last delivery.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{DELIVERED_WITHIN, Job};
use crate::api::{Secret, SecretBytes};
use crate::model::AccessKeyId;

/// A key on its way to its deliveries.
pub(super) struct HeldKey {
    pub(super) key: AccessKeyId,
    pub(super) secret: Secret,
    pub(super) began: Began,
    /// Whether a delivery may hold it.
    pub(super) sent: bool,
}

/// When this run began to deliver a key, by three clocks: one stops while the machine sleeps, one may be set, and one is the
/// API's, by which other runs judge the age of the key.
#[derive(Clone, Copy)]
pub(super) struct Began {
    ticks: Instant,
    here: Timestamp,
    there: Option<Timestamp>,
}

impl Began {
    /// `there` is what time it is where the API is, if that is known.
    pub(super) fn now(there: Option<Timestamp>) -> Self {
        Self { ticks: Instant::now(), here: Timestamp::now(), there }
    }

    pub(super) fn is_long_ago(self, there: Option<Timestamp>) -> bool {
        let longest = SignedDuration::try_from(DELIVERED_WITHIN).unwrap_or(SignedDuration::MAX);
        let long = |now: Timestamp, began: Timestamp| now.duration_since(began) > longest;
        let by_the_api = there.zip(self.there).is_some_and(|(now, began)| long(now, began));
        self.ticks.elapsed() > DELIVERED_WITHIN || long(Timestamp::now(), self.here) || by_the_api
    }
}

impl HeldKey {
    /// Returns both halves as a flat object, as readers of a secret and of a file get them.
    pub(super) fn halves(&self) -> SecretBytes {
        let Self { key, secret, .. } = self;
        SecretBytes::new(
            format!(r#"{{"access_key": {}, "secret_key": {}}}"#, json!(key.as_str()), json!(secret.expose()))
                .into_bytes(),
        )
    }

    /// Returns what a command reads.
    pub(super) fn input(&self, job: Job<'_>) -> SecretBytes {
        let Self { key, secret, .. } = self;
        let (application, slot) = (job.planned.application.key_text(), job.planned.slot.as_str());
        let input = json!({
            "application": application, "slot": slot, "access_key": key.as_str(), "secret_key": secret.expose(),
        });
        SecretBytes::new(format!("{input}\n").into_bytes())
    }
}

/// Returns the secret half out of what a version holds, if it is this key's.
pub(super) fn halves_of(data: &SecretBytes, key: &AccessKeyId) -> Option<Secret> {
    #[derive(serde::Deserialize)]
    struct Halves {
        access_key: String,
        secret_key: Secret,
    }
    let halves: Halves = serde_json::from_slice(data.expose()).ok()?;
    (halves.access_key == key.as_str()).then_some(halves.secret_key)
}
