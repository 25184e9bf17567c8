//! Whether an identity provider manages people. If the key may not read that, it is a note and not an error.
use super::Error;
use crate::api::{Client, ErrorKind};
use crate::model::Scim;

/// Whether people log in through an identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SamlSwitch {
    /// They cannot.
    Off,
    /// They can.
    On,
    /// The key may not read it.
    Unread,
}

/// Reads whether an identity provider provisions people.
pub(super) async fn scim(client: &Client) -> Result<Scim, Error> {
    match client.get_scim().await {
        Ok(Some(_)) => Ok(Scim::On),
        Ok(None) => Ok(Scim::Off),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(Scim::Unread),
        Err(source) => Err(Error::reading("whether SCIM is on")(source)),
    }
}

/// Reads whether people log in through an identity provider, with their usernames.
///
/// # Errors
/// Any failure to read other than a missing permission.
pub async fn saml(client: &Client) -> Result<SamlSwitch, Error> {
    match client.get_saml().await {
        Ok(Some(_)) => Ok(SamlSwitch::On),
        Ok(None) => Ok(SamlSwitch::Off),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(SamlSwitch::Unread),
        Err(source) => Err(Error::reading("whether SAML is on")(source)),
    }
}
