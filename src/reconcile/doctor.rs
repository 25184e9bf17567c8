//! What a key may read and write, found by asking for a little of everything.

use futures::future::join_all;
use futures::{Stream, StreamExt as _};
use jiff::Timestamp;

use super::{Error, Session};
use crate::access::{CanDo, Everything, GrantScope};
use crate::api::{self, Client, ErrorKind};
use crate::live::{self, Live, Needs};
use crate::model::{Catalogue, Principal};

/// What a key may do.
#[derive(Debug)]
pub struct Diagnosis {
    /// Whose key it is, or why that is not known.
    pub caller: Result<Principal, String>,
    /// When the key stops working; `None` for never, or when it is not known.
    pub expires_at: Option<Timestamp>,
    /// Each part of the organization, and whether the key may read it.
    pub parts: Vec<(Part, Answer)>,
    /// By which permission set the key may write, `owner` for the owner; `None` where it holds none.
    /// `Err` where its access is not known.
    pub writes: Result<Option<String>, String>,
}

/// A part of what the API serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The people.
    Users,
    /// The applications.
    Applications,
    /// The groups, with their members.
    Groups,
    /// The policies, with their rules.
    Policies,
    /// The API keys.
    ApiKeys,
    /// The SSH keys of the organization.
    SshKeys,
    /// The projects, for their names.
    Projects,
    /// The quotas.
    Quotas,
    /// The organization's security settings.
    SecuritySettings,
    /// The events of Audit Trail.
    AuditTrail,
}

/// Whether a part may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It may.
    Readable,
    /// 403: the key lacks a permission.
    Refused,
    /// The request failed for another reason, in words.
    Failed(String),
}

impl Part {
    /// Every part, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Users,
        Self::Applications,
        Self::Groups,
        Self::Policies,
        Self::ApiKeys,
        Self::SshKeys,
        Self::Projects,
        Self::Quotas,
        Self::SecuritySettings,
        Self::AuditTrail,
    ];

    /// Returns its words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Applications => "applications",
            Self::Groups => "groups",
            Self::Policies => "policies and rules",
            Self::ApiKeys => "API keys",
            Self::SshKeys => "SSH keys",
            Self::Projects => "projects",
            Self::Quotas => "quotas",
            Self::SecuritySettings => "security settings",
            Self::AuditTrail => "Audit Trail",
        }
    }

    /// Returns the smallest permission set that allows reading it.
    ///
    /// Source: descriptions of the permission sets in the product documentation, 2026.
    #[must_use]
    pub const fn permission_set(self) -> &'static str {
        match self {
            Self::Users
            | Self::Applications
            | Self::Groups
            | Self::Policies
            | Self::ApiKeys
            | Self::Quotas
            | Self::SecuritySettings => "IAMReadOnly",
            Self::SshKeys => "SSHKeysReadOnly",
            Self::Projects => "ProjectReadOnly",
            Self::AuditTrail => "AuditTrailReadOnly",
        }
    }

    /// Asks for as little of it as there is.
    async fn ask(self, client: &Client, now: Timestamp) -> Answer {
        let answer = match self {
            Self::Users => first(client.list_users(&api::ListUsers::default())).await,
            Self::Applications => first(client.list_applications(&api::ListApplications::default())).await,
            Self::Groups => first(client.list_groups(&api::ListGroups::default())).await,
            Self::Policies => first(client.list_policies(&api::ListPolicies::default())).await,
            Self::ApiKeys => first(client.list_api_keys(&api::ListApiKeys::default())).await,
            Self::SshKeys => first(client.list_ssh_keys(&api::ListSshKeys::default())).await,
            Self::Projects => first(client.list_projects(&api::ListProjects::default())).await,
            Self::Quotas => first(client.list_quota(&api::ListQuota::default())).await,
            Self::SecuritySettings => client.get_security_settings().await.map(drop),
            Self::AuditTrail => first(client.list_audit_events(&api::ListAuditEvents::since(now))).await,
        };
        match answer {
            Ok(()) => Answer::Readable,
            Err(error) if error.kind() == ErrorKind::Forbidden => Answer::Refused,
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

/// Reads the first page of a list.
async fn first<T>(list: impl Stream<Item = Result<T, api::Error>>) -> Result<(), api::Error> {
    std::pin::pin!(list).next().await.transpose().map(drop)
}

impl Diagnosis {
    /// Returns the parts of these that cannot be read.
    pub fn lacks<'a>(&'a self, parts: &'a [Part]) -> impl Iterator<Item = Part> + 'a {
        let readable = |part: &Part| {
            self.parts.iter().any(|(known, answer)| known == part && *answer == Answer::Readable)
        };
        parts.iter().copied().filter(move |part| !readable(part))
    }
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
        let answers = join_all(Part::ALL.map(|part| part.ask(&self.client, now))).await;
        let mut diagnosis = Diagnosis {
            caller: Err("no access key is configured".to_owned()),
            expires_at: caller.as_ref().and_then(|caller| caller.expires_at),
            parts: Part::ALL.into_iter().zip(answers).collect(),
            writes: Err("the key may not read policies".to_owned()),
        };
        let modelled = [Part::Users, Part::Applications, Part::Groups, Part::Policies];
        let live = match diagnosis.lacks(&modelled).next() {
            None => Some(self.read(&Needs::default()).await?),
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
