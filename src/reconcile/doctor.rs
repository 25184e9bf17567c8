//! What a key may read and write, found by asking for a little of everything.

use futures::future::join_all;
use futures::{Stream, StreamExt as _};
use jiff::Timestamp;

use super::Error;
use super::session::Session;
use crate::access::{CanDo, Everything, GrantScope};
use crate::api::{self, Client, ErrorKind};
use crate::live::{self, Diagnosis, Live, LiveNeeds, Part, Readability};
use crate::model::{Catalogue, Kind, Principal};

/// Asks for as little of it as there is; for SSH keys as a plan does, which lists them by project where it must.
pub(super) async fn ask(part: Part, client: &Client, now: Timestamp) -> Readability {
    let answer = match part {
        Part::Users => first(client.list_users(&api::ListUsers::default())).await,
        Part::Applications => first(client.list_applications(&api::ListApplications::default())).await,
        Part::Groups => first(client.list_groups(&api::ListGroups::default())).await,
        Part::Policies => first(client.list_policies(&api::ListPolicies::default())).await,
        Part::ApiKeys => first(client.list_api_keys(&api::ListApiKeys::default())).await,
        Part::SshKeys => {
            return match live::may_read(client, Kind::SshKey).await {
                Ok(true) => Readability::Readable,
                Ok(false) => Readability::Refused,
                Err(live::Error::Read { source, .. }) => Readability::Failed(source.to_string()),
                Err(error) => Readability::Failed(error.to_string()),
            };
        }
        Part::Projects => first(client.list_projects(&api::ListProjects::default())).await,
        Part::Quotas => first(client.list_quota(&api::ListQuota::default())).await,
        Part::Settings => {
            futures::try_join!(client.get_organization(), client.get_security_settings()).map(drop)
        }
        Part::AuditTrail => first(client.list_audit_events(&api::ListAuditEvents::since(now))).await,
    };
    match answer {
        Ok(()) => Readability::Readable,
        Err(error) if error.kind() == ErrorKind::Forbidden => Readability::Refused,
        Err(error) => Readability::Failed(error.to_string()),
    }
}

/// Reads the first page of a list.
async fn first<T>(list: impl Stream<Item = Result<T, api::Error>>) -> Result<(), api::Error> {
    std::pin::pin!(list).next().await.transpose().map(drop)
}

impl Session {
    /// Finds out whose key the session uses, and what it may do. Nothing is written.
    ///
    /// # Errors
    /// When the API does not know the key (401), or cannot be reached at all.
    pub async fn diagnose(&self, now: Timestamp) -> Result<Diagnosis, Error> {
        let caller = match &self.access_key {
            Some(key) => Some(live::caller(&self.client, key).await.map_err(|source| self.unread(source))?),
            None => None,
        };
        let answers = join_all(Part::ALL.map(|part| ask(part, &self.client, now))).await;
        let mut diagnosis = Diagnosis {
            caller: Err("no access key is configured".to_owned()),
            expires_at: caller.as_ref().and_then(|caller| caller.expires_at),
            parts: Part::ALL.into_iter().zip(answers).collect(),
            writes: Err("the key may not read policies".to_owned()),
        };
        let live = match diagnosis.lacks(&Part::MODELLED).next() {
            None => Some(self.read(&LiveNeeds::default()).await?),
            Some(_) => None,
        };
        if let Some(caller) = caller {
            let ids = live.as_ref().map(|live| live.ids.clone()).unwrap_or_default();
            diagnosis.caller = caller.principal(&ids).map_err(|why| why.to_string());
        }
        if let (Some(live), Ok(caller)) = (&live, &diagnosis.caller) {
            diagnosis.writes = Ok(writes(live, caller));
        }
        Ok(diagnosis)
    }
}

/// Returns what lets a principal write everything that a plan can hold.
fn writes(live: &Live, principal: &Principal) -> Option<String> {
    let everything = Everything::of(&live.state);
    if everything.owners().contains(principal) {
        return Some("owner".to_owned());
    }
    let manager = "IAMManager".parse().ok()?;
    let found = everything.who_can(Catalogue::published(), &manager, &GrantScope::Organization, None);
    let unconditional = |can: &CanDo| can.held.principal == *principal && can.held.grant.condition.is_none();
    let can = found.into_iter().find(unconditional)?;
    Some(can.held.grant.permission_set.to_string())
}
