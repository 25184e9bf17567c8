//! Keys that are made, and keys that an earlier run left unfinished.

use jiff::{SignedDuration, Timestamp};

use super::held_key::{Began, HeldKey, halves_of};
use super::outcome::SlotDone;
use super::store::Store;
use super::{Job, SeenKeys, SlotError, Worker, command, file, wire_application, wire_key};
use crate::api::ListApiKeys;
use crate::api::wire::{Bearer, CreateApiKey, Revision};
use crate::live::{self, api_id};
use crate::model::{AccessKeyId, Delivery, FoundSecret, KeyMark, KeyStage, LiveKey, Marking, VersionState};
use crate::plan::slot::MARGIN;

impl Worker<'_> {
    /// Makes a key, delivers it everywhere, and marks it.
    pub(super) async fn make(
        &self,
        job: Job<'_>,
        seen: &SeenKeys,
        done: &mut Vec<SlotDone>,
    ) -> Result<(), SlotError> {
        let mut stores = Vec::new();
        for place in job.slot.secrets() {
            stores.push(self.store(seen, place).await?);
        }
        let wanted = CreateApiKey {
            bearer: Bearer::Application(wire_application(job.application)),
            description: self.mark_of(job, KeyStage::New),
            expires_at: Some(self.expiry(job, seen)),
            default_project_id: job.slot.default_project.map(api_id),
        };
        let began = Began::now(self.time_there());
        let made = self.client.create_api_key(&wanted).await;
        let made = made.map_err(|source| SlotError::api("create a key", source))?;
        let key: AccessKeyId = made.key.access_key.as_str().parse().map_err(|_| SlotError::Changed)?;
        let mut held = HeldKey { key: key.clone(), secret: made.secret, began, sent: false };
        let noted = self.note_of(
            "made",
            &job.planned.application,
            Some(&job.planned.slot),
            ("make", Some(&key)),
            None,
        );
        let alone = match noted {
            Ok(()) => self.alone(job, seen, &key).await,
            Err(error) => Err(error),
        };
        let delivered = match alone {
            Ok(()) => self.deliver(job, &stores, &mut held, done).await,
            Err(error) => Err(error),
        };
        match delivered {
            Ok(()) => {
                done.push(SlotDone::Delivered(key));
                Ok(())
            }
            Err(error @ SlotError::Twin { .. }) => self.delete_key(&key).await.and(Err(error)),
            Err(error) if held.sent => Err(SlotError::Left { key, source: Box::new(error) }),
            Err(error) => match self.delete_key(&key).await {
                Ok(()) => Err(SlotError::Withdrawn(Box::new(error))),
                Err(_) => Err(SlotError::Left { key, source: Box::new(error) }),
            },
        }
    }

    /// Delivers a key of an earlier run to the end. Its secret half is read from a version that has it.
    pub(super) async fn finish(
        &self,
        job: Job<'_>,
        seen: &SeenKeys,
        key: &AccessKeyId,
        done: &mut Vec<SlotDone>,
    ) -> Result<(), SlotError> {
        let mut stores = Vec::new();
        let mut readable = None;
        for place in job.slot.secrets() {
            stores.push(self.store(seen, place).await?);
            let Some(FoundSecret::One(secret)) = seen.live.secrets.get(place) else { continue };
            let version = secret.of(key).find(|version| version.state == VersionState::Enabled);
            readable = readable.or(version.map(|version| (stores.len() - 1, version.revision)));
        }
        let (at, revision) = readable.ok_or(SlotError::Changed)?;
        let Store { place, region, id } = &stores[at];
        let read = self.client.access_secret_version(region, id, &Revision::from(revision)).await;
        let read =
            read.map_err(|source| SlotError::api("read the secret half of an unfinished key", source))?;
        let secret =
            halves_of(&read.data, key).ok_or_else(|| SlotError::Unconfirmed(format!("secret {place}")))?;
        let mut held = HeldKey { key: key.clone(), secret, began: Began::now(self.time_there()), sent: true };
        let delivered = self.deliver(job, &stores, &mut held, done).await;
        delivered.map_err(|source| SlotError::Left { key: key.clone(), source: Box::new(source) })?;
        done.push(SlotDone::Delivered(key.clone()));
        Ok(())
    }

    /// Returns what time it is where the API is, by its last answer.
    fn time_there(&self) -> Option<Timestamp> {
        Timestamp::now().checked_add(self.client.clock_ahead()?).ok()
    }

    fn mark_of(&self, job: Job<'_>, stage: KeyStage) -> String {
        KeyMark { slot: job.planned.slot.clone(), stage }.to_string()
    }

    fn expiry(&self, job: Job<'_>, seen: &SeenKeys) -> Timestamp {
        let longest =
            seen.live.longest_life.map_or(SignedDuration::MAX, |longest| longest.saturating_sub(MARGIN));
        let life = job.slot.expires_after.min(longest);
        self.options.now.saturating_add(life).unwrap_or(Timestamp::MAX)
    }

    /// Looks whether another run made a key of the slot, right after this one did. Of two the younger goes.
    async fn alone(&self, job: Job<'_>, seen: &SeenKeys, mine: &AccessKeyId) -> Result<(), SlotError> {
        let bearer = Some(Bearer::Application(wire_application(job.application)));
        let listed = self.client.list_api_keys(&ListApiKeys { bearer, ..ListApiKeys::default() }).all().await;
        let listed = listed.map_err(|source| SlotError::api("list the keys again", source))?;
        let keys: Result<Vec<LiveKey>, _> = listed.iter().map(live::key_of).collect();
        let keys = keys.map_err(SlotError::Unseen)?;
        let own = keys.iter().find(|key| key.access_key == *mine);
        let own = own.ok_or_else(|| SlotError::Touched(mine.clone()))?;
        let known = |key: &LiveKey| seen.plan.keys.iter().any(|it| it.access_key == key.access_key);
        let of_slot = |key: &&LiveKey| key.marking.mark().is_some_and(|mark| mark.slot == job.planned.slot);
        let others = keys.iter().filter(of_slot).filter(|key| key.access_key != *mine && !known(key));
        let first = others.into_iter().find(|key| {
            let marked = key.marking.mark().is_some_and(|mark| mark.stage != KeyStage::New);
            marked || key.age() < own.age()
        });
        match first {
            None => Ok(()),
            Some(other) => Err(SlotError::Twin { mine: mine.clone(), other: other.access_key.clone() }),
        }
    }

    /// Delivers a key everywhere, Secret Manager first, and marks it.
    async fn deliver(
        &self,
        job: Job<'_>,
        stores: &[Store<'_>],
        held: &mut HeldKey,
        done: &mut Vec<SlotDone>,
    ) -> Result<(), SlotError> {
        let (key, halves) = (held.key.clone(), held.halves());
        for store in stores {
            self.deliver_version(job, store, held, &halves, done).await?;
        }
        for delivery in &job.slot.deliver {
            match delivery {
                Delivery::SecretManager { .. } => {}
                Delivery::File(path) => {
                    self.still(job, held).await?;
                    let folder = self.options.tools.folder.as_deref().ok_or(SlotError::Changed)?;
                    held.sent = true;
                    file::deliver(folder, path, &halves)?;
                }
                Delivery::Command(label) => {
                    self.still(job, held).await?;
                    let words = self.options.tools.commands.get(label).ok_or(SlotError::Changed)?;
                    let (started, ended) = command::deliver(label.as_str(), words, &held.input(job)).await;
                    held.sent |= started;
                    ended?;
                }
            }
        }
        self.still(job, held).await?;
        let mark = KeyMark { slot: job.planned.slot.clone(), stage: KeyStage::Ok(self.options.now) };
        held.sent = true;
        self.mark(&key, &mark).await
    }

    /// Reads the key again, and starts nothing once it is not this run's any more, or too old.
    pub(super) async fn still(&self, job: Job<'_>, held: &HeldKey) -> Result<(), SlotError> {
        let seen = self.client.get_api_key(&wire_key(&held.key)?).await;
        // Only now, since the answer may have taken its time.
        if held.began.is_long_ago(self.time_there()) {
            return Err(SlotError::TooLate(held.key.clone()));
        }
        let seen = match seen {
            Err(error) if error.kind() == crate::api::ErrorKind::NotFound => {
                return Err(SlotError::Touched(held.key.clone()));
            }
            seen => seen.map_err(|source| SlotError::api("read the key again", source))?,
        };
        let mark = KeyMark { slot: job.planned.slot.clone(), stage: KeyStage::New };
        if Marking::of(&seen.description) == Marking::Mark(mark) {
            Ok(())
        } else {
            Err(SlotError::Touched(held.key.clone()))
        }
    }
}
