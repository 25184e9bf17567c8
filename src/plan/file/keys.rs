use super::document::{KeyDocument, KeyReaderDocument};
use super::value::{grant, principal};
use crate::plan::slot::{Due, KeysPlan, SlotPlan, SlotWork};

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
