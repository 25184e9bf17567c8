use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GrantDocument, grant, principal};
use crate::plan::slot::{Due, KeysPlan, SlotPlan, SlotWork};

/// Something that is done about an API key. First keys and keys without a slot are a part of a saved plan; a rotation is
/// not, and is only shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyDocument {
    /// The application.
    pub application: String,
    /// The slot, or null for a key without one.
    pub slot: Option<String>,
    /// `make`, `finish`, `retire`, `discard`, `sweep`, `deduplicate`, `adopt`, `rename` or `prune`.
    pub work: String,
    /// The key that is there already, or null.
    pub key: Option<String>,
    /// Where a new key is delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliver: Vec<String>,
    /// Who gains access by reading it there, if no key of the slot was there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<KeyReaderDocument>,
    /// Whether a saved plan does it.
    pub saved: bool,
}

/// Somebody who can read a key where it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyReaderDocument {
    /// `user alice@example.com`.
    pub principal: String,
    /// The secret: region, folder and name.
    pub secret: String,
    /// Whether it can be read only under a condition.
    pub conditional: bool,
    /// What the application holds and the reader does not.
    pub gains: Vec<GrantDocument>,
}

/// Returns all that is done about API keys, in order.
pub(super) fn documents(keys: &KeysPlan) -> Vec<KeyDocument> {
    let work = keys.slots.iter().flat_map(|slot| {
        slot.work.iter().map(|work| {
            let delivers = matches!(work, SlotWork::Make { .. } | SlotWork::Finish { .. });
            let deliver = slot.deliver.iter().filter(|_| delivers).map(ToString::to_string).collect();
            KeyDocument {
                application: slot.application.key_text(),
                slot: Some(slot.slot.to_string()),
                work: work.word().to_owned(),
                key: work.key().map(ToString::to_string),
                deliver,
                readers: if delivers { readers(keys, slot) } else { Vec::new() },
                saved: matches!(work, SlotWork::Make { why: Due::First }),
            }
        })
    });
    let pruned = keys.pruned.iter().map(|stray| KeyDocument {
        application: stray.application.key_text(),
        slot: None,
        work: "prune".to_owned(),
        key: Some(stray.key.access_key.to_string()),
        deliver: Vec::new(),
        readers: Vec::new(),
        saved: true,
    });
    work.chain(pruned).collect()
}

fn readers(keys: &KeysPlan, slot: &SlotPlan) -> Vec<KeyReaderDocument> {
    let of_slot = keys.readers.iter().filter(|it| it.application == slot.application && it.slot == slot.slot);
    let one = |reader: &crate::plan::KeyReader| KeyReaderDocument {
        principal: principal(&reader.principal),
        secret: reader.secret.to_string(),
        conditional: reader.conditional,
        gains: reader.gains.iter().map(grant).collect(),
    };
    of_slot.map(one).collect()
}
