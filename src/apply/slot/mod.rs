//! The work of slots: keys are made, delivered, confirmed, marked, and the old ones taken away.
//!
//! What a slot needs is asked once more of [`assess`] right before it is done, of what is live by then, and only what the
//! plan said is done. A secret half is in memory from the answer that has it until its last delivery, and nowhere else.

mod command;
mod error;
mod file;
mod held_key;
mod make;
mod outcome;
mod retire;
mod store;
mod tools;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;

pub use self::error::SlotError;
pub use self::outcome::{KeysOutcome, SlotDone, SlotOutcome};
pub use self::tools::{BadCommand, DeliveryCommand, DeliveryTools};
use super::{Journal, Stop, StopSignal};
use crate::api::Client;
use crate::live::{self, api_id};
use crate::model::{
    AccessKeyId, Address, Id, Ids, KeyMark, KeySlot, KeyStage, LiveKeys, Marking, SlotName, Stack,
};
use crate::plan::slot::{KeysPlan, Occasion, SlotCase, SlotPlan, SlotWork, Stray, assess};

/// How long after it made a key a run starts deliveries of it.
pub const DELIVERED_WITHIN: Duration = Duration::from_secs(600);

/// What the work of slots needs beside the plan.
pub struct KeysOptions<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// The key that makes the calls.
    pub own: Option<&'a AccessKeyId>,
    /// What files and commands are delivered with.
    pub tools: &'a DeliveryTools,
    /// Why the slots are worked on.
    pub occasion: Occasion,
    /// What time it is.
    pub now: Timestamp,
    /// What stops the work: what is under way finishes, and nothing more is begun.
    pub stop: &'a StopSignal,
}

/// Whoever works on slots.
struct Worker<'a> {
    plan: &'a KeysPlan,
    client: &'a Client,
    options: &'a KeysOptions<'a>,
    journal: Mutex<&'a mut Journal>,
}

/// A slot to work on.
#[derive(Clone, Copy)]
struct Job<'a> {
    planned: &'a SlotPlan,
    slot: &'a KeySlot,
    application: Id,
}

/// What is live of a slot right before its work.
struct SeenKeys {
    live: LiveKeys,
    plan: SlotPlan,
}

/// Which part of the work is done: what goes makes room for what comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Clear,
    Renew,
}

impl Stage {
    const fn of(work: &SlotWork) -> Self {
        match work {
            SlotWork::Rename { .. }
            | SlotWork::Adopt { .. }
            | SlotWork::Sweep { .. }
            | SlotWork::Deduplicate { .. }
            | SlotWork::Discard { .. }
            | SlotWork::Retire { .. } => Self::Clear,
            SlotWork::Finish { .. } | SlotWork::Make { .. } => Self::Renew,
        }
    }

    fn part(self, plan: &SlotPlan) -> Vec<&SlotWork> {
        plan.work.iter().filter(|work| Self::of(work) == self).collect()
    }
}

/// Does the work of all slots of a plan, a few at a time. Nothing here is repeated by itself: another run mends what is left.
///
/// Interrupted once more, it ends at once: what was under way may have been done.
pub async fn work_on_slots(
    plan: &KeysPlan,
    client: &Client,
    ids: &Ids,
    journal: &mut Journal,
    options: &KeysOptions<'_>,
) -> KeysOutcome {
    let mut stop = options.stop.clone();
    tokio::select! {
        outcome = work(plan, client, ids, journal, options) => outcome,
        () = stop.at_least(Stop::Now) => {
            let mut outcome = KeysOutcome::of(plan);
            outcome.slots.iter_mut().for_each(|slot| slot.error = Some(SlotError::Abandoned));
            outcome
        }
    }
}

async fn work(
    plan: &KeysPlan,
    client: &Client,
    ids: &Ids,
    journal: &mut Journal,
    options: &KeysOptions<'_>,
) -> KeysOutcome {
    let worker = Worker { plan, client, options, journal: Mutex::new(journal) };
    let mut outcome = KeysOutcome::of(plan);
    let planned: Vec<&SlotPlan> = plan.slots.iter().filter(|slot| !slot.work.is_empty()).collect();
    for stage in [Stage::Clear, Stage::Renew] {
        let worker = &worker;
        let left = outcome.slots.iter_mut().zip(&planned).filter(|(slot, _)| slot.error.is_none());
        let work = left.filter(|(_, planned)| !stage.part(planned).is_empty());
        let work = work.map(|(slot, planned)| async move {
            slot.error = match worker.job(planned, ids) {
                Ok(job) => worker.work(job, stage, &mut slot.done).await.err(),
                Err(error) => Some(error),
            };
        });
        stream::iter(work).for_each_concurrent(client.parallelism(), |work| work).await;
    }
    for stray in &plan.pruned {
        let error = worker.prune(stray).await.err();
        outcome.pruned.push((stray.clone(), error));
    }
    outcome
}

impl<'a> Worker<'a> {
    fn job(&self, planned: &'a SlotPlan, ids: &Ids) -> Result<Job<'a>, SlotError> {
        let application = ids.get(&planned.application);
        let declared = self.plan.declared.get(&planned.application);
        let slot = declared.and_then(|keys| keys.slots.get(&planned.slot));
        match (application, slot) {
            (Some(application), Some(slot)) => Ok(Job { planned, slot, application }),
            _ => Err(SlotError::Unknown(planned.application.clone())),
        }
    }

    /// Begins nothing more once a signal has come.
    fn go_on(&self) -> Result<(), SlotError> {
        if self.options.stop.now() > Stop::No { Err(SlotError::Stopped) } else { Ok(()) }
    }

    /// Reads what is live of a slot, and asks again what it needs.
    async fn look(&self, job: Job<'_>) -> Result<SeenKeys, SlotError> {
        let live = live::live_keys(self.client, job.slot.secrets()).await.map_err(SlotError::Unseen)?;
        let keys = live.applications.get(&job.application).map_or(&[][..], Vec::as_slice);
        let hands = self.options.tools.hands();
        let case = SlotCase {
            name: &job.planned.slot,
            slot: job.slot,
            stack: self.options.stack,
            keys,
            live: &live,
            own: self.options.own,
            hands: &hands,
            occasion: self.options.occasion,
            now: self.options.now,
        };
        let plan = assess(&job.planned.application, case);
        Ok(SeenKeys { plan, live })
    }

    /// Does one part of the work of a slot, if it is what the plan said.
    async fn work(&self, job: Job<'_>, stage: Stage, done: &mut Vec<SlotDone>) -> Result<(), SlotError> {
        self.go_on()?;
        let seen = self.look(job).await?;
        if stage.part(&seen.plan) != stage.part(job.planned) {
            return Err(SlotError::Changed);
        }
        for work in stage.part(job.planned) {
            self.go_on()?;
            self.note("started", job, work, None)?;
            let result = self.one(job, &seen, work, done).await;
            if result.is_ok() {
                done.push(SlotDone::Work(work.clone()));
            }
            self.note("ended", job, work, result.as_ref().err())?;
            result?;
        }
        Ok(())
    }

    async fn one(
        &self,
        job: Job<'_>,
        seen: &SeenKeys,
        work: &SlotWork,
        done: &mut Vec<SlotDone>,
    ) -> Result<(), SlotError> {
        let mark = |stage| KeyMark { slot: job.planned.slot.clone(), stage };
        match work {
            SlotWork::Rename { key, stage } => self.mark(key, &mark(*stage)).await,
            SlotWork::Adopt { key } => self.mark(key, &mark(KeyStage::Ok(self.options.now))).await,
            SlotWork::Sweep { secret, disable, delete } => self.sweep(seen, secret, disable, delete).await,
            SlotWork::Deduplicate { secret, empty } => self.deduplicate(secret, empty).await,
            SlotWork::Discard { key } => self.delete_key(key).await,
            SlotWork::Retire { key } => self.retire(job, seen, key).await,
            SlotWork::Finish { key } => self.finish(job, seen, key, done).await,
            SlotWork::Make { .. } => self.make(job, seen, done).await,
        }
    }

    /// Writes the mark of a key.
    async fn mark(&self, key: &AccessKeyId, mark: &KeyMark) -> Result<(), SlotError> {
        let change =
            crate::api::wire::UpdateApiKey { description: Some(mark.to_string()), ..Default::default() };
        let changed = self.client.update_api_key(&wire_key(key)?, &change).await;
        changed.map(drop).map_err(|source| SlotError::api("mark the key", source))
    }

    async fn delete_key(&self, key: &AccessKeyId) -> Result<(), SlotError> {
        match self.client.delete_api_key(&wire_key(key)?).await {
            Err(error) if error.kind() == crate::api::ErrorKind::NotFound => Ok(()),
            deleted => deleted.map_err(|source| SlotError::api("delete the key", source)),
        }
    }

    /// Deletes a key without a slot, if it is still that.
    async fn prune(&self, stray: &Stray) -> Result<(), SlotError> {
        self.go_on()?;
        let key = &stray.key.access_key;
        self.note_of("started", &stray.application, None, ("prune", Some(key)), None)?;
        let seen = self.client.get_api_key(&wire_key(key)?).await;
        let seen = seen.map_err(|source| SlotError::api("read the key", source))?;
        if Marking::of(&seen.description) != stray.key.marking {
            return Err(SlotError::Changed);
        }
        let deleted = self.delete_key(key).await;
        self.note_of("ended", &stray.application, None, ("prune", Some(key)), deleted.as_ref().err())?;
        deleted
    }

    fn note(
        &self,
        event: &str,
        job: Job<'_>,
        work: &SlotWork,
        error: Option<&SlotError>,
    ) -> Result<(), SlotError> {
        let what = (work.word(), work.key());
        self.note_of(event, &job.planned.application, Some(&job.planned.slot), what, error)
    }

    /// Writes a line into the journal. Nothing of it is a secret.
    fn note_of(
        &self,
        event: &str,
        application: &Address,
        slot: Option<&SlotName>,
        (action, key): (&str, Option<&AccessKeyId>),
        error: Option<&SlotError>,
    ) -> Result<(), SlotError> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slot.map_or(serde_json::Value::Null, |slot| slot.as_str().into());
        let mut fields =
            vec![("action", action.into()), ("address", application.to_string().into()), ("slot", slot)];
        fields.extend(key.map(|key| ("key", key.as_str().into())));
        fields.extend(error.map(|error| ("error", error.to_string().into())));
        journal.note(&format!("key {event}"), fields).map_err(|error| SlotError::Journal(error.to_string()))
    }
}

fn wire_key(key: &AccessKeyId) -> Result<crate::api::AccessKey, SlotError> {
    key.as_str().parse().map_err(|_| SlotError::Changed)
}

/// Returns the id of an application as the API takes it.
fn wire_application(id: Id) -> crate::api::ApplicationId {
    api_id(id)
}
