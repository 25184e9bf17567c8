//! Finds the live object of each declared one, and computes the outcome.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::adoption::Adoption;
use super::conflict::{Conflict, ConflictKind};
use super::error::Error;
use super::facts::{Caller, Facts};
use super::spared::{Spared, SparedReason};
use crate::model::{
    Address, Attachment, Desired, Flags, Group, Id, Identity, Ids, Key, KeyForm, Kind, Membership, Object,
    OfKind as _, Owner, Policy, Principal, Prune, Stack, State, Where, WriteCall,
};

/// Both sides under the same names: before the plan, and after it.
pub(super) struct Alignment {
    /// The live side, each matched object under its new name.
    pub(super) before: State,
    /// The outcome, including the objects that the plan does not change.
    pub(super) outcome: State,
    /// The ids of `before`.
    pub(super) ids: Ids,
    /// The live name of each object that is to be renamed.
    pub(super) renamed: HashMap<Address, Key>,
    /// The live name of each object that is keyed by its id because another object takes its name.
    pub(super) displaced: HashMap<Address, Key>,
    /// What the files say of the members of groups.
    pub(super) memberships: HashMap<Address, Membership>,
    /// Live addresses that change in the plan.
    pub(super) rekeyed: HashMap<Address, Address>,
    /// Their addresses on the live side.
    pub(super) live_keys: HashMap<Address, Key>,
    pub(super) adoptions: Vec<Adoption>,
    pub(super) conflicts: Vec<Conflict>,
    /// Policies that keep their live rules and principal, because these cannot be written, and their declared content.
    pub(super) blocked: Vec<(Address, Policy)>,
    pub(super) spared: Vec<Spared>,
    /// Declared objects whose `previously` is no longer needed.
    pub(super) spent: Vec<Address>,
    /// Live objects that a declared one is made in the place of.
    replaced: HashSet<Address>,
    /// Who runs the plan, where that is known.
    caller: Option<Address>,
}

/// Lays the declared objects over the live ones that they match, and removes pruned ones.
pub(super) fn align(facts: &Facts<'_>, desired: &Desired, matches: Matches) -> Result<Alignment, Error> {
    let rekeyed = matches.rekeyed(facts, desired);
    let (before, ids) = moved(facts, &rekeyed);
    let mut renamed = HashMap::new();
    for (address, live) in &matches.live {
        if live != address && !bears(facts, live, address) {
            let exclusive = |ids: &&Vec<Id>| !ids.is_empty() && !matches.told_apart.contains(address);
            if let Some(ids) = facts.duplicates.get(address).filter(exclusive) {
                return Err(Error::NameTaken { address: address.clone(), id: ids.first().copied() });
            }
            renamed.insert(address.clone(), live.key().clone());
        }
    }
    let outcome = before.clone();
    let mut alignment = Alignment {
        before,
        outcome,
        ids,
        renamed,
        displaced: rekeyed
            .iter()
            .filter(|(from, to)| {
                to.key().id().is_some() && matches!(from.key(), Key::Named(_) | Key::Email(_))
            })
            .map(|(from, to)| (to.clone(), from.key().clone()))
            .collect(),
        memberships: desired.memberships.clone(),
        live_keys: rekeyed.iter().map(|(from, to)| (to.clone(), from.key().clone())).collect(),
        replaced: matches.replaced.iter().map(|live| rekeyed.get(live).unwrap_or(live).clone()).collect(),
        caller: match facts.caller.renamed(|live| rekeyed.get(live)) {
            Caller::Known(principal) => Some(principal.address()),
            Caller::Unresolved(_) => None,
        },
        rekeyed,
        adoptions: Vec::new(),
        conflicts: Vec::new(),
        blocked: Vec::new(),
        spared: Vec::new(),
        spent: matches.spent,
    };
    alignment.declare(desired);
    alignment.prune(facts, desired);
    alignment.guests(desired);
    for adoption in &mut alignment.adoptions {
        let live = matches.live.get(&adoption.address).unwrap_or(&adoption.address);
        adoption.oldest_key = facts.oldest_keys.get(live).copied();
    }
    let stays = alignment.displaced.iter().filter(|(address, _)| alignment.outcome.has(address));
    match stays.min() {
        Some((address, name)) => {
            let address = address.sibling(name.clone());
            Err(Error::NameTaken { id: facts.ids.get(&address), address })
        }
        None => alignment.second_names().map_or(Ok(alignment), Err),
    }
}

/// Whether an object that is listed under another key, because others share its name, has its declared name.
fn bears(facts: &Facts<'_>, live: &Address, declared: &Address) -> bool {
    let title = facts.ids.get(live).and_then(|id| facts.titles.get(&id));
    let named = |title: &String| declared.kind().form().key(declared.key().parent().cloned(), title);
    title.is_some_and(|title| named(title).ok().as_ref() == Some(declared.key()))
}

/// Returns the live side under other addresses (live address → address).
fn moved(facts: &Facts<'_>, addresses: &HashMap<Address, Address>) -> (State, Ids) {
    let mut ids = facts.ids.clone();
    if addresses.is_empty() {
        return (facts.live.clone(), ids);
    }
    let moves: Vec<_> =
        addresses.iter().filter_map(|(from, to)| Some((to.clone(), ids.remove(from)?))).collect();
    for (to, id) in moves {
        ids.insert(to, id);
    }
    (facts.live.readdressed(&|address| addresses.get(address).cloned()), ids)
}

/// Which live object each declared one is.
pub(super) struct Matches {
    /// Declared address → live address.
    pub(super) live: HashMap<Address, Address>,
    pub(super) spent: Vec<Address>,
    /// Objects that several runs created at the same time: the later ones → the first one.
    pub(super) twins: HashMap<Address, Address>,
    /// Live objects that a declared one is made in the place of, as its `id` says.
    pub(super) replaced: HashSet<Address>,
    /// Live objects by what tells them apart, of kinds whose names do not.
    alike: HashMap<String, Vec<Address>>,
    /// What is declared of these kinds, and what tells it apart.
    told_apart: HashSet<Address>,
    wanted: HashSet<String>,
}

impl Matches {
    pub(super) fn find(facts: &Facts<'_>, desired: &Desired) -> Result<Self, Error> {
        let mut matches = Self {
            live: HashMap::new(),
            spent: Vec::new(),
            twins: HashMap::new(),
            replaced: HashSet::new(),
            alike: HashMap::new(),
            told_apart: HashSet::new(),
            wanted: HashSet::new(),
        };
        for (address, object) in &facts.live.objects {
            if let Some(likeness) = object.likeness() {
                matches.alike.entry(likeness).or_default().push(address.clone());
            }
        }
        for (address, object) in desired.declared() {
            if let Some(likeness) = object.likeness() {
                matches.told_apart.insert(address.clone());
                matches.wanted.insert(likeness);
            }
        }
        let mut taken: HashMap<Address, Address> = HashMap::new();
        for (address, object) in desired.declared() {
            let identity = desired.identities.get(address);
            let Some(live) = matches.one(facts, desired, (address, object), identity)? else { continue };
            if let Some(first) = taken.insert(live.clone(), address.clone()) {
                return Err(Error::MatchedTwice {
                    live: live.into(),
                    first: first.into(),
                    second: address.clone().into(),
                });
            }
            matches.live.insert(address.clone(), live);
        }
        matches.refuse_owned_duplicates(facts, desired)?;
        Ok(matches)
    }

    fn one(
        &mut self,
        facts: &Facts<'_>,
        desired: &Desired,
        (address, object): (&Address, &Object),
        identity: Option<&Identity>,
    ) -> Result<Option<Address>, Error> {
        let at = || desired.places.get(&Where::Object(address.clone())).cloned().map(Box::new);
        if let Some(id) = identity.and_then(|identity| identity.id) {
            return match facts.ids.address_of(id) {
                Some(live) if live.kind() == address.kind() => match facts.live.get(live) {
                    Some(other) if object.replaces(other) => {
                        self.replaced.insert(live.clone());
                        Ok(self.alike(facts, address, object))
                    }
                    Some(_) | None => Ok(Some(live.clone())),
                },
                Some(live) => Err(Error::IdOfOther {
                    address: address.clone(),
                    id,
                    live: live.clone().into(),
                    at: at(),
                }),
                None => match self.alike(facts, address, object) {
                    // It was made in the place of the one of this id.
                    Some(live) => Ok(Some(live)),
                    None => Err(Error::UnknownId { address: address.clone(), id, at: at() }),
                },
            };
        }
        if self.told_apart.contains(address) {
            return Ok(self.alike(facts, address, object));
        }
        let previous = identity.and_then(|identity| Some(address.sibling(identity.previously.clone()?)));
        if let Some(previous) = previous.as_ref().filter(|_| moves(facts, desired, address)) {
            return Ok(Some(previous.clone()));
        }
        if let Some(ids) = facts.duplicates.get(address) {
            let first = self.first_of_twins(facts, desired, ids).map(Some);
            return first.ok_or_else(|| Error::Duplicate {
                address: address.clone(),
                ids: ids.clone(),
                at: at(),
            });
        }
        if facts.live.has(address) {
            if previous.is_some() {
                self.spent.push(address.clone());
            }
            return Ok(Some(address.clone()));
        }
        let Some(previous) = previous else { return Ok(None) };
        if let Some(ids) = facts.duplicates.get(&previous) {
            return Err(Error::Duplicate { address: previous, ids: ids.clone(), at: at() });
        }
        // An entry that is not renamed keeps its name.
        let kept = desired.state.has(&previous)
            && desired.identities.get(&previous).and_then(|identity| identity.id).is_none();
        Ok(Some(previous).filter(|previous| facts.live.has(previous) && !kept))
    }

    /// Returns the live object that is what is declared, of a kind whose names do not tell: by what it holds, else by its name,
    /// where a PATCH makes it so and nothing else that is declared is it.
    fn alike(&self, facts: &Facts<'_>, address: &Address, object: &Object) -> Option<Address> {
        let alike =
            object.likeness().and_then(|likeness| self.alike.get(&likeness)).map_or(&[][..], Vec::as_slice);
        if let Some(live) = alike.iter().find(|live| *live == address).or(alike.first()) {
            return Some(live.clone());
        }
        let live = facts.live.get(address)?;
        let free = live.likeness().is_some_and(|likeness| !self.wanted.contains(&likeness));
        (free && !object.replaces(live)).then(|| address.clone())
    }

    /// Returns the first of several objects with the same name that runs of this stack created at the same time: equal
    /// ones, of which the later ones have no keys. The later ones then count as undeclared, and are deleted.
    fn first_of_twins(&mut self, facts: &Facts<'_>, desired: &Desired, ids: &[Id]) -> Option<Address> {
        let stack = desired.stack.as_ref()?;
        let live: Vec<&Address> = ids.iter().map(|id| facts.ids.address_of(*id)).collect::<Option<_>>()?;
        let (first, later) = live.split_first()?;
        // References to a twin become references to the first one.
        let settled = |address: &Address| {
            let mut object = facts.live.get(address)?.clone();
            object.readdress(&|address| self.twins.get(address).cloned());
            Some(object)
        };
        let object = settled(first)?;
        let equal = |other: &Object| {
            object.differences(other).iter().all(|(field, _)| field.writer == WriteCall::Nothing)
        };
        let twin = |other: &&&Address| {
            settled(other).is_some_and(|it| owns(stack, &it) && it.api_keys() == 0 && equal(&it))
        };
        if !owns(stack, &object) || later.iter().filter(twin).count() < later.len() {
            return None;
        }
        self.twins.extend(later.iter().map(|later| ((*later).clone(), (*first).clone())));
        Some((*first).clone())
    }

    /// If two live objects have a name, and one of them is owned, the plan does not guess. If an entry tells which one is
    /// meant, the others count as undeclared.
    fn refuse_owned_duplicates(&self, facts: &Facts<'_>, desired: &Desired) -> Result<(), Error> {
        let Some(stack) = &desired.stack else { return Ok(()) };
        let matched: HashSet<_> = self.live.values().collect();
        for (address, ids) in facts.duplicates {
            // An `id` says which one is meant; the others are undeclared.
            let settled = desired.identities.get(address).is_some_and(|identity| identity.id.is_some());
            if settled || !desired.sections.contains(&address.kind()) {
                continue;
            }
            let mut live = ids.iter().filter_map(|id| facts.ids.address_of(*id));
            if live.clone().any(|live| matched.contains(live)) {
                continue;
            }
            if live.any(|live| owner(facts.live, live).is_some_and(|owner| owner.is(stack))) {
                return Err(Error::Duplicate { address: address.clone(), ids: ids.clone(), at: None });
            }
        }
        Ok(())
    }

    /// The live addresses that change in the plan: of renamed objects, and of those whose name another object takes.
    fn rekeyed(&self, facts: &Facts<'_>, desired: &Desired) -> HashMap<Address, Address> {
        let mut rekeyed: HashMap<_, _> = self
            .live
            .iter()
            .filter(|(to, from)| to != from)
            .map(|(to, from)| (from.clone(), to.clone()))
            .collect();
        let kept: HashSet<_> = self.live.values().collect();
        for (address, _) in desired.declared() {
            let displaced = facts.live.has(address) && !kept.contains(address);
            if let (true, Some(id)) = (displaced, facts.ids.get(address)) {
                rekeyed.insert(address.clone(), address.sibling(id));
            }
        }
        rekeyed
    }
}

/// Whether a declared object is the live one with its previous name: one of this stack, whose name no other entry
/// keeps. An entry that is another live object itself keeps no name, so that a chain of renames works.
fn moves(facts: &Facts<'_>, desired: &Desired, address: &Address) -> bool {
    let mut seen = HashSet::new();
    let mut entry = address.clone();
    // Entries that name each other go nowhere.
    while seen.insert(entry.clone()) {
        let Some(identity) = desired.identities.get(&entry) else { return false };
        if let Some(id) = identity.id {
            return entry != *address && facts.ids.address_of(id) != Some(&entry);
        }
        let Some(previously) = &identity.previously else { return false };
        let previous = entry.sibling(previously.clone());
        let ours = |stack: &Stack| owner(facts.live, &previous).is_some_and(|owner| owner.is(stack));
        let owned = desired.stack.as_ref().is_some_and(ours);
        if !owned || !facts.live.has(&previous) || facts.duplicates.contains_key(&previous) {
            return false;
        }
        if !desired.state.has(&previous) {
            return true;
        }
        entry = previous;
    }
    false
}

/// Returns the owner of an object, according to its tags.
pub(super) fn owner<'s>(state: &'s State, address: &Address) -> Option<&'s Owner> {
    state.get(address)?.meta()?.owner.as_ref()
}

/// Returns true when an object is of this stack.
pub(super) fn owns(stack: &Stack, object: &Object) -> bool {
    object.meta().and_then(|meta| meta.owner.as_ref()).is_some_and(|owner| owner.is(stack))
}

impl Alignment {
    fn declare(&mut self, desired: &Desired) {
        for (id, name) in &desired.state.projects {
            self.outcome.projects.insert(*id, name.clone());
            self.before.projects.insert(*id, name.clone());
        }
        let ended = ended(desired);
        for (address, object) in desired.declared() {
            let mut object = object.clone();
            let live = self.before.get(address);
            let attached = Policy::of(&object).and_then(|policy| policy.attachment.address());
            if attached.is_some_and(|to| !self.before.has(&to) && !desired.state.has(&to))
                && let Some(policy) = Policy::of_mut(&mut object)
            {
                // The principal is gone: nothing is given to anybody, and what somebody else holds by it is taken away.
                let Some(Object::Policy(live)) = live else { continue };
                let held = live.attachment.address().is_some_and(|to| self.before.has(&to));
                policy.attachment = if held { Attachment::None } else { live.attachment.clone() };
            }
            if let Some(live) = live {
                object.keep(live);
                if let Some(unsaid) = desired.unsaid.get(address) {
                    object.keep_unsaid(live, unsaid);
                }
                if let Some(reason) = untouched(self.caller.as_ref(), address, live) {
                    let fields = changes(live, &object, self.renamed.remove(address).is_some());
                    if !fields.is_empty() {
                        self.spared.push(Spared { address: address.clone(), reason: reason(fields) });
                    }
                    continue;
                }
                if desired.settings.scim.is_some() && address.kind().named_undeclared() {
                    let wanted = object.clone();
                    object.keep_all_but_tags(live);
                    let fields = changes(&object, &wanted, self.renamed.remove(address).is_some());
                    if !fields.is_empty() {
                        let reason = SparedReason::Provisioned(fields);
                        self.spared.push(Spared { address: address.clone(), reason });
                    }
                }
            }
            if live.is_none() && object.is_nothing() {
                continue;
            }
            let mut wanted = None;
            if let (Object::Group(group), Some(Object::Group(live))) = (&mut object, live) {
                let group = Arc::make_mut(group);
                let wanted = members(desired, &ended, address, group, live, &self.before);
                group.members = if provisioned(desired, address) {
                    if wanted != live.members {
                        let reason = SparedReason::Provisioned(vec!["members"]);
                        self.spared.push(Spared { address: address.clone(), reason });
                    }
                    live.members.clone()
                } else {
                    wanted
                };
            } else if let (Object::Policy(policy), Some(Object::Policy(live))) = (&mut object, live) {
                let policy = Arc::make_mut(policy);
                if live.rules.same_but_for_leftovers(&policy.rules) {
                    policy.rules.clone_from(&live.rules);
                } else if live.untouchable() {
                    wanted = Some(policy.clone());
                    policy.rules.clone_from(&live.rules);
                    policy.attachment.clone_from(&live.attachment);
                }
            }
            let differs = live.is_some_and(|live| differs(live, &object));
            let Some(owner) = self.own(desired, address, differs) else { continue };
            if let Some(meta) = object.meta_mut() {
                meta.owner = owner;
            }
            // What does not change is shared.
            let object =
                self.before.get(address).filter(|live| same(live, &object)).cloned().unwrap_or(object);
            self.outcome.objects.insert(address.clone(), object);
            self.blocked.extend(wanted.map(|wanted| (address.clone(), wanted)));
        }
    }

    /// Returns the names of an object, here and live.
    pub(super) fn names(&self, address: &Address) -> impl Iterator<Item = Address> {
        let live = self.live_keys.get(address).map(|key| address.sibling(key.clone()));
        std::iter::once(address.clone()).chain(live)
    }

    /// Returns how many API keys a person has, where they were read.
    pub(super) fn people_keys(&self, facts: &Facts<'_>, address: &Address) -> Option<u32> {
        let keys = facts.people.keys?;
        self.names(address).find_map(|name| keys.get(&name)).copied()
    }

    fn conflict(&mut self, desired: &Desired, address: &Address, kind: ConflictKind) {
        let at = desired.places.get(&Where::Object(address.clone())).cloned();
        self.conflicts.push(Conflict { address: address.clone(), kind, at });
    }

    /// Returns who owns a declared object in the end, or `None` when it must be left as it is.
    #[expect(
        clippy::option_option,
        reason = "the outer one is the refusal, the inner one an object without owner"
    )]
    fn own(&mut self, desired: &Desired, address: &Address, differs: bool) -> Option<Option<Owner>> {
        let ours = desired.stack.clone().map(Owner::Stack);
        let Some(object) = self.before.get(address) else { return Some(ours) };
        let differs = differs || self.renamed.contains_key(address);
        let (flags, live) = (object.flags(), object.meta().and_then(|meta| meta.owner.clone()));
        // What carries no tags is nobody's.
        let tagless = object.meta().is_none();
        let changes_owner = desired.stack.is_some() && live != ours && !tagless;
        if !flags.ordinary() && (differs || changes_owner) {
            self.conflict(desired, address, ConflictKind::Managed);
            return None;
        }
        if tagless {
            return Some(None);
        }
        let takes = |stack: &Stack| desired.settings.takes_over.contains(stack);
        match (&live, &desired.stack) {
            (None, None) => Some(None),
            (None, Some(_)) => {
                self.adopt(address, None);
                Some(ours)
            }
            (Some(owner), Some(stack)) if owner.is(stack) => Some(ours),
            (Some(Owner::Stack(other)), Some(_)) if takes(other) => {
                self.adopt(address, Some(other.clone()));
                Some(ours)
            }
            (Some(_), None) if !differs => Some(live),
            (Some(owner), _) => {
                self.conflict(desired, address, ConflictKind::Owned(owner.clone()));
                None
            }
        }
    }

    fn adopt(&mut self, address: &Address, from: Option<Stack>) {
        let api_keys = self.before.get(address).map_or(0, Object::api_keys);
        self.adoptions.push(Adoption { address: address.clone(), from, api_keys, oldest_key: None });
    }

    fn prune(&mut self, facts: &Facts<'_>, desired: &Desired) {
        let mut gone = BTreeSet::new();
        let mut undeclared: BTreeMap<Kind, Vec<Address>> = BTreeMap::new();
        for (address, object) in &self.before.objects {
            // Files may name people without managing them, unless the stack owns them.
            let owner = object.meta().and_then(|meta| meta.owner.as_ref());
            let owned = desired.stack.as_ref().zip(owner).is_some_and(|(stack, owner)| owner.is(stack));
            let kind = address.kind();
            let managed = owned || desired.sections.contains(&kind) || !kind.named_undeclared();
            let asked = desired.only.as_ref().is_none_or(|only| only.contains(address));
            if asked && managed && !desired.state.has(address) {
                undeclared.entry(address.kind()).or_default().push(address.clone());
            }
        }
        let renamed_from = renamed_from(facts, desired);
        for (kind, mut addresses) in undeclared {
            addresses.retain(|address| !self.released(desired, address));
            if !desired.sections.contains(&kind) {
                self.spared.extend(spare(addresses, &SparedReason::SectionAbsent));
                continue;
            }
            for address in addresses {
                match self.fate(desired, &renamed_from, &address) {
                    None => _ = gone.insert(address),
                    Some(reason) => self.spared.push(Spared { address, reason }),
                }
            }
        }
        self.outcome.remove_all(&gone);
    }

    /// Releases an object if the files say so; returns false otherwise.
    fn released(&mut self, desired: &Desired, address: &Address) -> bool {
        let object = self.outcome.objects.get_mut(address).filter(|_| desired.released.contains(address));
        let (Some(object), Some(stack)) = (object, &desired.stack) else { return false };
        let released = object.flags().ordinary() && owns(stack, object);
        if let Some(meta) = object.meta_mut().filter(|_| released) {
            meta.owner = None;
        }
        released
    }

    /// Finds an object whose second name changes to one that another object keeps, which the API refuses.
    fn second_names(&self) -> Option<Error> {
        let name = |state: &State, address: &Address| state.get(address).and_then(Object::second_key);
        let all = || self.outcome.objects.keys().filter_map(|it| Some((it, name(&self.outcome, it)?)));
        let new: HashMap<Address, &Address> = all()
            .filter(|(address, key)| name(&self.before, address).as_ref() != Some(key))
            .map(|(address, key)| (address.sibling(key), address))
            .collect();
        if new.is_empty() {
            return None;
        }
        let taken = |(address, key): &(&Address, Key)| {
            new.get(&address.sibling(key.clone())).is_some_and(|other| other != address)
        };
        let (address, key) = all().find(taken)?;
        Some(Error::NameTaken { id: self.ids.get(address), address: address.sibling(key) })
    }

    /// Puts the stack's own principals into groups that are declared elsewhere, and takes them out again.
    fn guests(&mut self, desired: &Desired) {
        let Some(stack) = &desired.stack else { return };
        for (address, listed) in desired.guests.iter().filter(|(group, _)| !provisioned(desired, group)) {
            let Some(group) = self.outcome.find::<Group>(address.key()) else { continue };
            let there = |of: &&Principal| self.outcome.has(&of.address());
            let object = |of: &Principal| self.outcome.get(&of.address());
            let others = group.members.iter().filter(|of| !object(of).is_some_and(|it| owns(stack, it)));
            let members = others.chain(listed.iter().filter(there)).cloned().collect();
            if let Some(group) = self.outcome.find_mut::<Group>(address.key()) {
                group.members = members;
            }
        }
    }

    /// Why an undeclared object stays; `None` when it is deleted.
    fn fate(
        &mut self,
        desired: &Desired,
        renamed_from: &HashMap<(Kind, String), &Address>,
        address: &Address,
    ) -> Option<SparedReason> {
        let flags = self.before.get(address).map_or_else(Flags::default, Object::flags);
        if !flags.ordinary() {
            return Some(SparedReason::Managed);
        }
        let live = self.before.get(address);
        if let Some(reason) = live.and_then(|live| untouched(self.caller.as_ref(), address, live)) {
            return Some(reason(Vec::new()));
        }
        let Some(stack) = &desired.stack else { return Some(SparedReason::NoStack) };
        let list = self.before.get(address).and_then(|object| desired.list_of(object));
        let listed = list == Some(Membership::Exact) || self.replaced.contains(address);
        match owner(&self.before, address) {
            // A list that is exact says of what carries no tags that it is to go.
            None if listed => {}
            None => return Some(SparedReason::NotOwned),
            Some(Owner::Stack(owner)) if owner != stack => return Some(SparedReason::Other(owner.clone())),
            Some(Owner::Unclear(_)) => return Some(SparedReason::Unclear),
            Some(Owner::Stack(_)) => {}
        }
        if desired.settings.prune == Prune::None {
            return Some(SparedReason::PruneNone);
        }
        if !flags.deletable {
            return Some(SparedReason::NotDeletable);
        }
        if desired.settings.scim.is_some() && address.kind().named_undeclared() {
            return Some(SparedReason::Provisioned(Vec::new()));
        }
        if desired.external.contains(address) {
            self.conflict(desired, address, ConflictKind::ExternalButOwned);
            return Some(SparedReason::External);
        }
        // A declared object that would have been renamed from this one if its new name were free.
        if let Some(of) = renamed_from.get(&(address.kind(), address.key_text())).map(|of| (*of).clone()) {
            self.conflict(desired, &of, ConflictKind::BothLive { previously: address.clone() });
            return Some(SparedReason::Renamed);
        }
        None
    }
}

/// The declared objects that were to be renamed, and are live too: by kind and old name, the first of each.
fn renamed_from<'d>(facts: &Facts<'_>, desired: &'d Desired) -> HashMap<(Kind, String), &'d Address> {
    let mut renamed_from: HashMap<(Kind, String), &Address> = HashMap::new();
    for (of, identity) in &desired.identities {
        if let Some(previously) = identity.previously.as_ref().filter(|_| facts.live.has(of)) {
            let first = renamed_from.entry((of.kind(), previously.to_string())).or_insert(of);
            *first = of.min(*first);
        }
    }
    renamed_from
}

fn spare(addresses: Vec<Address>, reason: &SparedReason) -> impl Iterator<Item = Spared> {
    addresses.into_iter().map(move |address| Spared { address, reason: reason.clone() })
}

/// Whether two objects are equal to the letter, in what has no meaning too: white space, the case of e-mail addresses, the
/// order of rules, and what an invitation sends.
fn same(live: &Object, object: &Object) -> bool {
    fn letters(object: &Object) -> impl PartialEq + '_ {
        let members = Group::of(object).into_iter().flat_map(|group| &group.members);
        let policy = Policy::of(object);
        let attached = policy.and_then(|policy| match &policy.attachment {
            Attachment::Principal(principal) => Some(principal),
            Attachment::None | Attachment::Group(_) => None,
        });
        let people: Vec<_> = members.chain(attached).map(|principal| principal.key().title()).collect();
        let description = object.meta().map(|meta| meta.description.as_str());
        (people, description, policy.map(|policy| &policy.rules.0))
    }
    live.kind() != Kind::User && letters(live) == letters(object) && live == object
}

/// The owner aside: that is for the stack to say.
fn differs(live: &Object, desired: &Object) -> bool {
    live != desired && !changes(live, desired, false).is_empty()
}

/// The fields that an apply would write, the owner aside.
fn changes(live: &Object, desired: &Object, renamed: bool) -> Vec<&'static str> {
    let fields = live.differences(desired);
    let fields =
        fields.iter().filter(|(field, _)| field.writer != WriteCall::Nothing && field.name != "owner");
    let name = renamed.then_some(if live.kind().form() == KeyForm::Email { "email" } else { "name" });
    name.into_iter().chain(fields.map(|(field, _)| field.name)).collect()
}

/// Why no plan changes a live object although files may declare it: it is the owner or the caller.
fn untouched(
    caller: Option<&Address>,
    address: &Address,
    live: &Object,
) -> Option<fn(Vec<&'static str>) -> SparedReason> {
    if live.is_owner() {
        return Some(SparedReason::Owner);
    }
    let person = address.kind().named_undeclared();
    (person && caller == Some(address)).then_some(SparedReason::Caller)
}

/// Whether an identity provider fills a group.
fn provisioned(desired: &Desired, group: &Address) -> bool {
    desired.settings.scim.as_ref().is_some_and(|groups| groups.contains(group))
}

/// The members of groups that are listed with an end that has come.
fn ended(desired: &Desired) -> BTreeSet<(&Address, &Principal)> {
    let ended = desired.expiries.iter().filter(|expiry| expiry.expired);
    ended.filter_map(|expiry| Some((&expiry.address, expiry.member.as_ref()?))).collect()
}

/// The members that a declared group has in the end. Members that no list shows always stay.
fn members(
    desired: &Desired,
    ended: &BTreeSet<(&Address, &Principal)>,
    address: &Address,
    declared: &Group,
    live: &Group,
    before: &State,
) -> BTreeSet<Principal> {
    let listed = &declared.members;
    let stays = |member: &&Principal| !ended.contains(&(address, *member));
    let hidden = |member: &&Principal| !before.has(&member.address());
    match desired.memberships.get(address) {
        None => live.members.clone(),
        Some(Membership::AtLeast) => live.members.iter().filter(stays).chain(listed).cloned().collect(),
        Some(Membership::Exact) => listed.iter().chain(live.members.iter().filter(hidden)).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Application, Meta, Rule, Rules, Scope};

    fn user(email: &str) -> Principal {
        Principal::User(Key::Email(email.parse().unwrap()))
    }

    #[test]
    fn what_is_only_equal_is_not_the_same() {
        let described = |text: &str| Meta { description: text.to_owned(), ..Meta::default() };
        let application =
            |text: &str| Object::from(Application { meta: described(text), ..Application::default() });
        let group = |email: &str| Object::from(Group { members: [user(email)].into(), ..Group::default() });
        let rule = |set: &str| Rule {
            permission_sets: [set.parse().unwrap()].into(),
            scope: Scope::Organization,
            condition: None,
        };
        let policy = |email: &str, sets: [&str; 2]| {
            let (attachment, rules) = (Attachment::Principal(user(email)), Rules(sets.map(rule).to_vec()));
            Object::from(Policy { attachment, rules, ..Policy::default() })
        };
        let sets = ["IAMReadOnly", "IAMManager"];
        for (live, other) in [
            (application("a"), application("a ")),
            (group("ann@x.io"), group("Ann@x.io")),
            (policy("ann@x.io", sets), policy("Ann@x.io", sets)),
            (policy("ann@x.io", sets), policy("ann@x.io", ["IAMManager", "IAMReadOnly"])),
        ] {
            assert!(live == other && !same(&live, &other), "{live:?} {other:?}");
            assert!(same(&live, &live.clone()));
        }
        assert!(!same(&application("a"), &application("b")));
    }
}
