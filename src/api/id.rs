//! The identifiers of the API, a type per kind, checked as they are read.
//!
//! An id stands in the path of a request, in messages and in plans. One that holds a slash, a dot segment or a
//! control character cannot exist here, wherever it came from.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest identifier that is accepted, in characters. A UUID has 36.
const LONGEST: usize = 128;

/// A text that cannot be an identifier of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to {LONGEST} of ASCII letters, digits, `-`, `_` and `.`, and is not made of dots alone")]
pub struct InvalidId;

/// Returns the text when it can be an identifier: in a path segment it stands for itself.
fn checked(text: String) -> Result<String, InvalidId> {
    let fits = (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !text.bytes().all(|byte| byte == b'.');
    if fits { Ok(text) } else { Err(InvalidId) }
}

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the identifier as the API writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                checked(text).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                checked(text.to_owned()).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// The id of an organization, a UUID.
    OrganizationId;
    /// The id of a project, a UUID. The default project's is the organization's own.
    ProjectId;
    /// The id of a user, a UUID.
    UserId;
    /// The id of an application, a UUID.
    ApplicationId;
    /// The id of a group, a UUID.
    GroupId;
    /// The id of a policy, a UUID.
    PolicyId;
    /// The id of a rule, a UUID. Every setting of a policy's rules gives new ones.
    RuleId;
    /// The id of a permission set, a UUID. Rules name a set by its name, not by this.
    PermissionSetId;
    /// The id of an SSH key, a UUID.
    SshKeyId;
    /// The public half of an API key (`SCW` and 17 letters and digits), which is its id.
    AccessKey;
    /// The name of a quota, which is its id.
    QuotumName;
    /// The name of a region, `fr-par` for example. New ones open, so that none is refused.
    Region;
    /// The id of a secret of Secret Manager, a UUID.
    SecretId;
    /// The id of a SAML configuration, a UUID.
    SamlId;
    /// The id of a SAML certificate, a UUID.
    SamlCertificateId;
    /// The id of a SCIM configuration, a UUID.
    ScimId;
    /// The id of a SCIM token, a UUID.
    ScimTokenId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_lead_elsewhere() {
        for bad in ["", ".", "..", "a/b", "a b", "a?b", "é", "a\u{1b}", &"a".repeat(129)] {
            assert_eq!(bad.parse::<GroupId>(), Err(InvalidId), "{bad:?}");
        }
        let id = "105bdce1-64c0-48ab-899d-868455867ecf";
        assert_eq!(id.parse::<GroupId>().unwrap().to_string(), id);
        assert!(serde_json::from_str::<GroupId>(r#""../users""#).is_err());
    }
}
