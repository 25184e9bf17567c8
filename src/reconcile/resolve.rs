//! Files, resolved with what is live.

use jiff::Timestamp;

use super::Error;
use crate::config::{self, Files, Present, ResolvePurpose};
use crate::live::{Live, LiveNeeds};
use crate::model::Catalogue;
use crate::plan::slot::KeyFacts;
use crate::plan::{Caller, Facts, PeopleFacts};

/// What planning knows of the live side.
pub(super) fn facts<'a>(live: &'a Live, caller: &'a Caller, now: Timestamp) -> Facts<'a> {
    Facts {
        live: &live.state,
        ids: &live.ids,
        titles: &live.titles,
        duplicates: &live.duplicates,
        oldest_keys: &live.oldest_keys,
        keys: KeyFacts::NONE,
        people: PeopleFacts { keys: live.people_keys.as_ref(), scim: live.scim },
        guards: None,
        caller,
        now,
    }
}

/// What has to be read for files.
pub(super) fn needs(files: &Files) -> LiveNeeds {
    let config::Needs { kinds, projects, permission_sets, scim } = files.needs();
    LiveNeeds { kinds, projects, permission_sets, scim, ..LiveNeeds::default() }
}

/// Resolves files into the desired state of the organization that was read.
///
/// # Errors
/// [`Error::Files`] with every error that shows only now.
pub fn resolve(files: &Files, live: &Live) -> Result<config::Resolved, Error> {
    resolve_to(files, live, ResolvePurpose::Change)
}

/// Does the same for a purpose.
pub(super) fn resolve_to(
    files: &Files,
    live: &Live,
    purpose: ResolvePurpose,
) -> Result<config::Resolved, Error> {
    let catalogue = live.catalogue.as_ref();
    let known = catalogue.unwrap_or(Catalogue::published());
    let Live { state, ids, duplicates, scim, .. } = live;
    let present = Present { state, ids: Some(ids), duplicates, scim: *scim };
    Ok(files.resolve_in(Some(present), known, catalogue.is_some(), purpose)?)
}
