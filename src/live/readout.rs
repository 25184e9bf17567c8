//! What the caller may not read.

use super::Error;
use crate::api::{self, ErrorKind};
use crate::model::Readout;

/// Takes a refusal for an answer.
pub(super) fn allowed<T>(
    read: Result<T, api::Error>,
    what: &'static str,
    path: &str,
    helps: &'static str,
) -> Result<Readout<T>, Error> {
    match read {
        Ok(value) => Ok(Readout::Read(value)),
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            Ok(Readout::Unread { why: format!("403 on {path}"), helps: Some(helps) })
        }
        Err(source) => Err(Error::reading(what)(source)),
    }
}
