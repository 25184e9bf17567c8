//! What each step is on the wire: which kind's file says it.

use super::context::ApplyContext;
use super::reads::ReadResult;
use super::{How, StepError, application, group, policy, user};
use crate::api::{self, Client};
use crate::live::{LiveObject, api_id};
use crate::model::{Attachment, Id, Kind, Object};
use crate::plan::{Action, Step};

/// Sends the one request of a step, with the look before it.
pub(super) async fn send(run: &ApplyContext<'_>, client: &Client, step: &Step) -> Result<How, StepError> {
    match &step.action {
        Action::Create { address, object } => match object {
            Object::User(_) => user::create(address),
            Object::Application(it) => application::create(run, client, step, it).await,
            Object::Group(it) => group::create(run, client, step, it).await,
            Object::Policy(it) => policy::create(run, client, step, it).await,
        },
        Action::Update { address, from, before, after } => {
            let of = (address, from.as_ref());
            match (before, after) {
                (Object::Application(before), Object::Application(after)) => {
                    application::update(run, client, step, of, (before, after)).await
                }
                (Object::Group(before), Object::Group(after)) => {
                    group::update(run, client, step, of, (before, after)).await
                }
                (Object::Policy(before), Object::Policy(after)) => {
                    policy::update(run, client, step, of, (before, after)).await
                }
                (Object::User(_) | Object::Application(_) | Object::Group(_) | Object::Policy(_), _) => {
                    user::update(address)
                }
            }
        }
        Action::AddMembers { members, .. } => group::add_members(run, client, step, members).await,
        Action::RemoveMember { member, .. } => group::remove_member(run, client, step, member).await,
        Action::SetMembers { after, .. } => group::set_members(run, client, step, after).await,
        Action::SetRules { after, .. } => policy::set_rules(run, client, step, after).await,
        Action::Delete { address, .. } => match address.kind() {
            Kind::User => user::delete(run, client, step).await,
            Kind::Application => application::delete(run, client, step).await,
            Kind::Group => group::delete(run, client, step).await,
            Kind::Policy => policy::delete(run, client, step).await,
        },
    }
}

/// Looks at what gives a step its meaning, beside what it writes.
pub(super) async fn meaning(run: &ApplyContext<'_>, step: &Step) -> Result<(), StepError> {
    match &step.action {
        Action::AddMembers { group, .. } => group::what_it_gives(run, group).await,
        Action::Create { object: Object::Policy(it), .. } => {
            policy::who_gets_it(run, step, &it.attachment).await
        }
        Action::SetRules { .. } => {
            let attachment = run.believed(|believed| match believed.get(&step.action.address()) {
                Some(Object::Policy(it)) => it.attachment.clone(),
                Some(Object::User(_) | Object::Application(_) | Object::Group(_)) | None => Attachment::None,
            });
            policy::who_gets_it(run, step, &attachment).await
        }
        Action::Update { .. } => match step.action.attaches() {
            Some(to) => policy::who_gets_it(run, step, to).await,
            None => Ok(()),
        },
        Action::Create { .. }
        | Action::RemoveMember { .. }
        | Action::SetMembers { .. }
        | Action::Delete { .. } => Ok(()),
    }
}

/// Removes an object that this run made and that nothing refers to yet.
pub(super) async fn remove(client: &Client, kind: Kind, id: Id) -> Result<(), api::Error> {
    match kind {
        Kind::User => client.delete_user(&api_id(id)).await,
        Kind::Application => client.delete_application(&api_id(id)).await,
        Kind::Group => client.delete_group(&api_id(id)).await,
        Kind::Policy => client.delete_policy(&api_id(id)).await,
    }
}

/// Adds to an object that was read what has a list of its own.
pub(super) async fn complete(run: &ApplyContext<'_>, seen: LiveObject) -> ReadResult<LiveObject> {
    match &seen.object {
        Object::User(_) | Object::Application(_) | Object::Group(_) => Ok(seen),
        Object::Policy(_) => policy::with_rules(run, seen).await,
    }
}
