//! The calls about users.
use serde::Serialize;

use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::UserId;
use super::list::{List, Query, orders};
use super::wire::{CreateUser, InOrganization, Nothing, UpdateUser, User, UserType};

const PATH: &str = "/iam/v1alpha1/users";

/// Which users to list, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListUsers {
    /// The order.
    pub order_by: UserOrder,
    /// With these ids.
    pub user_ids: Vec<UserId>,
    /// Only those with a second factor, or only the others.
    pub mfa: Option<bool>,
    /// With this tag. It is not documented whether the filter matches the whole tag or a part.
    pub tag: Option<String>,
    /// Of this type.
    pub kind: Option<UserType>,
}

orders! {
    /// The orders of the list of users. By name, case does not count.
    UserOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        UpdatedAtAsc = "updated_at_asc",
        UpdatedAtDesc = "updated_at_desc",
        EmailAsc = "email_asc",
        EmailDesc = "email_desc",
        LastLoginAsc = "last_login_asc",
        LastLoginDesc = "last_login_desc",
        UsernameAsc = "username_asc",
        UsernameDesc = "username_desc",
    }
}

#[derive(Serialize)]
struct UpdateUsername<'a> {
    username: &'a str,
}

impl Client {
    /// Lists users of the organization.
    ///
    /// Source: IAM API v1alpha1, `GET /users` (ListUsers).
    pub fn list_users(&self, list: &ListUsers) -> List<User> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .each("user_ids", &list.user_ids)
            .one("mfa", list.mfa.as_ref())
            .one("tag", list.tag.as_ref())
            .one("type", list.kind.as_ref());
        List::new(self, PATH, query.done())
    }

    /// Returns one user.
    ///
    /// Source: IAM API v1alpha1, `GET /users/{id}` (GetUser).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn get_user(&self, id: &UserId) -> Result<User, Error> {
        self.send(Call::get(format!("{PATH}/{id}"))).await
    }

    /// Brings a person into the organization, by invitation or as a member.
    ///
    /// Source: IAM API v1alpha1, `POST /users` (CreateUser).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was done.
    pub async fn create_user(&self, user: &CreateUser) -> Result<User, Error> {
        let body = InOrganization { organization_id: self.organization(), body: user };
        self.send(Call::post(PATH, &body).secret_answer()).await
    }

    /// Changes tags, e-mail address, name, phone number or language of a user.
    ///
    /// Source: IAM API v1alpha1, `PATCH /users/{id}` (UpdateUser). Fact: the answer still has the old `updated_at`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when it no longer exists.
    pub async fn update_user(&self, id: &UserId, change: &UpdateUser) -> Result<User, Error> {
        self.send(Call::patch(format!("{PATH}/{id}"), change)).await
    }

    /// Changes the username of a member: 2 to 150 of ASCII letters, digits and `@ . _ -`.
    ///
    /// Source: IAM API v1alpha1, `POST /users/{id}/update-username` (UpdateUserUsername). It leads to a named state, so it
    /// is tried again after any passing failure; if the API refuses a second time, the user is read to see whether the
    /// first request worked.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn update_username(&self, id: &UserId, username: &str) -> Result<User, Error> {
        let call = Call::action(format!("{PATH}/{id}/update-username"), &UpdateUsername { username });
        let sent = self.send(call).await;
        self.or_user_as_wanted(id, sent, |user| user.username == username).await
    }

    /// Locks a member out: they can neither log in nor use their API keys. Tried again as [`Client::update_username`].
    ///
    /// Source: IAM API v1alpha1, `POST /users/{id}/lock` (LockUser).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn lock_user(&self, id: &UserId) -> Result<User, Error> {
        let sent = self.send(Call::action(format!("{PATH}/{id}/lock"), &Nothing {})).await;
        self.or_user_as_wanted(id, sent, |user| user.locked).await
    }

    /// Lets a locked member in again. Tried again as [`Client::update_username`].
    ///
    /// Source: IAM API v1alpha1, `POST /users/{id}/unlock` (UnlockUser).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn unlock_user(&self, id: &UserId) -> Result<User, Error> {
        let sent = self.send(Call::action(format!("{PATH}/{id}/unlock"), &Nothing {})).await;
        self.or_user_as_wanted(id, sent, |user| !user.locked).await
    }

    /// Deletes a user, guest or member, from the organization, and with it their API keys. Policies attached to them stay,
    /// and grant nobody anything. The owner cannot be deleted.
    ///
    /// Source: IAM API v1alpha1, `DELETE /users/{id}` (DeleteUser).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id, unless a try before this one may
    /// have deleted it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use scw_iam::api::ListUsers;
    ///
    /// let users = client.list_users(&ListUsers::default()).all().await?;
    /// let bob = users.iter().find(|user| user.email == "bob@example.com" && user.deletable);
    /// client.delete_user(&bob.expect("bob is there").id).await?;
    /// # assert_eq!(client.list_users(&ListUsers::default()).all().await?.len(), users.len() - 1);
    /// # Ok(()) }
    /// ```
    pub async fn delete_user(&self, id: &UserId) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{PATH}/{id}"))).await
    }

    /// Turns a failure into success when an earlier try may have worked and the user is as wanted.
    async fn or_user_as_wanted(
        &self,
        id: &UserId,
        sent: Result<User, Error>,
        wanted: impl Fn(&User) -> bool,
    ) -> Result<User, Error> {
        let error = match sent {
            Err(error) if error.may_have_happened() => error,
            other => return other,
        };
        match self.get_user(id).await {
            Ok(user) if wanted(&user) => Ok(user),
            _ => Err(error),
        }
    }
}
