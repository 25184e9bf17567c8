//! Users: the owner and the members.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::api_key::Bearer;
use super::caller::Requester;
use super::fields::{BodyFields, read_uuid, set};
use super::grace_period::{GracePeriod, GracePeriodKind};
use super::new_user::{Details, email_in, new_user, username_in};
use super::organization::{HandlerRequest, Needed, Organization, unused_id};
use super::page::{Listing, SortKey, Total};
use super::policy::Principal;
use super::query::holds;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::state::Defaults;
use super::table::row;
use super::time::{micros, micros_or_null};

/// A person in the organization.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct User {
    #[serde(deserialize_with = "read_uuid")]
    id: String,
    email: String,
    username: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) phone_number: String,
    #[serde(default = "english")]
    pub(super) locale: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    #[serde(deserialize_with = "read_uuid")]
    organization_id: String,
    deletable: bool,
    #[serde(with = "micros_or_null")]
    last_login_at: Option<Timestamp>,
    #[serde(rename = "type", default = "member")]
    kind: String,
    two_factor_enabled: bool,
    #[serde(default = "activated")]
    status: String,
    mfa: bool,
    account_root_user_id: String,
    tags: Vec<String>,
    pub(super) locked: bool,
    /// What the person has yet to do. Kept in the state, served by a call of its own.
    #[serde(skip_serializing)]
    pub(super) grace_periods: Vec<GracePeriod>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

fn english() -> String {
    "en_US".to_owned()
}

fn member() -> String {
    "member".to_owned()
}

fn activated() -> String {
    "activated".to_owned()
}

row!(User);

const LISTING: Listing<User> = Listing {
    items: "users",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[
        ("updated_at", |user| SortKey::Time(user.updated_at)),
        ("email", |user| SortKey::text(&user.email)),
        ("last_login", |user| SortKey::time(user.last_login_at)),
        ("username", |user| SortKey::text(&user.username)),
    ],
};

impl User {
    /// Adds to one of a state file what follows from its other fields.
    pub(super) fn complete(user: &mut Map<String, Value>, defaults: &Defaults) {
        defaults.fill_organization(user);
        let email = user.get("email").cloned().unwrap_or_else(|| "".into());
        defaults.fill(user, "username", || email);
        let owner = user.get("type").is_some_and(|kind| kind == "owner");
        defaults.fill(user, "deletable", || (!owner).into());
        let mfa = user.get("mfa").cloned().unwrap_or_else(|| false.into());
        defaults.fill(user, "two_factor_enabled", || mfa);
    }

    /// Returns the owner of an organization whose state names none.
    pub(super) fn owner_of(organization: &str, id: String, at: Timestamp) -> Self {
        Self {
            account_root_user_id: id.clone(),
            deletable: false,
            kind: "owner".into(),
            ..Self::new(
                id,
                organization.to_owned(),
                "owner@example.com".into(),
                "owner@example.com".into(),
                at,
            )
        }
    }

    fn new(id: String, organization_id: String, email: String, username: String, at: Timestamp) -> Self {
        Self {
            id,
            email,
            username,
            locale: english(),
            created_at: at,
            updated_at: at,
            organization_id,
            deletable: true,
            kind: member(),
            status: activated(),
            ..Self::default()
        }
    }

    pub(super) fn is_owner(&self) -> bool {
        self.kind == "owner"
    }

    pub(super) fn json(&self) -> Value {
        json!(self)
    }

    /// Returns the user as a state file has them.
    pub(super) fn saved(&self) -> Value {
        let mut json = self.json();
        if !self.grace_periods.is_empty() {
            json["grace_periods"] = json!(self.grace_periods);
        }
        json
    }
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "user", id }
}

impl Organization {
    pub(super) fn list_users(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::No, "user")?;
        let query = &mut ask.query;
        let ids = query.ids("user_ids");
        let mfa = query.flag("mfa");
        let tag = query.text("tag");
        // Guests left the enum in October 2025, but clients may still send what the older one had.
        let kind = query.choice("type", &["unknown_type", "owner", "member", "guest"]);
        LISTING.answer(
            query,
            &self.users,
            |user| {
                ids.as_ref().is_none_or(|ids| ids.contains(&user.id))
                    && mfa.is_none_or(|mfa| user.mfa == mfa)
                    && tag.as_ref().is_none_or(|tag| user.tags.iter().any(|own| holds(own, tag)))
                    && kind.is_none_or(|kind| user.kind == kind)
            },
            User::json,
        )
    }

    pub(super) fn create_user(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let organization_id = fields.id("organization_id");
        let organization_id = fields.require("organization_id", organization_id);
        let tags = fields.tags().unwrap_or_default();
        let new_user = new_user(&mut fields);
        fields.done()?;
        let organization_id = self.own(organization_id, "user")?;
        let Some(new_user) = new_user else { return Err(Problem::Invalid(Vec::new())) };
        self.free_email(&new_user.email, None)?;
        self.free_username(&new_user.username, None)?;
        self.room("user", self.users.len())?;
        let id = unused_id(&mut self.rng, &self.users, &[b"user", new_user.email.as_bytes()]);
        let now = self.stamp(ask);
        let mut user = User {
            tags,
            status: new_user.status.into(),
            ..User::new(id, organization_id, new_user.email, new_user.username, now)
        };
        if let Some(details) = new_user.details {
            details.write(&mut user);
        }
        if new_user.has_password && self.security().enforce_password_renewal {
            user.grace_periods.push(self.grace_period(GracePeriodKind::UpdatePassword, now));
        }
        let reply = Reply::ok(user.json());
        self.users.insert(user);
        Ok(reply)
    }

    pub(super) fn get_user(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("user_id")?;
        let user = self.users.get(&id).map(User::json);
        let user =
            user.or_else(|| self.unlisted_owner().filter(|owner| owner.id == id).map(|owner| owner.json()));
        user.map(Reply::ok).ok_or_else(|| not_found(id))
    }

    /// Changes a user; answers the old `updated_at` and serves the new one afterwards (recorded: user-member).
    pub(super) fn update_user(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("user_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let tags = fields.tags();
        let email = email_in(&mut fields);
        let details = Details::read(&mut fields);
        fields.done()?;
        if !self.users.contains(&id) {
            return Err(not_found(id));
        }
        if let Some(email) = &email {
            self.free_email(email, Some(&id))?;
        }
        self.change_user(ask, id, |user| {
            set(&mut user.tags, tags);
            set(&mut user.email, email);
            details.write(user);
        })
    }

    pub(super) fn update_username(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("user_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let username = username_in(&mut fields);
        let username = fields.require("username", username).unwrap_or_default();
        fields.done()?;
        if !self.users.contains(&id) {
            return Err(not_found(id));
        }
        self.free_username(&username, Some(&id))?;
        self.change_user(ask, id, |user| user.username = username)
    }

    /// Takes a new password, of 1 to 72 bytes, and forgets it at once.
    pub(super) fn update_password(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("user_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let absent = (!fields.has("password")).then_some(0);
        let length = fields.text("password").map(|password| password.len()).or(absent);
        if length.is_some_and(|length| !(1..=72).contains(&length)) {
            fields.refuse(
                "password",
                ArgumentReason::Constraint,
                "value length must be between 1 and 72 bytes, inclusive",
            );
        }
        fields.done()?;
        self.change_user(ask, id, |user| {
            user.grace_periods.retain(|period| period.kind != GracePeriodKind::UpdatePassword);
        })
    }

    /// Locks or unlocks a member; the owner cannot be locked, and nobody locks themselves. Unlocking starts the grace
    /// periods anew.
    pub(super) fn lock_user(&mut self, ask: &mut HandlerRequest<'_>, locked: bool) -> Handled {
        let id = ask.uuid("user_id")?;
        let user = self.users.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(!user.is_owner())?;
        if locked && ask.caller == Requester::Bearer(Bearer::User(id.clone())) {
            return Err(Problem::Denied(vec![("write", "user")]));
        }
        let anew = |period: &GracePeriod| self.grace_period(period.kind, ask.request.now);
        let periods: Vec<GracePeriod> = user.grace_periods.iter().map(anew).collect();
        self.change_user(ask, id, |user| {
            user.locked = locked;
            if !locked {
                user.grace_periods = periods;
            }
        })
    }

    fn change_user(
        &mut self,
        ask: &HandlerRequest<'_>,
        id: String,
        change: impl FnOnce(&mut User),
    ) -> Handled {
        if !self.users.contains(&id) {
            return Err(not_found(id));
        }
        let now = self.stamp(ask);
        let user = self.users.get_mut(&id).ok_or_else(|| not_found(id))?;
        change(user);
        let answered = user.json();
        user.updated_at = now;
        Ok(Reply::ok(answered))
    }

    /// Deletes a user with their API keys; their policies stay, without a principal.
    pub(super) fn delete_user(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("user_id")?;
        let user = self.users.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(user.deletable)?;
        self.users.remove(&id);
        self.forget_principal(&Principal::User(id));
        Ok(Reply::gone())
    }

    /// Says whether there is such a user, the owner whom the state leaves out included.
    pub(super) fn knows_user(&self, id: &str) -> bool {
        self.users.contains(id) || self.unlisted_owner().is_some_and(|owner| owner.id == id)
    }

    fn free_email(&self, email: &str, own: Option<&str>) -> Result<(), Problem> {
        self.free_for(
            own,
            |user| user.email.eq_ignore_ascii_case(email),
            "a user with this e-mail address exists already",
        )
    }

    fn free_username(&self, username: &str, own: Option<&str>) -> Result<(), Problem> {
        self.free_for(own, |user| user.username == username, "a user with this username exists already")
    }

    fn free_for(
        &self,
        own: Option<&str>,
        same: impl Fn(&User) -> bool,
        help: &'static str,
    ) -> Result<(), Problem> {
        let taken = self.users.iter().find(|user| same(user) && Some(user.id.as_str()) != own);
        taken.map_or(Ok(()), |user| {
            Err(Problem::AlreadyExists { resource: "user", id: user.id.clone(), help })
        })
    }
}
