//! The bodies of requests and answers, as the API writes them.
//!
//! Answers are read so that neither a later version of the API nor a hostile one is misread: what a comparison needs is
//! required, fields and enum values that are not known are kept by name ([`UnknownFields`], `Unknown`), and
//! [`Novel::novelties`] tells of them. Facts: strings and lists are never null, save where said; of a one-of group the
//! answer holds only the key that is set.

/// Makes a type the item of a list, by the key that holds it there and the field that tells it from the others.
macro_rules! listed {
    ($item:ty, $key:literal, $id:ident) => {
        impl $crate::api::list::Listed for $item {
            const KEY: &'static str = $key;

            fn id(&self) -> &str {
                self.$id.as_str()
            }
        }
    };
}

/// Makes novelties of the fields of a type that this version does not know, by what the type is called.
macro_rules! novel {
    ($item:ty, $called:literal) => {
        impl $crate::api::wire::Novel for $item {
            fn novelties(&self) -> Vec<$crate::api::wire::Novelty> {
                self.unknown.novelties($called).collect()
            }
        }
    };
}

mod api_key;
mod application;
mod audit;
mod group;
mod organization;
mod permission_set;
mod policy;
mod project;
mod provisioning;
mod quota;
mod rule;
mod secret_manager;
mod ssh_key;
mod user;

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use self::api_key::{ApiKey, Bearer, CreateApiKey, CreatedApiKey, UpdateApiKey};
pub use self::application::{Application, CreateApplication, UpdateApplication};
pub use self::audit::{
    AuditEvent, AuditPrincipal, AuditProduct, AuditResource, AuditService, Log, LogAction, LogResource,
};
pub use self::group::{CreateGroup, Group, Member, Members, UpdateGroup};
pub(super) use self::organization::GracePeriods;
pub use self::organization::{
    GracePeriod, GracePeriodKind, Organization, OrganizationSettings, SecuritySettings, UpdateLoginMethods,
    UpdateSecuritySettings,
};
pub use self::permission_set::{PermissionSet, ScopeType};
pub use self::policy::{CreatePolicy, Policy, Principal, UpdatePolicy};
pub use self::project::{CreateProject, Project, ProjectStatus, UpdateProject};
pub(super) use self::provisioning::SamlCertificates;
pub use self::provisioning::{
    Saml, SamlCertificate, SamlCertificateKind, SamlStatus, Scim, ScimToken, ServiceProvider,
};
pub use self::quota::{Limit, LocalityType, QuotaAmount, QuotaPlace, Quotum};
pub use self::rule::{Rule, RuleScope, RuleSpec, SpecScope};
pub(super) use self::rule::{SetRules, SetRulesAnswer};
pub use self::secret_manager::{
    AccessedSecretVersion, CreateSecret, CreateSecretVersion, EphemeralPolicy, Revision, SecretKind,
    SecretVersion, SecretVersionStatus, StoredSecret,
};
pub use self::ssh_key::{CreateSshKey, SshKey, UpdateSshKey};
pub use self::user::{CreateUser, NewMember, NewUser, UpdateUser, User, UserStatus, UserType};
use super::error::escaped;
use super::id::OrganizationId;

/// At most this many unknown fields of one object are kept.
const MOST_UNKNOWN: usize = 50;

/// The names of the fields that this version does not know. Their values are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownFields(BTreeSet<String>);

impl UnknownFields {
    /// Returns the names, escaped and sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn novelties(&self, kind: &'static str) -> impl Iterator<Item = Novelty> {
        self.0.iter().map(move |name| Novelty { kind, field: name.clone(), value: None })
    }
}

impl<'de> Deserialize<'de> for UnknownFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeyNames)
    }
}

/// Collects the keys of a map.
struct KeyNames;

impl<'de> Visitor<'de> for KeyNames {
    type Value = UnknownFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UnknownFields, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            if names.len() < MOST_UNKNOWN {
                names.insert(escaped(&name));
            }
        }
        Ok(UnknownFields(names))
    }
}

/// Something in an answer that this version does not know: a field, or a value of a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Novelty {
    /// The kind of object, `policy` for example.
    pub kind: &'static str,
    /// The field, by its JSON name.
    pub field: String,
    /// The value, when the field is known and its value is not.
    pub value: Option<String>,
}

impl fmt::Display for Novelty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "value `{value}` of `{}` in {}", self.field, self.kind),
            None => write!(f, "field `{}` in {}", self.field, self.kind),
        }
    }
}

/// An object of the API that lists what this version does not know about it.
pub trait Novel {
    /// Returns the fields and enum values that this version does not know.
    fn novelties(&self) -> Vec<Novelty>;
}

/// Declares an enum of the API: text outside, and any text that is not listed is kept as `Unknown`.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A value that this version does not know, escaped.
            Unknown(String),
        }

        impl $name {
            /// Returns the value as the API writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }

            pub(super) fn novelty(&self, kind: &'static str, field: &str) -> Option<crate::api::wire::Novelty> {
                let Self::Unknown(value) = self else { return None };
                Some(crate::api::wire::Novelty { kind, field: field.to_owned(), value: Some(value.clone()) })
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Ok(match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Unknown(crate::api::error::escaped(&text)),
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
use open_enum;

/// Reads null as the empty value, where the API's own types allow null.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads one key of a one-of group: absent, null and empty all mean that it is not the one.
fn one_of<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String>,
    T::Error: fmt::Display,
{
    match Option::<String>::deserialize(deserializer)? {
        Some(text) if !text.is_empty() => T::try_from(text).map(Some).map_err(serde::de::Error::custom),
        _ => Ok(None),
    }
}

/// A create, with the organization that it is for. Fact: the organization is part of the body.
#[derive(Serialize)]
pub(super) struct InOrganization<'a, T> {
    pub(super) organization_id: &'a OrganizationId,
    #[serde(flatten)]
    pub(super) body: &'a T,
}

/// The body of an action without fields: `{}`.
#[derive(Serialize)]
pub(super) struct Nothing {}

#[cfg(test)]
mod tests;
