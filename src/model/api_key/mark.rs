use std::fmt;

use jiff::Timestamp;

use crate::model::SlotName;
use crate::model::name::OWNER_TAG;

/// What the description of an API key says of its slot. Keys have neither a name nor tags, so it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMark {
    /// The slot, of the application that the key belongs to.
    pub slot: SlotName,
    /// How far the key has come.
    pub stage: KeyStage,
}

/// How far a key of a slot has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStage {
    /// It was made, and not every delivery of it is confirmed.
    New,
    /// Every delivery is confirmed, since this time.
    Ok(Timestamp),
}

/// What a description is to the slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marking {
    /// Somebody's own words.
    None,
    /// A mark.
    Mark(KeyMark),
    /// It begins as a mark does, and is none: nobody may touch the key.
    Unclear,
}

impl Marking {
    /// Reads a description.
    #[must_use]
    pub fn of(description: &str) -> Self {
        let Some(rest) = description.trim().strip_prefix(OWNER_TAG) else { return Self::None };
        let mut words = rest.split(' ');
        let slot = words.next().and_then(|slot| slot.parse().ok());
        let stage = match (words.next(), words.next(), words.next()) {
            (Some("new"), None, None) => Some(KeyStage::New),
            (Some("ok"), Some(time), None) => time.parse().ok().map(KeyStage::Ok),
            _ => None,
        };
        match (slot, stage) {
            (Some(slot), Some(stage)) => Self::Mark(KeyMark { slot, stage }),
            _ => Self::Unclear,
        }
    }

    /// Returns the mark, where there is one.
    #[must_use]
    pub const fn mark(&self) -> Option<&KeyMark> {
        match self {
            Self::Mark(mark) => Some(mark),
            Self::None | Self::Unclear => None,
        }
    }
}

impl fmt::Display for KeyMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slot, stage } = self;
        match stage {
            KeyStage::New => write!(f, "{OWNER_TAG}{slot} new"),
            KeyStage::Ok(since) => write!(f, "{OWNER_TAG}{slot} ok {since:.0}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        for text in ["scw-iam=deploy new", "scw-iam=a-1 ok 2026-11-22T00:00:00Z"] {
            let Marking::Mark(mark) = Marking::of(text) else { panic!("{text}") };
            assert_eq!(mark.to_string(), text);
        }
    }

    #[test]
    fn other_words_are_somebodys_own_and_half_a_mark_is_nobodys() {
        for text in ["", "deploys", "a scw-iam=deploy new"] {
            assert_eq!(Marking::of(text), Marking::None, "{text}");
        }
        for text in [
            "scw-iam=",
            "scw-iam=deploy",
            "scw-iam=Deploy new",
            "scw-iam=deploy ok",
            "scw-iam=deploy ok yesterday",
            "scw-iam=deploy new 2026-11-22T00:00:00Z",
            "scw-iam=deploy  new",
            "scw-iam=deploy gone",
        ] {
            assert_eq!(Marking::of(text), Marking::Unclear, "{text}");
        }
    }
}
