use jiff::Timestamp;

use super::Error;
use super::id::api_id;
use super::meta::meta;
use super::seen::{Known, ObjectAnswer};
use crate::api::{self, Client, ListUsers, OrganizationId, wire};
use crate::model::{Id, Key, Kind, Mails, Object, User, UserProfile, UserStatus, UserType};

impl ObjectAnswer for wire::User {
    const KIND: Kind = Kind::User;
    const DELETED_BY: Option<&'static str> = Some("DeleteUser");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn title(&self) -> &str {
        &self.email
    }

    fn second_key(&self) -> Option<Key> {
        self.username.parse().map(Key::Username).ok()
    }

    fn organization(&self) -> &OrganizationId {
        &self.organization_id
    }

    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.created_at, self.updated_at)
    }

    fn object(&self, _: &Known<'_>) -> Result<Object, Error> {
        let kind = match self.kind {
            wire::UserType::Owner => UserType::Owner,
            wire::UserType::Member | wire::UserType::Guest => UserType::Member,
            wire::UserType::Unspecified | wire::UserType::Unknown(_) => UserType::Other,
        };
        // Source: IAM API v1alpha1, `status` of a user: deprecated, and `unknown_status` where it is not said.
        let status = match self.status {
            Some(wire::UserStatus::InvitationPending) => UserStatus::Invited,
            Some(
                wire::UserStatus::Activated | wire::UserStatus::Unspecified | wire::UserStatus::Unknown(_),
            )
            | None => UserStatus::Activated,
        };
        let user = User {
            meta: meta("", &self.tags),
            username: self.username.clone(),
            profile: Box::new(UserProfile {
                first_name: self.first_name.clone(),
                last_name: self.last_name.clone(),
                phone_number: self.phone_number.clone(),
                locale: self.locale.clone(),
            }),
            kind,
            locked: self.locked,
            status,
            mails: Mails::default(),
        };
        Ok(user.into())
    }

    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        client.list_users(&ListUsers::default()).all().await
    }

    async fn get(client: &Client, id: Id) -> Result<Self, api::Error> {
        client.get_user(&api_id(id)).await
    }
}
