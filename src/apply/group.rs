//! The requests of the steps that write a group or its members.

use std::collections::{BTreeSet, HashMap};

use super::context::ApplyContext;
use super::look::look_and_send;
use super::meta::MetaChange;
use super::requests::{Naming, SentByKind};
use super::{How, StepError};
use crate::api::{self, Client, ErrorKind, GroupId, wire};
use crate::live::api_id;
use crate::model::{Address, Group, Id, Key, Kind, Object, Principal};
use crate::plan::Step;

impl SentByKind for Group {
    const NAMING: Naming = Naming::Unique;
    type Create = wire::CreateGroup;
    type Created = wire::Group;
    type Update = wire::UpdateGroup;

    /// A new group has no members yet.
    fn create(_: &ApplyContext<'_>, address: &Address, group: &Self) -> Result<Self::Create, StepError> {
        Ok(wire::CreateGroup {
            name: address.key_text(),
            description: group.meta.description.clone(),
            tags: group.meta.wire_tags(),
        })
    }

    async fn post(client: &Client, body: &Self::Create) -> Result<Self::Created, api::Error> {
        client.create_group(body).await
    }

    fn update(
        _: &ApplyContext<'_>,
        (address, from): (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<Self::Update, StepError> {
        let MetaChange { name, description, tags } =
            MetaChange::between(address, from, &before.meta, &after.meta);
        Ok(wire::UpdateGroup { name, description, tags })
    }

    async fn patch(client: &Client, id: Id, body: &Self::Update) -> Result<(), api::Error> {
        client.update_group(&api_id(id), body).await.map(drop)
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_group(&api_id(id)).await
    }
}

/// Adds members to a group. After a try that may have been executed the look says whether it was: a member that is removed right
/// after joining is not added again by a second try.
pub(super) async fn add_members(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    members: &BTreeSet<Principal>,
) -> Result<How, StepError> {
    let id: GroupId = run.id(&step.action.address())?;
    let body = several(run, members)?;
    let only = match members.first() {
        Some(member) if members.len() == 1 => Some(one(run, member)?),
        Some(_) | None => None,
    };
    look_and_send(run, client, step, |client| {
        let (id, body, only) = (id.clone(), body.clone(), only.clone());
        async move {
            match only {
                Some(member) => client.add_member(&id, &member).await.map(drop),
                None => client.add_members(&id, &body).await.map(drop),
            }
        }
    })
    .await
}

/// Removes a member. It takes access away whatever else has changed, so nothing is read before.
pub(super) async fn remove_member(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    member: &Principal,
) -> Result<How, StepError> {
    let id: GroupId = run.id(&step.action.address())?;
    let member = one(run, member)?;
    match run.may_send(client, step).await?.remove_member(&id, &member).await {
        Ok(_) => Ok(How::Sent),
        // A member that is not there need not be removed.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(How::AlreadyGone),
        Err(error) => Err(error.into()),
    }
}

/// Replaces the members of a group. A member that has left in the meantime is never added again: the read before the call prevents it.
pub(super) async fn set_members(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    members: &BTreeSet<Principal>,
) -> Result<How, StepError> {
    let id: GroupId = run.id(&step.action.address())?;
    let body = several(run, members)?;
    look_and_send(run, client, step, |client| {
        let (id, body) = (id.clone(), body.clone());
        async move { client.set_members(&id, &body).await.map(drop) }
    })
    .await
}

/// Takes whom this run deleted out of the groups that still show them. Returns the groups where that failed.
pub(super) async fn remove_dangling(run: &ApplyContext<'_>) -> Vec<(Address, String)> {
    let gone = run.gone().into_iter().filter_map(|(address, id)| Some((address.principal()?, id)));
    let gone: HashMap<Principal, Id> = gone.collect();
    if gone.is_empty() {
        return Vec::new();
    }
    // Read errors are reported by the comparison.
    let Ok(all) = run.all(Kind::Group).await else { return Vec::new() };
    let mut failed = Vec::new();
    for seen in all.iter() {
        let Object::Group(group) = &seen.object else { continue };
        for (member, id) in group.members.iter().filter_map(|member| gone.get_key_value(member)) {
            let member = match member {
                Principal::User(_) => wire::Member::User(api_id(*id)),
                Principal::Application(_) => wire::Member::Application(api_id(*id)),
            };
            match run.client().remove_member(&api_id(seen.id), &member).await {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let address = run.address_of(seen.id).unwrap_or_else(|| Address::group(seen.id));
                    failed.push((address, error.to_string()));
                }
            }
        }
    }
    failed
}

fn one(run: &ApplyContext<'_>, member: &Principal) -> Result<wire::Member, StepError> {
    let address = member.address();
    Ok(match member {
        Principal::User(_) => wire::Member::User(run.id(&address)?),
        Principal::Application(_) => wire::Member::Application(run.id(&address)?),
    })
}

fn several(run: &ApplyContext<'_>, members: &BTreeSet<Principal>) -> Result<wire::Members, StepError> {
    let mut several = wire::Members::default();
    for member in members {
        match one(run, member)? {
            wire::Member::User(id) => several.user_ids.push(id),
            wire::Member::Application(id) => several.application_ids.push(id),
        }
    }
    several.user_ids.sort_unstable();
    several.application_ids.sort_unstable();
    Ok(several)
}
