//! Creates objects without duplicates: looks up names before a request and once more afterwards, and if an answer is
//! lost, reads the list before the request is sent again.
//!
//! The API has no idempotency key, and names of applications and policies may repeat. Fact: it is read-after-write
//! consistent in all recordings.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;

use super::context::ApplyContext;
use super::found::unseen;
use super::meaning::meaning;
use super::requests::{Naming, SentByKind};
use super::{How, StepError};
use crate::api::{self, Client, ErrorKind};
use crate::live::{self, LiveObject, ObjectAnswer};
use crate::model::{Address, Id, Object};
use crate::plan::Step;

/// How often a create is sent at most.
const MOST_TRIES: usize = 4;

/// Creates an object and records its id.
pub(super) async fn create<T: SentByKind>(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    object: &T,
) -> Result<How, StepError> {
    let address = &step.action.address();
    let (naming, body, object) = (T::NAMING, T::create(run, address, object)?, &object.clone().into());
    let (there, meaning) = futures::join!(there_already(run, address, naming, object), meaning(run, step));
    if let Some(id) = there? {
        run.made(address, id);
        return Ok(How::AlreadySo);
    }
    meaning?;
    let client = &run.may_send(client, step).await?;
    let (seen, how) = match (send(run, address, object, || T::post(client, &body)).await, naming) {
        (Ok(sent), _) => sent,
        // The API refuses a name that another run has given to a group since it was planned.
        (Err(StepError::Api(error)), Naming::Unique) if error.kind() == ErrorKind::Conflict => {
            return taken(run, address, object, error).await;
        }
        (Err(error), _) => return Err(error),
    };
    run.made(address, seen.id);
    if let (Object::Policy(policy), Some(changed_at)) = (object, seen.updated_at) {
        run.note_rules(seen.id, changed_at, policy.rules.clone());
    }
    match naming {
        Naming::Shared => {
            only_one::<T>(run, client, address, object, &seen).await?;
            run.note_shared_name(address, seen.id);
        }
        Naming::Unique => {}
    }
    Ok(how)
}

/// Sends the request until its result is known.
async fn send<T: ObjectAnswer, F: Future<Output = Result<T, api::Error>>>(
    run: &ApplyContext<'_>,
    address: &Address,
    object: &Object,
    post: impl Fn() -> F,
) -> Result<(LiveObject, How), StepError> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let error = match post().await {
            Ok(made) => return Ok((new(run, address, &made)?, How::Sent)),
            Err(error) => error,
        };
        // That a name is taken can mean that an earlier try took it.
        let lost = error.kind() == ErrorKind::OutcomeUnknown
            || (attempts > 1 && error.kind() == ErrorKind::Conflict);
        if !lost {
            return Err(error.into());
        }
        for wait in &run.options.look_after {
            tokio::time::sleep(*wait).await;
            if let Some(seen) = find(run, address, object, &error).await? {
                return Ok((seen, How::TakenOver));
            }
        }
        if attempts == MOST_TRIES || error.kind() == ErrorKind::Conflict {
            return Err(StepError::NotMade { address: address.clone(), source: error });
        }
    }
}

/// Reads an answer to a create: its id has to be a new one.
fn new<T: ObjectAnswer>(
    run: &ApplyContext<'_>,
    address: &Address,
    made: &T,
) -> Result<LiveObject, StepError> {
    let bad = || StepError::BadId { address: address.clone(), id: api::escaped(made.id()) };
    let id: Id = made.id().parse().map_err(|_| bad())?;
    if run.knows(id) {
        return Err(bad());
    }
    // What else it says is looked at when it is read again.
    let (created_at, updated_at) = made.times();
    let object = made.object(&run.known()).map_err(|_| bad())?;
    Ok(LiveObject { id, title: made.title().to_owned(), object, created_at, updated_at })
}

/// Says whether something that was found could be taken for an object: by what tells it from others, else by its name.
pub(super) fn alike(address: &Address, object: &Object, seen: &LiveObject) -> bool {
    match object.likeness() {
        Some(likeness) => seen.object.likeness().as_ref() == Some(&likeness),
        None => address.key().title() == Some(&seen.title),
    }
}

/// Returns those of a name that were not there before.
async fn unplanned_objects(
    run: &ApplyContext<'_>,
    address: &Address,
    object: &Object,
) -> Result<Vec<LiveObject>, Arc<live::Error>> {
    let all = run.all(address.kind()).await?;
    let new = all.iter().filter(|seen| alike(address, object, seen) && !run.knows(seen.id));
    let mut found = Vec::new();
    for seen in new {
        found.push(run.complete(seen.clone()).await?);
    }
    Ok(found)
}

/// Looks whether somebody else has created the object since it was planned. An identical object is as good as ours; any
/// other object with the name is in the way.
async fn there_already(
    run: &ApplyContext<'_>,
    address: &Address,
    naming: Naming,
    object: &Object,
) -> Result<Option<Id>, StepError> {
    if naming == Naming::Unique {
        return Ok(None);
    }
    another(run, address, object).await
}

/// Looks what has the name that the API would not give. What another run made meanwhile is as good as ours where it is equal.
async fn taken(
    run: &ApplyContext<'_>,
    address: &Address,
    object: &Object,
    refused: api::Error,
) -> Result<How, StepError> {
    let Some(id) = another(run, address, object).await? else { return Err(refused.into()) };
    run.made(address, id);
    Ok(How::AlreadySo)
}

/// Returns what has the name and was not there when the plan was made, where it is all that was to be made.
async fn another(
    run: &ApplyContext<'_>,
    address: &Address,
    object: &Object,
) -> Result<Option<Id>, StepError> {
    let found = unplanned_objects(run, address, object).await.map_err(unseen(address))?;
    match found.as_slice() {
        [] => Ok(None),
        [only] if only.object == *object => Ok(Some(only.id)),
        _ => {
            let found = found.iter().map(|seen| seen.id).collect();
            Err(StepError::Taken { address: address.clone(), found })
        }
    }
}

/// Looks for the one object of the name that was not there before; it has to be what was to be made.
async fn find(
    run: &ApplyContext<'_>,
    address: &Address,
    wanted: &Object,
    create: &api::Error,
) -> Result<Option<LiveObject>, StepError> {
    let unlisted =
        |source| StepError::Unlisted { address: address.clone(), create: Some(create.to_string()), source };
    let mut new = unplanned_objects(run, address, wanted).await.map_err(unlisted)?;
    if new.len() > 1 {
        let found = new.into_iter().map(|seen| seen.id).collect();
        return Err(StepError::Twins { address: address.clone(), found });
    }
    let Some(seen) = new.pop() else { return Ok(None) };
    if seen.object == *wanted {
        return Ok(Some(seen));
    }
    let mismatches = run.words().mismatches(None, wanted, &seen);
    Err(StepError::Other { address: address.clone(), id: seen.id, mismatches })
}

/// Returns which of several objects with the same name stays: the oldest.
pub(super) fn age(seen: &LiveObject) -> (Option<Timestamp>, Id) {
    (seen.created_at, seen.id)
}

/// Lists the objects with the name of one that was just created, before any step depends on it. If another run has
/// created the same object at the same time, the run that created the younger one deletes it.
async fn only_one<T: SentByKind>(
    run: &ApplyContext<'_>,
    client: &Client,
    address: &Address,
    object: &Object,
    mine: &LiveObject,
) -> Result<(), StepError> {
    let unlisted = |source| StepError::Unlisted { address: address.clone(), create: None, source };
    let others = unplanned_objects(run, address, object).await.map_err(unlisted)?;
    if others.is_empty() {
        return Ok(());
    }
    if let Some(older) = others.iter().find(|other| age(other) < age(mine)) {
        let removed = T::remove(client, mine.id).await;
        run.unmade(address);
        let (address, mine, older) = (address.clone(), mine.id, older.id);
        return Err(match removed {
            Ok(()) => StepError::TwinRemoved { address, mine, older },
            Err(source) => StepError::TwinLeft { address, mine, older, source },
        });
    }
    let owner = |object: &Object| object.meta().and_then(|meta| meta.owner.clone());
    // Another run of this stack removes its own.
    if owner(object).is_some() && others.iter().all(|other| owner(&other.object) == owner(object)) {
        return Ok(());
    }
    let found = std::iter::once(mine.id).chain(others.into_iter().map(|other| other.id)).collect();
    Err(StepError::Twins { address: address.clone(), found })
}
