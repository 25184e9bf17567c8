use std::collections::HashSet;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use tokio::time::Instant;

use super::caller::reaches;
use super::fact::{self, Changed, Facts, Mismatch, Words};
use super::run::Sent;
use super::send::send;
use super::{Options, Receipt, StepError};
use crate::api::{Client, InvalidId, OrganizationId, Trail};
use crate::model::{Address, Id, Ids, ProjectName, State};
use crate::plan::{Action, Plan, Step};

/// What the steps under way share.
pub(super) struct Desk<'a> {
    client: &'a Client,
    pub(super) options: &'a Options,
    outcome: &'a State,
    projects: &'a IndexMap<Id, ProjectName>,
    table: Mutex<Table>,
    granted_at: Mutex<Option<Instant>>,
}

/// Who has which id.
struct Table {
    ids: Ids,
    /// Every id that was given before the run or in it.
    known: HashSet<Id>,
    /// What the run deleted.
    deleted: Vec<(Address, Id)>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(plan: &'a Plan, client: &'a Client, ids: Ids, options: &'a Options) -> Self {
        let known = ids.iter().map(|(_, id)| id).collect();
        let table = Table { ids, known, deleted: Vec::new() };
        let (outcome, projects) = (plan.outcome(), &plan.outcome().projects);
        Self { client, options, outcome, projects, table: Mutex::new(table), granted_at: Mutex::new(None) }
    }

    /// Gives the table of ids back.
    pub(super) fn into_ids(self) -> Ids {
        self.table.into_inner().unwrap_or_else(PoisonError::into_inner).ids
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic while it was held cannot have left half of a change: each is one call.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks something up in the table of ids.
    pub(super) fn ids<T>(&self, read: impl FnOnce(&Ids) -> T) -> T {
        read(&self.table().ids)
    }

    /// Returns the id of an object, as the API's type for it.
    pub(super) fn id<T: FromStr<Err = InvalidId>>(&self, address: &Address) -> Result<T, StepError> {
        self.ids(|ids| id_of(ids, address)).map(api_id)
    }

    pub(super) fn organization(&self) -> &OrganizationId {
        self.client.organization()
    }

    /// Says whether an id was given before, so that it cannot be a new object's.
    pub(super) fn knows(&self, id: Id) -> bool {
        self.table().known.contains(&id)
    }

    /// Notes an object that was made.
    pub(super) fn made(&self, address: Address, id: Id) {
        let mut table = self.table();
        table.known.insert(id);
        table.ids.insert(address, id);
    }

    /// Notes that an object is gone.
    pub(super) fn deleted(&self, address: &Address) {
        let mut table = self.table();
        let id = table.ids.remove(address).or_else(|| address.key().id());
        table.deleted.extend(id.map(|id| (address.clone(), id)));
    }

    /// Returns what the run deleted.
    pub(super) fn gone(&self) -> Vec<(Address, Id)> {
        self.table().deleted.clone()
    }

    /// Returns the ids of what the run deleted.
    pub(super) fn gone_ids(&self) -> HashSet<Id> {
        self.table().deleted.iter().map(|(_, id)| *id).collect()
    }

    /// Compares, and says in words what differs.
    pub(super) fn mismatches(&self, wanted: &Facts, found: &Facts) -> Vec<Mismatch> {
        self.ids(|ids| fact::mismatches(wanted, found, &Words { ids, projects: self.projects }))
    }

    /// Says in words what is not as the plan saw it.
    pub(super) fn changes(&self, before: &Facts, now: &Facts, after: &Facts) -> Vec<Changed> {
        self.ids(|ids| fact::changes(before, now, after, &Words { ids, projects: self.projects }))
    }

    /// Returns the client, patient with a 403 while something that this run granted to the caller is on its way.
    pub(super) fn client(&self) -> Client {
        let granted_at = *self.granted_at.lock().unwrap_or_else(PoisonError::into_inner);
        match granted_at {
            Some(at) => self.client.with_propagation_window(at, self.options.propagation),
            None => self.client.clone(),
        }
    }

    /// Sends a step and notes what it changes for the others.
    pub(super) async fn send(&self, step: &Step) -> Sent {
        let began = Instant::now();
        let trail = Arc::new(Trail::default());
        let client = self.client().with_trail(Arc::clone(&trail));
        let result = send(self, &client, &step.action).await;
        if result.is_ok() {
            self.note(&step.action);
        }
        let tracks = trail.tracks();
        let receipt = Receipt {
            how: super::How::Sent,
            request_id: tracks.request_id,
            status: tracks.status,
            writes: tracks.writes,
            elapsed: began.elapsed(),
        };
        Sent { result, receipt }
    }

    fn note(&self, action: &Action) {
        if let Some(address) = action.deletes() {
            self.deleted(address);
        }
        if self.options.caller.as_ref().is_some_and(|caller| reaches(action, caller, self.outcome)) {
            *self.granted_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

/// Returns the id of an object: what the table says, or the id that it goes by.
pub(super) fn id_of(ids: &Ids, address: &Address) -> Result<Id, StepError> {
    address.key().id().or_else(|| ids.get(address)).ok_or_else(|| StepError::Unknown(address.clone()))
}

/// Writes an id as the API's type for it.
pub(super) fn api_id<T: FromStr<Err = InvalidId>>(id: Id) -> T {
    id.to_string().parse().expect("a UUID is an id of the API")
}
