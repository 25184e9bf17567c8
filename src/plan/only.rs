//! Partial plans: the named objects and what they need first; everything else stays as it is live.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::align::Matches;
use super::facts::Facts;
use crate::model::{Address, Desired, Object, Principal};

/// The scope of a partial plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartialScope {
    /// Objects that somebody asked for.
    Only {
        /// These.
        asked: Vec<Address>,
        /// The declared objects that these need: references that are created or renamed, and objects that still have their names.
        needed: Vec<Address>,
    },
    /// What time makes due.
    Due,
}

/// Leaves out of the files, and of what is matched, everything that nobody asked for. Objects are matched before that, so
/// that a name means the same as in the whole plan.
pub(super) fn narrow<'d>(
    facts: &Facts<'_>,
    desired: &'d Desired,
    matches: &mut Matches,
) -> (Cow<'d, Desired>, Option<PartialScope>) {
    let Some(asked) = &desired.only else { return (Cow::Borrowed(desired), None) };
    let chosen = Closure { facts, desired, matches }.over(asked);
    let declared = |address: &&Address| desired.state.has(address) && !asked.contains(*address);
    let needed = chosen.iter().filter(declared).cloned().collect();
    let scope = PartialScope::Only { asked: asked.iter().cloned().collect(), needed };
    matches.live.retain(|address, _| chosen.contains(address));
    matches.spent.retain(|address| chosen.contains(address));
    let mut part = desired.clone();
    part.state.objects.retain(|address, _| chosen.contains(address));
    part.identities.retain(|address, _| chosen.contains(address));
    part.guests.retain(|address, _| chosen.contains(address));
    part.api_keys.retain(|address, _| chosen.contains(address));
    part.released.retain(|address| chosen.contains(address));
    part.expiries.retain(|expiry| chosen.contains(&expiry.address));
    part.only = Some(chosen);
    (Cow::Owned(part), Some(scope))
}

/// Finds the objects that the chosen objects need.
struct Closure<'a> {
    facts: &'a Facts<'a>,
    desired: &'a Desired,
    matches: &'a Matches,
}

impl Closure<'_> {
    /// Returns the chosen objects with all that they need, declared or only live.
    fn over(&self, asked: &BTreeSet<Address>) -> BTreeSet<Address> {
        let moved = self.matches.live.iter().filter(|(to, from)| to != from);
        let moved: HashMap<&Address, &Address> = moved.map(|(to, from)| (from, to)).collect();
        let mut chosen = BTreeSet::new();
        let mut next: Vec<Address> = asked.iter().cloned().collect();
        while let Some(address) = next.pop() {
            // A live name that a declared object leaves stands for that object, and never for one that nothing declares.
            let left = moved.get(&address).filter(|_| !self.desired.state.has(&address));
            let address = left.map_or(address, |to| (*to).clone());
            if chosen.insert(address.clone()) {
                next.extend(self.needs(&address, &moved));
            }
        }
        chosen
    }

    fn needs(&self, address: &Address, moved: &HashMap<&Address, &Address>) -> Vec<Address> {
        let (desired, matches) = (self.desired, self.matches);
        let object = desired.state.get(address);
        let guests = desired.guests.get(address).into_iter().flatten().map(Principal::address);
        let referred = object.into_iter().flat_map(Object::refers);
        // An object that is live under its declared name can be referred to.
        let unmade = |of: &Address| desired.state.has(of) && matches.live.get(of) != Some(of);
        let mut needs: Vec<Address> = referred.chain(guests).chain(address.parent()).filter(unmade).collect();
        if object.is_none() {
            return needs;
        }
        let live = matches.live.get(address);
        if self.facts.live.has(address) && live != Some(address) {
            // Another object has the name: it is renamed, or is listed under its id.
            let by_id = self.facts.ids.get(address).map(|id| address.sibling(id));
            needs.extend(moved.get(address).map(|to| (*to).clone()).or(by_id));
        }
        let twins = matches.twins.iter().filter(|(_, first)| Some(*first) == live);
        needs.extend(twins.map(|(later, _)| later.clone()));
        let id = desired.identities.get(address).and_then(|identity| identity.id);
        let replaced = id.and_then(|id| self.facts.ids.address_of(id));
        needs.extend(replaced.filter(|live| matches.replaced.contains(live)).cloned());
        needs
    }
}
