use crate::model::{Attachment, Builtin, Key, Name, Principal, State};
use crate::plan::Action;

/// Says whether a call can give something to somebody, in an organization on its way to this outcome.
pub(super) fn reaches(action: &Action, who: &Principal, outcome: &State) -> bool {
    match action {
        Action::AddMembers { members, .. } => members.contains(who),
        Action::CreatePolicy { policy, .. } => attached(&policy.attachment, who, outcome),
        Action::SetRules { policy, .. } => attached_now(policy, who, outcome),
        Action::Update(update) => {
            update.attachment.as_ref().is_some_and(|(_, to)| attached(to, who, outcome))
        }
        Action::CreateApplication { .. }
        | Action::CreateGroup { .. }
        | Action::RemoveMember { .. }
        | Action::SetMembers { .. }
        | Action::Delete { .. } => false,
    }
}

fn attached_now(policy: &Key<Name>, who: &Principal, outcome: &State) -> bool {
    outcome.policies.get(policy).is_some_and(|policy| attached(&policy.attachment, who, outcome))
}

fn attached(to: &Attachment, who: &Principal, outcome: &State) -> bool {
    match to {
        Attachment::None => false,
        Attachment::Principal(principal) => principal == who,
        Attachment::Group(key) => outcome.groups.get(key).is_some_and(|group| match group.builtin {
            None => group.members.contains(who),
            Some(Builtin::AllUsers) => matches!(who, Principal::User(_)),
            Some(Builtin::AllApplications) => matches!(who, Principal::Application(_)),
        }),
    }
}
