use std::fmt;
use std::str::FromStr;

/// The name of a guard, as in `settings.limits`, under `allow` and with `--allow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GuardName {
    /// Too many deletions, or the last of a kind.
    Deletes,
    /// Too many principals that lose any access.
    Losses,
    /// Too many principals that lose everything.
    LostAccess,
    /// Keys that are deleted, by themselves or together with applications and people.
    Keys,
    /// People who are removed.
    People,
    /// People who are locked.
    Locks,
    /// Managing people or members whom an identity provider may provision.
    Scim,
    /// Groups left without members, policies without rules.
    Emptied,
    /// Adopting objects once the stack owns any.
    Adoptions,
    /// The caller losing permissions that it needs to administer access.
    SelfLockout,
    /// Too few people who can administer IAM.
    MinIamAdmins,
    /// Changing protected objects.
    Protect,
    /// A rename written as a deletion and a creation.
    Rename,
    /// Somebody gaining a permission set that can escalate.
    PrivilegeGains,
    /// More objects than the organization's quotas allow.
    Quota,
    /// Nobody can log in, or only by SAML while it does not work.
    Login,
    /// An assertion that would not hold.
    Assertions,
    /// A grant that a guardrail forbids.
    Guardrails,
}

impl GuardName {
    /// All guards, in the order in which they are judged.
    pub const ALL: [Self; 18] = [
        Self::Deletes,
        Self::Losses,
        Self::LostAccess,
        Self::Keys,
        Self::People,
        Self::Locks,
        Self::Scim,
        Self::Emptied,
        Self::Adoptions,
        Self::SelfLockout,
        Self::MinIamAdmins,
        Self::Protect,
        Self::Rename,
        Self::PrivilegeGains,
        Self::Quota,
        Self::Login,
        Self::Assertions,
        Self::Guardrails,
    ];

    /// Their names.
    pub const ALL_NAMES: [&str; Self::ALL.len()] = {
        let (mut names, mut at) = ([""; Self::ALL.len()], 0);
        while at < names.len() {
            names[at] = Self::ALL[at].as_str();
            at += 1;
        }
        names
    };

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deletes => "deletes",
            Self::Losses => "losses",
            Self::LostAccess => "lost_access",
            Self::Keys => "keys",
            Self::People => "people",
            Self::Locks => "locks",
            Self::Scim => "scim",
            Self::Emptied => "emptied",
            Self::Adoptions => "adoptions",
            Self::SelfLockout => "self_lockout",
            Self::MinIamAdmins => "min_iam_admins",
            Self::Protect => "protect",
            Self::Rename => "rename",
            Self::PrivilegeGains => "privilege_gains",
            Self::Quota => "quota",
            Self::Login => "login",
            Self::Assertions => "assertions",
            Self::Guardrails => "guardrails",
        }
    }
}

impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No guard has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no guard is named `{0}`; the guards are {names}", names = GuardName::ALL.map(GuardName::as_str).join(", "))]
pub struct UnknownGuard(String);

impl FromStr for GuardName {
    type Err = UnknownGuard;

    fn from_str(text: &str) -> Result<Self, UnknownGuard> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| UnknownGuard(text.to_owned()))
    }
}
