//! Facts that guards need for some plans, in addition to the objects of the organization.
use super::readout::allowed;
use super::{Error, state};
use crate::api::{Client, ListQuota, wire};
use crate::model::GuardFacts;

/// Reads the quotas and whether SAML works, as requested. A missing permission is not an error.
///
/// # Errors
/// Any failure to read other than a missing permission.
pub async fn guard_facts(client: &Client, quotas: bool, saml: bool) -> Result<GuardFacts, Error> {
    let quotas = async {
        if !quotas {
            return Ok(None);
        }
        let read = client.list_quota(&ListQuota::default()).all().await;
        let read = allowed(read, "the quotas", "/quota", "IAMReadOnly")?;
        Ok(Some(read.map(|quotas| state::quotas(&quotas))))
    };
    let saml_works = async {
        if !saml {
            return Ok(None);
        }
        let read = allowed(client.get_saml().await, "the SAML settings", "/saml", "OrganizationReadOnly")?;
        let works = |saml: wire::Saml| saml.status == wire::SamlStatus::Valid;
        Ok(Some(read.map(|saml| saml.is_some_and(works))))
    };
    let (quotas, saml_works) = futures::try_join!(quotas, saml_works)?;
    Ok(GuardFacts { quotas, saml_works })
}
