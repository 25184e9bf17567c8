//! The requests of the steps that write the settings of the organization.

use std::convert::Infallible;

use super::StepError;
use super::context::ApplyContext;
use super::requests::{Naming, SentByKind};
use crate::api::{self, Client, wire};
use crate::model::{Address, Id, Key, LoginMethods, OrganizationSettings, SecuritySettings};

/// One of the two calls that the API has for the settings.
pub(super) enum SettingsUpdate {
    Security(wire::UpdateSecuritySettings),
    LoginMethods(wire::UpdateLoginMethods),
}

impl SentByKind for OrganizationSettings {
    const NAMING: Naming = Naming::Unique;
    type Create = Infallible;
    type Created = wire::OrganizationSettings;
    type Update = SettingsUpdate;

    /// Every organization has them.
    fn create(_: &ApplyContext<'_>, address: &Address, _: &Self) -> Result<Self::Create, StepError> {
        Err(StepError::Unwritable(address.clone()))
    }

    async fn post(_: &Client, body: &Self::Create) -> Result<Self::Created, api::Error> {
        match *body {}
    }

    fn update(
        _: &ApplyContext<'_>,
        _: (&Address, Option<&Key>),
        (before, after): (&Self, &Self),
    ) -> Result<Self::Update, StepError> {
        let security = after.security.since(before.security);
        if security == SecuritySettings::default() {
            let LoginMethods { password, magic_code, oauth2, saml } =
                after.login_methods.since(before.login_methods);
            return Ok(SettingsUpdate::LoginMethods(wire::UpdateLoginMethods {
                login_password_enabled: password,
                login_magic_code_enabled: magic_code,
                login_oauth2_enabled: oauth2,
                login_saml_enabled: saml,
            }));
        }
        Ok(SettingsUpdate::Security(wire::UpdateSecuritySettings {
            enforce_password_renewal: security.enforce_password_renewal,
            grace_period_duration: security.grace_period,
            login_attempts_before_locked: security.login_attempts_before_locked,
            max_login_session_duration: security.max_login_session,
            max_api_key_expiration_duration: security.max_api_key_expiration,
        }))
    }

    async fn patch(client: &Client, _: Id, body: &Self::Update) -> Result<(), api::Error> {
        match body {
            SettingsUpdate::Security(change) => client.update_security_settings(change).await.map(drop),
            SettingsUpdate::LoginMethods(change) => client.update_login_methods(change).await.map(drop),
        }
    }

    async fn remove(_: &Client, _: Id) -> Result<(), api::Error> {
        unreachable!("no plan deletes what the API does not let be deleted")
    }
}
