//! From a Terraform state to the files of a stack that takes its objects over.

use std::collections::{BTreeMap, BTreeSet};

use super::adopted_keys::{AdoptedKey, application_of, slots};
use super::export::prove;
use super::{Error, Exported};
use crate::config::{ExportOptions, ExportPart, TerraformHolds, TerraformState};
use crate::live::Live;
use crate::model::{Address, Group, Principal, State};

/// The files of a stack that takes over what a Terraform state holds.
#[derive(Debug)]
pub struct TakenOver {
    /// The files, which adopt and change nothing else.
    pub exported: Exported,
    /// The resources that the files declare now, by their Terraform addresses.
    pub taken: Vec<String>,
    /// The resources that stay in Terraform, each with the reason.
    pub left: Vec<(String, String)>,
    /// The API keys that slots take in.
    pub keys: Vec<AdoptedKey>,
    /// The people whom the files name and do not declare, by their Terraform addresses: nothing manages them afterwards.
    pub people: Vec<(String, Address)>,
}

/// Writes what a Terraform state holds as the files of a stack: these objects, and no others.
///
/// # Errors
/// As [`super::export()`].
pub fn export_terraform(
    live: &Live,
    state: &TerraformState,
    options: &ExportOptions<'_>,
) -> Result<TakenOver, Error> {
    let mut part = ExportPart::default();
    let mut members: BTreeMap<Address, BTreeSet<Principal>> = BTreeMap::new();
    for resource in &state.resources {
        match &resource.holds {
            TerraformHolds::Object(id) => part.only.extend(live.ids.address_of(*id).cloned()),
            TerraformHolds::OpenGroup(id) => {
                let group = live.ids.address_of(*id).cloned();
                part.at_least.extend(group.clone());
                part.only.extend(group);
            }
            TerraformHolds::Membership { group, member } => {
                let group = live.ids.address_of(*group).cloned();
                let member = live.ids.address_of(*member).and_then(Address::principal);
                if let (Some(group), Some(member)) = (group, member) {
                    members.entry(group).or_default().insert(member);
                }
            }
            TerraformHolds::ApiKey { .. } | TerraformHolds::Unidentified | TerraformHolds::Other => {}
        }
    }
    let mut keys = Vec::new();
    if let Some(stack) = options.stack {
        (part.slots, keys) = slots(live, state, stack);
    }
    let mut narrowed = live.state.clone();
    for group in &part.at_least {
        let listed = members.get(group).cloned().unwrap_or_default();
        if let Some(group) = narrowed.find_mut::<Group>(group.key()) {
            group.members.retain(|member| listed.contains(member));
        }
    }
    let options = ExportOptions { part: Some(&part), ..*options };
    let exported = prove(&narrowed, live, &options)?;
    keys.retain(|key| exported.declared.contains(&key.application));
    let (mut taken, mut left, mut people) = (Vec::new(), Vec::new(), Vec::new());
    for resource in &state.resources {
        match stays(&resource.holds, (live, &narrowed), &exported.declared) {
            Ok(undeclared) => {
                people.extend(undeclared.map(|person| (resource.address.clone(), person)));
                taken.push(resource.address.clone());
            }
            Err(why) => left.push((resource.address.clone(), why)),
        }
    }
    Ok(TakenOver { exported, taken, left, keys, people })
}

/// Says whether the files declare the object of a resource; if they only refer to it, returns that object.
///
/// # Errors
/// Why Terraform keeps it.
fn stays(
    holds: &TerraformHolds,
    (live, written): (&Live, &State),
    declared: &BTreeSet<Address>,
) -> Result<Option<Address>, String> {
    let (id, what) = match holds {
        TerraformHolds::Object(id) | TerraformHolds::OpenGroup(id) => (*id, "it"),
        TerraformHolds::Membership { group, member: _ } => (*group, "its group"),
        TerraformHolds::ApiKey { access_key, .. } => {
            let application = application_of(live, access_key)?;
            return if declared.contains(&application) {
                Ok(None)
            } else {
                Err(format!("the files do not declare {application}"))
            };
        }
        TerraformHolds::Unidentified => return Err("the state does not say which object it is".to_owned()),
        TerraformHolds::Other => return Err("files do not declare this kind".to_owned()),
    };
    match live.ids.address_of(id) {
        None => Err(format!("{what} is not in the organization")),
        Some(address) if declared.contains(address) => Ok(None),
        // Files may name people that they do not declare.
        Some(address) if address.kind().named_undeclared() => {
            let refers = |of: &Address| written.get(of).is_some_and(|it| it.refers().contains(address));
            if declared.iter().any(refers) {
                Ok(Some(address.clone()))
            } else {
                Err(format!("the files do not refer to {address}"))
            }
        }
        Some(address) => Err(format!("the files do not declare {address}")),
    }
}
