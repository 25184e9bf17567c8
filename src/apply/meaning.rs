//! The objects that determine the effect of a step, besides the one that it writes.

use std::collections::HashMap;
use std::sync::Arc;

use super::believed::Version;
use super::context::ApplyContext;
use super::found::{changed, relied_on, unseen};
use super::outcome::StepError;
use super::words::ChangedField;
use crate::api::wire::Bearer;
use crate::live::{self, LiveObject, api_id};
use crate::model::{Address, Attachment, Key, Kind, Object, OfKind as _, Policy};
use crate::plan::{Action, Effect, Step};

/// Reads the objects that determine the effect of a step, besides the one that it writes.
pub(super) async fn meaning(run: &ApplyContext<'_>, step: &Step) -> Result<(), StepError> {
    match &step.action {
        Action::AddMembers { group, .. } => what_it_gives(run, group).await,
        Action::Create { object: Object::Policy(it), .. } => who_gets_it(run, step, &it.attachment).await,
        Action::SetRules { .. } => {
            let attachment = run.believed(|believed| {
                let policy = believed.get(&step.action.address()).and_then(Policy::of);
                policy.map_or(Attachment::None, |policy| policy.attachment.clone())
            });
            who_gets_it(run, step, &attachment).await
        }
        Action::Update { .. } => match step.action.attaches() {
            Some(to) => who_gets_it(run, step, to).await,
            None => Ok(()),
        },
        Action::Delete { address, .. } if address.kind() == Kind::User => keys_as_planned(run, address).await,
        Action::Create { .. }
        | Action::RemoveMember { .. }
        | Action::SetMembers { .. }
        | Action::Delete { .. } => Ok(()),
    }
}

/// Reads the policies attached to a group before somebody joins it, because they get their access.
async fn what_it_gives(run: &ApplyContext<'_>, group: &Key) -> Result<(), StepError> {
    let candidates = || {
        run.believed(|believed| {
            let versions = |address: &Address| (address.clone(), believed.versions(address, None));
            believed.attached(group).map(versions).collect::<Vec<_>>()
        })
    };
    let before = candidates();
    let of_group = Address::group(group.clone());
    let all = run.all(Kind::Policy).await.map_err(unseen(&of_group))?;
    let mut found: Vec<(Address, LiveObject)> = Vec::new();
    for seen in all.iter().filter(|seen| attached_to(&seen.object, group)) {
        let seen = run.complete(seen.clone()).await.map_err(unseen(&of_group))?;
        let making = || run.believed(|believed| believed.being_made(&seen));
        let address = run.address_of(seen.id).or_else(making);
        found.push((address.unwrap_or_else(|| Address::policy(seen.id)), seen));
    }
    let (mut versions, now): (HashMap<_, _>, Vec<_>) = (before.into_iter().collect(), candidates());
    let attached = |version: &Version| version.object.as_ref().is_some_and(|it| attached_to(it, group));
    for (address, later) in now {
        let versions: &mut Vec<Version> = versions.entry(address.clone()).or_default();
        versions.extend(later);
        let found = found.iter().find(|(found, _)| *found == address);
        if found.is_none() && versions.iter().all(attached) {
            return Err(StepError::Detached { group: of_group, policy: address });
        }
    }
    for (address, seen) in found {
        let mut versions = versions.remove(&address).unwrap_or_default();
        versions.retain(attached);
        let Some(planned) = versions.first() else {
            return Err(StepError::Attached { group: of_group, policy: seen.title });
        };
        if !run.believed(|believed| believed.is_any(&versions, Some(&seen))) {
            return Err(changed(run, &address, planned, Some(&seen), None));
        }
    }
    Ok(())
}

/// Says whether an object is a policy of this group.
fn attached_to(object: &Object, group: &Key) -> bool {
    let attachment = Policy::of(object).map(|policy| &policy.attachment);
    matches!(attachment, Some(Attachment::Group(to)) if to == group)
}

/// Reads the members of the group that a policy is attached to, because they get its access.
async fn who_gets_it(run: &ApplyContext<'_>, step: &Step, to: &Attachment) -> Result<(), StepError> {
    let Attachment::Group(key) = to else { return Ok(()) };
    // The API does not list the members of a computed group.
    let computed = run.plan.outcome().group(key).is_some_and(|group| group.builtin.is_some());
    if step.effect == Effect::Revokes || computed {
        return Ok(());
    }
    relied_on(run, &Address::group(key.clone())).await
}

/// Counts the API keys of a person who is about to be removed: no answer about people has them, and a key that came since the
/// plan would end with the person unseen.
async fn keys_as_planned(run: &ApplyContext<'_>, address: &Address) -> Result<(), StepError> {
    let found = live::held_keys(&run.client(), Bearer::User(api_id(run.id_of(address)?))).await;
    let found = found.map_err(|error| unseen(address)(Arc::new(error)))?.number;
    let planned = run.plan.keys_that_go(address);
    if found <= planned {
        return Ok(());
    }
    let (planned_from, now) = (planned.to_string(), found.to_string());
    let change = ChangedField { field: "nb_api_keys", planned_from, now, desired: None };
    Err(StepError::Changed { address: address.clone(), changes: vec![change] })
}
