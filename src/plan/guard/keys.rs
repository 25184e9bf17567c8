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
    // A key that another one has replaced does not count.
    for application in case.keys.declared.keys().filter(|application| !case.pardons(application)) {
        let keys = case.keys.pruned_of(application);
        if keys > 0 {
            found += keys;
            let words = count(keys, "API key without a slot", "API keys without a slot");
            items.push(Item::new(application.clone(), format!("{application}: {words}")));
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
