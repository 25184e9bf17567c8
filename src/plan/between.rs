//! Compares, orders, rehearses and judges.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::thread;

use super::error::Error;
use super::facts::{Caller, Facts};
use super::guard::GuardOptions;
use super::slot::{KeyFacts, KeysPlan};
use super::step::{Edge, Step, StepId};
use super::summary::Summary;
use super::whole_plan::Plan;
use super::{administrators, align, blocked, diff, fill, guard, only, order, projects, readers, rehearse};
use crate::access;
use crate::model::{Desired, Id, Key, Kind, LiveKeys, OrganizationSettings, State};

/// Compares the live side with the desired one.
///
/// # Errors
/// When the files and the live side do not fit together ([`Error`]), or when the plan failed its own rehearsal.
pub fn between(facts: &Facts<'_>, desired: &Desired, options: &GuardOptions) -> Result<Plan, Error> {
    let named = projects::Named::of(facts, desired);
    let facts = &named.as_ref().map_or(*facts, |named| named.facts(facts));
    let mut matches = align::Matches::find(facts, desired)?;
    let (desired, partial) = only::narrow(facts, desired, &mut matches);
    let desired = desired.as_ref();
    let alignment = align::align(facts, desired, matches)?;
    let draft = diff::diff(&alignment);
    let caller = facts.caller.renamed(|live| alignment.rekeyed.get(live));
    let (world, before, after) =
        (Arc::clone(&draft.world), Arc::clone(&draft.before), Arc::clone(&draft.after));
    let (draft, ordered, rehearsal, access) = thread::scope(|scope| {
        // Who gains and who loses depends on no order.
        let changes = || access::changes(&world, (&before, &alignment.before), (&after, &alignment.outcome));
        let beside = thread::Builder::new().spawn_scoped(scope, changes);
        let (draft, ordered, rehearsal) = order_and_rehearse(&alignment, draft, &caller, desired)?;
        // Where the system has no thread left, it comes afterwards.
        let access = match beside {
            Ok(beside) => beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => changes(),
        };
        Ok((draft, ordered, rehearsal, access))
    })?;
    let steps = numbered(ordered);
    let summary = Summary::of(&steps, &alignment.adoptions);
    let live = facts.keys.live.map(|live| with_maximum(live, &alignment.outcome));
    let key_facts = KeyFacts { live: live.as_deref(), ..facts.keys };
    let mut keys = KeysPlan::of(&key_facts, desired, |of| alignment.ids.get(of), facts.now);
    let outcome = access::Everything::known(&alignment.outcome, &draft.world, &draft.after);
    keys.readers = readers::readers(&outcome, &keys, facts.now);
    let findings = guard::judge(&guard::Case {
        keys: &keys,
        facts,
        desired,
        options,
        caller: &caller,
        alignment: &alignment,
        draft: &draft,
        steps: &steps,
        access: &access,
        rehearsal: &rehearsal,
        pardoned: &BTreeSet::new(),
    });
    let titles = titles(facts, &alignment);
    let removed = steps.iter().filter_map(|step| step.action.deletes());
    let people_keys = removed
        .filter_map(|address| Some((address.clone(), alignment.people_keys(facts, address)?)))
        .collect();
    let blocked = blocked::blocked(&alignment, &draft, desired);
    let leftovers = blocked::leftovers(&alignment, desired, &steps);
    Ok(Plan {
        steps,
        ids: alignment.ids,
        titles,
        stack: desired.stack.clone(),
        partial,
        created_at: facts.now,
        access,
        interruptions: rehearsal.interruptions,
        adoptions: alignment.adoptions,
        blocked,
        leftovers,
        conflicts: alignment.conflicts,
        spared: alignment.spared,
        spent: alignment.spent,
        absent: Kind::ALL.iter().copied().filter(|kind| !desired.sections.contains(kind)).collect(),
        expiries: desired.expiries.clone(),
        missing: desired.missing.clone(),
        allow: desired.allow.clone(),
        findings,
        weaker: Vec::new(),
        keys,
        people_keys,
        summary,
        places: desired.places.clone(),
        live_keys: alignment.live_keys,
        organization_name: None,
        before: alignment.before,
        outcome: alignment.outcome,
    })
}

/// Puts the changes in order, and plays them on the model.
fn order_and_rehearse(
    alignment: &align::Alignment,
    draft: diff::Draft,
    caller: &Caller,
    desired: &Desired,
) -> Result<(diff::Draft, order::Ordered, rehearse::Rehearsal), Error> {
    let administrators = administrators::Administrators::of(&draft.world, &alignment.before);
    let least = desired.settings.min_iam_admins;
    let (draft, mut ordered) = order::order(alignment, draft, (&administrators, least))?;
    let caller = match caller {
        Caller::Known(principal) => draft.world.find(principal),
        Caller::Unresolved(_) => None,
    };
    fill::fill(alignment, &draft.world, &mut ordered).map_err(Error::Bug)?;
    let watched = rehearse::Watched { caller, administrators, least };
    let rehearsal = rehearse::run(alignment, &draft, &mut ordered, watched).map_err(Error::Bug)?;
    Ok((draft, ordered, rehearsal))
}

/// Returns the live API keys with the maximum lifetime after the steps, because keys are made after them.
fn with_maximum<'a>(live: &'a LiveKeys, outcome: &State) -> Cow<'a, LiveKeys> {
    let settings = outcome.find::<OrganizationSettings>(&Key::Only);
    let Some(most) = settings.and_then(|settings| settings.security.max_api_key_expiration) else {
        return Cow::Borrowed(live);
    };
    let longest_life = Some(most).filter(|most| !most.is_zero());
    if longest_life == live.longest_life {
        return Cow::Borrowed(live);
    }
    Cow::Owned(LiveKeys { longest_life, ..live.clone() })
}

/// The live names of objects that are keyed by their ids: those that always are, and those whose name another object takes.
pub(super) fn titles(facts: &Facts<'_>, alignment: &align::Alignment) -> HashMap<Id, String> {
    let mut titles = facts.titles.clone();
    let displaced = alignment.rekeyed.iter().filter(|(_, to)| to.key().id().is_some());
    titles.extend(displaced.filter_map(|(from, to)| Some((to.key().id()?, from.key().title()?.to_owned()))));
    titles
}

fn numbered(ordered: order::Ordered) -> Vec<Step> {
    let id = |at: usize| StepId::try_from(at + 1).unwrap_or(StepId::MAX);
    let steps = ordered.changes.into_iter().zip(ordered.after).enumerate();
    steps
        .map(|(at, (change, after))| Step {
            id: id(at),
            action: change.action,
            effect: change.effect,
            after: after.into_iter().map(|(first, reason)| Edge { step: id(first), reason }).collect(),
        })
        .collect()
}
