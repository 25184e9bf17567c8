//! API keys by slot: what files say of them, what a key's description says of its slot, and what is live of both.

mod live;
mod mark;
mod slot;

pub use live::{
    EmptySecret, FoundSecret, LiveKey, LiveKeys, LiveSecret, LiveVersion, VersionState, version_description,
    version_key,
};
pub use mark::{KeyMark, KeyStage, Marking};
pub use slot::{ApplicationKeys, CommandLabel, Delivery, KeySlot, SecretPlace};
