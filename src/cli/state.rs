//! STATE files: organizations for the emulator.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::failure::Failure;
use crate::files::{self, Links};

/// The largest state that is read, in bytes.
const STATE_MOST: u64 = 512 << 20;

/// Where states come from.
const STATES: &str = "`scw-iam snapshot --out STATE.json` writes the state of an organization";

/// Reads a state.
pub(super) fn read(path: &Path) -> Result<Value, Failure> {
    let name = path.display();
    let read = files::read(path, STATE_MOST, Links::Refused).with_context(|| format!("cannot read {name}"));
    let text = read.map_err(|error| Failure::error(error).hint(STATES))?;
    let no_json = |error: serde_json::Error| {
        Failure::error(anyhow::Error::new(error).context(format!("{name} is not valid JSON"))).hint(STATES)
    };
    let state: Value = serde_json::from_slice(&text).map_err(no_json)?;
    if state.is_object() {
        // Of two values under one key the first would be dropped in silence.
        let UniqueKeys { twice } = serde_json::from_slice(&text).map_err(no_json)?;
        if let Some(key) = twice {
            return Err(anyhow::anyhow!("{name} has the key `{key}` twice").into());
        }
    }
    Ok(state)
}

/// The keys of an object, of which none may stand twice.
struct UniqueKeys {
    twice: Option<String>,
}

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = UniqueKeys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueKeys, A::Error> {
        let (mut seen, mut twice) = (HashSet::new(), None);
        while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            if !seen.insert(key.clone()) {
                twice.get_or_insert(key);
            }
        }
        Ok(UniqueKeys { twice })
    }
}
