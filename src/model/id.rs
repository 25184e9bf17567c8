use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The id that the API gave to an object: a UUID.
///
/// Compares and sorts as its text does; costs 16 bytes. Either case is read, lower case is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Uuid);

/// The text is not a UUID of 32 hexadecimal digits in the groups 8-4-4-4-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: it takes 32 hexadecimal digits, as in `105bdce1-64c0-48ab-899d-868455867ecf`")]
pub struct BadId;

/// The characters of an id in the only form that the API writes; the library reads others too.
const LENGTH: usize = uuid::fmt::Hyphenated::LENGTH;

impl Id {
    /// Returns the id with these 128 bits.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(Uuid::from_u128(bits))
    }

    /// Returns the 128 bits, the first digit in the highest ones.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0.as_u128()
    }
}

impl FromStr for Id {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let id = Uuid::try_parse(text).ok().filter(|_| text.len() == LENGTH);
        id.map(Self).ok_or(BadId)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_it_was_read_in_lower_case() {
        let text = "105BDCE1-64c0-48ab-899d-868455867ecf";
        assert_eq!(text.parse::<Id>().unwrap().to_string(), text.to_lowercase());
    }

    #[test]
    fn ids_sort_as_their_texts() {
        let texts = ["00000000-0000-0000-0000-00000000000f", "0f000000-0000-0000-0000-000000000000"];
        assert!(texts[0].parse::<Id>().unwrap() < texts[1].parse::<Id>().unwrap());
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for text in [
            "",
            "x",
            "105bdce1-64c0-48ab-899d-868455867ec",
            "105bdce1x64c0-48ab-899d-868455867ecf",
            "105bdce164c048ab899d868455867ecf",
            "{105bdce1-64c0-48ab-899d-868455867ecf}",
        ] {
            assert_eq!(text.parse::<Id>(), Err(BadId), "{text}");
        }
    }
}
