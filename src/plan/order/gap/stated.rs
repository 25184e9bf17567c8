//! The second law for edges that are given: which grants they bridge, and what the others depend on.

use std::collections::{BTreeSet, HashMap};

use super::{Allowed, Changed, Draft, Node, Packed, PrincipalId, Way};

/// Returns the grants that somebody keeps by another way, where no old way ends after a new one is there. `before`
/// says whether one change is made with or after another in every order.
pub(in crate::plan::order) fn unbridged(
    draft: &Draft,
    allowed: &mut Allowed<'_>,
    before: impl Fn(Node, Node) -> bool,
) -> Vec<(PrincipalId, Packed)> {
    let changed = Changed::of(draft);
    let mut known: HashMap<Vec<Way>, bool> = HashMap::new();
    let mut unbridged = Vec::new();
    let owners = &draft.before.owners;
    for principal in changed.principals(draft).into_iter().filter(|who| !owners.contains(who)) {
        let least = allowed.least(principal).clone();
        for grant in least.iter() {
            let ways = changed.ways(draft, principal, grant);
            if ways.iter().any(Way::lasts) {
                continue;
            }
            let bridged = known.get(&ways).copied().unwrap_or_else(|| bridged(&ways, &before));
            known.insert(ways, bridged);
            if !bridged {
                unbridged.push((principal, grant));
            }
        }
    }
    unbridged
}

fn bridged(ways: &[Way], before: impl Fn(Node, Node) -> bool) -> bool {
    let new = || ways.iter().filter_map(|way| way.needs.as_ref());
    let mut old = ways.iter().filter_map(|way| way.ends.as_ref());
    let bridges = |needs: &[Node], ends: &[Node]| {
        needs.iter().all(|first| ends.iter().all(|then| before(*first, *then)))
    };
    old.any(|ends| new().any(|needs| bridges(needs, ends)))
}

/// Returns, for each of these grants, the changes that its being there depends on.
pub(in crate::plan::order) fn sequences(
    draft: &Draft,
    grants: &[(PrincipalId, Packed)],
) -> Vec<BTreeSet<Node>> {
    let changed = Changed::of(draft);
    grants.iter().map(|(principal, grant)| changed.steps(draft, *principal, *grant)).collect()
}
