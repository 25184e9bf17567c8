//! Errors and warnings about settings.
use std::io;

/// A setting that works, but should be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A variable under its older name.
    #[error("the variable {old} is deprecated, use {new} instead")]
    OldName {
        /// The name that is set.
        old: &'static str,
        /// The name of today.
        new: &'static str,
    },
    /// A region under its older name.
    #[error("the region `{old}` is now called `{new}`")]
    OldRegion {
        /// The older name.
        old: &'static str,
        /// The name of today.
        new: &'static str,
    },
    /// A variable that is not a boolean, although it should be: certificates are verified.
    #[error("the variable {variable} is not a boolean, so certificates are verified")]
    NoBoolean {
        /// The variable.
        variable: &'static str,
    },
    /// A configuration file that others may read.
    #[error("{path} holds a secret and has mode {mode:o} instead of 600")]
    OpenFile {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// `SCW_CONFIG_PATH` names a file that is not there.
    #[error("SCW_CONFIG_PATH names {path}, which does not exist")]
    NoFile {
        /// The file.
        path: String,
    },
    /// The secret key will go over the network in clear text.
    #[error("the API's address is not https://, so the secret key is sent in clear text")]
    ClearText,
    /// Certificates are not verified.
    #[error("certificates are not verified, so anyone on the network path can read the secret key")]
    Insecure,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable that is not UTF-8.
    #[error("the variable {0} is not valid UTF-8")]
    NotText(&'static str),
    /// A value that is there and empty.
    #[error("{what} cannot be empty ({origin})")]
    Empty {
        /// Which setting.
        what: &'static str,
        /// Where it stands.
        origin: String,
    },
    /// A value in a wrong form. The value is not shown, because it may be a secret in the wrong place.
    #[error("invalid {what} format, expected {form} ({origin})")]
    Format {
        /// Which setting.
        what: &'static str,
        /// Where it stands.
        origin: String,
        /// What it should look like.
        form: &'static str,
    },
    /// A profile that is not in the file.
    #[error("given profile {name} does not exist in {path}")]
    NoProfile {
        /// The profile.
        name: String,
        /// The file.
        path: String,
    },
    /// A file that cannot be read.
    #[error("cannot read config file {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file that is not a valid configuration. The YAML is not quoted, because it holds secrets.
    #[error("content of config file {path} is invalid, line {line}, column {column}")]
    Invalid {
        /// The file.
        path: String,
        /// The line, from 1; 0 when it is not known.
        line: u64,
        /// The column, from 1; 0 when it is not known.
        column: u64,
    },
    /// No secret key anywhere.
    #[error("no secret key")]
    NoSecretKey,
    /// No access key anywhere.
    #[error("no access key")]
    NoAccessKey,
    /// No organization anywhere.
    #[error("no organization")]
    NoOrganization,
}

impl SettingsError {
    /// Returns what may help, where that is known.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoSecretKey => {
                Some("set SCW_SECRET_KEY, or run `scw init`, which writes a configuration file")
            }
            Self::NoAccessKey => {
                Some("set SCW_ACCESS_KEY, or run `scw init`, which writes a configuration file")
            }
            Self::NoOrganization => Some("set SCW_DEFAULT_ORGANIZATION_ID"),
            Self::NotText(_)
            | Self::Empty { .. }
            | Self::Format { .. }
            | Self::NoProfile { .. }
            | Self::Unreadable { .. }
            | Self::Invalid { .. } => None,
        }
    }
}
