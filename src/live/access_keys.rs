//! Which API keys the applications have.
use std::collections::BTreeMap;

use super::Error;
use super::answers::notices;
use super::id::id_of;
use super::notice::Notice;
use super::side::Live;
use crate::api::wire::{Bearer, Novel};
use crate::api::{Client, ListApiKeys};
use crate::model::{Address, Kind};

/// Reads the access keys of all applications, sorted; with what to tell about the answers, each once.
///
/// It is one of the slowest lists, so that a refresh leaves it out.
///
/// # Errors
/// When the API keys cannot be read.
pub async fn access_keys(
    client: &Client,
    live: &Live,
) -> Result<(BTreeMap<Address, Vec<String>>, Vec<Notice>), Error> {
    let keys = client.list_api_keys(&ListApiKeys::default()).all().await;
    let keys = keys.map_err(Error::reading("the API keys"))?;
    let mut found: BTreeMap<Address, Vec<String>> = BTreeMap::new();
    for key in &keys {
        if let Some(Bearer::Application(id)) = &key.bearer
            && let Some(address) = live.ids.address_of(id_of(id.as_str())?)
            && address.kind() == Kind::Application
        {
            found.entry(address.clone()).or_default().push(key.access_key.to_string());
        }
    }
    found.values_mut().for_each(|keys| keys.sort_unstable());
    Ok((found, notices(keys.iter().flat_map(Novel::novelties))))
}
