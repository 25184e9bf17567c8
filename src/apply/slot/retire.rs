//! Keys that another one has replaced, and versions whose key is gone.
use super::{Job, SeenKeys, SlotError, Worker};
use crate::api::ErrorKind;
use crate::api::wire::Revision;
use crate::model::{AccessKeyId, FoundSecret, SecretPlace, VersionState};

use super::store::Store;

impl Worker<'_> {
    /// Disables the versions that hold a key, deletes the key, and then the versions.
    pub(super) async fn retire(
        &self,
        job: Job<'_>,
        seen: &SeenKeys,
        key: &AccessKeyId,
    ) -> Result<(), SlotError> {
        let mut versions = Vec::new();
        for place in job.slot.secrets() {
            let Some(FoundSecret::One(secret)) = seen.live.secrets.get(place) else { continue };
            let store = self.stored(place, secret)?;
            for version in secret.of(key).filter(|version| version.state != VersionState::Going) {
                if version.state == VersionState::Enabled {
                    self.disable(&store, version.revision).await?;
                }
                versions.push((place, secret, version.revision));
            }
        }
        self.delete_key(key).await?;
        for (place, secret, revision) in versions {
            self.delete_version(&self.stored(place, secret)?, revision).await?;
        }
        Ok(())
    }

    /// Takes away versions whose key is gone.
    pub(super) async fn sweep(
        &self,
        seen: &SeenKeys,
        place: &SecretPlace,
        disable: &[u32],
        delete: &[u32],
    ) -> Result<(), SlotError> {
        let Some(FoundSecret::One(secret)) = seen.live.secrets.get(place) else {
            return Err(SlotError::Changed);
        };
        let store = self.stored(place, secret)?;
        for revision in disable {
            self.disable(&store, *revision).await?;
        }
        for revision in delete {
            self.delete_version(&store, *revision).await?;
        }
        Ok(())
    }

    async fn disable(&self, store: &Store<'_>, revision: u32) -> Result<(), SlotError> {
        let disabled =
            self.client.disable_secret_version(&store.region, &store.id, &Revision::from(revision)).await;
        disabled.map(drop).map_err(|source| SlotError::api("disable the old version", source))
    }

    async fn delete_version(&self, store: &Store<'_>, revision: u32) -> Result<(), SlotError> {
        match self.client.delete_secret_version(&store.region, &store.id, &Revision::from(revision)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            deleted => deleted.map_err(|source| SlotError::api("delete the old version", source)),
        }
    }
}
