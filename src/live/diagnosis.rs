//! What a key may read and write, as values.

use jiff::Timestamp;

use crate::model::Principal;

/// What a key may do.
#[derive(Debug)]
pub struct Diagnosis {
    /// Whose key it is, or why that is not known.
    pub caller: Result<Principal, String>,
    /// When the key stops working; `None` for never, or when it is not known.
    pub expires_at: Option<Timestamp>,
    /// Each part of the organization, and whether the key may read it.
    pub parts: Vec<(Part, Readability)>,
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
    /// The organization's settings: security, log-in methods.
    Settings,
    /// The events of Audit Trail.
    AuditTrail,
}

/// Whether a part may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readability {
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
        Self::Settings,
        Self::AuditTrail,
    ];

    /// What every plan reads.
    pub const MODELLED: [Self; 4] = [Self::Users, Self::Applications, Self::Groups, Self::Policies];

    /// What every command reads that shows access with the names of projects.
    pub const NAMED: [Self; 5] =
        [Self::Users, Self::Applications, Self::Groups, Self::Policies, Self::Projects];

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
            Self::Settings => "settings",
            Self::AuditTrail => "Audit Trail",
        }
    }

    /// Returns the smallest permission sets that allow reading it; all of them are needed.
    ///
    /// Source: descriptions of the permission sets in the product documentation, 2026.
    #[must_use]
    pub const fn permission_sets(self) -> &'static [&'static str] {
        match self {
            Self::Users
            | Self::Applications
            | Self::Groups
            | Self::Policies
            | Self::ApiKeys
            | Self::Quotas => &["IAMReadOnly"],
            // The security settings, and the organization with its log-in methods.
            Self::Settings => &["IAMReadOnly", "OrganizationReadOnly"],
            Self::SshKeys => &["SSHKeysReadOnly"],
            Self::Projects => &["ProjectReadOnly"],
            Self::AuditTrail => &["AuditTrailReadOnly"],
        }
    }
}

impl Diagnosis {
    /// Returns the parts of these that cannot be read.
    pub fn lacks<'a>(&'a self, parts: &'a [Part]) -> impl Iterator<Item = Part> + 'a {
        let readable = |part: &Part| {
            self.parts.iter().any(|(known, answer)| known == part && *answer == Readability::Readable)
        };
        parts.iter().copied().filter(move |part| !readable(part))
    }
}
