//! Keys that are delivered to Secret Manager.
use super::held_key::HeldKey;
use super::outcome::SlotDone;
use super::{Job, SeenKeys, SlotError, Worker};
use crate::api::wire::{CreateSecret, CreateSecretVersion, Revision, SecretKind};
use crate::api::{ErrorKind, ListSecrets, Region, SecretBytes, SecretId};
use crate::live::{self, api_id};
use crate::model::{AccessKeyId, FoundSecret, LiveSecret, SecretPlace, VersionState, version_description};
use crate::plan::slot::MOST_VERSIONS;

/// A secret that is there.
pub(super) struct Store<'a> {
    pub(super) place: &'a SecretPlace,
    pub(super) region: Region,
    pub(super) id: SecretId,
}

impl Worker<'_> {
    /// Returns a secret that was seen.
    pub(super) fn stored<'p>(
        &self,
        place: &'p SecretPlace,
        secret: &LiveSecret,
    ) -> Result<Store<'p>, SlotError> {
        let region = place.region.parse().map_err(|_| SlotError::Changed)?;
        let id = secret.id.parse().map_err(|_| SlotError::Changed)?;
        Ok(Store { place, region, id })
    }

    /// Returns the secret at a place, and makes it where there is none.
    pub(super) async fn store<'p>(
        &self,
        seen: &SeenKeys,
        place: &'p SecretPlace,
    ) -> Result<Store<'p>, SlotError> {
        match seen.live.secrets.get(place) {
            Some(FoundSecret::One(secret)) => self.stored(place, secret),
            Some(FoundSecret::None) => self.create_secret(place).await,
            Some(FoundSecret::Several(_)) | None => Err(SlotError::Changed),
        }
    }

    /// Makes a secret. Two of one place are not refused by the API, so that the list tells whether another run made one too.
    async fn create_secret<'p>(&self, place: &'p SecretPlace) -> Result<Store<'p>, SlotError> {
        let region: Region = place.region.parse().map_err(|_| SlotError::Changed)?;
        let wanted = CreateSecret {
            project_id: api_id(place.project),
            name: place.name.to_string(),
            path: place.path.to_string(),
            tags: vec![format!("scw-iam={}", self.options.stack)],
            description: String::new(),
            kind: SecretKind::KeyValue,
            protected: false,
        };
        let made = match self.client.create_secret(&region, &wanted).await {
            Ok(made) => Some(made.id),
            Err(error) if error.may_have_happened() => None,
            Err(error) => return Err(SlotError::api("create the secret", error)),
        };
        let list = ListSecrets {
            project_id: Some(api_id(place.project)),
            name: Some(place.name.to_string()),
            path: Some(place.path.to_string()),
            ..ListSecrets::default()
        };
        let listed = self.client.list_secrets(&region, &list).all().await;
        let mut listed = listed.map_err(|source| SlotError::api("list the secrets", source))?;
        listed.retain(|it| {
            *it.name == *place.name && *it.path == *place.path && it.deletion_requested_at.is_none()
        });
        listed.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let Some(oldest) = listed.first() else { return Err(SlotError::Changed) };
        match made {
            Some(made) if made != oldest.id => {
                self.delete_empty(&region, &made).await?;
                Err(SlotError::SecretTwin(place.to_string()))
            }
            // Without an answer nobody knows whose the secret is.
            None if listed.len() > 1 => Err(SlotError::SecretTwin(place.to_string())),
            Some(_) | None => Ok(Store { place, region, id: oldest.id.clone() }),
        }
    }

    /// Deletes secrets that have the place of another one and hold nothing, which is read again right before.
    pub(super) async fn deduplicate(&self, place: &SecretPlace, empty: &[String]) -> Result<(), SlotError> {
        let region: Region = place.region.parse().map_err(|_| SlotError::Changed)?;
        for id in empty {
            let found = live::live_secret(self.client, place).await.map_err(SlotError::Unseen)?;
            let FoundSecret::One(secret) = found else { return Err(SlotError::Changed) };
            let Some(twin) = secret.twins.iter().find(|twin| twin.id == *id) else { continue };
            let id = twin.id.parse().map_err(|_| SlotError::Changed)?;
            self.delete_empty(&region, &id).await?;
        }
        Ok(())
    }

    async fn delete_empty(&self, region: &Region, id: &SecretId) -> Result<(), SlotError> {
        match self.client.delete_secret(region, id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            deleted => deleted.map_err(|source| SlotError::api("delete the second secret", source)),
        }
    }

    /// Adds a version with a key to a secret, unless its newest one has the key, and confirms it by reading it back.
    pub(super) async fn deliver_version(
        &self,
        job: Job<'_>,
        store: &Store<'_>,
        held: &mut HeldKey,
        data: &SecretBytes,
        done: &mut Vec<SlotDone>,
    ) -> Result<(), SlotError> {
        let key = held.key.clone();
        let secret = self.secret_now(store).await?;
        let giving = secret.as_ref().filter(|secret| secret.gives(&key));
        let revision = match giving.and_then(|secret| secret.versions.first()) {
            Some(newest) => newest.revision,
            None if secret.as_ref().is_some_and(|secret| secret.versions.len() >= MOST_VERSIONS) => {
                return Err(SlotError::Full(store.place.to_string()));
            }
            None => {
                // Last, so that nothing comes between: the key may be gone once the secret is read.
                self.still(job, held).await?;
                self.add_version(store, &key, data, &mut held.sent).await?
            }
        };
        held.sent = true;
        match self.client.access_secret_version(&store.region, &store.id, &Revision::from(revision)).await {
            Ok(read) if read.data.expose() == data.expose() => Ok(()),
            Ok(_) => Err(SlotError::Unconfirmed(format!("secret {}", store.place))),
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                let there = self.secret_now(store).await?.is_some_and(|secret| secret.gives(&key));
                if !there {
                    return Err(SlotError::Unconfirmed(format!("secret {}", store.place)));
                }
                done.push(SlotDone::Unread(store.place.to_string()));
                Ok(())
            }
            Err(error) => Err(SlotError::api("read the version back", error)),
        }
    }

    async fn add_version(
        &self,
        store: &Store<'_>,
        key: &AccessKeyId,
        data: &SecretBytes,
        sent: &mut bool,
    ) -> Result<u32, SlotError> {
        let version = CreateSecretVersion { data: data.clone(), description: version_description(key) };
        match self.client.create_secret_version(&store.region, &store.id, &version).await {
            Ok(version) => {
                *sent = true;
                Ok(version.revision.number())
            }
            Err(error) if error.may_have_happened() => {
                *sent = true;
                let secret = self.secret_now(store).await?;
                let version = secret.as_ref().and_then(|secret| {
                    secret
                        .of(key)
                        .find(|version| version.state == VersionState::Enabled)
                        .map(|it| it.revision)
                });
                version.ok_or(SlotError::api("add a version to the secret", error))
            }
            Err(error) => Err(SlotError::api("add a version to the secret", error)),
        }
    }

    /// Reads a secret again; `None` where it is not there any more, or not alone.
    pub(super) async fn secret_now(&self, store: &Store<'_>) -> Result<Option<LiveSecret>, SlotError> {
        let found = live::live_secret(self.client, store.place).await.map_err(SlotError::Unseen)?;
        match found {
            FoundSecret::One(secret) if secret.id == store.id.as_str() => Ok(Some(secret)),
            FoundSecret::One(_) | FoundSecret::None | FoundSecret::Several(_) => Ok(None),
        }
    }
}
