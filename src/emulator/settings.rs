//! The organization itself: its alias, how people log in, and its security settings.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{BodyFields, NOT_A_UUID, uuid};
use super::organization::{HandlerRequest, Organization};
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::time;

/// What the organization serves of itself.
#[derive(Serialize, Deserialize)]
struct OrganizationProfile {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    alias: String,
    #[serde(flatten)]
    login_methods: LoginMethods,
}

/// How people may log in. What a new organization starts with was never recorded.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct LoginMethods {
    login_password_enabled: bool,
    login_magic_code_enabled: bool,
    login_oauth2_enabled: bool,
    login_saml_enabled: bool,
}

impl Default for LoginMethods {
    fn default() -> Self {
        Self {
            login_password_enabled: true,
            login_magic_code_enabled: true,
            login_oauth2_enabled: true,
            login_saml_enabled: false,
        }
    }
}

const LOGIN_METHODS: [&str; 4] =
    ["login_password_enabled", "login_magic_code_enabled", "login_oauth2_enabled", "login_saml_enabled"];

/// The security settings. The durations that one organization was reported to serve are the defaults.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SecuritySettings {
    pub(super) enforce_password_renewal: bool,
    grace_period_duration: Seconds,
    login_attempts_before_locked: u32,
    max_login_session_duration: Seconds,
    max_api_key_expiration_duration: Seconds,
}

impl Default for SecuritySettings {
    fn default() -> Self {
        Self {
            enforce_password_renewal: false,
            grace_period_duration: Seconds(SignedDuration::from_hours(3 * 24)),
            login_attempts_before_locked: 10,
            max_login_session_duration: Seconds(SignedDuration::from_hours(30 * 24)),
            max_api_key_expiration_duration: Seconds(SignedDuration::ZERO),
        }
    }
}

/// A duration in whole seconds, as text.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Seconds(SignedDuration);

impl TryFrom<String> for Seconds {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        time::duration(&text).map(Self).ok_or("value must be a duration in seconds, as in 259200s")
    }
}

impl From<Seconds> for String {
    fn from(duration: Seconds) -> Self {
        time::whole_seconds(duration.0)
    }
}

const SECURITY: &str = "security_settings";

/// Checks what a state file says of the settings.
///
/// # Errors
/// The field and what is wrong with it.
pub(super) fn check(organization: &Map<String, Value>) -> Result<(), (String, String)> {
    super::state::declared::<OrganizationProfile>(organization).map(drop)?;
    let at = |(field, why)| (format!("{SECURITY}.{field}"), why);
    match organization.get(SECURITY) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(settings)) => {
            super::state::declared::<SecuritySettings>(settings).map(drop).map_err(at)
        }
        Some(_) => Err((SECURITY.to_owned(), "value must be an object".to_owned())),
    }
}

impl Organization {
    fn profile(&self) -> Value {
        json!(super::state::declared::<OrganizationProfile>(&self.object).ok())
    }

    /// Returns the security settings.
    pub(super) fn security(&self) -> SecuritySettings {
        let given = self.object.get(SECURITY).and_then(Value::as_object);
        given.and_then(|given| super::state::declared(given).ok()).unwrap_or_default()
    }

    /// Returns how long an API key may live, if there is a limit.
    pub(super) fn longest_key_life(&self) -> Option<SignedDuration> {
        let Seconds(longest) = self.security().max_api_key_expiration_duration;
        Some(longest).filter(SignedDuration::is_positive)
    }

    /// Returns how long somebody has for a new password or a second factor.
    pub(super) fn grace(&self) -> SignedDuration {
        self.security().grace_period_duration.0
    }

    /// Checks the id of a path, which must be this organization's.
    pub(super) fn itself(&self, ask: &HandlerRequest<'_>) -> Result<(), Problem> {
        match uuid(ask.id) {
            None => Err(Problem::argument("organization_id", ArgumentReason::Format, NOT_A_UUID)),
            Some(id) if id == self.id => Ok(()),
            Some(id) => Err(Problem::NotFound { resource: "organization", id }),
        }
    }

    pub(super) fn get_organization(&self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        Ok(Reply::ok(self.profile()))
    }

    /// Sets the alias, once: 2 to 32 of small letters and digits.
    pub(super) fn set_alias(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        let mut fields = BodyFields::new(&ask.body);
        let alias = fields.text("alias");
        let alias = fields.require("alias", alias).unwrap_or_default();
        let fits = (2..=32).contains(&alias.len())
            && alias.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if fields.has("alias") && !fits {
            let help = r#"value does not match regex pattern "^[a-z0-9]+$", or has not 2 to 32 characters"#;
            fields.refuse("alias", ArgumentReason::Constraint, help);
        }
        fields.done()?;
        if self.object.get("alias").and_then(Value::as_str).is_some_and(|alias| !alias.is_empty()) {
            return Err(Problem::Precondition {
                precondition: "resource_not_usable",
                help: "the alias of an organization can only be set once",
            });
        }
        self.object.insert("alias".into(), alias.into());
        Ok(Reply::ok(self.profile()))
    }

    /// Switches log-in methods on and off; one must stay.
    pub(super) fn update_login_methods(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        let mut fields = BodyFields::new(&ask.body);
        let mut object = self.object.clone();
        for method in LOGIN_METHODS {
            if let Some(enabled) = fields.flag(method) {
                object.insert(method.to_owned(), enabled.into());
            }
        }
        fields.done()?;
        let after = super::state::declared::<OrganizationProfile>(&object)
            .map(|profile| json!(profile))
            .unwrap_or_default();
        if LOGIN_METHODS.iter().all(|method| after[*method] == false) {
            return Err(Problem::Precondition {
                precondition: "attribute_must_be_set",
                help: "at least one login method must stay enabled",
            });
        }
        self.object = object;
        Ok(Reply::ok(self.profile()))
    }

    pub(super) fn get_security_settings(&self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        Ok(Reply::ok(json!(self.security())))
    }

    /// Changes the settings that are given; `{}` changes nothing.
    pub(super) fn update_security_settings(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        let mut fields = BodyFields::new(&ask.body);
        let mut settings = self.security();
        super::fields::set(&mut settings.enforce_password_renewal, fields.flag("enforce_password_renewal"));
        let attempts = fields.count("login_attempts_before_locked");
        if attempts.is_some_and(|attempts| !(1..=50).contains(&attempts)) {
            let help = "value must be inside range [1, 50]";
            fields.refuse("login_attempts_before_locked", ArgumentReason::Constraint, help);
        }
        let attempts = attempts.and_then(|attempts| u32::try_from(attempts).ok());
        super::fields::set(&mut settings.login_attempts_before_locked, attempts);
        for (key, setting) in [
            ("grace_period_duration", &mut settings.grace_period_duration),
            ("max_login_session_duration", &mut settings.max_login_session_duration),
            ("max_api_key_expiration_duration", &mut settings.max_api_key_expiration_duration),
        ] {
            match fields.text(key).map(Seconds::try_from) {
                None => {}
                Some(Ok(duration)) => *setting = duration,
                Some(Err(help)) => fields.refuse(key, ArgumentReason::Format, help),
            }
        }
        fields.done()?;
        self.object.insert(SECURITY.into(), json!(settings));
        Ok(Reply::ok(json!(settings)))
    }
}
