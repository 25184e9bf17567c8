//! From a Terraform state to the files of a stack that takes its objects over.

use std::collections::{BTreeMap, BTreeSet};

use super::export::prove;
use super::{Error, Exported};
use crate::config::{ExportOptions, ExportPart, TerraformHolds, TerraformState};
use crate::live::Live;
use crate::model::{Address, Object, Principal};

/// The files of a stack that takes over what a Terraform state holds.
#[derive(Debug)]
pub struct TakenOver {
    /// The files, which adopt and change nothing else.
    pub exported: Exported,
    /// The resources that the files declare now, by their Terraform addresses.
    pub taken: Vec<String>,
    /// The resources that stay in Terraform, each with the reason.
    pub left: Vec<(String, String)>,
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
            TerraformHolds::ApiKey { .. } | TerraformHolds::Other => {}
        }
    }
    let mut narrowed = live.state.clone();
    for group in &part.at_least {
        let listed = members.get(group).cloned().unwrap_or_default();
        if let Some(Object::Group(group)) = narrowed.objects.get_mut(group) {
            group.members.retain(|member| listed.contains(member));
        }
    }
    let options = ExportOptions { part: Some(&part), ..*options };
    let exported = prove(&narrowed, live, &options)?;
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for resource in &state.resources {
        match stays(&resource.holds, live, &exported.declared) {
            None => taken.push(resource.address.clone()),
            Some(why) => left.push((resource.address.clone(), why)),
        }
    }
    Ok(TakenOver { exported, taken, left })
}

/// Returns why Terraform keeps a resource, or `None` when the files declare it.
fn stays(holds: &TerraformHolds, live: &Live, declared: &BTreeSet<Address>) -> Option<String> {
    let (id, what) = match holds {
        TerraformHolds::Object(id) | TerraformHolds::OpenGroup(id) => (*id, "it"),
        TerraformHolds::Membership { group, member: _ } => (*group, "its group"),
        TerraformHolds::ApiKey { .. } => return Some("API keys are not taken over from a state".to_owned()),
        TerraformHolds::Other => return Some("files do not declare this kind".to_owned()),
    };
    match live.ids.address_of(id) {
        None => Some(format!("{what} is not in the organization")),
        Some(address) if declared.contains(address) => None,
        Some(address) => Some(format!("the files do not declare {address}")),
    }
}
