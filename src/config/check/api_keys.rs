//! The slots for API keys of all applications together.

use std::collections::HashMap;

use super::context::Check;
use crate::config::mistake::{Mistake, MistakeKind, Span};

pub(super) fn api_keys(check: &mut Check<'_>) {
    let document = check.document;
    let mut places: HashMap<String, Span> = HashMap::new();
    for (_, _, declaration) in document.declarations() {
        let Some((at, slots)) = declaration.api_keys() else { continue };
        if document.stack.is_none() {
            check.mistake(at, MistakeKind::NeedsStack { key: "api_keys" });
        }
        for (name, slot) in slots {
            if let Some(old) = &slot.previously
                && let Some((declared, _)) = slots.iter().find(|(name, _)| name.value == old.value)
            {
                let kind = MistakeKind::PreviouslySlot {
                    name: old.value.to_string(),
                    itself: declared.at == name.at,
                };
                check.note(Mistake::new(old.at, kind).also(declared.at));
            }
            for delivery in &slot.deliver {
                let Some(place) = delivery.place() else { continue };
                if let Some(first) = places.get(&place) {
                    check.note(Mistake::new(delivery.at, MistakeKind::DeliveredTwice { place }).also(*first));
                } else {
                    places.insert(place, delivery.at);
                }
            }
        }
    }
}
