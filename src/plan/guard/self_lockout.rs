use super::{Alarm, Case};
use crate::model::{Address, Principal, UserType};
use crate::plan::Caller;

/// Refuses that the caller loses, at any step, what it needs to administer access, or is deleted; and a plan with
/// steps by a caller that nobody knows.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    if case.steps.is_empty() {
        return None;
    }
    let principal = match (case.caller, case.facts.caller) {
        (Some(principal), _) | (None, Caller::Known(principal)) => principal,
        (None, Caller::Unresolved(why)) => {
            return Some(Alarm {
                found: 1,
                limit: 0,
                message: format!("cannot tell who runs this plan: {why}; say it with --caller KIND:NAME"),
                items: Vec::new(),
                refuses: true,
            });
        }
    };
    if let Principal::User(key) = principal
        && case.facts.live.users.get(key).is_some_and(|user| user.kind == UserType::Owner)
    {
        return None;
    }
    let gone = case.steps.iter().filter_map(|step| step.action.deletes());
    let mut items: Vec<String> = gone
        .filter(|address| {
            **address == principal.address() && matches!(address, Address::User(_) | Address::Application(_))
        })
        .map(|_| format!("{principal} is deleted"))
        .collect();
    for (grant, step) in &case.rehearsal.locked_out {
        let names = &case.alignment.before.projects;
        let grant = case.draft.world.symbols.unpack(*grant);
        items.push(format!("{} is gone after step {step}", grant.words(|id| names.get(&id))));
    }
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: 0,
        message: format!(
            "would take from {principal}, who runs this plan, what it needs to administer access"
        ),
        items,
        refuses: true,
    })
}
