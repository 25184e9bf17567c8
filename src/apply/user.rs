//! The requests of the steps that write a person.

use std::sync::Arc;

use super::StepError;
use super::context::ApplyContext;
use super::create::Naming;
use super::look::unseen;
use super::meta::MetaChange;
use super::send::SentByKind;
use super::words::ChangedField;
use crate::api::wire::{self, Bearer};
use crate::api::{self, Client};
use crate::live::{self, api_id};
use crate::model::{Address, Id, Key, Mails, User, UserProfile};

/// Counts the API keys of a person who is about to be removed: no answer about people has them, and a key that came since the
/// plan would end with the person unseen.
pub(super) async fn keys_as_planned(run: &ApplyContext<'_>, address: &Address) -> Result<(), StepError> {
    let found = live::held_keys(&run.client(), Bearer::User(api_id(run.id_of(address)?))).await;
    let found = found.map_err(|error| unseen(address)(Arc::new(error)))?.number;
    let planned = run.plan.keys_that_go(address);
    if found <= planned {
        return Ok(());
    }
    let (planned_from, now) = (planned.to_string(), found.to_string());
    let change = ChangedField { field: "nb_api_keys", planned_from, now, desired: None };
    Err(StepError::Changed { address: address.clone(), changes: vec![change] })
}

/// A change of a person; each has a call of its own.
pub(super) enum UserChange {
    Lock,
    Fields(wire::UpdateUser),
    Username(String),
}

impl SentByKind for User {
    const NAMING: Naming = Naming::Unique;
    type Create = wire::CreateUser;
    type Created = wire::User;
    type Update = UserChange;

    fn create(_: &ApplyContext<'_>, address: &Address, user: &Self) -> Result<Self::Create, StepError> {
        let UserProfile { first_name, last_name, phone_number, locale } = (*user.profile).clone();
        let Mails { welcome, password } = user.mails;
        let member = wire::NewMember {
            email: address.key().title().unwrap_or_default().to_owned(),
            send_password_email: password,
            send_welcome_email: welcome,
            username: user.username.clone(),
            password: None,
            first_name,
            last_name,
            phone_number,
            locale,
        };
        Ok(wire::CreateUser { tags: user.meta.wire_tags(), user: wire::NewUser::Member(Box::new(member)) })
    }

    async fn post(client: &Client, body: &Self::Create) -> Result<Self::Created, api::Error> {
        client.create_user(body).await
    }

    fn update(
        _: &ApplyContext<'_>,
        (address, from): (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<Self::Update, StepError> {
        if before.locked != after.locked {
            return Ok(UserChange::Lock);
        }
        if before.username != after.username {
            return Ok(UserChange::Username(after.username.clone()));
        }
        let MetaChange { name, description: _, tags } =
            MetaChange::between(address, from, &before.meta, &after.meta);
        let changed = |field: fn(&UserProfile) -> &String| {
            let (before, after) = (field(&before.profile), field(&after.profile));
            (before != after).then(|| after.clone())
        };
        Ok(UserChange::Fields(wire::UpdateUser {
            tags,
            email: name,
            first_name: changed(|profile| &profile.first_name),
            last_name: changed(|profile| &profile.last_name),
            phone_number: changed(|profile| &profile.phone_number),
            locale: changed(|profile| &profile.locale),
        }))
    }

    async fn patch(client: &Client, id: Id, body: &Self::Update) -> Result<(), api::Error> {
        let id = api_id(id);
        match body {
            UserChange::Lock => client.lock_user(&id).await.map(drop),
            UserChange::Fields(body) => client.update_user(&id, body).await.map(drop),
            UserChange::Username(username) => client.update_username(&id, username).await.map(drop),
        }
    }

    async fn remove(client: &Client, id: Id) -> Result<(), api::Error> {
        client.delete_user(&api_id(id)).await
    }
}
