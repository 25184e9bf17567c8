//! The files as they are written: a type for each map of the language, with what each key means, and its decoder.

pub(in crate::config) mod allow;
pub(in crate::config) mod application;
pub(in crate::config) mod assertion;
pub(in crate::config) mod external;
pub(in crate::config) mod group;
pub(in crate::config) mod guardrail;
pub(in crate::config) mod meta;
pub(in crate::config) mod policy;
pub(in crate::config) mod root;
pub(in crate::config) mod rule;
pub(in crate::config) mod settings;
