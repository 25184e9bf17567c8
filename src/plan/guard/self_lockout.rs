use std::collections::BTreeSet;

use super::{Alarm, Case};
use crate::access::Grant;
use crate::model::{Address, Attachment, Builtin, Principal, State, UserType};
use crate::plan::{Caller, Step, StepId, rehearse};

/// Refuses that the caller loses, at any step, what it needs to administer access, or is deleted; and a plan with
/// steps by a caller that nobody knows.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let symbols = &case.draft.world.symbols;
    let lost =
        case.rehearsal.locked_out.iter().map(|(grant, step)| (symbols.unpack(*grant), *step)).collect();
    alarm(case.caller, &case.alignment.before, case.steps, lost)
}

/// The same for steps that were planned earlier, maybe by somebody else.
pub(super) fn judge_again(caller: &Caller, before: &State, steps: &[Step]) -> Option<Alarm> {
    let Caller::Known(principal) = caller else { return alarm(caller, before, steps, Vec::new()) };
    let needed: Vec<Grant> = grants_of(before, principal).into_iter().filter(administers).collect();
    let mut lost: Vec<(Grant, StepId)> = Vec::new();
    let mut state = before.clone();
    for step in steps {
        rehearse(&mut state, &step.action);
        let holds = grants_of(&state, principal);
        for grant in needed.iter().filter(|grant| !holds.iter().any(|held| held.covers(grant))) {
            if !lost.iter().any(|(known, _)| known == grant) {
                lost.push((grant.clone(), step.id));
            }
        }
    }
    alarm(caller, before, steps, lost)
}

fn administers(grant: &Grant) -> bool {
    ["IAM", "Organization", "Project"].iter().any(|prefix| grant.permission_set.as_str().starts_with(prefix))
}

/// What one principal holds.
fn grants_of(state: &State, principal: &Principal) -> BTreeSet<Grant> {
    let belongs = |builtin: Option<Builtin>| match (builtin, principal) {
        (Some(Builtin::AllUsers), Principal::User(_)) => true,
        (Some(Builtin::AllApplications), Principal::Application(key)) => {
            state.applications.get(key).is_some_and(|found| !found.flags.managed)
        }
        _ => false,
    };
    let reaches = |attachment: &Attachment| match attachment {
        Attachment::None => false,
        Attachment::Principal(holder) => holder == principal,
        Attachment::Group(key) => state
            .groups
            .get(key)
            .is_some_and(|group| group.members.contains(principal) || belongs(group.builtin)),
    };
    let policies = state.policies.values().filter(|policy| reaches(&policy.attachment));
    policies.flat_map(|policy| policy.rules.0.iter().flat_map(Grant::of_rule)).collect()
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
                message: format!("cannot tell who runs this plan: {why}; say it with --caller KIND:NAME"),
                items: Vec::new(),
                refuses: true,
            });
        }
    };
    if let Principal::User(key) = principal
        && before.users.get(key).is_some_and(|user| user.kind == UserType::Owner)
    {
        return None;
    }
    let own = principal.address();
    let gone = |address: &&Address| **address == own;
    let deleted = steps.iter().filter_map(|step| step.action.deletes()).filter(gone);
    let mut items: Vec<String> = deleted.map(|_| format!("{principal} is deleted")).collect();
    for (grant, step) in lost {
        let words = grant.words(|id| before.projects.get(&id));
        items.push(format!("{words} is gone after step {step}"));
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
