//! Users on the wire.
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, open_enum};
use crate::api::id::{OrganizationId, UserId};
use crate::api::list::listed;
use crate::api::secret::Secret;

/// A person in the organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The e-mail address.
    pub email: String,
    /// The username, unique in the organization; the e-mail address for the owner and for older members.
    pub username: String,
    /// The first name, possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub first_name: String,
    /// The last name, possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub last_name: String,
    /// The phone number, possibly empty.
    #[serde(default, deserialize_with = "nullable")]
    pub phone_number: String,
    /// The language, `en_US` unless set.
    #[serde(default, deserialize_with = "nullable")]
    pub locale: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed. Fact: a login counts.
    pub updated_at: Option<Timestamp>,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// Whether it may be deleted; not so for the owner.
    pub deletable: bool,
    /// The last login; `None` for none.
    pub last_login_at: Option<Timestamp>,
    /// Owner or member. The owner may do everything, without any policy.
    #[serde(rename = "type")]
    pub kind: UserType,
    /// Whether a second factor is set up. Deprecated: the same as `mfa`.
    #[serde(default, deserialize_with = "nullable")]
    pub two_factor_enabled: bool,
    /// Whether the person has accepted the invitation. Deprecated.
    #[serde(default)]
    pub status: Option<UserStatus>,
    /// Whether a second factor is set up.
    #[serde(default, deserialize_with = "nullable")]
    pub mfa: bool,
    /// The account behind the owner; empty for members.
    #[serde(default, deserialize_with = "nullable")]
    pub account_root_user_id: String,
    /// The tags, at most ten.
    #[serde(default, deserialize_with = "nullable")]
    pub tags: Vec<String>,
    /// Whether the person can neither log in nor use API keys.
    #[serde(default, deserialize_with = "nullable")]
    pub locked: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(User, "users", id);

impl Novel for User {
    fn novelties(&self) -> Vec<Novelty> {
        let kind = self.kind.novelty("user", "type");
        let status = self.status.as_ref().and_then(|status| status.novelty("user", "status"));
        self.unknown.novelties("user").chain(kind).chain(status).collect()
    }
}

open_enum! {
    /// The role of a user in the organization.
    UserType {
        /// Not said; as a filter, all.
        Unspecified = "unknown_type",
        /// Somebody of another organization, invited by e-mail. Gone from the schema since October 2025.
        Guest = "guest",
        /// The owner, who may do everything without any policy.
        Owner = "owner",
        /// A member.
        Member = "member",
    }
}

open_enum! {
    /// Whether a person has accepted the invitation.
    UserStatus {
        /// Not said.
        Unspecified = "unknown_status",
        /// Not yet.
        InvitationPending = "invitation_pending",
        /// Yes.
        Activated = "activated",
    }
}

/// What a new user is made of.
#[derive(Debug, Clone, Serialize)]
pub struct CreateUser {
    /// The tags, at most ten.
    pub tags: Vec<String>,
    /// How the person comes in.
    #[serde(flatten)]
    pub user: NewUser,
}

/// How a person comes into the organization. Source: the schema's one-of `type`.
#[derive(Debug, Clone, Serialize)]
pub enum NewUser {
    /// By an invitation to an e-mail address. The prose calls this a guest; today's answers know owners and members only.
    #[serde(rename = "email")]
    Guest(String),
    /// As a member, whose account belongs to the organization.
    #[serde(rename = "member")]
    Member(Box<NewMember>),
}

/// A new member.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewMember {
    /// The e-mail address.
    pub email: String,
    /// Whether to send the password by e-mail.
    pub send_password_email: bool,
    /// Whether to send a welcome by e-mail.
    pub send_welcome_email: bool,
    /// The username: 2 to 150 of ASCII letters, digits and `@ . _ -`.
    pub username: String,
    /// The first password, of at most 72 bytes; `None` when the person is to set it.
    #[serde(serialize_with = "exposed")]
    pub password: Option<Secret>,
    /// The first name, of at most 64 characters.
    pub first_name: String,
    /// The last name, of at most 64 characters.
    pub last_name: String,
    /// The phone number.
    pub phone_number: String,
    /// The language; empty for `en_US`.
    pub locale: String,
}

/// Writes a password into the one body that has to hold it.
fn exposed<S: Serializer>(password: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(password.as_ref().map(Secret::expose).unwrap_or_default())
}

/// What to change of a user; `None` leaves a field unchanged. The username has a call of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateUser {
    /// The new tags; an empty list removes them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The new e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The new first name; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The new last name; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The new phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// The new language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}
