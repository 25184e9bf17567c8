use std::collections::HashSet;

use super::alarm::{Alarm, Item};
use super::case::Case;
use crate::model::{Kind, Object, Quota, Readout};
use crate::plan::slot::{SlotPlan, SlotWork};
use crate::plan::{Step, StepId};

/// Refuses to create more objects than the organization may have. What could not be compared is only noted.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let quotas = match case.facts.guards?.quotas.as_ref()? {
        Readout::Read(quotas) => quotas,
        Readout::Unread { why, .. } => {
            return Some(shown(format!("the plan was not compared with the quotas: {why}")));
        }
    };
    let (mut found, mut over, mut items, mut unknown) = (0, Vec::new(), Vec::new(), Vec::new());
    for demand in of_kinds(case).chain(of_api_keys(case)) {
        let Demand { kind, most_at_once, creates } = demand;
        let nouns = kind.map_or("API keys", Kind::nouns);
        let limits = |quota: &&Quota| kind.map_or(quota.is_of_api_keys(), |kind| quota.is_of(kind));
        let Some(quota) = quotas.iter().find(limits) else {
            unknown.push(nouns);
            continue;
        };
        let most = quota.most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        if most_at_once > most {
            found += most_at_once - most;
            over.push(format!("{most_at_once} {nouns} (quota: {most})"));
            items.extend(creates);
        }
    }
    let unknown = (!unknown.is_empty())
        .then(|| format!("no quota is known for {}, so they were not compared", unknown.join(", ")));
    if over.is_empty() {
        return unknown.map(shown);
    }
    let unknown = unknown.map(|unknown| format!("; {unknown}")).unwrap_or_default();
    let message = format!("would need {} at once{unknown}", over.join(" and "));
    Some(Alarm { found, limit: 0, message, items, refuses: true })
}

fn shown(message: String) -> Alarm {
    Alarm { found: 1, limit: 0, message, items: Vec::new(), refuses: false }
}

/// How many objects of a kind a plan needs, for comparison with a quota.
struct Demand {
    /// The kind; `None` for API keys.
    kind: Option<Kind>,
    /// How many there can be while the plan is applied, in whichever order its edges allow.
    most_at_once: usize,
    creates: Vec<Item>,
}

fn of_kinds<'c>(case: &'c Case<'_>) -> impl Iterator<Item = Demand> + 'c {
    Kind::ALL.iter().filter_map(|kind| {
        let created =
            |step: &&Step| step.action.creates() == Some(*kind) && !case.pardons(&step.action.address());
        let creates: Vec<&Step> = case.steps.iter().filter(created).collect();
        if creates.is_empty() {
            return None;
        }
        let counts = |object: &&Object| object.kind() == *kind && !object.is_built_in();
        let there = case.alignment.before.objects.values().filter(counts).count();
        let most_at_once = there + creates.len() - deleted_before(case.steps, &creates, *kind);
        let creates = creates.iter().map(|step| Item::of(step.action.address())).collect();
        Some(Demand { kind: Some(*kind), most_at_once, creates })
    })
}

/// Returns how many of these creates wait for a delete of the same kind, each for one of its own.
fn deleted_before(steps: &[Step], creates: &[&Step], kind: Kind) -> usize {
    let step = |id: StepId| usize::try_from(id).ok().and_then(|id| steps.get(id.checked_sub(1)?));
    let deletes = |step: &Step| step.action.deletes().is_some_and(|address| address.kind() == kind);
    if !steps.iter().any(deletes) {
        return 0;
    }
    let mut taken = HashSet::new();
    let waits = |create: &&&Step| {
        let (mut seen, mut left) = (HashSet::new(), vec![create.id]);
        while let Some(at) = left.pop().and_then(step) {
            if deletes(at) && taken.insert(at.id) {
                return true;
            }
            left.extend(at.after.iter().map(|edge| edge.step).filter(|before| seen.insert(*before)));
        }
        false
    };
    creates.iter().filter(waits).count()
}

/// A key that replaces another one is there beside it until the overlap ends; what may go, goes first.
fn of_api_keys(case: &Case<'_>) -> Option<Demand> {
    let live = case.facts.keys.live?;
    let makes = |slot: &&SlotPlan| {
        slot.work.iter().any(|work| matches!(work, SlotWork::Make { .. })) && !case.pardons(&slot.application)
    };
    let slots: Vec<&SlotPlan> = case.keys.slots.iter().filter(makes).collect();
    if slots.is_empty() {
        return None;
    }
    let deleted = case.steps.iter().filter_map(|step| case.alignment.before.get(step.action.deletes()?));
    let with_applications: usize = deleted.map(|object| object.api_keys() as usize).sum();
    let gone = |work: &&SlotWork| matches!(work, SlotWork::Discard { .. } | SlotWork::Retire { .. });
    let cleared = case.keys.slots.iter().flat_map(|slot| &slot.work).filter(gone).count();
    let there = live.all.len().saturating_sub(with_applications + cleared);
    let item = |slot: &&SlotPlan| {
        Item::new(slot.application.clone(), format!("{}: a key for slot {}", slot.application, slot.slot))
    };
    let creates = slots.iter().map(item).collect();
    Some(Demand { kind: None, most_at_once: there + slots.len(), creates })
}
