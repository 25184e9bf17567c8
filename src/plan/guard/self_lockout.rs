use super::alarm::{Alarm, Item};
use super::case::Case;
use crate::access::Grant;
use crate::model::{Address, Principal, State, User, UserType};
use crate::plan::{Caller, Step, StepId};

/// Refuses a plan in which the caller loses permissions to administer access at any step, or is deleted, files that lock the
/// caller, and a plan with steps by an unknown caller.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let symbols = &case.draft.world.symbols;
    let lost =
        case.rehearsal.locked_out.iter().map(|(grant, step)| (symbols.unpack(*grant), *step)).collect();
    match case.caller {
        Caller::Known(principal) if case.pardons(&principal.address()) => None,
        Caller::Known(principal) if locks(case, principal) => Some(Alarm {
            found: 1,
            limit: 0,
            message: format!(
                "the files lock {principal}, who runs this plan; somebody else has to apply that"
            ),
            items: vec![Item::new(principal.address(), format!("{principal} would be locked"))],
            refuses: true,
        }),
        Caller::Known(_) | Caller::Unresolved(_) => {
            alarm(case.caller, &case.alignment.before, case.steps, lost)
        }
    }
}

/// Says whether the files lock somebody whom the plan leaves as they are.
fn locks(case: &Case<'_>, principal: &Principal) -> bool {
    let own = principal.address();
    let mut spared = case.alignment.spared.iter().filter(|spared| spared.address == own);
    spared.any(|spared| spared.reason.differs().contains(&User::LOCKED))
}

fn alarm(caller: &Caller, before: &State, steps: &[Step], lost: Vec<(Grant, StepId)>) -> Option<Alarm> {
    if steps.is_empty() {
        return None;
    }
    let principal = match caller {
        Caller::Known(principal) => principal,
        Caller::Unresolved(why) => {
            return Some(Alarm {
                found: 1,
                limit: 0,
                message: format!("cannot tell who runs this plan: {why}; pass `--caller KIND:NAME`"),
                items: Vec::new(),
                refuses: true,
            });
        }
    };
    if let Principal::User(key) = principal
        && before.user(key).is_some_and(|user| user.kind == UserType::Owner)
    {
        return None;
    }
    let own = principal.address();
    let gone = |address: &&Address| **address == own;
    let deleted = steps.iter().filter_map(|step| step.action.deletes()).filter(gone);
    let item = |text: String| Item::new(own.clone(), text);
    let mut items: Vec<Item> = deleted.map(|_| item(format!("{principal} is deleted"))).collect();
    for (grant, step) in lost {
        let words = grant.words(|id| before.projects.get(&id));
        items.push(item(format!("{words} is gone after step {step}")));
    }
    (!items.is_empty()).then(|| Alarm {
        found: items.len(),
        limit: 0,
        message: format!(
            "would take the permission to administer access from {principal}, who runs this plan"
        ),
        items,
        refuses: true,
    })
}
