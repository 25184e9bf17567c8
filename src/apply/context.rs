use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::StepError;
use super::believed::Believed;
use super::caller::reaches;
use super::gate::SendGate;
use super::options::RunOptions;
use super::reads::{ReadAccess, ReadResult, SharedReads};
use super::words::FieldWords;
use crate::api::{Client, InvalidId, OrganizationId};
use crate::live::{self, Known, LiveObject, api_id};
use crate::model::{Address, Catalogue, Id, Ids, Key, Kind, OfKind as _, Policy, Rules};
use crate::plan::{Action, Plan, Step};

/// State that the running steps share.
pub(super) struct ApplyContext<'a> {
    client: &'a Client,
    pub(super) options: &'a RunOptions,
    pub(super) plan: &'a Plan,
    reads: SharedReads,
    ids: Arc<Mutex<Ids>>,
    /// Returns the key of the object with an id, one that this run deleted included.
    address_of: Box<dyn Fn(Id) -> Option<Address> + Send + Sync>,
    table: Mutex<Ledger<'a>>,
    /// The rules that a policy had, or that are being read, and when it had last been changed then.
    rules: Mutex<HashMap<Id, KnownRules>>,
    /// How many objects of a kind there are, at most.
    counts: HashMap<Kind, usize>,
    granted_at: Mutex<Option<Instant>>,
    gate: SendGate,
}

/// When a policy had last been changed, and its rules since.
type KnownRules = (Timestamp, Arc<OnceCell<Rules>>);

/// Changes by the finished steps.
struct Ledger<'a> {
    /// Every id that was given before the run or in it.
    known: HashSet<Id>,
    /// Objects that the run created whose name may not be unique.
    shared_names: HashMap<Address, Id>,
    /// What the run deleted.
    deleted: Vec<(Address, Id)>,
    believed: Believed<'a>,
}

impl<'a> ApplyContext<'a> {
    pub(super) fn new(plan: &'a Plan, client: &'a Client, ids: Ids, options: &'a RunOptions) -> Self {
        let known = ids.iter().map(|(_, id)| id).collect();
        let table =
            Ledger { known, shared_names: HashMap::new(), deleted: Vec::new(), believed: Believed::of(plan) };
        let rules = plan.before().policies().filter_map(|(key, policy)| baseline(&ids, key, policy));
        let count = |kind: &Kind| {
            let [before, outcome] =
                [plan.before(), plan.outcome()].map(|state| state.addresses(*kind).count());
            (*kind, before.max(outcome))
        };
        let rules = Mutex::new(rules.collect());
        let ids = Arc::new(Mutex::new(ids));
        let address_of = {
            let ids = Arc::clone(&ids);
            move |id| lock(&ids).address_of(id).cloned()
        };
        Self {
            client,
            options,
            plan,
            reads: SharedReads::default(),
            ids,
            address_of: Box::new(address_of),
            table: Mutex::new(table),
            rules,
            counts: Kind::ALL.iter().map(count).collect(),
            granted_at: Mutex::new(None),
            gate: SendGate::default(),
        }
    }

    /// Gives the table of ids back, without what the run deleted.
    pub(super) fn into_ids(self) -> Ids {
        let mut ids = lock(&self.ids).clone();
        for (address, id) in self.gone() {
            if ids.get(&address) == Some(id) {
                ids.remove(&address);
            }
        }
        ids
    }

    fn table(&self) -> MutexGuard<'_, Ledger<'a>> {
        lock(&self.table)
    }

    /// Looks something up in what is believed.
    pub(super) fn believed<T>(&self, read: impl FnOnce(&Believed<'a>) -> T) -> T {
        read(&self.table().believed)
    }

    /// Returns the id of an object: from the table, or the id that is its key.
    pub(super) fn id_of(&self, address: &Address) -> Result<Id, StepError> {
        let known = || lock(&self.ids).get(address);
        address.key().id().or_else(known).ok_or_else(|| StepError::Unknown(address.clone()))
    }

    /// Returns the id of an object, as the API's type for it.
    pub(super) fn id<T: FromStr<Err = InvalidId>>(&self, address: &Address) -> Result<T, StepError> {
        self.id_of(address).map(api_id)
    }

    /// Returns the key of the object with an id.
    pub(super) fn address_of(&self, id: Id) -> Option<Address> {
        (self.address_of)(id)
    }

    /// Returns what answers are read with.
    pub(super) fn known(&self) -> Known<'_> {
        Known {
            organization: self.plan.organization(),
            catalogue: Catalogue::published(),
            address_of: &*self.address_of,
        }
    }

    pub(super) fn organization(&self) -> &OrganizationId {
        self.client.organization()
    }

    /// Says whether an id was given before, so that it cannot be a new object's.
    pub(super) fn knows(&self, id: Id) -> bool {
        self.table().known.contains(&id)
    }

    /// Notes an object that was made.
    pub(super) fn made(&self, address: &Address, id: Id) {
        let mut table = self.table();
        table.known.insert(id);
        lock(&self.ids).insert(address.clone(), id);
    }

    /// Notes that an object that was made is gone again.
    pub(super) fn unmade(&self, address: &Address) {
        self.table().shared_names.remove(address);
        lock(&self.ids).remove(address);
    }

    /// Notes that there may be several of the name of an object that was made.
    pub(super) fn note_shared_name(&self, address: &Address, id: Id) {
        self.table().shared_names.insert(address.clone(), id);
    }

    /// Returns what the run made of which there may be several of a name.
    pub(super) fn with_shared_names(&self) -> Vec<(Address, Id)> {
        self.table().shared_names.iter().map(|(address, id)| (address.clone(), *id)).collect()
    }

    /// Returns what the run deleted.
    pub(super) fn gone(&self) -> Vec<(Address, Id)> {
        self.table().deleted.clone()
    }

    /// Returns the rules of a policy that was last changed at this time. They are read only if it has been changed
    /// since they were known, and once for all steps that ask in the meantime.
    async fn rules(&self, policy: Id, changed_at: Option<Timestamp>) -> ReadResult<Rules> {
        let read = || async { live::rules(&self.client(), policy, &self.known()).await.map_err(Arc::new) };
        let Some(changed_at) = changed_at else { return read().await };
        let cell = {
            let mut rules = lock(&self.rules);
            let known = rules.entry(policy).or_insert_with(|| (changed_at, Arc::default()));
            if known.0 != changed_at {
                *known = (changed_at, Arc::default());
            }
            Arc::clone(&known.1)
        };
        cell.get_or_try_init(read).await.cloned()
    }

    /// Notes the rules that a policy had when it had last been changed at this time.
    pub(super) fn note_rules(&self, policy: Id, changed_at: Timestamp, rules: Rules) {
        lock(&self.rules).insert(policy, (changed_at, Arc::new(OnceCell::new_with(Some(rules)))));
    }

    /// Reads one object; `None` when no object has this id.
    pub(super) async fn one(&self, kind: Kind, id: Id) -> ReadResult<Option<LiveObject>> {
        self.reads.one(kind, id, || self.access_to(kind)).await
    }

    /// Reads all objects of a kind.
    pub(super) async fn all(&self, kind: Kind) -> ReadResult<Arc<Vec<LiveObject>>> {
        self.reads.all(kind, || self.access_to(kind)).await
    }

    fn access_to(&self, kind: Kind) -> ReadAccess<'_> {
        let count = self.counts.get(&kind).copied().unwrap_or(0);
        ReadAccess { client: self.client(), known: self.known(), count }
    }

    /// Adds to an object that was read what has a list of its own: the rules to a policy, read where it has been changed
    /// since they were known.
    pub(super) async fn complete(&self, mut seen: LiveObject) -> ReadResult<LiveObject> {
        if let Some(policy) = Policy::of_mut(&mut seen.object) {
            policy.rules = self.rules(seen.id, seen.updated_at).await?;
        }
        Ok(seen)
    }

    /// Lets the rules of a policy be read again.
    pub(super) fn forget_rules(&self, policy: Id) {
        lock(&self.rules).remove(&policy);
    }

    /// Lets all rules be read again.
    pub(super) fn forget_all_rules(&self) {
        lock(&self.rules).clear();
    }

    /// Returns what turns values into words.
    pub(super) fn words(&self) -> FieldWords<'a> {
        FieldWords { projects: &self.plan.outcome().projects }
    }

    /// Returns the client; it retries a 403 while a grant of this run to the caller may still be propagating.
    pub(super) fn client(&self) -> Client {
        match *lock(&self.granted_at) {
            Some(at) => self.client.with_propagation_window(at, self.options.propagation),
            None => self.client.clone(),
        }
    }

    /// Returns what lets steps send.
    pub(super) const fn gate(&self) -> &SendGate {
        &self.gate
    }

    /// Waits until a step's write may be sent, and returns the client that sends it at once.
    ///
    /// # Errors
    /// [`StepError::Unsent`] when the step may not send it any more.
    pub(super) async fn may_send(&self, client: &Client, step: &Step) -> Result<Client, StepError> {
        let turn = client.turn().await;
        self.gate.pass(step)?;
        Ok(client.with_turn(turn))
    }

    /// Notes that a step is sent.
    pub(super) fn begin(&self, step: &'a Step) {
        self.table().believed.begin(step);
    }

    /// Notes what a step changed for the others, or that it did not.
    pub(super) fn end(&self, step: &Step, error: Option<&StepError>) {
        match error {
            None => self.note(step),
            Some(error) if error.may_have_happened() => {}
            Some(_) => self.table().believed.undone(step),
        }
    }

    fn note(&self, step: &Step) {
        let action: &Action = &step.action;
        let gone = action.deletes().and_then(|address| Some((address.clone(), self.id_of(address).ok()?)));
        {
            let mut table = self.table();
            table.believed.done(step);
            table.deleted.extend(gone);
        }
        let outcome = self.plan.outcome();
        if self.options.caller.as_ref().is_some_and(|caller| reaches(action, caller, outcome)) {
            *lock(&self.granted_at) = Some(Instant::now());
        }
    }
}

/// Returns the rules that the plan saw, with the time at which their policy had last been changed.
fn baseline(ids: &Ids, key: &Key, policy: &Policy) -> Option<(Id, KnownRules)> {
    let id = ids.get(&Address::policy(key.clone()))?;
    Some((id, (ids.changed_at(id)?, Arc::new(OnceCell::new_with(Some(policy.rules.clone()))))))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic cannot have left half of a change, because each change is one call.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
