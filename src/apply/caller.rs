use crate::model::{Attachment, Key, Object, Principal, State};
use crate::plan::Action;

/// Says whether a call can give something to somebody, in an organization on its way to this outcome.
pub(super) fn reaches(action: &Action, who: &Principal, outcome: &State) -> bool {
    match action {
        Action::AddMembers { members, .. } => members.contains(who),
        Action::Create { object: Object::Policy(policy), .. } => attached(&policy.attachment, who, outcome),
        Action::SetRules { policy, .. } => attached_now(policy, who, outcome),
        Action::Update { .. } => action.attaches().is_some_and(|to| attached(to, who, outcome)),
        Action::Create { .. }
        | Action::RemoveMember { .. }
        | Action::SetMembers { .. }
        | Action::Delete { .. } => false,
    }
}

fn attached_now(policy: &Key, who: &Principal, outcome: &State) -> bool {
    outcome.policy(policy).is_some_and(|policy| attached(&policy.attachment, who, outcome))
}

fn attached(to: &Attachment, who: &Principal, outcome: &State) -> bool {
    match to {
        Attachment::None => false,
        Attachment::Principal(principal) => principal == who,
        Attachment::Group(key) => outcome.group(key).is_some_and(|group| group.has(outcome, who)),
    }
}
