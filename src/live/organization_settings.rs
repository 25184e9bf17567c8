use jiff::Timestamp;

use super::Error;
use super::seen::{Known, ObjectAnswer};
use crate::api::{self, Client, OrganizationId, wire};
use crate::model::{Id, Kind, LoginMethods, Object, OrganizationSettings, SecuritySettings};

impl ObjectAnswer for wire::OrganizationSettings {
    const KIND: Kind = Kind::OrganizationSettings;

    fn id(&self) -> &str {
        self.organization.id.as_str()
    }

    /// There is no other one.
    fn title(&self) -> &str {
        ""
    }

    fn organization(&self) -> &OrganizationId {
        &self.organization.id
    }

    /// The API says neither.
    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (None, None)
    }

    fn object(&self, _: &Known<'_>) -> Result<Object, Error> {
        let Self { organization, security } = self;
        let settings = OrganizationSettings {
            security: SecuritySettings {
                enforce_password_renewal: security.enforce_password_renewal,
                grace_period: security.grace_period_duration,
                login_attempts_before_locked: security.login_attempts_before_locked,
                max_login_session: security.max_login_session_duration,
                max_api_key_expiration: security.max_api_key_expiration_duration,
            },
            login_methods: LoginMethods {
                password: organization.login_password_enabled,
                magic_code: organization.login_magic_code_enabled,
                oauth2: organization.login_oauth2_enabled,
                saml: organization.login_saml_enabled,
            },
        };
        Ok(settings.into())
    }

    async fn all(client: &Client) -> Result<Vec<Self>, api::Error> {
        read(client).await.map(|only| vec![only])
    }

    async fn get(client: &Client, _: Id) -> Result<Self, api::Error> {
        read(client).await
    }
}

async fn read(client: &Client) -> Result<wire::OrganizationSettings, api::Error> {
    let (organization, security) =
        futures::try_join!(client.get_organization(), client.get_security_settings())?;
    Ok(wire::OrganizationSettings { organization, security })
}
