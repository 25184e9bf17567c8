//! What several tests share: random organizations, an independent reading of who holds what, an emulator to apply to.
#![expect(dead_code, reason = "each test uses a part of it")]
pub(crate) mod bench;
pub(crate) mod environment;
pub(crate) mod files;
pub(crate) mod gate;
pub(crate) mod laws;
pub(crate) mod middle;
pub(crate) mod oracle;
pub(crate) mod organizations;
pub(crate) mod program;
pub(crate) mod replay;
pub(crate) mod small;
pub(crate) mod state_json;
pub(crate) mod surroundings;
pub(crate) mod wild;
