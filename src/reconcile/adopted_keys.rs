//! API keys that Terraform made, as slots that adopt them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::SignedDuration;

use crate::config::{TerraformHolds, TerraformState};
use crate::live::Live;
use crate::model::{
    Address, ApiKeyFacts, Delivery, Id, KeySlot, Marking, Place, Principal, Readout, SecretPlace, SlotName,
    Stack,
};

/// An API key that a slot adopts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedKey {
    /// The application.
    pub application: Address,
    /// The slot.
    pub slot: SlotName,
    /// The key, by its public half.
    pub access_key: String,
    /// Where the key that replaces it is delivered, in words.
    pub delivery: String,
    /// How long it stays once the other key is delivered.
    pub overlap: SignedDuration,
}

/// How long the keys of a slot live that takes in a key of Terraform, how long before its end one is replaced, and how long
/// the old one stays: long, because somebody has to change where its users read it.
const LIVES: [i64; 3] = [365 * 24, 120 * 24, 90 * 24];

/// The region of the secrets, because a Terraform state does not say where to deliver a key.
const REGION: &str = "fr-par";

/// Returns the application of a key that a slot can take in.
///
/// # Errors
/// Why none can.
pub(super) fn application_of(live: &Live, access_key: &str) -> Result<Address, String> {
    let keys = match &live.inventory.keys {
        Readout::Read(keys) => keys,
        Readout::Unread { why, helps } => {
            let helps = helps.map(|helps| format!("; needs {helps}")).unwrap_or_default();
            return Err(format!("the API keys could not be read ({why}){helps}"));
        }
    };
    let found = keys.iter().find(|key| key.access_key == access_key);
    let ApiKeyFacts { bearer, description, managed, .. } = found.ok_or("it is not in the organization")?;
    match bearer {
        Some(Principal::User(_)) => {
            Err("it is a person's, and files declare keys of applications".to_owned())
        }
        None => Err("the organization does not say whose it is".to_owned()),
        Some(Principal::Application(_)) if *managed => Err("a product manages it".to_owned()),
        Some(Principal::Application(_)) if Marking::of(description) != Marking::None => {
            Err("its description says that it belongs to a slot".to_owned())
        }
        Some(application) => Ok(application.address()),
    }
}

/// The slots for all keys of a state that can be adopted, by application, and the key that each adopts.
pub(super) fn slots(
    live: &Live,
    state: &TerraformState,
    stack: &Stack,
) -> (BTreeMap<Address, BTreeMap<SlotName, KeySlot>>, Vec<AdoptedKey>) {
    let mut slots: BTreeMap<Address, BTreeMap<SlotName, KeySlot>> = BTreeMap::new();
    let (mut places, mut keys) = (BTreeSet::new(), Vec::new());
    for resource in &state.resources {
        let TerraformHolds::ApiKey { access_key, name, default_project } = &resource.holds else { continue };
        let (Ok(application), Ok(adopt)) = (application_of(live, access_key), access_key.parse()) else {
            continue;
        };
        let of = slots.entry(application.clone()).or_default();
        let Some(slot) = free(&plain(name), |slot| !of.contains_key(slot)) else { continue };
        let organization = live.state.organization;
        let project = default_project.filter(|id| live.state.projects.contains_key(id));
        let project = project.unwrap_or(organization);
        let folder = plain(&application.key_text());
        let path = free(&folder, |folder| places.insert((folder.clone(), slot.clone())));
        let path = path.map_or_else(|| format!("/{stack}"), |folder| format!("/{stack}/{folder}"));
        let secret = SecretPlace {
            project,
            region: REGION.into(),
            path: path.as_str().into(),
            name: slot.as_str().into(),
        };
        let deliver = Delivery::SecretManager { secret, adopt: false };
        let [expires_after, rotate_before, overlap] = lives(live);
        keys.push(AdoptedKey {
            application: application.clone(),
            slot: slot.clone(),
            access_key: access_key.clone(),
            delivery: deliver.to_string(),
            overlap,
        });
        let slot_of = KeySlot {
            default_project: Some(project).filter(|id: &Id| *id != organization),
            expires_after,
            rotate_before,
            overlap,
            made_after: None,
            adopt: Some(adopt),
            previously: None,
            deliver: vec![deliver],
            at: Place { file: Path::new("").into(), line: 0, column: 0 },
        };
        of.insert(slot, slot_of);
    }
    (slots, keys)
}

/// The spans of a slot, cut short in proportion where the organization does not let keys live so long.
fn lives(live: &Live) -> [SignedDuration; 3] {
    let most = live.inventory.key_maximum.read().copied().flatten();
    let minutes = LIVES.map(|hours| hours * 60);
    let most = most.map_or(minutes[0], |most| most.as_mins()).min(minutes[0]);
    let cut = |span: i64| span * most / minutes[0];
    // Whole days where there are any.
    let even = |span: i64| if span >= 24 * 60 { span - span % (24 * 60) } else { span };
    minutes.map(|span| SignedDuration::from_mins(even(cut(span))))
}

/// Returns a name in the form of a slot name: lower-case letters, digits and dashes.
fn plain(name: &str) -> String {
    let dashed: String =
        name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    let short: String = parts.join("-").chars().take(MOST).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() { "key".to_owned() } else { short.to_owned() }
}

/// How long a name may be, with a number behind it.
const MOST: usize = 27;

/// Returns the first name that is free: this one, or with a number.
fn free(name: &str, mut takes: impl FnMut(&SlotName) -> bool) -> Option<SlotName> {
    let numbered = (2..1000).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find_map(|name| name.parse::<SlotName>().ok().filter(&mut takes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_resources_become_names_of_slots() {
        for (name, slot) in [("ci", "ci"), (r#"ci["a b"]"#, "ci-a-b"), ("CI_2[0]", "ci-2-0"), ("…", "key")]
        {
            assert_eq!(plain(name), slot);
            assert!(plain(name).parse::<SlotName>().is_ok(), "{name}");
        }
        assert_eq!(plain(&"a-".repeat(40)).len(), MOST);
        let mut taken: BTreeSet<SlotName> = BTreeSet::new();
        let mut next = || free("ci", |slot| taken.insert(slot.clone())).unwrap().to_string();
        assert_eq!([next(), next(), next()], ["ci", "ci-2", "ci-3"]);
    }
}
