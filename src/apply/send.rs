//! Maps each step to the file of its kind, which has the requests.

use std::sync::Arc;

use tokio::time::Instant;

use super::context::ApplyContext;
use super::look::look_and_send;
use super::requests::SentByKind;
use super::run::Sent;
use super::{How, Receipt, StepError, create, group, policy};
use crate::api::{self, Client, WriteLog};
use crate::model::{
    Address, Application, Group, Id, Key, Kind, Object, OfKind as _, OrganizationSettings, Policy, SshKey,
    User,
};
use crate::plan::{Action, Step};

/// Changes what differs between both, with a look right before.
async fn update_one<T: SentByKind>(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    of: (&Address, Option<&Key>),
    change: (&T, &T),
) -> Result<How, StepError> {
    let id = run.id_of(of.0)?;
    let body = &T::update(run, of, change)?;
    look_and_send(run, client, step, |client| async move { T::patch(&client, id, body).await }).await
}

macro_rules! written {
    ($($kind:ident),*) => {
        async fn create(run: &ApplyContext<'_>, client: &Client, step: &Step, object: &Object) -> Result<How, StepError> {
            match object {
                $(Object::$kind(it) => create::create(run, client, step, &**it).await,)*
            }
        }

        async fn update(
            run: &ApplyContext<'_>,
            client: &Client,
            step: &Step,
            of: (&Address, Option<&Key>),
            (before, after): (&Object, &Object),
        ) -> Result<How, StepError> {
            match after {
                $(Object::$kind(after) => match $kind::of(before) {
                    Some(before) => update_one(run, client, step, of, (before, &**after)).await,
                    None => Err(StepError::Unwritable(of.0.clone())),
                },)*
            }
        }

        /// Removes an object.
        pub(super) async fn remove(client: &Client, kind: Kind, id: Id) -> Result<(), api::Error> {
            match kind {
                $(Kind::$kind => $kind::remove(client, id).await,)*
            }
        }
    };
}

written!(User, Application, Group, Policy, SshKey, OrganizationSettings);

/// Sends a step and notes what it changes for the others.
pub(super) async fn send<'a>(run: &ApplyContext<'a>, step: &'a Step) -> Sent {
    let began = Instant::now();
    let write_log = Arc::new(WriteLog::default());
    let client = run.client().with_write_log(Arc::clone(&write_log));
    run.begin(step);
    let result = send_request(run, &client, step).await;
    run.end(step, result.as_ref().err());
    let last_write = write_log.last_write();
    let receipt = Receipt {
        how: How::Sent,
        request_id: last_write.request_id,
        status: last_write.status,
        writes: last_write.writes,
        elapsed: began.elapsed(),
    };
    Sent { result, receipt }
}

/// Sends the one request of a step, with the look before it.
async fn send_request(run: &ApplyContext<'_>, client: &Client, step: &Step) -> Result<How, StepError> {
    match &step.action {
        Action::Create { object, .. } => create(run, client, step, object).await,
        Action::Update { address, from, before, after } => {
            update(run, client, step, (address, from.as_ref()), (before, after)).await
        }
        Action::AddMembers { members, .. } => group::add_members(run, client, step, members).await,
        Action::RemoveMember { member, .. } => group::remove_member(run, client, step, member).await,
        Action::SetMembers { after, .. } => group::set_members(run, client, step, after).await,
        Action::SetRules { after, .. } => policy::set_rules(run, client, step, after).await,
        Action::Delete { address, .. } => {
            let (kind, id) = (address.kind(), run.id_of(address)?);
            look_and_send(run, client, step, |client| async move { remove(&client, kind, id).await }).await
        }
    }
}
