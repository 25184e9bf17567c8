//! A secret value: the secret half of an API key, or a password.
use std::fmt;

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Deserializer};

/// A secret key, a token or a password.
///
/// It has no `Display`, no comparison and no `Serialize`, its `Debug` is blank, and its memory is wiped when it is
/// dropped. To get the text, call [`Secret::expose`], which is easy to find in a review.
///
/// ```
/// use scw_iam::api::Secret;
///
/// let secret = Secret::new("11111111-1111-1111-1111-111111111111");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.expose().len(), 36);
/// ```
///
/// ```compile_fail
/// # use scw_iam::api::Secret;
/// assert!(Secret::new("a") == Secret::new("a")); // not comparable
/// ```
///
/// ```compile_fail
/// # use scw_iam::api::Secret;
/// println!("{}", Secret::new("a")); // not printable
/// ```
///
/// ```compile_fail
/// # use scw_iam::api::Secret;
/// let text = serde_json::to_string(&Secret::new("a")); // not serializable
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Returns the text itself, for the one place that has to send or store it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Binary data of a secret: like [`Secret`], but not necessarily text.
#[derive(Clone)]
pub struct SecretBytes(SecretSlice<u8>);

impl SecretBytes {
    /// Wraps bytes as a secret.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(SecretSlice::from(bytes))
    }

    /// Returns the bytes themselves, for the one place that has to send or store them.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
