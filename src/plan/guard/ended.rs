//! Recent ends by `until`, which no guard counts as a loss.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use crate::access::{Packed, PrincipalId};
use crate::model::{Address, Condition, Expiry, Key, Principal};

/// How long after its `until` an entry that is still live counts as a deliberate end.
///
/// With an apply at least once a week, an older one can only be a typo: `2016` for `2026`. So an entry that is still
/// live after a longer time counts like any other loss.
const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The entries that ended in the last seven days.
pub(super) struct RecentlyEnded<'a> {
    members: HashSet<(&'a Address, &'a Principal)>,
    /// How the conditions of the rules end, by policy.
    rules: HashMap<&'a Address, Vec<String>>,
}

impl<'a> RecentlyEnded<'a> {
    /// Picks them out of all entries with an end.
    pub(super) fn at(now: Timestamp, expiries: &'a [Expiry]) -> Self {
        let recent = |expiry: &&Expiry| expiry.expired && now.duration_since(expiry.until) <= RECENT;
        let (mut members, mut rules) = (HashSet::new(), HashMap::<_, Vec<_>>::new());
        for expiry in expiries.iter().filter(recent) {
            if let Some(member) = &expiry.member {
                members.insert((&expiry.address, member));
            } else if expiry.rule.is_some() {
                let end = format!("request.time < timestamp(\"{}\")", expiry.until);
                rules.entry(&expiry.address).or_default().push(end);
            }
        }
        Self { members, rules }
    }

    /// Returns true when every way by which a principal held a grant went through an entry that has just ended.
    pub(super) fn explains(&self, case: &Case<'_>, who: PrincipalId, grant: Packed) -> bool {
        if self.members.is_empty() && self.rules.is_empty() {
            return false;
        }
        let world = &case.draft.world;
        let Some(principal) = case.principal(who) else { return false };
        let ways = case.draft.before.ways(who).filter(|(_, _, grants)| grants.cover(grant));
        ways.into_iter().all(|(group, policy, grants)| {
            let group = group.and_then(|group| world.name(group));
            let policy = world.name(policy).cloned().map(Address::policy);
            let rule = |held: Packed| {
                let condition = world.symbols.unpack(held).condition;
                policy.as_ref().is_some_and(|policy| self.rule(policy, condition.as_ref()))
            };
            group.is_some_and(|group| self.member(group, principal))
                || grants.iter().filter(|held| held.covers(grant)).all(rule)
        })
    }

    /// Returns true when the files list the member of the group with an end that has just come.
    pub(super) fn member(&self, group: &Key, member: &Principal) -> bool {
        self.members.contains(&(&Address::group(group.clone()), member))
    }

    /// Returns true when a live rule of the policy with this condition ended when the files say that one of its rules
    /// did: a rule with an end carries it in its condition.
    pub(super) fn rule(&self, policy: &Address, condition: Option<&Condition>) -> bool {
        let Some(condition) = condition else { return false };
        self.rules.get(policy).into_iter().flatten().any(|end| condition.as_str().ends_with(end.as_str()))
    }
}
