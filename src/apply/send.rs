//! What each step is on the wire.

use std::collections::BTreeSet;

use super::create::{create, group_facts};
use super::desk::{Desk, api_id};
use super::fact::{self, Facts, Value, of_attachment, of_members, of_meta, of_rules};
use super::look::{Seen, look, only};
use super::{How, StepError};
use crate::api::{self, Client, ErrorKind, Tries, wire};
use crate::model::{Address, Attachment, Key, Meta, Name, Policy, Principal, Rule, Rules, Scope};
use crate::plan::{Action, Update};

/// Sends the one request of a step.
pub(super) async fn send(desk: &Desk<'_>, client: &Client, action: &Action) -> Result<How, StepError> {
    match action {
        Action::CreateApplication { name, meta } => {
            let body = wire::CreateApplication {
                name: name.to_string(),
                description: meta.description.clone(),
                tags: meta.wire_tags(),
            };
            let wanted = of_meta(Some(name.as_str()), meta);
            create(desk, client, action.address(), wanted, || client.create_application(&body)).await
        }
        Action::CreateGroup { name, meta } => {
            let body = wire::CreateGroup {
                name: name.to_string(),
                description: meta.description.clone(),
                tags: meta.wire_tags(),
            };
            let wanted = group_facts(of_meta(Some(name.as_str()), meta));
            create(desk, client, action.address(), wanted, || client.create_group(&body)).await
        }
        Action::CreatePolicy { name, policy } => {
            let body = new_policy(desk, &action.address(), name, policy)?;
            let wanted = policy_facts(desk, name, policy)?;
            create(desk, client, action.address(), wanted, || client.create_policy(&body)).await
        }
        Action::Update(update) => patch(desk, client, update).await,
        Action::AddMembers { group, members } => add_members(desk, client, group, members).await,
        Action::RemoveMember { group, member } => {
            let id = desk.id(&Address::Group(group.clone()))?;
            unless_gone(client.remove_member(&id, &one(desk, member)?).await.map(drop))
        }
        Action::SetMembers { group, before, after } => set_members(desk, client, group, before, after).await,
        Action::SetRules { policy, before, after } => {
            let address = Address::Policy(policy.clone());
            let id = desk.id(&address)?;
            let body = rules(desk, &address, after)?;
            let (before, after) = (only("rules", of_rules(before)), only("rules", of_rules(after)));
            overwrite(desk, client, &address, (&before, &after), &Overwriting::Rules(id, body)).await
        }
        Action::Delete { address } => unless_gone(match address {
            Address::User(_) => client.delete_user(&desk.id(address)?).await,
            Address::Application(_) => client.delete_application(&desk.id(address)?).await,
            Address::Group(_) => client.delete_group(&desk.id(address)?).await,
            Address::Policy(_) => client.delete_policy(&desk.id(address)?).await,
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
    group: &Key<Name>,
    before: &BTreeSet<Principal>,
    after: &BTreeSet<Principal>,
) -> Result<How, StepError> {
    let address = Address::Group(group.clone());
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
    group: &Key<Name>,
    members: &BTreeSet<Principal>,
) -> Result<How, StepError> {
    let address = Address::Group(group.clone());
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

/// Changes fields of an object; a change of a policy's principal is looked at first.
async fn patch(desk: &Desk<'_>, client: &Client, update: &Update) -> Result<How, StepError> {
    let Update { address, name, description, tags, owner, attachment, meta } = update;
    let name = name.as_ref().map(|(_, name)| name.to_string());
    let description = description.as_ref().map(|(_, description)| description.clone());
    let tags = (tags.is_some() || owner.is_some()).then(|| meta.wire_tags());
    match address {
        Address::User(_) => {
            let change = wire::UpdateUser { tags, ..wire::UpdateUser::default() };
            client.update_user(&desk.id(address)?, &change).await?;
        }
        Address::Application(_) => {
            let change = wire::UpdateApplication { name, description, tags };
            client.update_application(&desk.id(address)?, &change).await?;
        }
        Address::Group(_) => {
            let change = wire::UpdateGroup { name, description, tags };
            client.update_group(&desk.id(address)?, &change).await?;
        }
        Address::Policy(_) => {
            let id = desk.id(address)?;
            let to = attachment.as_ref().map(|(_, to)| principal(desk, to)).transpose()?;
            let change = wire::UpdatePolicy { name, description, tags, principal: to };
            if let Some((from, _)) = attachment {
                let sides = (&before_of(desk, update, from)?, &after_of(desk, update)?);
                return overwrite(desk, client, address, sides, &Overwriting::Policy(id, change)).await;
            }
            client.update_policy(&id, &change).await?;
        }
    }
    Ok(How::Sent)
}

/// Returns the fields that a PATCH of a policy overwrites, as the plan saw them.
fn before_of(desk: &Desk<'_>, update: &Update, from: &Attachment) -> Result<Facts, StepError> {
    let mut facts = only("principal", desk.ids(|ids| of_attachment(ids, from))?);
    if let Some((name, _)) = &update.name
        && let Some(name) = name.name()
    {
        facts.insert("name", Value::Text(name.to_string()));
    }
    if let Some((description, _)) = &update.description {
        facts.insert("description", Value::Text(description.clone()));
    }
    if update.tags.is_some() || update.owner.is_some() {
        let tags = update.tags.as_ref().map_or(&update.meta.tags, |(tags, _)| tags);
        let owner = update.owner.as_ref().map_or(&update.meta.owner, |(owner, _)| owner);
        let before = Meta { description: String::new(), tags: tags.clone(), owner: owner.clone() };
        facts.insert("tags", Value::Texts(before.wire_tags().into_iter().collect()));
    }
    Ok(facts)
}

/// Returns the same fields as they are to be.
fn after_of(desk: &Desk<'_>, update: &Update) -> Result<Facts, StepError> {
    let mut facts = of_meta(fact::name_of(&update.address), &update.meta);
    facts.retain(|field, _| match *field {
        "name" => update.name.is_some(),
        "description" => update.description.is_some(),
        _ => update.tags.is_some() || update.owner.is_some(),
    });
    if let Some((_, to)) = &update.attachment {
        facts.insert("principal", desk.ids(|ids| of_attachment(ids, to))?);
    }
    Ok(facts)
}

fn new_policy(
    desk: &Desk<'_>,
    address: &Address,
    name: &Name,
    policy: &Policy,
) -> Result<wire::CreatePolicy, StepError> {
    Ok(wire::CreatePolicy {
        name: name.to_string(),
        description: policy.meta.description.clone(),
        tags: policy.meta.wire_tags(),
        rules: rules(desk, address, &policy.rules)?,
        principal: principal(desk, &policy.attachment)?,
    })
}

fn policy_facts(desk: &Desk<'_>, name: &Name, policy: &Policy) -> Result<Facts, StepError> {
    let mut facts = of_meta(Some(name.as_str()), &policy.meta);
    facts.insert("principal", desk.ids(|ids| of_attachment(ids, &policy.attachment))?);
    facts.insert("rules", of_rules(&policy.rules));
    Ok(facts)
}

fn principal(desk: &Desk<'_>, to: &Attachment) -> Result<wire::Principal, StepError> {
    Ok(match to {
        Attachment::None => wire::Principal::Nobody,
        Attachment::Group(key) => wire::Principal::Group(desk.id(&Address::Group(key.clone()))?),
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
