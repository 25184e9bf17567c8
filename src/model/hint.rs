use std::borrow::Cow;
use std::fmt;

/// What somebody may do about an error: a value of the error, not a part of its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hint(Cow<'static, str>);

impl From<&'static str> for Hint {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
