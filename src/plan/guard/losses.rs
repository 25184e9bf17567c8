use std::collections::{BTreeMap, BTreeSet};

use super::GuardName;
use super::alarm::{Alarm, Item};
use super::case::{Case, limit};
use super::ended::RecentlyEnded;
use crate::access::{GroupId, PrincipalId};
use crate::model::count;

/// Refuses to take any access from more than 5 principals, or 20 % of the principals that hold any access, whichever is
/// more. Ends by `until` in the last seven days do not count.
///
/// Somebody who is locked counts as losing everything. A principal that leaves groups that grant something and joins none counts as losing access, even if another group
/// still grants the same: so another group does not hide a list of members that shrank by mistake.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let ended = RecentlyEnded::at(case.facts.now, &case.desired.expiries);
    let mut losers: BTreeMap<PrincipalId, String> = BTreeMap::new();
    for change in case.access.iter().filter(|change| !case.hidden(&change.principal)) {
        let Some(id) = case.draft.world.find(&change.principal) else { continue };
        let (before, after) = case.draft.held(id);
        let mut lost = before.beyond(&after);
        if lost.any(|grant| !ended.explains(case, id, grant)) {
            losers.insert(id, change.principal.to_string());
        }
    }
    for (id, groups) in leavers(case, &ended) {
        let known = case.principal(id).filter(|who| !case.hidden(who));
        if let Some(who) = known.filter(|_| !losers.contains_key(&id)) {
            let groups = count(groups, "group that grants something", "groups that grant something");
            losers.insert(id, format!("{who}, who leaves {groups} and joins none"));
        }
    }
    for id in case.locked() {
        if let Some(who) = case.principal(id) {
            losers.entry(id).or_insert_with(|| format!("{who}, who is locked"));
        }
    }
    let item = |(id, text): (PrincipalId, String)| {
        let address = case.principal(id)?.address();
        (!case.pardons(&address)).then(|| Item::new(address, text))
    };
    let items: Vec<_> = losers.into_iter().filter_map(item).collect();
    let limit = limit(case, GuardName::Losses).unwrap_or_else(|| usual(case, items.len()));
    (items.len() > limit as usize).then(|| Alarm {
        found: items.len(),
        limit,
        message: format!(
            "would take access away from {} (limit: {limit})",
            count(items.len(), "principal", "principals")
        ),
        items,
        refuses: true,
    })
}

/// The number that passes where the files set none.
fn usual(case: &Case<'_>, found: usize) -> u32 {
    const LEAST: u32 = 5;
    if found <= LEAST as usize {
        return LEAST;
    }
    let before = &case.draft.before;
    let holds = |id: &PrincipalId| before.ways(*id).any(|(_, _, grants)| !grants.is_empty());
    let all = case.draft.world.all::<PrincipalId>().map(|(id, _)| id);
    let holders = all.filter(|id| !before.owners.contains(id)).filter(holds).count();
    u32::try_from(holders / 5).unwrap_or(u32::MAX).max(LEAST)
}

/// Who leaves groups that grant something, how many, and joins none.
fn leavers(case: &Case<'_>, ended: &RecentlyEnded<'_>) -> BTreeMap<PrincipalId, usize> {
    let draft = case.draft;
    let grants = |group: &GroupId| {
        let mut policies =
            draft.before.policies_on_group(*group).iter().chain(draft.after.policies_on_group(*group));
        policies.any(|policy| draft.before.policy(*policy).is_some_and(|held| !held.grants.is_empty()))
    };
    let joining: BTreeSet<PrincipalId> = draft.joins.keys().map(|(_, who)| *who).collect();
    let mut leavers: BTreeMap<PrincipalId, usize> = BTreeMap::new();
    for (group, who) in draft.leaves.keys() {
        let recent = || {
            let group = draft.world.name(*group);
            group.zip(case.principal(*who)).is_some_and(|(group, who)| ended.member(group, who))
        };
        if !joining.contains(who) && !draft.before.owners.contains(who) && grants(group) && !recent() {
            *leavers.entry(*who).or_default() += 1;
        }
    }
    leavers
}
