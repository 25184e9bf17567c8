//! The organization itself on the wire: its settings, and how people log in.
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, novel, open_enum};
use crate::api::id::OrganizationId;

/// The organization, and how people may log in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organization {
    /// The id.
    pub id: OrganizationId,
    /// The name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// The alias by which members log in; possibly empty. It can be set once.
    #[serde(default, deserialize_with = "nullable")]
    pub alias: String,
    /// Whether people may log in by password.
    #[serde(default)]
    pub login_password_enabled: Option<bool>,
    /// Whether people may log in by a code that is sent to them.
    #[serde(default)]
    pub login_magic_code_enabled: Option<bool>,
    /// Whether people may log in by OAuth2.
    #[serde(default)]
    pub login_oauth2_enabled: Option<bool>,
    /// Whether people may log in by SAML.
    #[serde(default)]
    pub login_saml_enabled: Option<bool>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

novel!(Organization, "organization");

/// The settings of the organization, of which the API serves one part with the organization and the other by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationSettings {
    /// The organization, with how people may log in.
    pub organization: Organization,
    /// The security settings.
    pub security: SecuritySettings,
}

impl Novel for OrganizationSettings {
    fn novelties(&self) -> Vec<Novelty> {
        [self.organization.novelties(), self.security.novelties()].concat()
    }
}

/// Which log-in methods to switch; `None` leaves a field unchanged. At least one has to stay on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UpdateLoginMethods {
    /// By password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_password_enabled: Option<bool>,
    /// By a code that is sent to the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_magic_code_enabled: Option<bool>,
    /// By OAuth2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_oauth2_enabled: Option<bool>,
    /// By SAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_saml_enabled: Option<bool>,
}

/// The security settings. Fact: durations are served as whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecuritySettings {
    /// Whether a first password has to be renewed at the first log-in.
    #[serde(default)]
    pub enforce_password_renewal: Option<bool>,
    /// How long somebody has for a new password or a second factor; three days unless set.
    #[serde(default, deserialize_with = "seconds")]
    pub grace_period_duration: Option<SignedDuration>,
    /// How many failed attempts lock a member: 1 to 50.
    #[serde(default)]
    pub login_attempts_before_locked: Option<u32>,
    /// How long a session lasts; 30 days unless set.
    #[serde(default, deserialize_with = "seconds")]
    pub max_login_session_duration: Option<SignedDuration>,
    /// How long a new API key may live; zero for no limit.
    #[serde(default, deserialize_with = "seconds")]
    pub max_api_key_expiration_duration: Option<SignedDuration>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

novel!(SecuritySettings, "security settings");

/// What to change of the security settings; `None` leaves a field unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UpdateSecuritySettings {
    /// Whether a first password has to be renewed at the first log-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforce_password_renewal: Option<bool>,
    /// How long somebody has for a new password or a second factor.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_seconds")]
    pub grace_period_duration: Option<SignedDuration>,
    /// How many failed attempts lock a member: 1 to 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_attempts_before_locked: Option<u32>,
    /// How long a session lasts.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_seconds")]
    pub max_login_session_duration: Option<SignedDuration>,
    /// How long a new API key may live; zero for no limit.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_seconds")]
    pub max_api_key_expiration_duration: Option<SignedDuration>,
}

/// Reads a duration as the API writes it: seconds, and perhaps a fraction, with an `s` behind.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SignedDuration>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let read = || {
        let number = text.strip_suffix('s')?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let nanos =
            format!("{fraction:0<9}").parse().ok().filter(|_| digits(fraction) && fraction.len() <= 9)?;
        Some(SignedDuration::new(whole.parse().ok().filter(|_| digits(whole))?, nanos))
    };
    read()
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom("a duration that is not in seconds, as in `259200s`"))
}

fn in_seconds<S: Serializer>(duration: &Option<SignedDuration>, serializer: S) -> Result<S::Ok, S::Error> {
    let duration = duration.unwrap_or_default();
    match duration.subsec_nanos() {
        0 => serializer.collect_str(&format_args!("{}s", duration.as_secs())),
        nanos => serializer.collect_str(&format_args!("{}.{nanos:09}s", duration.as_secs())),
    }
}

/// How long a person has for something, before the service locks them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GracePeriod {
    /// For what.
    #[serde(rename = "type")]
    pub kind: GracePeriodKind,
    /// Since when.
    pub created_at: Option<Timestamp>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Novel for GracePeriod {
    fn novelties(&self) -> Vec<Novelty> {
        self.unknown.novelties("grace period").chain(self.kind.novelty("grace period", "type")).collect()
    }
}

open_enum! {
    /// What a person has a grace period for.
    GracePeriodKind {
        /// Not said.
        Unspecified = "unknown_grace_period_type",
        /// A new password.
        UpdatePassword = "update_password",
        /// A second factor.
        SetMfa = "set_mfa",
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct GracePeriods {
    pub(in crate::api) grace_periods: Vec<GracePeriod>,
}
