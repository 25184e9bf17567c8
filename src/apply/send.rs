//! What each step is on the wire.

use std::collections::BTreeSet;

use super::create::{create, group_facts};
use super::desk::{Desk, api_id};
use super::fact::{Facts, Value, of_attachment, of_members, of_meta, of_rules};
use super::look::{Seen, look, only};
use super::{How, StepError};
use crate::api::{self, Client, ErrorKind, Tries, wire};
use crate::model::{Address, Attachment, Key, Kind, Object, Principal, Rule, Rules, Scope};
use crate::plan::Action;

/// Sends the one request of a step.
pub(super) async fn send(desk: &Desk<'_>, client: &Client, action: &Action) -> Result<How, StepError> {
    match action {
        Action::Create { address, object } => new(desk, client, address, object).await,
        Action::Update { address, from, before, after } => {
            patch(desk, client, address, from.as_ref(), (before, after)).await
        }
        Action::AddMembers { group, members } => add_members(desk, client, group, members).await,
        Action::RemoveMember { member, .. } => {
            let id = desk.id(&action.address())?;
            unless_gone(client.remove_member(&id, &one(desk, member)?).await.map(drop))
        }
        Action::SetMembers { group, before, after } => set_members(desk, client, group, before, after).await,
        Action::SetRules { policy, before, after } => {
            let address = Address::policy(policy.clone());
            let id = desk.id(&address)?;
            let body = rules(desk, &address, after)?;
            let (before, after) = (only("rules", of_rules(before)), only("rules", of_rules(after)));
            overwrite(desk, client, &address, (&before, &after), &Overwriting::Rules(id, body)).await
        }
        Action::Delete { address, .. } => unless_gone(match address.kind() {
            Kind::User => client.delete_user(&desk.id(address)?).await,
            Kind::Application => client.delete_application(&desk.id(address)?).await,
            Kind::Group => client.delete_group(&desk.id(address)?).await,
            Kind::Policy => client.delete_policy(&desk.id(address)?).await,
        }),
    }
}

/// What is not there need not be taken away.
fn unless_gone(sent: Result<(), api::Error>) -> Result<How, StepError> {
    match sent {
        Ok(()) => Ok(How::Sent),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(How::AlreadyGone),
        Err(error) => Err(error.into()),
    }
}

/// Replaces the members of a group. Who left it meanwhile, by whatever hand, is never added again: the look stops it.
async fn set_members(
    desk: &Desk<'_>,
    client: &Client,
    group: &Key,
    before: &BTreeSet<Principal>,
    after: &BTreeSet<Principal>,
) -> Result<How, StepError> {
    let address = Address::group(group.clone());
    let id = desk.id(&address)?;
    let body = several(desk, after)?;
    let facts = |members| desk.ids(|ids| of_members(ids, members)).map(|value| only("members", value));
    let sides = (&facts(before)?, &facts(after)?);
    overwrite(desk, client, &address, sides, &Overwriting::Members(id, body)).await
}

/// Adds members to a group. After a try that may have been executed it is looked whether it was: who is taken out of
/// the group right after having joined is not put back by a second try.
async fn add_members(
    desk: &Desk<'_>,
    client: &Client,
    group: &Key,
    members: &BTreeSet<Principal>,
) -> Result<How, StepError> {
    let address = Address::group(group.clone());
    let id = desk.id(&address)?;
    let body = several(desk, members)?;
    let mut tries = Tries::start();
    loop {
        if tries.may_have_happened() {
            let found = client.get_group(&id).await;
            let found = found.map_err(|source| StepError::Unseen { address: address.clone(), source })?;
            let joined = body.user_ids.iter().all(|user| found.user_ids.contains(user))
                && body.application_ids.iter().all(|application| found.application_ids.contains(application));
            if joined {
                return Ok(How::Sent);
            }
        }
        let client = client.single(&tries);
        let sent = match (members.len(), members.first()) {
            (1, Some(member)) => client.add_member(&id, &one(desk, member)?).await,
            _ => client.add_members(&id, &body).await,
        };
        let Err(error) = sent else { return Ok(How::Sent) };
        let Some(wait) = tries.again(&error) else { return Err(error.into()) };
        tokio::time::sleep(wait).await;
    }
}

/// A call that replaces what was there.
enum Overwriting {
    Rules(api::PolicyId, Vec<wire::RuleSpec>),
    Members(api::GroupId, wire::Members),
    Policy(api::PolicyId, wire::UpdatePolicy),
}

impl Overwriting {
    async fn send(&self, client: &Client) -> Result<(), api::Error> {
        match self {
            Self::Rules(policy, rules) => client.set_rules(policy, rules).await.map(drop),
            Self::Members(group, members) => client.set_members(group, members).await.map(drop),
            Self::Policy(policy, change) => client.update_policy(policy, change).await.map(drop),
        }
    }
}

/// Sends a call that overwrites, with a look right before each try: what somebody else wrote while the retry policy
/// waited is no more lost than what they wrote before.
async fn overwrite(
    desk: &Desk<'_>,
    client: &Client,
    address: &Address,
    (before, after): (&Facts, &Facts),
    call: &Overwriting,
) -> Result<How, StepError> {
    let mut tries = Tries::start();
    loop {
        if look(desk, client, address, before, after).await? == Seen::AlreadySo {
            return Ok(if tries.may_have_happened() { How::Sent } else { How::AlreadySo });
        }
        let Err(error) = call.send(&client.single(&tries)).await else { return Ok(How::Sent) };
        let Some(wait) = tries.again(&error) else { return Err(error.into()) };
        tokio::time::sleep(wait).await;
    }
}

/// Makes an object.
async fn new(desk: &Desk<'_>, client: &Client, address: &Address, object: &Object) -> Result<How, StepError> {
    let name = address.key_text();
    let mut wanted = object.meta().map(|meta| of_meta(Some(&name), meta)).unwrap_or_default();
    let (description, tags) =
        object.meta().map(|meta| (meta.description.clone(), meta.wire_tags())).unwrap_or_default();
    match object {
        Object::User(_) => Err(StepError::Unwritable(address.clone())),
        Object::Application(_) => {
            let body = wire::CreateApplication { name, description, tags };
            create(desk, client, address.clone(), wanted, || client.create_application(&body)).await
        }
        Object::Group(_) => {
            let body = wire::CreateGroup { name, description, tags };
            create(desk, client, address.clone(), group_facts(wanted), || client.create_group(&body)).await
        }
        Object::Policy(policy) => {
            wanted.insert("principal", desk.ids(|ids| of_attachment(ids, &policy.attachment))?);
            wanted.insert("rules", of_rules(&policy.rules));
            let body = wire::CreatePolicy {
                name,
                description,
                tags,
                rules: rules(desk, address, &policy.rules)?,
                principal: principal(desk, &policy.attachment)?,
            };
            create(desk, client, address.clone(), wanted, || client.create_policy(&body)).await
        }
    }
}

/// Changes fields of an object; a change of a policy's principal is looked at first.
async fn patch(
    desk: &Desk<'_>,
    client: &Client,
    address: &Address,
    from: Option<&Key>,
    (before, after): (&Object, &Object),
) -> Result<How, StepError> {
    let (mut old, mut new) = (Facts::new(), Facts::new());
    let name = from.map(|from| {
        old.extend(from.title().map(|from| ("name", Value::Text(from.to_owned()))));
        new.insert("name", Value::Text(address.key_text()));
        address.key_text()
    });
    let (mut description, mut tags, mut to) = (None, None, None);
    if let (Some(was), Some(is)) = (before.meta(), after.meta()) {
        if was.description != is.description {
            old.insert("description", Value::Text(was.description.clone()));
            new.insert("description", Value::Text(is.description.clone()));
            description = Some(is.description.clone());
        }
        if (&was.tags, &was.owner) != (&is.tags, &is.owner) {
            old.insert("tags", Value::Texts(was.wire_tags().into_iter().collect()));
            new.insert("tags", Value::Texts(is.wire_tags().into_iter().collect()));
            tags = Some(is.wire_tags());
        }
    }
    if let (Object::Policy(was), Object::Policy(is)) = (before, after)
        && was.attachment != is.attachment
    {
        old.insert("principal", desk.ids(|ids| of_attachment(ids, &was.attachment))?);
        new.insert("principal", desk.ids(|ids| of_attachment(ids, &is.attachment))?);
        to = Some(principal(desk, &is.attachment)?);
    }
    match after {
        Object::User(_) => {
            let change = wire::UpdateUser { tags, ..wire::UpdateUser::default() };
            client.update_user(&desk.id(address)?, &change).await?;
        }
        Object::Application(_) => {
            let change = wire::UpdateApplication { name, description, tags };
            client.update_application(&desk.id(address)?, &change).await?;
        }
        Object::Group(_) => {
            let change = wire::UpdateGroup { name, description, tags };
            client.update_group(&desk.id(address)?, &change).await?;
        }
        Object::Policy(_) => {
            let (id, attaches) = (desk.id(address)?, to.is_some());
            let change = wire::UpdatePolicy { name, description, tags, principal: to };
            if attaches {
                return overwrite(desk, client, address, (&old, &new), &Overwriting::Policy(id, change))
                    .await;
            }
            client.update_policy(&id, &change).await?;
        }
    }
    Ok(How::Sent)
}

fn principal(desk: &Desk<'_>, to: &Attachment) -> Result<wire::Principal, StepError> {
    Ok(match to {
        Attachment::None => wire::Principal::Nobody,
        Attachment::Group(key) => wire::Principal::Group(desk.id(&Address::group(key.clone()))?),
        Attachment::Principal(principal @ Principal::User(_)) => {
            wire::Principal::User(desk.id(&principal.address())?)
        }
        Attachment::Principal(principal @ Principal::Application(_)) => {
            wire::Principal::Application(desk.id(&principal.address())?)
        }
    })
}

fn one(desk: &Desk<'_>, member: &Principal) -> Result<wire::Member, StepError> {
    let address = member.address();
    Ok(match member {
        Principal::User(_) => wire::Member::User(desk.id(&address)?),
        Principal::Application(_) => wire::Member::Application(desk.id(&address)?),
    })
}

fn several(desk: &Desk<'_>, members: &BTreeSet<Principal>) -> Result<wire::Members, StepError> {
    let mut several = wire::Members::default();
    for member in members {
        match one(desk, member)? {
            wire::Member::User(id) => several.user_ids.push(id),
            wire::Member::Application(id) => several.application_ids.push(id),
        }
    }
    several.user_ids.sort_unstable();
    several.application_ids.sort_unstable();
    Ok(several)
}

/// Writes rules as the API takes them: in the plan's order, each with its sets and projects sorted and once.
fn rules(desk: &Desk<'_>, address: &Address, rules: &Rules) -> Result<Vec<wire::RuleSpec>, StepError> {
    let spec = |rule: &Rule| {
        if !rule.expressible() {
            return Err(StepError::Unwritable(address.clone()));
        }
        let scope = match &rule.scope {
            Scope::Projects(ids) => wire::SpecScope::Projects(ids.iter().map(|id| api_id(*id)).collect()),
            Scope::Organization | Scope::AllProjects => {
                wire::SpecScope::Organization(desk.organization().clone())
            }
            Scope::Other(_) | Scope::Gone => return Err(StepError::Unwritable(address.clone())),
        };
        Ok(wire::RuleSpec {
            permission_set_names: rule.permission_sets.iter().map(ToString::to_string).collect(),
            condition: rule.condition.as_ref().map(ToString::to_string).unwrap_or_default(),
            scope,
        })
    };
    rules.0.iter().map(spec).collect()
}
