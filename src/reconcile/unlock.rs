//! People who were locked out.

use super::Error;
use super::session::Session;
use crate::api::{ListUsers, UserId};
use crate::model::{Id, Key};

impl Session {
    /// Unlocks a person; returns false for one who is not locked.
    ///
    /// # Errors
    /// [`Error::Nobody`] when nobody, or more than one person, goes by this; [`Error::Unlock`] when the API refuses.
    pub async fn unlock(&self, person: &Key) -> Result<bool, Error> {
        let failed = |source| Error::Unlock { person: person.clone(), source };
        let users = self.client.list_users(&ListUsers::default()).all().await.map_err(failed)?;
        let is = |email: &str, username: &str, id: &UserId| match person {
            Key::Email(wanted) => email.parse().is_ok_and(|email| *wanted == email),
            Key::Username(wanted) => wanted.as_str() == username,
            Key::Id(wanted) => id.as_str().parse::<Id>() == Ok(*wanted),
            Key::Named(_) | Key::Project(_) | Key::Child(_) | Key::Only => false,
        };
        let found: Vec<_> = users.iter().filter(|user| is(&user.email, &user.username, &user.id)).collect();
        let [user] = found.as_slice() else {
            return Err(Error::Nobody { person: person.clone(), found: found.len() });
        };
        if user.locked {
            self.client.unlock_user(&user.id).await.map_err(failed)?;
        }
        Ok(user.locked)
    }
}
