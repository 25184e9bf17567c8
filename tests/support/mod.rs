//! What several tests share: random organizations and an independent reading of who holds what.
#![expect(dead_code, reason = "each test uses a part of it")]

pub(crate) mod oracle;
pub(crate) mod organizations;
