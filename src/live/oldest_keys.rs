//! How old the API keys of the applications are, and how many people have.
use std::collections::HashMap;

use jiff::Timestamp;

use super::Error;
use super::answers::notices;
use super::id::id_of;
use super::notice::Notice;
use super::side::Live;
use crate::api::wire::{self, Bearer, Novel};
use crate::api::{Client, ListApiKeys};
use crate::model::{Address, Id, Ids, Kind};

/// The API keys of a user or an application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldKeys {
    /// How many there are.
    pub number: u32,
    /// When the oldest one was made.
    pub oldest: Option<Timestamp>,
}

/// Reads when the oldest API key of each application was made, into [`Live::oldest_keys`], and how many each person has, into
/// [`Live::people_keys`].
///
/// Only an adoption and a removal of people ask for it, and it is one of the slowest lists, so that a refresh leaves it out. Returns what to tell
/// about the answers, each once.
///
/// # Errors
/// When the API keys cannot be read.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (_emulator, client) = example().await?;
/// use scw_iam::live::{self, LiveNeeds};
///
/// let organization = client.organization().as_str().parse()?;
/// let mut live = live::refresh(&client, organization, &LiveNeeds::default()).await?;
/// live::oldest_keys(&client, &mut live).await?;
/// assert_eq!(live.oldest_keys.len(), 1);
/// # Ok(()) }
/// ```
pub async fn oldest_keys(client: &Client, live: &mut Live) -> Result<Vec<Notice>, Error> {
    let keys = client.list_api_keys(&ListApiKeys::default()).all().await;
    let keys = keys.map_err(Error::reading("the API keys"))?;
    let held = by_holder(&live.ids, &keys)?;
    let of = |kind: Kind| held.iter().filter(move |(address, _)| address.kind() == kind);
    let oldest = of(Kind::Application).filter_map(|(of, keys)| Some((of.clone(), keys.oldest?)));
    live.oldest_keys = oldest.collect();
    live.people_keys = Some(of(Kind::User).map(|(of, keys)| (of.clone(), keys.number)).collect());
    Ok(notices(keys.iter().flat_map(Novel::novelties)))
}

/// Reads the API keys of one user or application.
///
/// # Errors
/// When they cannot be read.
pub async fn held_keys(client: &Client, bearer: Bearer) -> Result<HeldKeys, Error> {
    let wanted = holder(&bearer)?;
    let list = ListApiKeys { bearer: Some(bearer), ..ListApiKeys::default() };
    let keys = client.list_api_keys(&list).all().await.map_err(Error::reading("the API keys"))?;
    let mut held = HeldKeys::default();
    for key in &keys {
        // What the filter matches is not documented.
        if key.bearer.as_ref().map(holder).transpose()? == Some(wanted) {
            held.add(key);
        }
    }
    Ok(held)
}

impl HeldKeys {
    fn add(&mut self, key: &wire::ApiKey) {
        self.number += 1;
        self.oldest = self.oldest.into_iter().chain(key.created_at).min();
    }
}

fn holder(bearer: &Bearer) -> Result<(Kind, Id), Error> {
    Ok(match bearer {
        Bearer::User(id) => (Kind::User, id_of(id.as_str())?),
        Bearer::Application(id) => (Kind::Application, id_of(id.as_str())?),
    })
}

/// Counts the API keys of each user and application.
fn by_holder(ids: &Ids, keys: &[wire::ApiKey]) -> Result<HashMap<Address, HeldKeys>, Error> {
    let mut held: HashMap<Address, HeldKeys> = HashMap::new();
    for key in keys {
        let Some((kind, id)) = key.bearer.as_ref().map(holder).transpose()? else { continue };
        if let Some(of) = ids.address_of(id).filter(|address| address.kind() == kind) {
            held.entry(of.clone()).or_default().add(key);
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Key;

    #[test]
    fn the_keys_of_an_application_are_counted() {
        let id = |number: u128| Id::from_bits(number).to_string();
        let key = |number: u32, bearer: Value, created_at: &str| -> wire::ApiKey {
            let mut key = json!({
                "access_key": format!("SCW{number:017}"), "description": "", "created_at": created_at, "updated_at": null,
                "expires_at": null, "default_project_id": id(9), "editable": true, "deletable": true,
                "managed": false, "creation_ip": "",
            });
            key.as_object_mut().unwrap().extend(bearer.as_object().unwrap().clone());
            serde_json::from_value(key).unwrap()
        };
        let ci = Address::application(Key::Named("ci".parse().unwrap()));
        let mut ids = Ids::default();
        ids.insert(ci.clone(), Id::from_bits(1));
        let keys = [
            key(1, json!({"application_id": id(1)}), "2026-01-02T00:00:00Z"),
            key(2, json!({"application_id": id(1)}), "2025-01-02T00:00:00Z"),
            key(3, json!({"user_id": id(1)}), "2020-01-02T00:00:00Z"),
            key(4, json!({"application_id": id(3)}), "2020-01-02T00:00:00Z"),
        ];
        let made = "2025-01-02T00:00:00Z".parse().unwrap();
        let held = HeldKeys { number: 2, oldest: Some(made) };
        assert_eq!(by_holder(&ids, &keys).unwrap(), HashMap::from([(ci, held)]));
    }
}
