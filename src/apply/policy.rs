//! The requests of the steps that write a policy or its rules.

use std::collections::BTreeSet;

use super::context::ApplyContext;
use super::look::look_and_send;
use super::meta::MetaChange;
use super::requests::{Naming, SentByKind};
use super::{How, StepError};
use crate::api::{self, Client, PolicyId, wire};
use crate::live::api_id;
use crate::model::{Address, Attachment, Id, Key, Object, Policy, Principal, Rule, Rules, Scope, State};
use crate::plan::Step;

impl SentByKind for Policy {
    const NAMING: Naming = Naming::Shared;
    type Create = wire::CreatePolicy;
    type Created = wire::Policy;
    type Update = wire::UpdatePolicy;

    fn create(run: &ApplyContext<'_>, address: &Address, policy: &Self) -> Result<Self::Create, StepError> {
        Ok(wire::CreatePolicy {
            name: address.key_text(),
            description: policy.meta.description.clone(),
            tags: policy.meta.wire_tags(),
            rules: rules(run, address, &policy.rules)?,
            principal: principal(run, &policy.attachment)?,
        })
    }

    async fn post(client: &Client, body: &Self::Create) -> Result<Self::Created, api::Error> {
        client.create_policy(body).await
    }

    fn update(
        run: &ApplyContext<'_>,
        (address, from): (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<Self::Update, StepError> {
        let moves = before.attachment != after.attachment;
        let MetaChange { name, description, tags } =
            MetaChange::between(address, from, &before.meta, &after.meta);
        let principal = if moves { Some(principal(run, &after.attachment)?) } else { None };
        Ok(wire::UpdatePolicy { name, description, tags, principal })
    }

    async fn patch(client: &Client, id: Id, body: &Self::Update) -> Result<(), api::Error> {
        client.update_policy(&api_id(id), body).await.map(drop)
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_policy(&api_id(id)).await
    }
}

pub(super) async fn set_rules(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    after: &Rules,
) -> Result<How, StepError> {
    let address = step.action.address();
    let id: PolicyId = run.id(&address)?;
    let body = rules(run, &address, after)?;
    look_and_send(run, client, step, |client| {
        let (id, body) = (id.clone(), body.clone());
        async move { client.set_rules(&id, &body).await.map(drop) }
    })
    .await
}

/// Says whether an object is a policy that gives any of these something: `groups` says who is in which group, and `people`
/// who there is.
pub(super) fn gives(object: &Object, who: &BTreeSet<Principal>, groups: &State, people: &State) -> bool {
    let Object::Policy(policy) = object else { return false };
    match &policy.attachment {
        Attachment::None => false,
        Attachment::Principal(principal) => who.contains(principal),
        Attachment::Group(key) => {
            groups.group(key).is_some_and(|group| who.iter().any(|it| group.has(people, it)))
        }
    }
}

fn principal(run: &ApplyContext<'_>, to: &Attachment) -> Result<wire::Principal, StepError> {
    Ok(match to {
        Attachment::None => wire::Principal::Nobody,
        Attachment::Group(key) => wire::Principal::Group(run.id(&Address::group(key.clone()))?),
        Attachment::Principal(principal @ Principal::User(_)) => {
            wire::Principal::User(run.id(&principal.address())?)
        }
        Attachment::Principal(principal @ Principal::Application(_)) => {
            wire::Principal::Application(run.id(&principal.address())?)
        }
    })
}

/// Writes rules as the API takes them: in the plan's order, each with its sets and projects sorted and once.
fn rules(run: &ApplyContext<'_>, address: &Address, rules: &Rules) -> Result<Vec<wire::RuleSpec>, StepError> {
    let spec = |rule: &Rule| {
        if !rule.expressible() {
            return Err(StepError::Unwritable(address.clone()));
        }
        let scope = match &rule.scope {
            Scope::Projects(ids) => wire::SpecScope::Projects(ids.iter().map(|id| api_id(*id)).collect()),
            Scope::Organization | Scope::AllProjects => {
                wire::SpecScope::Organization(run.organization().clone())
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
