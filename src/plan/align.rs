//! Finds the live object of each declared one, and says what the organization is to become.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::diff::with_key;
use super::{Adoption, Conflict, ConflictKind, Error, Facts, Spared, SparedReason};
use crate::model::{
    Address, Attachment, Desired, Flags, Id, Identity, Ids, Key, Kind, Membership, Meta, Name, Owner,
    Principal, Prune, Stack, State, Where,
};

/// Both sides under the same names: what is, and what the plan leads to.
pub(super) struct Alignment {
    /// Live, each matched object under the name that it will bear.
    pub(super) before: State,
    /// What the plan leads to, with everything that it leaves alone.
    pub(super) outcome: State,
    /// The ids of `before`.
    pub(super) ids: Ids,
    /// The live name of each object that is to be renamed.
    pub(super) renamed: HashMap<Address, Key<Name>>,
    /// The live name of each object that goes by its id because another one takes its name.
    pub(super) displaced: HashMap<Address, Name>,
    /// What the files say of the members of groups.
    pub(super) memberships: HashMap<Name, Membership>,
    /// Live addresses that go by another one in the plan.
    pub(super) rekeyed: HashMap<Address, Address>,
    /// What these go by on the live side.
    pub(super) live_keys: HashMap<Address, Key<Name>>,
    pub(super) adoptions: Vec<Adoption>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) spared: Vec<Spared>,
    /// Declared objects whose `previously` has done its work.
    pub(super) spent: Vec<Address>,
}

/// Matches, then lays the declared objects over the live ones, then takes away what is pruned.
pub(super) fn align(facts: &Facts<'_>, desired: &Desired) -> Result<Alignment, Error> {
    let matches = Matches::find(facts, desired)?;
    let rekeyed = matches.rekeyed(facts, desired);
    let before = rekey(facts.live, &rekeyed);
    let mut ids = facts.ids.clone();
    let moves: Vec<_> =
        rekeyed.iter().filter_map(|(from, to)| Some((to.clone(), ids.remove(from)?))).collect();
    for (to, id) in moves {
        ids.insert(to, id);
    }
    let mut renamed = HashMap::new();
    for (address, live) in &matches.live {
        if let (Some(from), true) = (name_key(live), live != address && !bears(facts, live, address)) {
            if let Some(ids) = facts.duplicates.get(address) {
                return Err(Error::NameTaken { address: address.clone(), id: ids.first().copied() });
            }
            renamed.insert(address.clone(), from);
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
            .filter(|(from, to)| with_id(to) && name_key(from) != name_key(to))
            .filter_map(|(from, to)| Some((to.clone(), name_key(from)?.name()?.clone())))
            .collect(),
        memberships: desired.memberships.clone(),
        live_keys: rekeyed.iter().filter_map(|(from, to)| Some((to.clone(), name_key(from)?))).collect(),
        rekeyed,
        adoptions: Vec::new(),
        conflicts: Vec::new(),
        spared: Vec::new(),
        spent: matches.spent,
    };
    alignment.declare(desired);
    alignment.prune(facts, desired);
    for adoption in &mut alignment.adoptions {
        let live = matches.live.get(&adoption.address).unwrap_or(&adoption.address);
        adoption.oldest_key = facts.oldest_keys.get(live).copied();
    }
    let stays = alignment.displaced.iter().filter(|(address, _)| exists(&alignment.outcome, address));
    match stays.min() {
        Some((address, name)) => Err(Error::NameTaken {
            address: with_key(address, Key::Named(name.clone())),
            id: facts.ids.get(&with_key(address, Key::Named(name.clone()))),
        }),
        None => Ok(alignment),
    }
}

/// Whether an object that goes by its id, for others bear its name too, bears the name that it is declared by.
fn bears(facts: &Facts<'_>, live: &Address, declared: &Address) -> bool {
    let title = facts.ids.get(live).filter(|_| with_id(live)).and_then(|id| facts.titles.get(&id));
    title.is_some_and(|title| *title == declared.key_text())
}

const fn with_id(address: &Address) -> bool {
    matches!(
        address,
        Address::User(Key::Id(_))
            | Address::Application(Key::Id(_))
            | Address::Group(Key::Id(_))
            | Address::Policy(Key::Id(_))
    )
}

fn name_key(address: &Address) -> Option<Key<Name>> {
    match address {
        Address::User(_) => None,
        Address::Application(key) | Address::Group(key) | Address::Policy(key) => Some(key.clone()),
    }
}

/// Which live object each declared one is.
struct Matches {
    /// Declared address → live address.
    live: HashMap<Address, Address>,
    spent: Vec<Address>,
}

fn declared(desired: &Desired) -> Vec<Address> {
    let State { organization: _, projects: _, users: _, applications, groups, policies } = &desired.state;
    let applications = applications.keys().cloned().map(Address::Application);
    let groups = groups.keys().cloned().map(Address::Group);
    applications.chain(groups).chain(policies.keys().cloned().map(Address::Policy)).collect()
}

fn with_name(kind: Kind, name: &Name) -> Option<Address> {
    let key = Key::Named(name.clone());
    match kind {
        Kind::User => None,
        Kind::Application => Some(Address::Application(key)),
        Kind::Group => Some(Address::Group(key)),
        Kind::Policy => Some(Address::Policy(key)),
    }
}

impl Matches {
    fn find(facts: &Facts<'_>, desired: &Desired) -> Result<Self, Error> {
        let mut matches = Self { live: HashMap::new(), spent: Vec::new() };
        let mut taken: HashMap<Address, Address> = HashMap::new();
        for address in declared(desired) {
            let identity = desired.identities.get(&address);
            let Some(live) = matches.one(facts, desired, &address, identity)? else { continue };
            if let Some(first) = taken.insert(live.clone(), address.clone()) {
                return Err(Error::MatchedTwice {
                    live: live.into(),
                    first: first.into(),
                    second: address.into(),
                });
            }
            matches.live.insert(address, live);
        }
        matches.refuse_owned_duplicates(facts, desired)?;
        Ok(matches)
    }

    fn one(
        &mut self,
        facts: &Facts<'_>,
        desired: &Desired,
        address: &Address,
        identity: Option<&Identity>,
    ) -> Result<Option<Address>, Error> {
        let at = || desired.places.get(&Where::Object(address.clone())).cloned().map(Box::new);
        if let Some(id) = identity.and_then(|identity| identity.id) {
            return match facts.ids.address_of(id) {
                Some(live) if live.kind() == address.kind() => Ok(Some(live.clone())),
                Some(live) => Err(Error::IdOfOther {
                    address: address.clone(),
                    id,
                    live: live.clone().into(),
                    at: at(),
                }),
                None => Err(Error::UnknownId { address: address.clone(), id, at: at() }),
            };
        }
        if let Some(ids) = facts.duplicates.get(address) {
            return Err(Error::Duplicate { address: address.clone(), ids: ids.clone(), at: at() });
        }
        let previous = identity.and_then(|identity| with_name(address.kind(), identity.previously.as_ref()?));
        if exists(facts.live, address) {
            if previous.is_some() {
                self.spent.push(address.clone());
            }
            return Ok(Some(address.clone()));
        }
        match previous {
            Some(previous) => match facts.duplicates.get(&previous) {
                Some(ids) => Err(Error::Duplicate { address: previous, ids: ids.clone(), at: at() }),
                None => Ok(Some(previous).filter(|previous| exists(facts.live, previous))),
            },
            None => Ok(None),
        }
    }

    /// A name that two live objects bear, one of them owned, is nothing to guess about.
    fn refuse_owned_duplicates(&self, facts: &Facts<'_>, desired: &Desired) -> Result<(), Error> {
        let Some(stack) = &desired.stack else { return Ok(()) };
        let matched: HashSet<_> = self.live.values().collect();
        for (address, ids) in facts.duplicates {
            if !desired.sections.contains(&address.kind()) {
                continue;
            }
            let owned = ids.iter().filter_map(|id| facts.ids.address_of(*id)).any(|live| {
                !matched.contains(live) && owner(facts.live, live).is_some_and(|owner| owner.is(stack))
            });
            if owned {
                return Err(Error::Duplicate { address: address.clone(), ids: ids.clone(), at: None });
            }
        }
        Ok(())
    }

    /// Which live addresses go by another one in the plan: the renamed, and those whose name another one takes.
    fn rekeyed(&self, facts: &Facts<'_>, desired: &Desired) -> HashMap<Address, Address> {
        let mut rekeyed: HashMap<_, _> = self
            .live
            .iter()
            .filter(|(to, from)| to != from)
            .map(|(to, from)| (from.clone(), to.clone()))
            .collect();
        let kept: HashSet<_> = self.live.values().collect();
        for address in declared(desired) {
            let displaced = exists(facts.live, &address) && !kept.contains(&address);
            if let (true, Some(id)) = (displaced, facts.ids.get(&address)) {
                rekeyed.insert(address.clone(), by_id(&address, id));
            }
        }
        rekeyed
    }
}

fn by_id(address: &Address, id: Id) -> Address {
    match address {
        Address::User(_) => Address::User(Key::Id(id)),
        Address::Application(_) => Address::Application(Key::Id(id)),
        Address::Group(_) => Address::Group(Key::Id(id)),
        Address::Policy(_) => Address::Policy(Key::Id(id)),
    }
}

fn exists(state: &State, address: &Address) -> bool {
    match address {
        Address::User(key) => state.users.contains_key(key),
        Address::Application(key) => state.applications.contains_key(key),
        Address::Group(key) => state.groups.contains_key(key),
        Address::Policy(key) => state.policies.contains_key(key),
    }
}

fn meta<'s>(state: &'s State, address: &Address) -> Option<&'s Meta> {
    match address {
        Address::User(_) => None,
        Address::Application(key) => state.applications.get(key).map(|object| &object.meta),
        Address::Group(key) => state.groups.get(key).map(|object| &object.meta),
        Address::Policy(key) => state.policies.get(key).map(|object| &object.meta),
    }
}

pub(super) fn owner<'s>(state: &'s State, address: &Address) -> Option<&'s Owner> {
    meta(state, address)?.owner.as_ref()
}

fn flags(state: &State, address: &Address) -> Flags {
    match address {
        Address::User(_) => None,
        Address::Application(key) => state.applications.get(key).map(|object| object.flags),
        Address::Group(key) => state.groups.get(key).map(|object| object.flags),
        Address::Policy(key) => state.policies.get(key).map(|object| object.flags),
    }
    .unwrap_or_default()
}

/// Returns the state under other addresses.
fn rekey(state: &State, addresses: &HashMap<Address, Address>) -> State {
    if addresses.is_empty() {
        return state.clone();
    }
    let application = |key: &Key<Name>| match addresses.get(&Address::Application(key.clone())) {
        Some(Address::Application(key)) => key.clone(),
        _ => key.clone(),
    };
    let group = |key: &Key<Name>| match addresses.get(&Address::Group(key.clone())) {
        Some(Address::Group(key)) => key.clone(),
        _ => key.clone(),
    };
    let policy = |key: &Key<Name>| match addresses.get(&Address::Policy(key.clone())) {
        Some(Address::Policy(key)) => key.clone(),
        _ => key.clone(),
    };
    let principal = |principal: &Principal| match principal {
        Principal::User(key) => Principal::User(key.clone()),
        Principal::Application(key) => Principal::Application(application(key)),
    };
    let State { organization, projects, users, applications, groups, policies } = state;
    let mut rekeyed = State {
        organization: *organization,
        projects: projects.clone(),
        users: users.clone(),
        applications: applications.iter().map(|(key, object)| (application(key), object.clone())).collect(),
        groups: groups.iter().map(|(key, object)| (group(key), object.clone())).collect(),
        policies: policies.iter().map(|(key, object)| (policy(key), object.clone())).collect(),
    };
    let applications = addresses.keys().any(|address| address.kind() == Kind::Application);
    let moves = |member: &Principal| addresses.contains_key(&member.address());
    for object in rekeyed.groups.values_mut().filter(|_| applications) {
        if object.members.iter().any(moves) {
            object.members = object.members.iter().map(principal).collect();
        }
    }
    for object in rekeyed.policies.values_mut() {
        object.attachment = match &object.attachment {
            Attachment::None => Attachment::None,
            Attachment::Principal(holder) => Attachment::Principal(principal(holder)),
            Attachment::Group(key) => Attachment::Group(group(key)),
        };
    }
    rekeyed
}

/// Removes objects from a state, with all that the API removes along with them.
pub(super) fn remove_all(state: &mut State, gone: &BTreeSet<Address>) {
    let dead = |principal: &Principal| gone.contains(&principal.address());
    state.applications.retain(|key, _| !gone.contains(&Address::Application(key.clone())));
    state.groups.retain(|key, _| !gone.contains(&Address::Group(key.clone())));
    state.policies.retain(|key, _| !gone.contains(&Address::Policy(key.clone())));
    if gone.iter().any(|address| matches!(address, Address::Application(_) | Address::User(_))) {
        for group in state.groups.values_mut() {
            group.members.retain(|member| !dead(member));
        }
    }
    for policy in state.policies.values_mut() {
        let orphaned = match &policy.attachment {
            Attachment::None => false,
            Attachment::Principal(principal) => dead(principal),
            Attachment::Group(key) => gone.contains(&Address::Group(key.clone())),
        };
        if orphaned {
            policy.attachment = Attachment::None;
        }
    }
}

impl Alignment {
    fn declare(&mut self, desired: &Desired) {
        let State { organization: _, projects, users: _, applications, groups, policies } = &desired.state;
        for (id, name) in projects {
            self.outcome.projects.insert(*id, name.clone());
            self.before.projects.insert(*id, name.clone());
        }
        for (key, object) in applications {
            let address = Address::Application(key.clone());
            let mut object = object.clone();
            if let Some(live) = self.before.applications.get(key) {
                object.flags = live.flags;
                object.api_keys = live.api_keys;
            }
            let differs =
                |live: &State| live.applications.get(key).is_some_and(|l| differs(&l.meta, &object.meta));
            let Some(owner) = self.own(desired, &address, differs(&self.before)) else { continue };
            object.meta.owner = owner;
            self.outcome.applications.insert(key.clone(), object);
        }
        let ended = ended(desired);
        for (key, object) in groups {
            let address = Address::Group(key.clone());
            let mut object = object.clone();
            let live = self.before.groups.get(key);
            object.members = members(desired, &ended, key, &object.members, live, &self.before);
            if let Some(live) = live {
                (object.flags, object.builtin) = (live.flags, live.builtin);
            }
            let differs = live.is_some_and(|l| differs(&l.meta, &object.meta) || l.members != object.members);
            let Some(owner) = self.own(desired, &address, differs) else { continue };
            object.meta.owner = owner;
            self.outcome.groups.insert(key.clone(), object);
        }
        for (key, object) in policies {
            let address = Address::Policy(key.clone());
            let mut object = object.clone();
            let live = self.before.policies.get(key);
            let rewritten = live.is_some_and(|l| l.rules != object.rules);
            if live.is_some_and(|live| rewritten && live.untouchable()) {
                self.conflict(desired, &address, ConflictKind::Untouchable);
                continue;
            }
            if let Some(live) = live {
                object.flags = live.flags;
            }
            let differs =
                live.is_some_and(|l| differs(&l.meta, &object.meta) || l.attachment != object.attachment);
            let Some(owner) = self.own(desired, &address, differs || rewritten) else { continue };
            object.meta.owner = owner;
            self.outcome.policies.insert(key.clone(), object);
        }
    }

    /// Returns the names of an object, here and live.
    pub(super) fn names(&self, address: &Address) -> impl Iterator<Item = Address> {
        let live = self.live_keys.get(address).map(|key| with_key(address, key.clone()));
        std::iter::once(address.clone()).chain(live)
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
        if !exists(&self.before, address) {
            return Some(ours);
        }
        let differs = differs || self.renamed.contains_key(address);
        let live = owner(&self.before, address).cloned();
        let changes_owner = desired.stack.is_some() && live != ours;
        if !flags(&self.before, address).ordinary() && (differs || changes_owner) {
            self.conflict(desired, address, ConflictKind::Managed);
            return None;
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
        let api_keys = match address {
            Address::Application(key) => {
                self.before.applications.get(key).map_or(0, |object| object.api_keys)
            }
            Address::User(_) | Address::Group(_) | Address::Policy(_) => 0,
        };
        self.adoptions.push(Adoption { address: address.clone(), from, api_keys, oldest_key: None });
    }

    fn prune(&mut self, facts: &Facts<'_>, desired: &Desired) {
        let mut gone = BTreeSet::new();
        let kept: HashSet<Address> = declared(desired).into_iter().collect();
        let mut undeclared: BTreeMap<Kind, Vec<Address>> = BTreeMap::new();
        for address in everything(&self.before) {
            if !kept.contains(&address) && address.kind() != Kind::User {
                undeclared.entry(address.kind()).or_default().push(address);
            }
        }
        let renamed_from = renamed_from(facts, desired);
        for (kind, addresses) in undeclared {
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
        remove_all(&mut self.outcome, &gone);
    }

    /// Why an undeclared object stays; `None` when it is deleted.
    fn fate(
        &mut self,
        desired: &Desired,
        renamed_from: &HashMap<(Kind, String), &Address>,
        address: &Address,
    ) -> Option<SparedReason> {
        let flags = flags(&self.before, address);
        let builtin = match address {
            Address::Group(key) => self.before.groups.get(key).is_some_and(|group| group.builtin.is_some()),
            Address::User(_) | Address::Application(_) | Address::Policy(_) => false,
        };
        if !flags.ordinary() || builtin {
            return Some(SparedReason::Managed);
        }
        let Some(stack) = &desired.stack else { return Some(SparedReason::NoStack) };
        match owner(&self.before, address) {
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
        let external = match address {
            Address::Application(Key::Named(name)) => desired.external.applications.contains(name),
            Address::Group(Key::Named(name)) => desired.external.groups.contains(name),
            _ => false,
        };
        if external {
            self.conflict(desired, address, ConflictKind::ExternalButOwned);
            return Some(SparedReason::External);
        }
        // A declared object that was to be renamed from this one, had its new name been free.
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
        if let Some(previously) = identity.previously.as_ref().filter(|_| exists(facts.live, of)) {
            let first = renamed_from.entry((of.kind(), previously.to_string())).or_insert(of);
            *first = of.min(*first);
        }
    }
    renamed_from
}

fn spare(addresses: Vec<Address>, reason: &SparedReason) -> impl Iterator<Item = Spared> {
    addresses.into_iter().map(move |address| Spared { address, reason: reason.clone() })
}

fn everything(state: &State) -> Vec<Address> {
    let applications = state.applications.keys().cloned().map(Address::Application);
    let groups = state.groups.keys().cloned().map(Address::Group);
    applications.chain(groups).chain(state.policies.keys().cloned().map(Address::Policy)).collect()
}

/// The owner aside: that is for the stack to say.
fn differs(live: &Meta, desired: &Meta) -> bool {
    let Meta { description, tags, owner: _ } = live;
    *description != desired.description || *tags != desired.tags
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
    key: &Key<Name>,
    listed: &BTreeSet<Principal>,
    live: Option<&crate::model::Group>,
    before: &State,
) -> BTreeSet<Principal> {
    let Some(live) = live else { return listed.clone() };
    let address = Address::Group(key.clone());
    let stays = |member: &&Principal| !ended.contains(&(&address, *member));
    let hidden = |member: &&Principal| match member {
        Principal::User(key) => !before.users.contains_key(key),
        Principal::Application(key) => !before.applications.contains_key(key),
    };
    match key.name().and_then(|name| desired.memberships.get(name)) {
        None => live.members.clone(),
        Some(Membership::AtLeast) => live.members.iter().filter(stays).chain(listed).cloned().collect(),
        Some(Membership::Exact) => listed.iter().chain(live.members.iter().filter(hidden)).cloned().collect(),
    }
}
