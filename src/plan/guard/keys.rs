use std::collections::BTreeMap;

use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use crate::model::count;
use crate::plan::Action;

/// Refuses to delete keys, by themselves or together with applications and people: their users are cut off, and no plan
/// restores them.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let (mut found, mut items) = (0, Vec::new());
    let mut ends: BTreeMap<[&str; 2], usize> = BTreeMap::new();
    for step in case.steps {
        let Action::Delete { address, object } = &step.action else { continue };
        let (keys, words) = object.keys();
        let keys = case.alignment.people_keys(case.facts, address).unwrap_or(keys) as usize;
        if keys > 0 && !case.pardons(address) {
            found += keys;
            *ends.entry(words).or_default() += keys;
            // What is a key itself has none.
            let own = words[0] == address.kind().noun();
            let with = if own { String::new() } else { format!(" with {}", count(keys, words[0], words[1])) };
            items.push(Item::new(address.clone(), format!("{address}{with}")));
        }
    }
    // A key that another one has replaced does not count.
    for application in case.keys.declared.keys().filter(|application| !case.pardons(application)) {
        let keys = case.keys.pruned_of(application);
        if keys > 0 {
            found += keys;
            *ends.entry(["API key", "API keys"]).or_default() += keys;
            let words = count(keys, "API key that no slot declares", "API keys that no slot declares");
            items.push(Item::new(application.clone(), format!("{application}: {words}")));
        }
    }
    let limit = limit(case, GuardName::Keys).unwrap_or(0);
    (found > limit as usize).then(|| Alarm {
        found,
        limit,
        message: format!(
            "would delete {} (limit: {limit})",
            ends.iter().map(|([one, many], keys)| count(*keys, one, many)).collect::<Vec<_>>().join(" and ")
        ),
        items,
        refuses: true,
    })
}
