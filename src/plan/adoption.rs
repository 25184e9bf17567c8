//! Live objects that the stack adopts.

use jiff::Timestamp;

use crate::model::{Address, Stack};

/// A live object that the stack adopts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The object.
    pub address: Address,
    /// The stack that it belonged to, or `None` when it belonged to none.
    pub from: Option<Stack>,
    /// How many API keys an application has: their holders gain the access it gains.
    pub api_keys: u32,
    /// When the oldest of them was made, where that was read.
    pub oldest_key: Option<Timestamp>,
}
