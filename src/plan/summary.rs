use std::collections::BTreeMap;

use super::adoption::Adoption;
use super::{Action, Step};
use crate::model::Kind;

/// How much a plan does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// By kind, in the order of the files' sections.
    pub kinds: BTreeMap<Kind, Counts>,
    /// How many objects the stack adopts.
    pub adopted: usize,
    /// How many steps there are.
    pub steps: usize,
}

/// Objects of one kind that a plan makes, changes and deletes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Made.
    pub created: usize,
    /// Changed: fields, members or rules; adoption alone does not count.
    pub updated: usize,
    /// Deleted.
    pub deleted: usize,
}

impl Summary {
    pub(super) fn of(steps: &[Step], adoptions: &[Adoption]) -> Self {
        let mut kinds: BTreeMap<Kind, Counts> = BTreeMap::new();
        let mut changed = std::collections::BTreeSet::new();
        let made: std::collections::BTreeSet<_> = steps
            .iter()
            .filter(|step| step.action.creates().is_some())
            .map(|step| step.action.address())
            .collect();
        for step in steps {
            let address = step.action.address();
            let counts = kinds.entry(address.kind()).or_default();
            match &step.action {
                Action::Create { .. } => counts.created += 1,
                Action::Delete { .. } => counts.deleted += 1,
                Action::Update { .. } if step.action.only_adopts() => {}
                Action::Update { .. }
                | Action::AddMembers { .. }
                | Action::RemoveMember { .. }
                | Action::SetMembers { .. }
                | Action::SetRules { .. } => {
                    if !made.contains(&address) && changed.insert(address) {
                        counts.updated += 1;
                    }
                }
            }
        }
        kinds.retain(|_, counts| *counts != Counts::default());
        Self { kinds, adopted: adoptions.len(), steps: steps.len() }
    }

    /// Returns the counts over all kinds.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.kinds.values().fold(Counts::default(), |sum, counts| Counts {
            created: sum.created + counts.created,
            updated: sum.updated + counts.updated,
            deleted: sum.deleted + counts.deleted,
        })
    }
}
