//! The API keys of applications by slot, and the secrets that hold them.
use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::id::id_of;
use crate::api::wire::{self, Bearer, SecretVersionStatus};
use crate::api::{Client, ErrorKind, ListApiKeys, ListSecrets, ProjectId, Region};
use crate::model::{
    AccessKeyId, EmptySecret, FoundSecret, LiveKey, LiveKeys, LiveSecret, LiveVersion, Marking, Owner,
    SecretPlace, VersionState, version_key,
};

/// Reads the keys of all applications, and what stands where they are delivered to.
///
/// The secrets come first: the key of a version that was seen was made before, so that it is in a list that is asked for
/// afterwards unless it is gone.
///
/// # Errors
/// When a list cannot be read. Without the permission to read the organization's security settings no maximum is known.
pub async fn live_keys(
    client: &Client,
    places: impl IntoIterator<Item = &SecretPlace>,
) -> Result<LiveKeys, Error> {
    let mut found = LiveKeys::default();
    let settings = async {
        match client.get_security_settings().await {
            Ok(settings) => Ok(settings.max_api_key_expiration_duration.filter(|longest| !longest.is_zero())),
            Err(error) if error.kind() == ErrorKind::Forbidden => Ok(None),
            Err(error) => Err(Error::reading("the security settings")(error)),
        }
    };
    let secrets = async {
        let mut secrets = Vec::new();
        for place in places {
            secrets.push((place.clone(), live_secret(client, place).await?));
        }
        Ok::<_, Error>(secrets)
    };
    let (longest_life, secrets): (Option<SignedDuration>, _) = tokio::try_join!(settings, secrets)?;
    (found.longest_life, found.secrets) = (longest_life, secrets.into_iter().collect());
    let keys = client.list_api_keys(&ListApiKeys::default()).all().await;
    for key in &keys.map_err(Error::reading("the API keys"))? {
        let key_id = access_key(key)?;
        found.all.insert(key_id.clone());
        let Some(Bearer::Application(id)) = &key.bearer else { continue };
        found.applications.entry(id_of(id.as_str())?).or_default().push(live_key(key, key_id)?);
    }
    found.applications.values_mut().for_each(|keys| keys.sort_by(|a, b| a.age().cmp(&b.age())));
    Ok(found)
}

fn access_key(key: &wire::ApiKey) -> Result<AccessKeyId, Error> {
    let parsed = key.access_key.as_str().parse();
    parsed.map_err(|why| Error::shape(format!("the API key `{}`", key.access_key), &why))
}

/// Turns an answer into a key.
///
/// # Errors
/// When it does not say when the key was made.
pub fn key_of(key: &wire::ApiKey) -> Result<LiveKey, Error> {
    live_key(key, access_key(key)?)
}

fn live_key(key: &wire::ApiKey, access_key: AccessKeyId) -> Result<LiveKey, Error> {
    let what = || format!("the API key `{access_key}`");
    let created_at: Option<Timestamp> = key.created_at;
    let created_at =
        created_at.ok_or_else(|| Error::shape(what(), &"it does not say when it was created"))?;
    Ok(LiveKey {
        created_at,
        expires_at: key.expires_at,
        marking: Marking::of(&key.description),
        ordinary: key.editable && key.deletable && !key.managed,
        access_key,
    })
}

/// Reads what stands at the place of a secret, with its versions. The filters of the list are not trusted to be exact.
///
/// # Errors
/// When a list cannot be read.
pub async fn live_secret(client: &Client, place: &SecretPlace) -> Result<FoundSecret, Error> {
    let what = || format!("secret {place}");
    let region: Region = place.region.parse().map_err(|why| Error::shape(what(), &why))?;
    let project: ProjectId = super::api_id(place.project);
    let list = ListSecrets {
        project_id: Some(project.clone()),
        name: Some(place.name.to_string()),
        path: Some(place.path.to_string()),
        ..ListSecrets::default()
    };
    let listed = client.list_secrets(&region, &list).all().await.map_err(Error::reading(what()))?;
    let meant = |it: &&wire::StoredSecret| {
        it.project_id == project
            && *it.name == *place.name
            && *it.path == *place.path
            && it.deletion_requested_at.is_none()
    };
    let mut found = Vec::new();
    for secret in listed.iter().filter(meant) {
        found.push((secret, live_stored(client, place, &region, secret).await?));
    }
    Ok(one_of(found))
}

/// Returns the secret of a place. Several can be told apart where all are this stack's and at most one holds anything: then it is
/// that one, or the oldest, which is the one that every run takes.
fn one_of(mut found: Vec<(&wire::StoredSecret, LiveSecret)>) -> FoundSecret {
    found.sort_by(|(a, _), (b, _)| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let several = FoundSecret::Several(found.len());
    let used: Vec<usize> = (0..found.len()).filter(|at| !found[*at].1.versions.is_empty()).collect();
    let chosen = match (found.len(), used.as_slice()) {
        (0, _) => return FoundSecret::None,
        (1, _) | (_, []) => 0,
        (_, [used]) => *used,
        (_, [_, _, ..]) => return several,
    };
    let (_, mut secret) = found.remove(chosen);
    for (twin, LiveSecret { id, owner, .. }) in found {
        let ours = owner.is_some() && owner == secret.owner && !twin.protected && !twin.managed;
        let Some(created_at) = twin.created_at.filter(|_| ours) else { return several };
        secret.twins.push(EmptySecret { id, created_at });
    }
    FoundSecret::One(secret)
}

async fn live_stored(
    client: &Client,
    place: &SecretPlace,
    region: &Region,
    secret: &wire::StoredSecret,
) -> Result<LiveSecret, Error> {
    let what = || format!("secret {place}");
    let versions = client.list_secret_versions(region, &secret.id, &[]).all().await;
    let mut versions: Vec<LiveVersion> = versions
        .map_err(Error::reading(format!("the versions of {}", what())))?
        .iter()
        .filter_map(version)
        .collect();
    versions.sort_by_key(|version| std::cmp::Reverse(version.revision));
    let owner = match Owner::of_tags(secret.tags.iter().cloned()).0 {
        None => None,
        Some(Owner::Stack(stack)) => Some(stack),
        // Nobody may take what several claim.
        Some(Owner::Unclear(_)) => return Err(Error::shape(what(), &"its tags name several stacks")),
    };
    Ok(LiveSecret { id: secret.id.to_string(), owner, versions, twins: Vec::new() })
}

pub(super) fn version(version: &wire::SecretVersion) -> Option<LiveVersion> {
    let state = match &version.status {
        SecretVersionStatus::Enabled => VersionState::Enabled,
        SecretVersionStatus::ScheduledForDeletion => VersionState::Going,
        SecretVersionStatus::Deleted => return None,
        // What this version does not know cannot be read, as far as anybody can tell.
        SecretVersionStatus::Disabled
        | SecretVersionStatus::Unspecified
        | SecretVersionStatus::Unknown(_) => VersionState::Disabled,
    };
    Some(LiveVersion { revision: version.revision.number(), state, key: version_key(&version.description) })
}
