//! What is live of an object, beside what is believed of it.

use std::sync::Arc;

use super::StepError;
use super::believed::Version;
use super::context::ApplyContext;
use super::words::ChangedField;
use crate::live::LiveObject;
use crate::model::Address;

/// Looks at an object that a step relies on.
pub(super) async fn relied_on(run: &ApplyContext<'_>, address: &Address) -> Result<(), StepError> {
    let mut versions = run.believed(|believed| believed.versions(address, None));
    let found = read(run, address).await?;
    versions.extend(run.believed(|believed| believed.versions(address, None)));
    if run.believed(|believed| believed.is_any(&versions, found.as_ref())) {
        return Ok(());
    }
    Err(changed(run, address, &versions[0], found.as_ref(), None))
}

/// Reads an object, all of it.
pub(super) async fn read(run: &ApplyContext<'_>, address: &Address) -> Result<Option<LiveObject>, StepError> {
    let unseen = |source| StepError::Unseen { address: address.clone(), source };
    match run.one(address.kind(), run.id_of(address)?).await.map_err(unseen)? {
        Some(seen) => run.complete(seen).await.map(Some).map_err(unseen),
        None => Ok(None),
    }
}

/// Returns what has changed since the plan.
pub(super) fn changed(
    run: &ApplyContext<'_>,
    address: &Address,
    planned: &Version,
    found: Option<&LiveObject>,
    after: Option<&Version>,
) -> StepError {
    let (Some(object), Some(found)) = (&planned.object, found) else {
        return StepError::Vanished(address.clone());
    };
    let (object, found) = run.believed(|believed| {
        let comparable = LiveObject { object: believed.comparable(&found.object), ..found.clone() };
        (believed.comparable(object), comparable)
    });
    let words = run.words();
    let desired = after.and_then(|after| {
        let wanted = words.mismatches(after.title.as_deref(), after.object.as_ref()?, &found);
        Some(wanted.into_iter().map(|it| (it.field, it.wanted)).collect::<Vec<_>>())
    });
    let fields = words.mismatches(planned.title.as_deref(), &object, &found).into_iter();
    let changes = fields.map(|it| {
        let desired = desired.as_ref().map(|desired| {
            // A field that the step does not change must be as planned; a field that is already as desired is no difference.
            let wanted = desired.iter().find(|(field, _)| *field == it.field);
            wanted.map_or_else(|| it.found.clone(), |(_, wanted)| wanted.clone())
        });
        ChangedField { field: it.field, planned_from: it.wanted, now: it.found, desired }
    });
    StepError::Changed { address: address.clone(), changes: changes.collect() }
}

/// Shares what could not be read.
pub(super) fn unseen(address: &Address) -> impl FnOnce(Arc<crate::live::Error>) -> StepError + '_ {
    |source| StepError::Unseen { address: address.clone(), source }
}
