//! Ids: as the API writes them, and as the model does.

use super::Error;
use crate::api::{InvalidId, OrganizationId};
use crate::model::Id;

/// Refuses an object of another organization.
pub(super) fn own(wanted: Id, found: &OrganizationId, what: impl Fn() -> String) -> Result<(), Error> {
    if found.as_str().parse() == Ok(wanted) {
        return Ok(());
    }
    Err(Error::Foreign { what: what(), found: found.to_string(), wanted })
}

/// Reads an id, which is a UUID in every recording.
pub(super) fn id_of(text: &str) -> Result<Id, Error> {
    text.parse().map_err(|why| Error::shape(format!("the id `{text}`"), &why))
}

/// Writes an id as the API's type for it.
#[must_use]
pub fn api_id<T: std::str::FromStr<Err = InvalidId>>(id: Id) -> T {
    id.to_string().parse().expect("a UUID is an id of the API")
}
