//! The requests of the steps that write a person.

use super::StepError;
use super::context::ApplyContext;
use super::meta::MetaChange;
use super::requests::{Naming, SentByKind};
use crate::api::{self, Client, wire};
use crate::live::api_id;
use crate::model::{Address, Id, Key, Mails, User, UserProfile};

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
