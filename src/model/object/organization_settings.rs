use std::fmt;

use jiff::SignedDuration;

use super::managed::Managed;
use super::{Field, FieldValue, WriteCall};
use crate::model::{Flags, KeyForm};

/// The settings of the organization: on the live side all that the API serves, on the desired side those that are declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationSettings {
    /// The security settings.
    pub security: SecuritySettings,
    /// How people may log in.
    pub login_methods: LoginMethods,
}

/// The security settings; `None` for a value that is not declared.
///
/// Source: IAM API v1alpha1, `OrganizationSecuritySettings`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecuritySettings {
    /// Whether a first password has to be renewed at the first log-in.
    pub enforce_password_renewal: Option<bool>,
    /// How long somebody has for a new password or a second factor.
    pub grace_period: Option<SignedDuration>,
    /// How many failed attempts lock a member.
    pub login_attempts_before_locked: Option<u32>,
    /// How long a session lasts.
    pub max_login_session: Option<SignedDuration>,
    /// How long a new API key may live; zero for no limit.
    pub max_api_key_expiration: Option<SignedDuration>,
}

/// How people may log in; `None` for a value that is not declared.
///
/// Source: IAM API v1alpha1, `login_…_enabled` of an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginMethods {
    /// By password.
    pub password: Option<bool>,
    /// By a code that is sent to the person.
    pub magic_code: Option<bool>,
    /// By OAuth2.
    pub oauth2: Option<bool>,
    /// By SAML.
    pub saml: Option<bool>,
}

impl SecuritySettings {
    /// Returns the values of both; if both have a value, the one of `self`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            enforce_password_renewal: self.enforce_password_renewal.or(other.enforce_password_renewal),
            grace_period: self.grace_period.or(other.grace_period),
            login_attempts_before_locked: self
                .login_attempts_before_locked
                .or(other.login_attempts_before_locked),
            max_login_session: self.max_login_session.or(other.max_login_session),
            max_api_key_expiration: self.max_api_key_expiration.or(other.max_api_key_expiration),
        }
    }

    /// Returns the values of `self` that differ from `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            enforce_password_renewal: new(self.enforce_password_renewal, before.enforce_password_renewal),
            grace_period: new(self.grace_period, before.grace_period),
            login_attempts_before_locked: new(
                self.login_attempts_before_locked,
                before.login_attempts_before_locked,
            ),
            max_login_session: new(self.max_login_session, before.max_login_session),
            max_api_key_expiration: new(self.max_api_key_expiration, before.max_api_key_expiration),
        }
    }
}

impl LoginMethods {
    /// Returns the values of both; if both have a value, the one of `self`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            password: self.password.or(other.password),
            magic_code: self.magic_code.or(other.magic_code),
            oauth2: self.oauth2.or(other.oauth2),
            saml: self.saml.or(other.saml),
        }
    }

    /// Returns the values of `self` that differ from `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            password: new(self.password, before.password),
            magic_code: new(self.magic_code, before.magic_code),
            oauth2: new(self.oauth2, before.oauth2),
            saml: new(self.saml, before.saml),
        }
    }

    /// Returns true if people may log in only by SAML.
    #[must_use]
    pub fn only_saml(self) -> bool {
        let Self { password, magic_code, oauth2, saml } = self;
        saml == Some(true) && [password, magic_code, oauth2].iter().all(|other| *other != Some(true))
    }

    /// Returns true if people may not log in at all.
    #[must_use]
    pub fn none(self) -> bool {
        let Self { password, magic_code, oauth2, saml } = self;
        [password, magic_code, oauth2, saml].iter().all(|method| *method != Some(true))
    }
}

fn new<T: PartialEq + Copy>(now: Option<T>, before: Option<T>) -> Option<T> {
    if now == before { None } else { now }
}

impl Managed for OrganizationSettings {
    const FORM: KeyForm = KeyForm::Only;
    const ALWAYS_READ: bool = false;

    fn flags(&self) -> Flags {
        Flags { deletable: false, ..Flags::default() }
    }

    /// The API has one call for the security settings and one for the log-in methods.
    fn by_calls(&self, after: &Self) -> Vec<(WriteCall, Self)> {
        let secured = Self { security: after.security, login_methods: self.login_methods };
        vec![(WriteCall::Patch, secured), (WriteCall::Patch, after.clone())]
    }

    fn keep(&mut self, live: &Self) {
        self.security = self.security.or(live.security);
        self.login_methods = self.login_methods.or(live.login_methods);
    }

    fn patch(&mut self, before: &Self, after: &Self) {
        self.security = after.security.since(before.security).or(self.security);
        self.login_methods = after.login_methods.since(before.login_methods).or(self.login_methods);
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { security, login_methods } = self;
        let SecuritySettings {
            enforce_password_renewal,
            grace_period,
            login_attempts_before_locked,
            max_login_session,
            max_api_key_expiration,
        } = *security;
        let LoginMethods { password, magic_code, oauth2, saml } = *login_methods;
        let flag = |value: Option<bool>| value.map_or(FieldValue::Unsaid, FieldValue::Flag);
        let span = |value: Option<SignedDuration>| value.map_or(FieldValue::Unsaid, FieldValue::Span);
        let attempts = login_attempts_before_locked.map_or(FieldValue::Unsaid, FieldValue::Count);
        [
            ("enforce_password_renewal", flag(enforce_password_renewal)),
            ("grace_period_duration", span(grace_period)),
            ("login_attempts_before_locked", attempts),
            ("max_login_session_duration", span(max_login_session)),
            ("max_api_key_expiration_duration", span(max_api_key_expiration)),
            ("login_password_enabled", flag(password)),
            ("login_magic_code_enabled", flag(magic_code)),
            ("login_oauth2_enabled", flag(oauth2)),
            ("login_saml_enabled", flag(saml)),
        ]
        .map(|(name, value)| Field::new(name, value, WriteCall::Patch))
        .into()
    }
}

/// A span of time as files write it: `365d`, `12h`, `30m`; in seconds where no file can write it, and `none` for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanWords(pub SignedDuration);

impl SpanWords {
    /// Returns the span, if files can write it.
    #[must_use]
    pub fn for_files(self) -> Option<String> {
        let whole = self.0.subsec_nanos() == 0 && self.0.as_secs() % 60 == 0;
        (whole && self.0.is_positive()).then(|| self.to_string())
    }
}

impl fmt::Display for SpanWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 3] = [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "m")];
        let seconds = self.0.as_secs();
        if self.0.is_zero() {
            return f.write_str("none");
        }
        if self.0.subsec_nanos() != 0 {
            return write!(f, "{}s", self.0.as_secs_f64());
        }
        match UNITS.iter().find(|(unit, _)| seconds % unit == 0) {
            Some((unit, word)) => write!(f, "{}{word}", seconds / unit),
            None => write!(f, "{seconds}s"),
        }
    }
}
