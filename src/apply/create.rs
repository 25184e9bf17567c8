//! Creates that leave no twins: when the answer is lost, the list is read before anything is sent again.
//!
//! The API has no idempotency key, and names of applications and policies may repeat. Fact: it is read-after-write
//! consistent in all recordings.

use std::future::Future;

use super::desk::Desk;
use super::fact::{self, Facts, Value};
use super::{How, StepError};
use crate::api::{
    self, ApplicationOrder, Client, ErrorKind, GroupOrder, ListApplications, ListGroups, ListPolicies,
    PolicyOrder, wire,
};
use crate::model::{Address, Id};

/// How often a create is sent at most.
const MOST_TRIES: usize = 4;

/// A kind of object that can be made, and found when the answer was lost.
pub(super) trait Made: Sized {
    /// Reads all of this kind, never by a filter: what the filters match is not documented.
    fn all(client: &Client) -> impl Future<Output = Result<Vec<Self>, api::Error>> + Send;
    fn id(&self) -> &str;
    fn name(&self) -> &str;
    /// Returns all that a create decides.
    fn facts(self, client: &Client) -> impl Future<Output = Result<Facts, api::Error>> + Send;
}

/// Makes an object and learns its id.
pub(super) async fn create<T: Made, F: Future<Output = Result<T, api::Error>>>(
    desk: &Desk<'_>,
    client: &Client,
    address: Address,
    wanted: Facts,
    post: impl Fn() -> F,
) -> Result<How, StepError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match post().await {
            Ok(made) => {
                let id = new_id(desk, &address, made.id())?;
                desk.made(address, id);
                return Ok(How::Sent);
            }
            Err(error) => error,
        };
        // That a name is taken can mean that an earlier try took it.
        let lost =
            error.kind() == ErrorKind::OutcomeUnknown || (tries > 1 && error.kind() == ErrorKind::Conflict);
        if !lost {
            return Err(error.into());
        }
        for wait in &desk.options.look_after {
            tokio::time::sleep(*wait).await;
            if let Some(id) = find::<T>(desk, client, &address, &wanted, &error).await? {
                desk.made(address, id);
                return Ok(How::TakenOver);
            }
        }
        if tries == MOST_TRIES || error.kind() == ErrorKind::Conflict {
            return Err(StepError::NotMade { address, source: error });
        }
    }
}

/// Looks for the one object of the name that was not there before; it has to be what was to be made.
async fn find<T: Made>(
    desk: &Desk<'_>,
    client: &Client,
    address: &Address,
    wanted: &Facts,
    create: &api::Error,
) -> Result<Option<Id>, StepError> {
    let unlisted =
        |source| StepError::Unlisted { address: address.clone(), create: create.to_string(), source };
    let name = fact::name_of(address);
    let all = T::all(client).await.map_err(unlisted)?;
    let mut new = Vec::new();
    for object in all.into_iter().filter(|object| Some(object.name()) == name) {
        let id = parse(address, object.id())?;
        if !desk.knows(id) {
            new.push((id, object));
        }
    }
    if new.len() > 1 {
        let found = new.into_iter().map(|(id, _)| id).collect();
        return Err(StepError::Twins { address: address.clone(), found });
    }
    let Some((id, object)) = new.pop() else { return Ok(None) };
    let found = object.facts(client).await.map_err(unlisted)?;
    let mismatches = desk.mismatches(wanted, &found);
    if mismatches.is_empty() {
        Ok(Some(id))
    } else {
        Err(StepError::Other { address: address.clone(), id, mismatches })
    }
}

fn parse(address: &Address, id: &str) -> Result<Id, StepError> {
    id.parse().map_err(|_| StepError::BadId { address: address.clone(), id: api::escaped(id) })
}

fn new_id(desk: &Desk<'_>, address: &Address, id: &str) -> Result<Id, StepError> {
    let new = parse(address, id)?;
    if desk.knows(new) {
        return Err(StepError::BadId { address: address.clone(), id: new.to_string() });
    }
    Ok(new)
}

impl Made for wire::Application {
    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        let order_by = ApplicationOrder::CreatedAtAsc;
        client.list_applications(&ListApplications { order_by, ..Default::default() }).all().await
    }
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn name(&self) -> &str {
        &self.name
    }
    async fn facts(self, _: &Client) -> Result<Facts, api::Error> {
        Ok(fact::found_application(&self))
    }
}

impl Made for wire::Group {
    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        let order_by = GroupOrder::CreatedAtAsc;
        client.list_groups(&ListGroups { order_by, ..Default::default() }).all().await
    }
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn name(&self) -> &str {
        &self.name
    }
    async fn facts(self, _: &Client) -> Result<Facts, api::Error> {
        Ok(fact::found_group(&self))
    }
}

impl Made for wire::Policy {
    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        let order_by = PolicyOrder::CreatedAtAsc;
        client.list_policies(&ListPolicies { order_by, ..Default::default() }).all().await
    }
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn name(&self) -> &str {
        &self.name
    }
    async fn facts(self, client: &Client) -> Result<Facts, api::Error> {
        let mut facts = fact::found_policy(&self, &std::collections::HashSet::new());
        let rules = client.list_rules(&self.id).all().await?;
        facts.insert("rules", fact::found_rules(&rules));
        Ok(facts)
    }
}

/// Returns what a new group is: without members.
pub(super) fn group_facts(mut meta: Facts) -> Facts {
    meta.insert("members", Value::Members(std::collections::BTreeSet::new()));
    meta
}
