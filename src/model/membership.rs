//! How a list in a file is meant.

/// How to treat the list of an object, such as the members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Only those listed.
    Exact,
    /// Those listed, and all others that exist.
    AtLeast,
}
