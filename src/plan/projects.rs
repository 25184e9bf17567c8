//! Live objects in projects, under the names that the files have for the projects.

use std::collections::{BTreeMap, HashMap};

use super::facts::Facts;
use crate::model::{Address, Desired, Id, Ids, Key, State};

/// The live side, with what is in a project named by the project's name.
pub(super) struct Named {
    live: State,
    ids: Ids,
    duplicates: BTreeMap<Address, Vec<Id>>,
}

impl Named {
    /// Names what is in the projects that the files know; `None` where nothing is.
    pub(super) fn of(facts: &Facts<'_>, desired: &Desired) -> Option<Self> {
        let mut moves: HashMap<Address, Address> = HashMap::new();
        for address in facts.live.objects.keys().chain(facts.duplicates.keys()) {
            let Key::Child(child) = address.key() else { continue };
            let name = child.parent.id().and_then(|project| desired.state.projects.get(&project));
            if let Some(name) = name.filter(|_| address.kind().parent().is_none()) {
                let key = Key::child(Key::Project(name.clone()), child.name.clone());
                moves.insert(address.clone(), address.sibling(key));
            }
        }
        if moves.is_empty() {
            return None;
        }
        let to = |address: &Address| moves.get(address).cloned();
        let mut ids = facts.ids.clone();
        for (from, to) in &moves {
            if let Some(id) = ids.remove(from) {
                ids.insert(to.clone(), id);
            }
        }
        let duplicates = facts.duplicates.iter();
        let duplicates = duplicates.map(|(of, ids)| (to(of).unwrap_or_else(|| of.clone()), ids.clone()));
        Some(Self { live: facts.live.readdressed(&to), ids, duplicates: duplicates.collect() })
    }

    pub(super) fn facts<'a>(&'a self, facts: &Facts<'a>) -> Facts<'a> {
        Facts { live: &self.live, ids: &self.ids, duplicates: &self.duplicates, ..*facts }
    }
}
