//! Reads that steps share: a step that asks before a read is sent gets its result, and no other step does.
//!
//! One read of a kind is in flight at a time. Steps that ask in the meantime wait for the next one, which serves all of
//! them. So twenty steps that read twenty groups cost a list or two, and no result was read before it was asked for.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use tokio::sync::{Mutex as Turn, OnceCell};

use crate::api::Client;
use crate::live::{self, Known, LiveObject};
use crate::model::{Id, Kind};

/// How many objects a page of a list holds.
const PAGE: usize = 100;

/// What a reading came to.
pub(super) type ReadResult<T> = Result<T, Arc<live::Error>>;

/// What objects of a kind are read with.
pub(super) struct ReadAccess<'a> {
    pub(super) client: Client,
    pub(super) known: Known<'a>,
    /// How many there are, at most.
    pub(super) count: usize,
}

/// The readings of all kinds.
#[derive(Default)]
pub(super) struct SharedReads {
    lines: Mutex<HashMap<Kind, Arc<ReadQueue>>>,
}

/// Who waits to read objects of one kind.
#[derive(Default)]
struct ReadQueue {
    waiting: Mutex<Option<Arc<Round>>>,
    turn: Turn<()>,
}

/// One reading, and those who wait for it.
#[derive(Default)]
struct Round {
    wanted: Mutex<Wanted>,
    found: OnceCell<Arc<ReadObjects>>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    These(BTreeSet<Id>),
    All,
}

impl Default for Wanted {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Wanted {
    fn one(id: Id) -> Self {
        Self::These(BTreeSet::from([id]))
    }

    fn extend(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::These(ids), Self::These(more)) => ids.extend(more),
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
        }
    }
}

/// What was found.
enum ReadObjects {
    Each(HashMap<Id, ReadResult<Option<LiveObject>>>),
    All(ReadResult<Arc<Vec<LiveObject>>>),
}

impl SharedReads {
    /// Reads one object; `None` when no object has this id.
    pub(super) async fn one<'a>(
        &self,
        kind: Kind,
        id: Id,
        access: impl Fn() -> ReadAccess<'a>,
    ) -> ReadResult<Option<LiveObject>> {
        match &*self.line(kind).ask(kind, Wanted::one(id), access).await {
            ReadObjects::Each(found) => found.get(&id).cloned().unwrap_or(Ok(None)),
            ReadObjects::All(Ok(all)) => Ok(all.iter().find(|seen| seen.id == id).cloned()),
            ReadObjects::All(Err(error)) => Err(Arc::clone(error)),
        }
    }

    /// Reads all objects of a kind.
    pub(super) async fn all<'a>(
        &self,
        kind: Kind,
        access: impl Fn() -> ReadAccess<'a>,
    ) -> ReadResult<Arc<Vec<LiveObject>>> {
        match &*self.line(kind).ask(kind, Wanted::All, access).await {
            ReadObjects::All(all) => all.clone(),
            ReadObjects::Each(_) => unreachable!("a reading that somebody wants whole is a list"),
        }
    }

    fn line(&self, kind: Kind) -> Arc<ReadQueue> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(kind).or_default())
    }
}

impl ReadQueue {
    async fn ask<'a>(
        &self,
        kind: Kind,
        wanted: Wanted,
        access: impl Fn() -> ReadAccess<'a>,
    ) -> Arc<ReadObjects> {
        let round = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let round = waiting.get_or_insert_default();
            round.wanted.lock().unwrap_or_else(PoisonError::into_inner).extend(wanted);
            Arc::clone(round)
        };
        let read = || async {
            // Steps that start together ask together.
            tokio::task::yield_now().await;
            let _turn = self.turn.lock().await;
            Arc::new(read(access(), kind, self.close(&round)).await)
        };
        Arc::clone(round.found.get_or_init(read).await)
    }

    /// Closes a read for further steps, and returns what it has to read.
    fn close(&self, round: &Arc<Round>) -> Wanted {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.as_ref().is_some_and(|waiting| Arc::ptr_eq(waiting, round)) {
            *waiting = None;
        }
        round.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads what is wanted, by a list where that takes fewer requests.
async fn read(access: ReadAccess<'_>, kind: Kind, wanted: Wanted) -> ReadObjects {
    let ReadAccess { client, known, count } = access;
    match wanted {
        Wanted::These(ids) if ids.len() <= count.div_ceil(PAGE).max(1) => {
            let one = async |id: Id| (id, live::get(&client, kind, id, &known).await.map_err(Arc::new));
            ReadObjects::Each(join_all(ids.into_iter().map(one)).await.into_iter().collect())
        }
        Wanted::These(_) | Wanted::All => {
            let all = live::list(&client, kind, &known).await;
            ReadObjects::All(all.map(Arc::new).map_err(Arc::new))
        }
    }
}
