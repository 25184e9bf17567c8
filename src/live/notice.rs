//! What is worth a note in the answers of the API.

use std::fmt;

use super::provisioning::SamlSwitch;

/// A note about the API's answers: something that this version does not know and does not compare, or that could not be read
/// although that is not an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// A field.
    UnknownField {
        /// The kind of object, `policy` for example.
        kind: &'static str,
        /// The field's JSON name, escaped.
        field: String,
    },
    /// A value of a field with known values.
    UnknownValue {
        /// The kind of object.
        kind: &'static str,
        /// The field's JSON name.
        field: String,
        /// The value, escaped.
        value: String,
    },
    /// The key may not read whether SCIM is on.
    ScimUnread,
    /// A username changes while SAML is on, or may be on because the key may not read that.
    NewUsername {
        /// Whose.
        person: String,
        /// Whether it is known to be on.
        saml: SamlSwitch,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { kind, field } => {
                write!(f, "the API serves the field `{field}` in {kind}, which this version does not know")
            }
            Self::UnknownValue { kind, field, value } => {
                write!(f, "the API serves `{value}` as `{field}` in {kind}, which this version does not know")
            }
            Self::ScimUnread => f.write_str(
                "cannot tell whether SCIM provisions people: the key may not read `/scim` of the organization \
                 (OrganizationReadOnly is enough)",
            ),
            Self::NewUsername { person, saml: SamlSwitch::On } => write!(
                f,
                "the username of {person} changes, and SAML is on: its log-in goes by the username, so that it has to \
                 change at the identity provider too"
            ),
            Self::NewUsername { person, saml: SamlSwitch::Unread | SamlSwitch::Off } => write!(
                f,
                "the username of {person} changes, and the key may not read whether SAML is on (OrganizationReadOnly is \
                 enough): its log-in goes by the username"
            ),
        }
    }
}
