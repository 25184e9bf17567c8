//! Maps each step to the file of its kind, which has the requests.

use std::future::Future;

use super::context::ApplyContext;
use super::create::{self, Naming};
use super::look::look_and_send;
use super::reads::ReadResult;
use super::{How, StepError, group, policy, user};
use crate::api::{self, Client};
use crate::live::{LiveObject, ObjectAnswer};
use crate::model::{
    Address, Application, Attachment, Group, Id, Key, Kind, Object, OfKind, OrganizationSettings, Policy,
    SshKey, User,
};
use crate::plan::{Action, Step};

/// The requests that make, change and delete an object of one kind: their bodies and the calls that send them. When they are
/// sent, and after which look, is the same for every kind.
pub(super) trait SentByKind: OfKind + Clone + Into<Object> + Sync {
    /// Whether several objects of the kind may have one name.
    const NAMING: Naming;
    /// What creates one.
    type Create: Send + Sync;
    /// The answer to that.
    type Created: ObjectAnswer;
    /// What changes one.
    type Update: Send + Sync;

    /// Returns what creates an object.
    fn create(run: &ApplyContext<'_>, address: &Address, object: &Self) -> Result<Self::Create, StepError>;

    /// Creates one.
    fn post(
        client: &Client,
        body: &Self::Create,
    ) -> impl Future<Output = Result<Self::Created, api::Error>> + Send;

    /// Returns what changes an object, from one key and content to another.
    fn update(
        run: &ApplyContext<'_>,
        of: (&Address, Option<&Key>),
        change: (&Self, &Self),
    ) -> Result<Self::Update, StepError>;

    /// Changes the object of an id.
    fn patch(
        client: &Client,
        id: Id,
        body: &Self::Update,
    ) -> impl Future<Output = Result<(), api::Error>> + Send;

    /// Deletes the object of an id.
    fn remove(client: &Client, id: Id) -> impl Future<Output = Result<(), api::Error>> + Send;
}

/// Makes an object, with a look for one that is there already.
async fn create_one<T: SentByKind>(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    object: &T,
) -> Result<How, StepError> {
    let body = T::create(run, &step.action.address(), object)?;
    create::create(run, client, step, T::NAMING, &object.clone().into(), || T::post(client, &body)).await
}

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
                $(Object::$kind(it) => create_one(run, client, step, &**it).await,)*
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

/// Sends the one request of a step, with the look before it.
pub(super) async fn send(run: &ApplyContext<'_>, client: &Client, step: &Step) -> Result<How, StepError> {
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

/// Reads the objects that determine the effect of a step, besides the one that it writes.
pub(super) async fn meaning(run: &ApplyContext<'_>, step: &Step) -> Result<(), StepError> {
    match &step.action {
        Action::AddMembers { group, .. } => group::what_it_gives(run, group).await,
        Action::Create { object: Object::Policy(it), .. } => {
            policy::who_gets_it(run, step, &it.attachment).await
        }
        Action::SetRules { .. } => {
            let attachment = run.believed(|believed| {
                let policy = believed.get(&step.action.address()).and_then(Policy::of);
                policy.map_or(Attachment::None, |policy| policy.attachment.clone())
            });
            policy::who_gets_it(run, step, &attachment).await
        }
        Action::Update { .. } => match step.action.attaches() {
            Some(to) => policy::who_gets_it(run, step, to).await,
            None => Ok(()),
        },
        Action::Delete { address, .. } if address.kind() == Kind::User => {
            user::keys_as_planned(run, address).await
        }
        Action::Create { .. }
        | Action::RemoveMember { .. }
        | Action::SetMembers { .. }
        | Action::Delete { .. } => Ok(()),
    }
}

/// Adds to an object that was read what has a list of its own.
pub(super) async fn complete(run: &ApplyContext<'_>, seen: LiveObject) -> ReadResult<LiveObject> {
    if seen.object.kind() == Kind::Policy { policy::with_rules(run, seen).await } else { Ok(seen) }
}
