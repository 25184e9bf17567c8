use super::{Alarm, Case, GuardName, Item, count, limit};
use crate::plan::Action;

/// Refuses that API keys end with what is deleted: whoever uses them is cut off, and no plan brings them back.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (mut found, mut items) = (0, Vec::new());
    for step in case.steps {
        let Action::Delete { address, object } = &step.action else { continue };
        let keys = object.api_keys() as usize;
        if keys > 0 && !case.pardons(address) {
            found += keys;
            items.push(Item::new(
                address.clone(),
                format!("{address} with {}", count(keys, "API key", "API keys")),
            ));
        }
    }
    let limit = limit(case, GuardName::Keys).unwrap_or(0);
    (found > limit as usize).then(|| Alarm {
        found,
        limit,
        message: format!("would delete {} (limit: {limit})", count(found, "API key", "API keys")),
        items,
        refuses: true,
    })
}
