use super::document::{KeyDocument, KeyReaderDocument, KeySecretDocument};
use super::value::{grant, principal};
use crate::model::Delivery;
use crate::plan::slot::{Due, KeysPlan, SlotPlan, SlotWork};

/// Returns all that is done about API keys, in order.
pub(super) fn documents(keys: &KeysPlan) -> Vec<KeyDocument> {
    let work = keys.slots.iter().flat_map(|slot| {
        slot.work.iter().map(|work| {
            let delivers = matches!(work, SlotWork::Make { .. } | SlotWork::Finish { .. });
            let deliveries = || slot.deliver.iter().filter(|_| delivers);
            let declared = keys.declared.get(&slot.application).and_then(|of| of.slots.get(&slot.slot));
            let made = declared.filter(|_| matches!(work, SlotWork::Make { .. }));
            KeyDocument {
                application: slot.application.key_text(),
                slot: Some(slot.slot.to_string()),
                work: work.word().to_owned(),
                key: work.key().map(ToString::to_string),
                deliver: deliveries().map(ToString::to_string).collect(),
                secrets: deliveries().filter_map(secret).collect(),
                default_project: made.and_then(|slot| slot.default_project).map(|id| id.to_string()),
                expires_after: made.map(|slot| slot.expires_after.to_string()),
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
        secrets: Vec::new(),
        default_project: None,
        expires_after: None,
        readers: Vec::new(),
        saved: true,
    });
    work.chain(pruned).collect()
}

fn secret(delivery: &Delivery) -> Option<KeySecretDocument> {
    match delivery {
        Delivery::SecretManager { secret, adopt } => Some(KeySecretDocument {
            project: secret.project.to_string(),
            region: secret.region.to_string(),
            path: secret.path.to_string(),
            name: secret.name.to_string(),
            adopt: *adopt,
        }),
        Delivery::File(_) | Delivery::Command(_) => None,
    }
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
