//! API keys by slot: what is live of them, a rotation out of turn, and the work that a plan says.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::plan::LiveReading;
use super::resolve::resolve;
use super::session::Session;
use super::{Error, PlanOptions, Planned};
use crate::api::wire::Bearer;
use crate::api::{AccessKey, Client};
use crate::apply::slot::{DeliveryTools, KeysOptions, KeysOutcome, work_on_slots};
use crate::apply::{Journal, Outcome, StopSignal};
use crate::config::Files;
use crate::live::{self, HeldKeys, Live, api_id};
use crate::model::{AccessKeyId, Address, Desired, Ids, KeySlot, LiveKey, Principal, SlotName};
use crate::plan::Caller;
use crate::plan::slot::{KeysPlan, Occasion, SlotCase, assess};

/// How far the clocks of this machine and of the API may be apart where time decides.
const APART: SignedDuration = SignedDuration::from_mins(2);

/// An API key, and whose it is.
#[derive(Debug, Clone)]
pub struct ShownKey {
    /// The key.
    pub key: LiveKey,
    /// Whose it is, by name where that can be read.
    pub bearer: String,
    /// Its description.
    pub description: String,
    /// The address from which it was made.
    pub creation_ip: String,
    /// The id of its default project.
    pub default_project: String,
}

/// A rotation of one slot, out of turn.
#[derive(Debug)]
pub struct PlannedRotation {
    /// What is done.
    pub keys: KeysPlan,
    /// Who does it.
    pub caller: Caller,
    ids: Ids,
    now: Timestamp,
}

impl Session {
    /// Reads the API keys of a user or an application: one that a refresh has read, or one whose key is an id, as that of a
    /// member whom no list shows. Anybody else holds none.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn held_keys(&self, live: &Live, of: &Principal) -> Result<HeldKeys, Error> {
        let address = of.address();
        let Some(id) = live.ids.get(&address).or_else(|| address.key().id()) else {
            return Ok(HeldKeys::default());
        };
        let bearer = match of {
            Principal::User(_) => Bearer::User(api_id(id)),
            Principal::Application(_) => Bearer::Application(api_id(id)),
        };
        live::held_keys(&self.client, bearer).await.map_err(|source| self.unread(source))
    }

    /// Returns the key that makes the calls, as plans speak of it.
    pub(super) fn own_key(&self) -> Option<AccessKeyId> {
        self.access_key.as_ref().and_then(|key| key.as_str().parse().ok())
    }

    /// Reads what is live of the slots that files declare, if they declare any.
    pub(super) async fn keys_for(&self, reading: &mut LiveReading, desired: &Desired) -> Result<(), Error> {
        if desired.api_keys.is_empty() {
            return Ok(());
        }
        let slots = desired.api_keys.values().flat_map(|keys| keys.slots.values());
        let places: std::collections::BTreeSet<_> = slots.flat_map(KeySlot::secrets).collect();
        let keys = live::live_keys(&self.client, places).await.map_err(|source| self.unread(source))?;
        reading.keys = Some(keys);
        Ok(())
    }

    /// Refuses to let time decide where the clocks do not agree.
    ///
    /// # Errors
    /// [`Error::Clock`].
    pub(super) fn clocks_agree(&self) -> Result<(), Error> {
        match self.client.clock_ahead() {
            Some(ahead) if ahead.abs() > APART && !self.client.has_emulated_time() => {
                Err(Error::Clock(ahead))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Does what a plan says about API keys, after its steps.
    pub(super) async fn work_on_keys(
        &self,
        planned: &Planned,
        ids: &Ids,
        journal: &mut Journal,
        outcome: &mut Outcome,
        stop: &StopSignal,
    ) {
        let plan = &planned.plan;
        let (Some(stack), false) = (plan.stack(), plan.keys().is_empty()) else { return };
        let tools = planned.keys.tools.clone().unwrap_or_default();
        let own = self.own_key();
        let options = KeysOptions {
            stack,
            own: own.as_ref(),
            tools: &tools,
            occasion: planned.keys.occasion,
            now: planned.now,
            stop,
        };
        outcome.keys = work_on_slots(plan.keys(), &self.client, ids, journal, &options).await;
    }

    /// Plans a key for one slot, out of turn.
    ///
    /// # Errors
    /// When the organization cannot be read, or the files declare no such slot of an application that they own.
    pub async fn plan_rotation(
        &self,
        files: &Files,
        (application, slot): (&Address, &SlotName),
        options: &PlanOptions,
    ) -> Result<PlannedRotation, Error> {
        let mut reading = self.read_for(files, options).await?;
        let desired = self.accepted(resolve(files, &reading.live)?, options)?;
        let unknown = || Error::NoSlot { application: application.clone(), slot: slot.clone() };
        let declared = desired.api_keys.get(application).and_then(|keys| keys.slots.get(slot));
        let declared = declared.ok_or_else(unknown)?;
        let stack = desired.stack.as_ref().ok_or_else(unknown)?;
        let owned = reading.live.state.get(application).and_then(|it| it.meta()?.owner.as_ref());
        let id = reading.live.ids.get(application).filter(|_| owned.is_some_and(|owner| owner.is(stack)));
        let id = id.ok_or_else(|| Error::NotOwned(application.clone()))?;
        self.keys_for(&mut reading, &desired).await?;
        let live = reading.keys.take().unwrap_or_default();
        let keys = live.applications.get(&id).map_or(&[][..], Vec::as_slice);
        let (own, hands) = (self.own_key(), options.keys.hands());
        let case = SlotCase {
            name: slot,
            slot: declared,
            stack,
            keys,
            live: &live,
            own: own.as_ref(),
            hands: &hands,
            occasion: Occasion::Asked,
            now: options.now,
        };
        let keys = KeysPlan {
            slots: vec![assess(application, case)],
            declared: desired.api_keys.clone(),
            stack: Some(stack.clone()),
            ..KeysPlan::default()
        };
        Ok(PlannedRotation { keys, caller: reading.caller, ids: reading.live.ids, now: options.now })
    }

    /// Opens a journal for a rotation, to which it appends.
    ///
    /// # Errors
    /// [`Error::Journal`] when it cannot be opened, written or synced.
    pub fn rotation_journal(&self, path: &Path, planned: &PlannedRotation) -> Result<Journal, Error> {
        self.open_journal(path, planned.now, &planned.caller)
    }

    /// Does a rotation that was planned by [`Session::plan_rotation`].
    ///
    /// # Errors
    /// [`Error::Clock`]: nothing is written then. What goes wrong on the way is told by the outcome.
    pub async fn rotate(
        &self,
        planned: &PlannedRotation,
        tools: &DeliveryTools,
        journal: &mut Journal,
        stop: &StopSignal,
    ) -> Result<KeysOutcome, Error> {
        self.clocks_agree()?;
        let PlannedRotation { keys, caller: _, ids, now } = planned;
        let Some(stack) = &keys.stack else { return Ok(KeysOutcome::default()) };
        let own = self.own_key();
        let options =
            KeysOptions { stack, own: own.as_ref(), tools, occasion: Occasion::Asked, now: *now, stop };
        let outcome = work_on_slots(keys, &self.client, ids, journal, &options).await;
        journal.end_keys(&outcome);
        Ok(outcome)
    }

    /// Reads one API key, and whose it is.
    ///
    /// # Errors
    /// [`Error::Read`] when there is no such key, or it cannot be read.
    pub async fn key(&self, access_key: &AccessKey) -> Result<ShownKey, Error> {
        let key = self.client.get_api_key(access_key).await;
        let key = key.map_err(|source| {
            self.unread(live::Error::Read { what: format!("the API key {access_key}"), source })
        })?;
        let bearer = bearer(&self.client, key.bearer.as_ref()).await;
        let live = live::key_of(&key).map_err(|source| self.unread(source))?;
        Ok(ShownKey {
            key: live,
            bearer,
            description: key.description,
            creation_ip: key.creation_ip,
            default_project: key.default_project_id.to_string(),
        })
    }
}

/// Returns whose a key is; without the permission to read who that is, by id.
async fn bearer(client: &Client, bearer: Option<&Bearer>) -> String {
    match bearer {
        None => "unknown".to_owned(),
        Some(Bearer::User(id)) => match client.get_user(id).await {
            Ok(user) => format!("user {}", user.email),
            Err(_) => format!("user {id}"),
        },
        Some(Bearer::Application(id)) => match client.get_application(id).await {
            Ok(application) => format!("application {}", application.name),
            Err(_) => format!("application {id}"),
        },
    }
}
