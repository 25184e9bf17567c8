//! Two organizations, or one at two times: who gained and who lost, and which objects differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::access::{AccessEffect, Everything, Grant, Path, World, changes, self_escalating};
use crate::model::{Address, Ids, Key, Object, Principal, State, User};

/// One side of a comparison.
#[derive(Debug, Clone)]
pub struct ComparedSide {
    /// What is there.
    pub state: State,
    /// The ids, where the side knows them: an object keeps its id when its name changes.
    pub ids: Option<Ids>,
    /// Groups whose members this side does not know.
    pub unknown: BTreeSet<Key>,
    /// Whether there may be more than this side has, because files declare a part of the organization.
    pub partial: bool,
}

impl ComparedSide {
    /// Says whether it does not know of an object that the other side has.
    fn ignores(&self, other: &Self, address: &Address) -> bool {
        self.partial && !other.partial && !self.state.has(address)
    }
}

/// What differs for a principal, a set and a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// It was not held, and is.
    Gained,
    /// It was held under a condition, and is held without.
    Loosened,
    /// It was held without a condition, and is held under one.
    Tightened,
    /// It was held, and is not.
    Lost,
    /// One side does not know whether it was not held.
    MaybeGained,
    /// One side does not know whether it is still held.
    MaybeLost,
}

impl DifferenceKind {
    /// Returns the words for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Loosened => "loosened",
            Self::Tightened => "tightened",
            Self::Lost => "lost",
            Self::MaybeGained => "maybe gained",
            Self::MaybeLost => "maybe lost",
        }
    }
}

/// What a comparison can fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CompareGate {
    /// Somebody gained access.
    Gained,
    /// Somebody lost access.
    Lost,
    /// A condition is gone.
    Loosened,
    /// A condition was added.
    Tightened,
    /// Somebody gained a set that can escalate.
    Escalation,
    /// A side does not know.
    Maybe,
    /// An object differs.
    Objects,
}

impl CompareGate {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Gained,
        Self::Lost,
        Self::Loosened,
        Self::Tightened,
        Self::Escalation,
        Self::Maybe,
        Self::Objects,
    ];

    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Loosened => "loosened",
            Self::Tightened => "tightened",
            Self::Escalation => "escalation",
            Self::Maybe => "maybe",
            Self::Objects => "objects",
        }
    }
}

impl fmt::Display for CompareGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for CompareGate {
    type Err = UnknownGate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|gate| gate.as_str() == text).ok_or(UnknownGate)
    }
}

/// A word that no comparison can fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `gained`, `lost`, `loosened`, `tightened`, `escalation`, `maybe` or `objects`")]
pub struct UnknownGate;

/// A grant that differs between both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantDifference {
    /// Who.
    pub principal: Principal,
    /// How.
    pub kind: DifferenceKind,
    /// What: as it is afterwards, or, for what is lost, as it was.
    pub grant: Grant,
    /// By which way.
    pub path: Path,
    /// Whether whoever holds it can give themselves more.
    pub escalates: bool,
}

/// An object that differs between both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectDifference {
    /// The object, by its name afterwards where it has one.
    pub address: Address,
    /// What differs, in words.
    pub what: String,
}

/// What differs between two sides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Access, by principal.
    pub access: Vec<GrantDifference>,
    /// Objects, by kind and name.
    pub objects: Vec<ObjectDifference>,
    /// Groups whose members a side does not know.
    pub unknown: BTreeSet<Key>,
    /// The two principals, where these are compared: what only the first has is lost, what only the second has is gained.
    pub pair: Option<(Principal, Principal)>,
}

impl Comparison {
    /// Compares two sides.
    #[must_use]
    pub fn of(before: &ComparedSide, after: &ComparedSide) -> Self {
        let renamed = renamed(before, after);
        let moves: BTreeMap<Address, Address> = moves(&after.state, &renamed);
        let aligned = after.state.readdressed(&|address| moves.get(address).cloned());
        let back: BTreeMap<&Address, &Address> = moves.iter().map(|(from, to)| (to, from)).collect();
        let mut world = World::default();
        let (held, will) = (world.holdings(&before.state), world.holdings(&aligned));
        let unknown: BTreeSet<Key> = before.unknown.union(&after.unknown).cloned().collect();
        let mut access = Vec::new();
        for change in changes(&world, (&held, &before.state), (&will, &aligned)) {
            for changed in &change.grants {
                let gains = matches!(changed.effect, AccessEffect::Gained | AccessEffect::Loosened);
                let (without, with) = if gains { (before, after) } else { (after, before) };
                let maybe = changed.path.group.as_ref().is_some_and(|group| unknown.contains(group))
                    || without.ignores(with, &Address::policy(changed.path.policy.clone()));
                let kind = match (changed.effect, maybe) {
                    (AccessEffect::Gained | AccessEffect::Loosened, true) => DifferenceKind::MaybeGained,
                    (AccessEffect::Lost | AccessEffect::Tightened, true) => DifferenceKind::MaybeLost,
                    (AccessEffect::Gained, false) => DifferenceKind::Gained,
                    (AccessEffect::Loosened, false) => DifferenceKind::Loosened,
                    (AccessEffect::Tightened, false) => DifferenceKind::Tightened,
                    (AccessEffect::Lost, false) => DifferenceKind::Lost,
                };
                let (grant, path) = ((*changed.grant).clone(), (*changed.path).clone());
                let escalates = self_escalating(&grant.permission_set);
                access.push(GrantDifference {
                    principal: change.principal.clone(),
                    kind,
                    grant,
                    path,
                    escalates,
                });
            }
        }
        access.sort();
        let mut objects = objects(&before.state, &aligned, &back);
        let known = |address: &Address| !before.ignores(after, address) && !after.ignores(before, address);
        objects.retain(|differs| known(&differs.address));
        Self { access, objects, unknown, pair: None }
    }

    /// Returns what each of two principals of one organization has that the other has not.
    #[must_use]
    pub fn of_principals(state: &State, first: &Principal, second: &Principal) -> Self {
        let everything = Everything::of(state);
        let (a, b) = (everything.held_by(first), everything.held_by(second));
        let only = |here: &[crate::access::HeldGrant], there: &[crate::access::HeldGrant], kind| {
            let covered = |grant: &Grant| there.iter().any(|other| other.grant.covers(grant));
            let only = here.iter().filter(|held| !covered(&held.grant));
            let one = |held: &crate::access::HeldGrant| GrantDifference {
                principal: held.principal.clone(),
                kind,
                grant: held.grant.clone(),
                path: held.path.clone(),
                escalates: self_escalating(&held.grant.permission_set),
            };
            only.map(one).collect::<Vec<_>>()
        };
        // What the first alone has would be lost by becoming the second.
        let mut access = only(&a, &b, DifferenceKind::Lost);
        access.extend(only(&b, &a, DifferenceKind::Gained));
        Self { access, pair: Some((first.clone(), second.clone())), ..Self::default() }
    }

    /// Says whether anything differs at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.access.is_empty() && self.objects.is_empty()
    }

    /// Says whether something differs that counts.
    #[must_use]
    pub fn fails(&self, on: &BTreeSet<CompareGate>) -> bool {
        let counts = |gate: CompareGate| match gate {
            CompareGate::Gained => self.any(&[DifferenceKind::Gained]),
            CompareGate::Lost => self.any(&[DifferenceKind::Lost]),
            CompareGate::Loosened => self.any(&[DifferenceKind::Loosened]),
            CompareGate::Tightened => self.any(&[DifferenceKind::Tightened]),
            CompareGate::Maybe => self.any(&[DifferenceKind::MaybeGained, DifferenceKind::MaybeLost]),
            CompareGate::Objects => !self.objects.is_empty(),
            CompareGate::Escalation => self.access.iter().any(|it| {
                let gains = match it.kind {
                    DifferenceKind::Gained | DifferenceKind::Loosened | DifferenceKind::MaybeGained => true,
                    DifferenceKind::Tightened | DifferenceKind::Lost | DifferenceKind::MaybeLost => false,
                };
                it.escalates && gains
            }),
        };
        on.iter().any(|gate| counts(*gate))
    }

    fn any(&self, kinds: &[DifferenceKind]) -> bool {
        self.access.iter().any(|it| kinds.contains(&it.kind))
    }
}

/// Returns the objects that changed their names: the address afterwards, and the one before.
fn renamed(before: &ComparedSide, after: &ComparedSide) -> BTreeMap<Address, Address> {
    let (Some(old), Some(new)) = (&before.ids, &after.ids) else { return BTreeMap::new() };
    let one = |(address, id): (&Address, crate::model::Id)| {
        let was = old.address_of(id).filter(|was| was.kind() == address.kind() && *was != address)?;
        Some((address.clone(), was.clone()))
    };
    new.iter().filter_map(one).collect()
}

/// Returns where objects move so that both sides go by the names before. What stands in the way of one that moves goes by a
/// name that nothing else has.
fn moves(after: &State, renamed: &BTreeMap<Address, Address>) -> BTreeMap<Address, Address> {
    let mut moves = renamed.clone();
    for to in renamed.values() {
        if after.has(to) && !moves.contains_key(to) {
            let taken = to.key_text().into_bytes();
            let number =
                taken.iter().fold(1u128, |number, byte| number.wrapping_mul(257) + u128::from(*byte));
            moves.insert(to.clone(), to.sibling(Key::Id(crate::model::Id::from_bits(number))));
        }
    }
    moves
}

/// Says what differs between an object before and after; nothing if it is the same.
fn changed(before: &Object, after: &Object) -> Option<String> {
    let locked = match (before, after) {
        (Object::User(before), Object::User(after)) if before.locked != after.locked => {
            Some(if after.locked { "is locked now" } else { "is no longer locked" })
        }
        _ => None,
    };
    let fields = before.differences(after).into_iter().map(|(field, _)| field.name);
    let fields: Vec<&str> = fields.filter(|name| locked.is_none() || *name != User::LOCKED).collect();
    let differs = (!fields.is_empty()).then(|| format!("differs in {}", fields.join(", ")));
    let words: Vec<String> = locked.map(ToOwned::to_owned).into_iter().chain(differs).collect();
    (!words.is_empty()).then(|| words.join(", and "))
}

fn objects(before: &State, after: &State, back: &BTreeMap<&Address, &Address>) -> Vec<ObjectDifference> {
    let mut found = Vec::new();
    let named = |address: &Address| back.get(address).map_or_else(|| address.clone(), |real| (*real).clone());
    for (address, object) in &before.objects {
        let Some(other) = after.get(address) else {
            found.push(ObjectDifference { address: address.clone(), what: "is gone".to_owned() });
            continue;
        };
        let now = named(address);
        if now != *address {
            found.push(ObjectDifference {
                address: now.clone(),
                what: format!("was named {}", address.key()),
            });
        }
        if let Some(what) = changed(object, other) {
            found.push(ObjectDifference { address: now, what });
        }
    }
    for address in after.objects.keys().filter(|address| !before.has(address)) {
        found.push(ObjectDifference { address: named(address), what: "is new".to_owned() });
    }
    found.sort();
    found
}
