//! How old the API keys of the applications are, and how many people have.
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::Error;
use super::answers::notices;
use super::id::{api_id, id_of};
use super::notice::Notice;
use super::side::Live;
use crate::api::wire::{self, Bearer, Novel};
use crate::api::{Client, ListApiKeys};
use crate::model::{Address, Id, Ids, Kind};

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
    live.oldest_keys = oldest(&live.ids, &keys)?;
    live.people_keys = Some(of_people(&live.ids, &keys)?);
    Ok(notices(keys.iter().flat_map(Novel::novelties)))
}

/// Returns when the oldest key of each application was made.
fn oldest(ids: &Ids, keys: &[wire::ApiKey]) -> Result<HashMap<Address, Timestamp>, Error> {
    let mut oldest = HashMap::new();
    for key in keys {
        if let (Some(Bearer::Application(id)), Some(created_at)) = (&key.bearer, key.created_at)
            && let Some(address) = ids.address_of(id_of(id.as_str())?)
            && address.kind() == Kind::Application
        {
            let since: &mut Timestamp = oldest.entry(address.clone()).or_insert(created_at);
            *since = created_at.min(*since);
        }
    }
    Ok(oldest)
}

/// Reads how many API keys a person has.
///
/// # Errors
/// When they cannot be read.
pub async fn keys_of_person(client: &Client, id: Id) -> Result<usize, Error> {
    let list = ListApiKeys { bearer: Some(Bearer::User(api_id(id))), ..ListApiKeys::default() };
    let keys = client.list_api_keys(&list).all().await.map_err(Error::reading("the API keys"))?;
    // What the filter matches is not documented.
    let own = |key: &&wire::ApiKey| matches!(&key.bearer, Some(Bearer::User(of)) if id_of(of.as_str()).ok() == Some(id));
    Ok(keys.iter().filter(own).count())
}

/// Returns how many keys each person has.
fn of_people(ids: &Ids, keys: &[wire::ApiKey]) -> Result<HashMap<Address, u32>, Error> {
    let mut found = HashMap::new();
    for key in keys {
        if let Some(Bearer::User(id)) = &key.bearer
            && let Some(address) = ids.address_of(id_of(id.as_str())?)
            && address.kind() == Kind::User
        {
            *found.entry(address.clone()).or_default() += 1;
        }
    }
    Ok(found)
}

/// The API keys of a user or an application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldKeys {
    /// How many there are.
    pub number: u32,
    /// When the oldest one was made.
    pub oldest: Option<Timestamp>,
}

/// Reads the API keys of users and applications, by holder.
///
/// # Errors
/// When they cannot be read.
pub async fn held_keys(client: &Client, ids: &Ids) -> Result<BTreeMap<Address, HeldKeys>, Error> {
    let keys = client.list_api_keys(&ListApiKeys::default()).all().await;
    let keys = keys.map_err(Error::reading("the API keys"))?;
    let mut held: BTreeMap<Address, HeldKeys> = BTreeMap::new();
    for key in &keys {
        let id = match &key.bearer {
            Some(Bearer::Application(id)) => id_of(id.as_str())?,
            Some(Bearer::User(id)) => id_of(id.as_str())?,
            None => continue,
        };
        let Some(of) = ids.address_of(id) else { continue };
        let of = held.entry(of.clone()).or_default();
        of.number += 1;
        of.oldest = of.oldest.into_iter().chain(key.created_at).min();
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Key;

    #[test]
    fn the_oldest_key_of_an_application_is_found() {
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
        assert_eq!(oldest(&ids, &keys).unwrap(), HashMap::from([(ci, made)]));
    }
}
