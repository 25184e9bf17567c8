//! The objects that a plan is about, where it is not about all.

use std::collections::BTreeSet;

use super::resolve::resolve;
use super::{Error, PlanOptions, UnknownObject};
use crate::config::{Files, Resolved};
use crate::live::Live;
use crate::model::{Address, Desired, Key, People, near};
use crate::plan::Plan;

/// Resolves files as [`resolve()`] does, for a partial plan of the objects in the options.
pub(super) fn resolve_part(files: &Files, live: &Live, options: &PlanOptions) -> Result<Resolved, Error> {
    let mut resolved = resolve(files, live)?;
    if !options.only.is_empty() {
        let people = People::of(&live.state, Some(&live.ids));
        let known = |of: &Address| people.known(of).unwrap_or_else(|| of.clone());
        resolved.desired.only = Some(options.only.iter().map(known).collect());
    }
    Ok(resolved)
}

/// Returns the requested objects that neither the files nor the organization has: an empty plan would hide a typo.
pub(super) fn unknown(desired: &Desired, live: &Live) -> Vec<UnknownObject> {
    let exists = |of: &Address| {
        desired.state.has(of) || desired.guests.contains_key(of) || live.state.has(&live_name(desired, of))
    };
    let all = || desired.state.objects.keys().chain(desired.guests.keys()).chain(live.state.objects.keys());
    let unknown = desired.only.iter().flatten().filter(|of| !exists(of)).map(|of| {
        let alike: BTreeSet<String> =
            all().filter(|other| other.kind() == of.kind()).map(Address::text).collect();
        let object = of.text();
        let near = near(&object, alike.iter().map(String::as_str)).map(ToOwned::to_owned);
        UnknownObject { object, near }
    });
    unknown.collect()
}

/// Refuses a partial plan that would delete what nobody named, as what has the name that another object takes.
pub(super) fn deletes_only_what_was_asked(plan: &Plan, desired: &Desired) -> Result<(), Error> {
    let Some(only) = &desired.only else { return Ok(()) };
    let asked =
        |gone: &&Address| only.contains(*gone) || only.iter().any(|of| live_name(desired, of) == **gone);
    let mut deleted = plan.steps().iter().filter_map(|step| step.action.deletes());
    match deleted.find(|gone| !asked(gone)) {
        None => Ok(()),
        Some(gone) => {
            let title = gone.key().id().and_then(|id| plan.title(id)).map(|title| format!(" ({title})"));
            Err(Error::OnlyDeletes(format!("{gone}{}", title.unwrap_or_default())))
        }
    }
}

/// Returns the live address of an object in a project; on the live side, projects are named by id.
pub(super) fn live_name(desired: &Desired, of: &Address) -> Address {
    let Key::Child(child) = of.key() else { return of.clone() };
    let mut projects = desired.state.projects.iter();
    match projects.find(|(_, name)| Key::Project((*name).clone()) == child.parent) {
        Some((id, _)) => of.sibling(Key::child(Key::Id(*id), child.name.clone())),
        None => of.clone(),
    }
}
