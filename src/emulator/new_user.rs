//! What requests say of a user: the details, and whom a create is about.

use super::fields::{BodyFields, set};
use super::reply::ArgumentReason;
use super::user::User;

/// The fields of a person that a create and a PATCH share.
pub(super) struct Details {
    first_name: Option<String>,
    last_name: Option<String>,
    phone_number: Option<String>,
    locale: Option<String>,
}

impl Details {
    pub(super) fn read(fields: &mut BodyFields<'_>) -> Self {
        Self {
            first_name: fields.text_up_to("first_name", 64),
            last_name: fields.text_up_to("last_name", 64),
            phone_number: fields.text_up_to("phone_number", 64),
            locale: fields.text_up_to("locale", 64),
        }
    }

    pub(super) fn write(self, user: &mut User) {
        set(&mut user.first_name, self.first_name);
        set(&mut user.last_name, self.last_name);
        set(&mut user.phone_number, self.phone_number);
        // An empty locale gives the default one (recorded: data-source-user-basic).
        set(&mut user.locale, self.locale.filter(|locale| !locale.is_empty()));
    }
}

pub(super) fn email_in(fields: &mut BodyFields<'_>) -> Option<String> {
    let email = fields.text_up_to("email", 320)?;
    let (before, after) = email.split_once('@').unwrap_or_default();
    let spaced = email.chars().any(|c| c.is_whitespace() || c.is_control());
    if before.is_empty() || after.is_empty() || after.contains('@') || spaced {
        fields.refuse("email", ArgumentReason::Format, "value must be a valid email address");
    }
    Some(email)
}

/// Reads a username: 2 to 150 of ASCII letters, digits and `@ . _ -`.
pub(super) fn username_in(fields: &mut BodyFields<'_>) -> Option<String> {
    let username = fields.text("username")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '_' | '-');
    if !(2..=150).contains(&username.chars().count()) {
        fields.refuse(
            "username",
            ArgumentReason::Constraint,
            "value length must be between 2 and 150 runes, inclusive",
        );
    } else if !username.chars().all(allowed) {
        fields.refuse(
            "username",
            ArgumentReason::Constraint,
            r#"value does not match regex pattern "^[a-zA-Z0-9@._-]+$""#,
        );
    }
    Some(username)
}

/// Whom a create of a user is about.
pub(super) struct NewUser {
    pub(super) email: String,
    pub(super) username: String,
    pub(super) status: &'static str,
    pub(super) details: Option<Details>,
    pub(super) has_password: bool,
}

/// Reads the one-of of a create: an e-mail alone, or a member with all their details.
pub(super) fn new_user(fields: &mut BodyFields<'_>) -> Option<NewUser> {
    let email = email_in(fields);
    let member = fields.object("member");
    match (email, member) {
        (Some(email), None) => {
            let username = email.clone();
            Some(NewUser {
                username,
                email,
                status: "invitation_pending",
                details: None,
                has_password: false,
            })
        }
        (None, Some(member)) => {
            let mut inner = BodyFields::below(member, "member.".into());
            let email = email_in(&mut inner);
            let email = inner.require("email", email).unwrap_or_default();
            let username = username_in(&mut inner);
            let username = inner.require("username", username).unwrap_or_default();
            let password = inner.text("password");
            let has_password = password.as_ref().is_some_and(|password| !password.is_empty());
            if password.is_some_and(|password| password.len() > 72) {
                inner.refuse("password", ArgumentReason::Constraint, "value length must be at most 72 bytes");
            }
            inner.flag("send_password_email");
            inner.flag("send_welcome_email");
            let details = Some(Details::read(&mut inner));
            fields.absorb(inner);
            Some(NewUser { email, username, status: "activated", details, has_password })
        }
        (Some(_), Some(_)) => {
            fields.refuse("type", ArgumentReason::Constraint, "precisely one of email, member must be set");
            None
        }
        (None, None) => {
            if !fields.has("email") && !fields.has("member") {
                fields.refuse("type", ArgumentReason::Required, "value is required");
            }
            None
        }
    }
}
