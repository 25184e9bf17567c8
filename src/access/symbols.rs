use std::sync::Arc;

use indexmap::IndexSet;

use super::{Grant, GrantScope};
use crate::model::{Condition, Id, PermissionSetName, Rules};

/// A grant in twelve bytes, to be read with the [`Symbols`] that made it. Sorts by set, scope, condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Packed {
    set: u32,
    scope: u32,
    condition: u32,
}

const ORGANIZATION: u32 = 0;
const ALL_PROJECTS: u32 = 1;
const FIRST_PROJECT: u32 = 2;
const UNCONDITIONAL: u32 = 0;

impl Packed {
    /// Projects have even numbers from 2, other scopes odd ones from 3.
    const fn on_project(self) -> bool {
        self.scope >= FIRST_PROJECT && self.scope.is_multiple_of(2)
    }

    /// Returns true when whoever holds `self` can do all that `other` allows; the same as [`Grant::covers`].
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.set == other.set
            && (self.scope == other.scope || (self.scope == ALL_PROJECTS && other.on_project()))
            && (self.condition == UNCONDITIONAL || self.condition == other.condition)
    }

    /// Returns what both allow, where that is one grant.
    #[must_use]
    pub const fn meet(self, other: Self) -> Option<Self> {
        if self.set != other.set {
            return None;
        }
        let scope = match (self.scope, other.scope) {
            (a, b) if a == b => a,
            (ALL_PROJECTS, b) if other.on_project() => b,
            (a, ALL_PROJECTS) if self.on_project() => a,
            _ => return None,
        };
        let condition = match (self.condition, other.condition) {
            (a, b) if a == b => a,
            (UNCONDITIONAL, b) => b,
            (a, UNCONDITIONAL) => a,
            _ => return None,
        };
        Some(Self { set: self.set, scope, condition })
    }

    /// Returns the same grant without its condition.
    #[must_use]
    pub const fn unconditional(self) -> Self {
        Self { condition: UNCONDITIONAL, ..self }
    }

    /// Returns the same grant with only some of its parts; the others are the same for all.
    pub(super) const fn only(self, set: bool, scope: bool, condition: bool) -> Self {
        Self {
            set: if set { self.set } else { 0 },
            scope: if scope { self.scope } else { ORGANIZATION },
            condition: if condition { self.condition } else { UNCONDITIONAL },
        }
    }

    /// Returns true when it holds under a condition only.
    #[must_use]
    pub const fn conditional(self) -> bool {
        self.condition != UNCONDITIONAL
    }
}

/// The sets, scopes and conditions that packed grants speak of.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    sets: IndexSet<PermissionSetName>,
    projects: IndexSet<Id>,
    others: IndexSet<String>,
    conditions: IndexSet<Condition>,
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

impl Symbols {
    /// Packs a grant.
    pub fn pack(&mut self, grant: &Grant) -> Packed {
        let set = match self.sets.get_index_of(&grant.permission_set) {
            Some(at) => at,
            None => self.sets.insert_full(grant.permission_set.clone()).0,
        };
        let scope = match &grant.scope {
            GrantScope::Organization => ORGANIZATION,
            GrantScope::AllProjects => ALL_PROJECTS,
            GrantScope::Project(id) => FIRST_PROJECT + 2 * number(self.projects.insert_full(*id).0),
            GrantScope::Other(words) => {
                FIRST_PROJECT + 1 + 2 * number(self.others.insert_full(words.clone()).0)
            }
        };
        let condition = match &grant.condition {
            None => UNCONDITIONAL,
            Some(condition) => match self.conditions.get_index_of(condition) {
                Some(at) => 1 + number(at),
                None => 1 + number(self.conditions.insert_full(condition.clone()).0),
            },
        };
        Packed { set: number(set), scope, condition }
    }

    /// Returns the packed form of a grant, or `None` when none of its kind was packed.
    #[must_use]
    pub fn find(&self, grant: &Grant) -> Option<Packed> {
        let set = number(self.sets.get_index_of(&grant.permission_set)?);
        let scope = match &grant.scope {
            GrantScope::Organization => ORGANIZATION,
            GrantScope::AllProjects => ALL_PROJECTS,
            GrantScope::Project(id) => FIRST_PROJECT + 2 * number(self.projects.get_index_of(id)?),
            GrantScope::Other(words) => FIRST_PROJECT + 1 + 2 * number(self.others.get_index_of(words)?),
        };
        let condition = match &grant.condition {
            None => UNCONDITIONAL,
            Some(condition) => 1 + number(self.conditions.get_index_of(condition)?),
        };
        Some(Packed { set, scope, condition })
    }

    /// Packs all grants of some rules.
    pub fn pack_rules(&mut self, rules: &Rules) -> Grants {
        let mut packed = Vec::new();
        for rule in &rules.0 {
            for grant in Grant::of_rule(rule) {
                packed.push(self.pack(&grant));
            }
        }
        Grants::new(packed)
    }

    /// Returns the grant that was packed.
    ///
    /// # Panics
    /// On a grant that other symbols packed.
    #[must_use]
    pub fn unpack(&self, packed: Packed) -> Grant {
        let position = |n: u32| n as usize;
        let scope = match packed.scope {
            ORGANIZATION => GrantScope::Organization,
            ALL_PROJECTS => GrantScope::AllProjects,
            n if packed.on_project() => GrantScope::Project(self.projects[position((n - FIRST_PROJECT) / 2)]),
            n => GrantScope::Other(self.others[position((n - FIRST_PROJECT - 1) / 2)].clone()),
        };
        let condition = match packed.condition {
            UNCONDITIONAL => None,
            n => Some(self.conditions[position(n - 1)].clone()),
        };
        Grant { permission_set: self.sets[position(packed.set)].clone(), scope, condition }
    }
}

/// A set of packed grants, sorted, without doubles; cheap to share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants(Arc<[Packed]>);

impl Default for Grants {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Grants {
    /// Returns the set of these grants.
    #[must_use]
    pub fn new(mut grants: Vec<Packed>) -> Self {
        // Most come as sorted runs, which a stable sort only merges.
        grants.sort();
        grants.dedup();
        Self(grants.into())
    }

    /// Returns the grants, sorted.
    pub fn iter(&self) -> impl Iterator<Item = Packed> + '_ {
        self.0.iter().copied()
    }

    /// Returns true when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, grant: Packed) -> bool {
        self.0.binary_search(&grant).is_ok()
    }

    /// Returns true when one of them covers `grant`.
    #[must_use]
    pub fn cover(&self, grant: Packed) -> bool {
        self.has(grant) || self.cover_wider(grant)
    }

    /// Returns true when one of them that is wider than `grant` covers it.
    fn cover_wider(&self, grant: Packed) -> bool {
        let wide = |g: Packed| g.on_project() && self.has(Packed { scope: ALL_PROJECTS, ..g });
        let always = grant.unconditional();
        wide(grant) || (grant.conditional() && (self.has(always) || wide(always)))
    }

    /// Returns the position of one of them.
    pub(super) fn position(&self, grant: Packed) -> Option<usize> {
        self.0.binary_search(&grant).ok()
    }

    /// Returns true when `other` covers each of them.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.beyond(other).next().is_none()
    }

    /// Returns those of them that `other` does not cover, sorted.
    pub fn beyond<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Packed> + 'a {
        let mut rest = &*other.0;
        self.iter().filter(move |grant| {
            // Both are sorted, so most are found where the last one was.
            let smaller = rest.iter().take_while(|known| *known < grant).count();
            rest = &rest[smaller..];
            rest.first() != Some(grant) && !other.cover(*grant)
        })
    }

    /// Returns all of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.iter().chain(other.iter()).collect())
    }

    /// Returns what both cover: the meets of their grants, without those that another one covers.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let mut meets = Vec::new();
        for grant in self.iter() {
            if other.cover(grant) {
                meets.push(grant);
                continue;
            }
            meets.extend(other.iter_set(grant).filter_map(|g| grant.meet(g)));
        }
        let all = Self::new(meets);
        let maximal = all.iter().filter(|grant| !all.cover_wider(*grant));
        Self::new(maximal.collect())
    }

    /// Returns those of them that `grant` covers.
    pub fn covered_by(&self, grant: Packed) -> impl Iterator<Item = Packed> + '_ {
        // What is not wide covers its own scope alone, and those of one scope stand together.
        let everywhere = grant.scope == ALL_PROJECTS;
        let begin = if everywhere { (grant.set, 0) } else { (grant.set, grant.scope) };
        let from = self.0.partition_point(|g| (g.set, g.scope) < begin);
        let near = move |g: &Packed| g.set == grant.set && (everywhere || g.scope == grant.scope);
        self.0[from..].iter().copied().take_while(near).filter(move |g| grant.covers(*g))
    }

    /// Returns the grants of the same permission set.
    pub fn iter_set(&self, grant: Packed) -> impl Iterator<Item = Packed> + '_ {
        let from = self.0.partition_point(|g| g.set < grant.set);
        self.0[from..].iter().copied().take_while(move |g| g.set == grant.set)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_grant() -> impl Strategy<Value = Grant> {
        let scope = prop_oneof![
            Just(GrantScope::Organization),
            Just(GrantScope::AllProjects),
            (1u128..3).prop_map(|n| GrantScope::Project(Id::from_bits(n))),
            Just(GrantScope::Other("account".to_owned())),
        ];
        ("[AB]", scope, proptest::option::of("[cd]")).prop_map(|(set, scope, condition)| Grant {
            permission_set: set.parse().unwrap(),
            scope,
            condition: condition.map(|text| text.parse().unwrap()),
        })
    }

    proptest! {
        #[test]
        fn packed_grants_are_the_grants(list in proptest::collection::vec(any_grant(), 1..8)) {
            let mut symbols = Symbols::default();
            let packed: Vec<_> = list.iter().map(|grant| symbols.pack(grant)).collect();
            for (a, pa) in list.iter().zip(&packed) {
                prop_assert_eq!(&symbols.unpack(*pa), a);
                prop_assert_eq!(symbols.find(a), Some(*pa));
                for (b, pb) in list.iter().zip(&packed) {
                    prop_assert_eq!(a.covers(b), pa.covers(*pb));
                    let meet = pa.meet(*pb).map(|meet| symbols.unpack(meet));
                    prop_assert!(meet.is_none_or(|meet| a.covers(&meet) && b.covers(&meet)));
                }
            }
            let (first, rest) = packed.split_first().unwrap();
            let grants = Grants::new(rest.to_vec());
            prop_assert_eq!(grants.cover(*first), rest.iter().any(|g| g.covers(*first)));
            let (some, others) = packed.split_at(packed.len() / 2);
            let (some, others) = (Grants::new(some.to_vec()), Grants::new(others.to_vec()));
            let beyond: Vec<_> = some.iter().filter(|grant| !others.cover(*grant)).collect();
            prop_assert_eq!(some.beyond(&others).collect::<Vec<_>>(), beyond);
            let covered: Vec<_> = grants.iter().filter(|grant| first.covers(*grant)).collect();
            prop_assert_eq!(grants.covered_by(*first).collect::<Vec<_>>(), covered);
        }

        #[test]
        fn the_meet_is_what_both_cover(
            a in proptest::collection::vec(any_grant(), 0..6),
            b in proptest::collection::vec(any_grant(), 0..6),
            probe in any_grant(),
        ) {
            let mut symbols = Symbols::default();
            let mut pack = |list: &[Grant]| Grants::new(list.iter().map(|grant| symbols.pack(grant)).collect());
            let (a, b, probe) = (pack(&a), pack(&b), pack(&[probe]));
            let probe = probe.iter().next().unwrap();
            prop_assert_eq!(a.meet(&b).cover(probe), a.cover(probe) && b.cover(probe));
            prop_assert_eq!(a.meet(&b), b.meet(&a));
        }
    }
}
