//! The keys of applications that this program delivered to secrets, for a report.
use futures::future::try_join_all;

use super::id::id_of;
use super::readout::allowed;
use super::{Error, api_keys};
use crate::api::{self, Client, ErrorKind, ListSecrets, Region, wire};
use crate::model::{
    ApiKeyFacts, DeliveredKey, Marking, Owner, Principal, Readout, SecretPlace, VersionState,
};

/// The regions of Secret Manager and Audit Trail. New ones have to be added here.
pub const REGIONS: [&str; 4] = ["fr-par", "it-mil", "nl-ams", "pl-waw"];

/// Reads which secrets hold keys that bear the mark of a slot. Without such a key no secret is read.
pub(super) async fn delivered_keys(
    client: &Client,
    keys: &[ApiKeyFacts],
) -> Result<Readout<Vec<DeliveredKey>>, Error> {
    if !keys.iter().any(|key| matches!(Marking::of(&key.description), Marking::Mark(_))) {
        return Ok(Readout::Read(Vec::new()));
    }
    let read = try_join_all(REGIONS.map(|region| of_region(client, region))).await;
    let found = match allowed(read, "the secrets", "/secrets", "SecretManagerReadOnly")? {
        Readout::Read(found) => found,
        Readout::Unread { why, helps } => return Ok(Readout::Unread { why, helps }),
    };
    let mut delivered = Vec::new();
    for SecretOfRegion { region, secret, versions } in found.iter().flatten() {
        for version in versions.iter().filter_map(api_keys::version) {
            let held =
                |key: &&ApiKeyFacts| version.key.as_ref().is_some_and(|held| held.as_str() == key.access_key);
            let key = keys.iter().find(held).filter(|_| version.state == VersionState::Enabled);
            if let Some(application @ Principal::Application(_)) = key.and_then(|key| key.bearer.clone()) {
                delivered.push(DeliveredKey { application, secret: place(region, secret)? });
            }
        }
    }
    delivered.sort();
    delivered.dedup();
    Ok(Readout::Read(delivered))
}

/// A secret of a stack, with its versions.
struct SecretOfRegion {
    region: Region,
    secret: wire::StoredSecret,
    versions: Vec<wire::SecretVersion>,
}

async fn of_region(client: &Client, region: &str) -> Result<Vec<SecretOfRegion>, api::Error> {
    let region: Region = region.parse().expect("the regions that are listed here are regions");
    let secrets = match client.list_secrets(&region, &ListSecrets::default()).all().await {
        Ok(secrets) => secrets,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let of_a_stack = |secret: &wire::StoredSecret| Owner::of_tags(secret.tags.iter().cloned()).0.is_some();
    let secrets = secrets.into_iter().filter(of_a_stack).map(|secret| {
        let (client, region) = (client, region.clone());
        async move {
            let versions = client.list_secret_versions(&region, &secret.id, &[]).all().await?;
            Ok::<_, api::Error>(SecretOfRegion { region, secret, versions })
        }
    });
    try_join_all(secrets).await
}

fn place(region: &Region, secret: &wire::StoredSecret) -> Result<SecretPlace, Error> {
    Ok(SecretPlace {
        project: id_of(secret.project_id.as_str())?,
        region: region.as_str().into(),
        path: secret.path.as_str().into(),
        name: secret.name.as_str().into(),
    })
}
