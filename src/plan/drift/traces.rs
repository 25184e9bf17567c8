//! The writes that can have led to a finding.

use std::collections::BTreeSet;

use crate::access::Path;
use crate::model::{Address, DeletedObject, Key, Kind, State, WriteKind, WriteTrace};
use crate::plan::Action;

/// What gives access that no file declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspect {
    Policy,
    Group,
    Membership,
}

impl Suspect {
    /// Returns the writes that can have given it.
    pub(super) fn traces(self, path: &Path) -> BTreeSet<WriteTrace> {
        let policy = || WriteTrace::Object(Address::policy(path.policy.clone()), of_policy());
        let group = |kinds: &[WriteKind]| {
            let kinds: BTreeSet<WriteKind> = kinds.iter().copied().collect();
            path.group.as_ref().map(|key| WriteTrace::Object(Address::group(key.clone()), kinds))
        };
        match self {
            Self::Policy => [policy()].into(),
            Self::Group => {
                group(&[WriteKind::Create, WriteKind::Joins, WriteKind::Members]).into_iter().collect()
            }
            Self::Membership => group(&JOINS).into_iter().collect(),
        }
    }
}

/// What can make a policy grant something.
fn of_policy() -> BTreeSet<WriteKind> {
    [WriteKind::Create, WriteKind::Fields, WriteKind::Rules].into()
}

/// Returns the writes that can have opened a way.
pub(super) fn of_path(path: &Path) -> BTreeSet<WriteTrace> {
    let mut traces = Suspect::Policy.traces(path);
    traces.extend(Suspect::Membership.traces(path));
    traces
}

/// The writes by which somebody comes into a group.
pub(super) const JOINS: [WriteKind; 2] = [WriteKind::Joins, WriteKind::Members];
/// Those by which somebody leaves one.
pub(super) const LEAVES: [WriteKind; 2] = [WriteKind::Leaves, WriteKind::Members];

/// Returns the writes that an action undoes.
pub(super) fn undone_by(action: &Action) -> &'static [WriteKind] {
    match action {
        Action::Create { .. } | Action::Delete { .. } => &[],
        Action::Update { .. } => &[WriteKind::Fields],
        Action::AddMembers { .. } => &LEAVES,
        Action::RemoveMember { .. } | Action::SetMembers { .. } => &JOINS,
        Action::SetRules { .. } => &[WriteKind::Rules],
    }
}

/// Returns the trace of an object that is not there. The files may know more of a person than their key.
pub(super) fn deleted(kind: Kind, key: &Key, desired: &State) -> WriteTrace {
    let person = (kind == Kind::User).then(|| desired.user(key)).flatten();
    WriteTrace::Deleted(DeletedObject::of(kind, key, person.map(|user| user.username.as_str())))
}
