//! What a report knows of an organization beside its access.
use super::Error;
use super::answers::{ObjectWithRules, RefreshAnswers};
use super::any::AnyAnswer;
use super::delivered_keys::delivered_keys;
use super::id::id_of;
use super::readout::allowed;
use super::side::Live;
use crate::api::wire::{self, Bearer};
use crate::api::{Client, ListApiKeys};
use crate::model::{ApiKeyFacts, Inventory, Kind, PersonFacts, Principal, Readout};

/// Returns what the answers of a refresh say beside access.
pub(super) fn of_answers(answers: &RefreshAnswers) -> Result<Inventory, Error> {
    let mut inventory = Inventory::unread("it was not read");
    for ObjectWithRules { answer, rules: _ } in &answers.objects {
        let id = id_of(answer.id())?;
        inventory.created.extend(answer.times().0.map(|at| (id, at)));
        if let AnyAnswer::User(user) = answer {
            let facts =
                PersonFacts { mfa: user.mfa || user.two_factor_enabled, last_login_at: user.last_login_at };
            inventory.people.insert(id, facts);
        }
    }
    Ok(inventory)
}

/// Reads API keys, security settings and log-in methods into [`Live::inventory`]. What the caller may not read is noted there
/// and is no error: a report says then what it could not judge.
///
/// # Errors
/// Any failure to read other than a missing permission.
pub async fn inventory(client: &Client, live: &mut Live) -> Result<(), Error> {
    let (keys, security, organization, saml) = tokio::join!(
        client.list_api_keys(&ListApiKeys::default()).all(),
        client.get_security_settings(),
        client.get_organization(),
        client.get_saml(),
    );
    let keys = allowed(keys, "the API keys", "/api-keys", "IAMReadOnly")?;
    live.inventory.keys = match keys {
        Readout::Read(keys) => {
            Readout::Read(keys.iter().map(|key| facts(key, live)).collect::<Result<_, _>>()?)
        }
        Readout::Unread { why, helps } => Readout::Unread { why, helps },
    };
    live.inventory.delivered = match &live.inventory.keys {
        Readout::Read(keys) => delivered_keys(client, keys).await?,
        Readout::Unread { why, helps } => Readout::Unread { why: why.clone(), helps: *helps },
    };
    let security = allowed(security, "the security settings", "/security-settings", "IAMReadOnly")?;
    live.inventory.key_maximum =
        security.map(|settings| settings.max_api_key_expiration_duration.filter(|most| !most.is_zero()));
    let organization = allowed(organization, "the organization", "/organizations", "OrganizationReadOnly")?;
    let saml = allowed(saml, "the SAML settings", "/saml", "OrganizationReadOnly")?;
    if let Readout::Read(organization) = &organization {
        live.inventory.title.clone_from(&organization.name);
    }
    live.inventory.password_beside_saml = match (organization, saml) {
        (Readout::Read(organization), Readout::Read(saml)) => {
            let passwords = organization.login_password_enabled != Some(false);
            Readout::Read(passwords && saml.is_some_and(|saml| saml.status == wire::SamlStatus::Valid))
        }
        (Readout::Unread { why, helps }, _) | (_, Readout::Unread { why, helps }) => {
            Readout::Unread { why, helps }
        }
    };
    Ok(())
}

fn facts(key: &wire::ApiKey, live: &Live) -> Result<ApiKeyFacts, Error> {
    let known = |id: &str, kind: Kind| {
        let address = live.ids.address_of(id_of(id)?).filter(|address| address.kind() == kind);
        Ok::<_, Error>(address.and_then(|address| address.principal()))
    };
    let bearer: Option<Principal> = match &key.bearer {
        Some(Bearer::User(id)) => known(id.as_str(), Kind::User)?,
        Some(Bearer::Application(id)) => known(id.as_str(), Kind::Application)?,
        None => None,
    };
    Ok(ApiKeyFacts {
        access_key: key.access_key.to_string(),
        bearer,
        description: key.description.clone(),
        created_at: key.created_at,
        expires_at: key.expires_at,
        managed: key.managed,
    })
}
