//! The files as they are written: a type for each map of the language, with what each key means, and its decoder.

pub(super) mod application;
pub(super) mod assertion;
pub(super) mod external;
pub(super) mod group;
pub(super) mod guardrail;
pub(super) mod meta;
pub(super) mod policy;
pub(super) mod root;
pub(super) mod rule;
pub(super) mod settings;
