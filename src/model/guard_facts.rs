use super::{Kind, Readout};

/// Facts that guards need for some plans, in addition to the objects of the organization.
#[derive(Debug, Clone, Default)]
pub struct GuardFacts {
    /// The quotas; `None` until they are read.
    pub quotas: Option<Readout<Vec<Quota>>>,
    /// Whether SAML is on and set up, so that people can log in with it; `None` until it is read.
    pub saml_works: Option<Readout<bool>>,
}

/// How many of something the organization may have.
///
/// The names of IAM's quotas are not documented and were never recorded; what an older client had is known here, and what
/// people call them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The limit; `None` for no limit.
    pub most: Option<u64>,
}

impl Quota {
    /// Says whether it is the quota of a kind of objects.
    #[must_use]
    pub fn is_of(&self, kind: Kind) -> bool {
        self.is_named(kind.section(), kind.nouns())
    }

    /// Says whether it is the quota of API keys.
    #[must_use]
    pub fn is_of_api_keys(&self) -> bool {
        self.is_named("api_keys", "API keys")
    }

    fn is_named(&self, section: &str, nouns: &str) -> bool {
        self.name.strip_prefix("iam_") == Some(section) || self.title.eq_ignore_ascii_case(nouns)
    }
}
