//! Who can read an API key where it is delivered, and acts as its application from then on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::slot::KeyReader;
use super::slot::KeysPlan;
use crate::access::{Everything, SecretRequest};
use crate::model::{Principal, SecretPlace};

/// Returns who can read the keys of a plan where none of their slots was delivered before, as far as they gain by it.
///
/// The owner, who holds everything, and the application itself are left out.
pub(super) fn readers(everything: &Everything<'_>, keys: &KeysPlan, now: Timestamp) -> Vec<KeyReader> {
    let mut readers = Vec::new();
    for slot in &keys.slots {
        for place in &slot.new_places {
            for (principal, conditional) in who_reads(everything, place, now) {
                let gains = everything.beyond(&slot.application, &principal);
                if !gains.is_empty() && principal.address() != slot.application {
                    readers.push(KeyReader {
                        application: slot.application.clone(),
                        slot: slot.slot.clone(),
                        secret: place.clone(),
                        gains,
                        conditional,
                        principal,
                    });
                }
            }
        }
    }
    readers.sort();
    readers
}

/// Returns who can read a secret, and whether only under a condition that may hold or not.
fn who_reads(everything: &Everything<'_>, place: &SecretPlace, now: Timestamp) -> BTreeMap<Principal, bool> {
    let request = SecretRequest::of(place, now);
    let mut who = BTreeMap::new();
    for held in everything.grants() {
        if let Some(conditional) = request.allowed_by(&held.grant) {
            let only = who.entry(held.principal).or_insert(true);
            *only = *only && conditional;
        }
    }
    who
}
