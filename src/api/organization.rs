//! The calls about the organization itself: settings, log-in methods, grace periods, SAML and SCIM.
use super::client::Client;
use super::error::{Error, ErrorKind};
use super::http::Call;
use super::id::{SamlId, ScimId, UserId};
use super::list::{List, Query, orders};
use super::wire::{
    GracePeriod, GracePeriods, Organization, Saml, SamlCertificate, SamlCertificates, Scim, ScimToken,
    SecuritySettings, UpdateLoginMethods, UpdateSecuritySettings,
};

const PREFIX: &str = "/iam/v1alpha1";

orders! {
    /// The orders of the list of SCIM tokens.
    ScimTokenOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
    }
}

impl Client {
    fn own_path(&self, rest: &str) -> String {
        format!("{PREFIX}/organizations/{}{rest}", self.organization())
    }

    /// Returns the organization: its name, its alias, and how people may log in.
    ///
    /// Source: IAM API v1alpha1, `GET /organizations/{id}` (GetOrganization).
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] without a permission to read the organization.
    pub async fn get_organization(&self) -> Result<Organization, Error> {
        self.send(Call::get(self.own_path(""))).await
    }

    /// Switches log-in methods on or off.
    ///
    /// Source: IAM API v1alpha1, `PATCH /organizations/{id}/login-methods` (UpdateOrganizationLoginMethods).
    ///
    /// # Errors
    /// [`ErrorKind::PreconditionFailed`] where none would be left; the API's answer in that case was never recorded.
    pub async fn update_login_methods(&self, change: &UpdateLoginMethods) -> Result<Organization, Error> {
        self.send(Call::patch(self.own_path("/login-methods"), change)).await
    }

    /// Returns the security settings.
    ///
    /// Source: IAM API v1alpha1, `GET /organizations/{id}/security-settings` (GetOrganizationSecuritySettings).
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] without a permission to read the organization.
    pub async fn get_security_settings(&self) -> Result<SecuritySettings, Error> {
        self.send(Call::get(self.own_path("/security-settings"))).await
    }

    /// Changes security settings.
    ///
    /// Source: IAM API v1alpha1, `PATCH /organizations/{id}/security-settings` (UpdateOrganizationSecuritySettings).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArguments`] for a value that the API does not take.
    pub async fn update_security_settings(
        &self,
        change: &UpdateSecuritySettings,
    ) -> Result<SecuritySettings, Error> {
        self.send(Call::patch(self.own_path("/security-settings"), change)).await
    }

    /// Lists how long a person has for a new password or a second factor.
    ///
    /// Source: IAM API v1alpha1, `GET /grace-periods` (ListGracePeriods). It has no pages.
    ///
    /// # Errors
    /// What any request can meet.
    pub async fn list_grace_periods(&self, user: &UserId) -> Result<Vec<GracePeriod>, Error> {
        let query = Query::default().one("user_id", Some(user));
        let call = Call::get(format!("{PREFIX}/grace-periods")).query(query.done());
        self.send(call).await.map(|GracePeriods { grace_periods }| grace_periods)
    }

    /// Returns how people log in at an identity provider; `None` where SAML is off.
    ///
    /// Source: IAM API v1alpha1, `GET /organizations/{id}/saml` (GetOrganizationSaml). Fact: 404 `organization_saml` where it
    /// is off.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] without a permission to read it: whether it is on is not known then.
    pub async fn get_saml(&self) -> Result<Option<Saml>, Error> {
        or_off(self.send(Call::get(self.own_path("/saml"))).await, "organization_saml")
    }

    /// Lists the certificates of SAML.
    ///
    /// Source: IAM API v1alpha1, `GET /saml/{id}/certificates` (ListSamlCertificates). It has no pages.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when SAML was switched off.
    pub async fn list_saml_certificates(&self, saml: &SamlId) -> Result<Vec<SamlCertificate>, Error> {
        let call = Call::get(format!("{PREFIX}/saml/{saml}/certificates"));
        self.send(call).await.map(|SamlCertificates { certificates }| certificates)
    }

    /// Says whether an identity provider provisions people and groups; `None` where SCIM is off.
    ///
    /// Source: IAM API v1alpha1, `GET /organizations/{id}/scim` (GetOrganizationScim). Fact: 404 `organization_scim` where it
    /// is off.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] without a permission to read it: whether it is on is not known then.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// assert_eq!(client.get_scim().await?, None);
    /// # Ok(()) }
    /// ```
    pub async fn get_scim(&self) -> Result<Option<Scim>, Error> {
        or_off(self.send(Call::get(self.own_path("/scim"))).await, "organization_scim")
    }

    /// Lists the tokens of SCIM, without their secrets.
    ///
    /// Source: IAM API v1alpha1, `GET /scim/{id}/tokens` (ListScimTokens).
    pub fn list_scim_tokens(&self, scim: &ScimId, order_by: ScimTokenOrder) -> List<ScimToken> {
        let query = Query::default().one("order_by", Some(&order_by));
        List::new(self, format!("{PREFIX}/scim/{scim}/tokens"), query.done())
    }
}

/// Takes the 404 about just this for an answer: it is off. Any other is an error, a gateway's for example.
fn or_off<T>(sent: Result<T, Error>, resource: &str) -> Result<Option<T>, Error> {
    match sent {
        Ok(on) => Ok(Some(on)),
        Err(error) if error.kind() == ErrorKind::NotFound && error.resource() == Some(resource) => Ok(None),
        Err(error) => Err(error),
    }
}
