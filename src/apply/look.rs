//! Reads again right before a call that overwrites, deletes or grants: the object that the call writes, and the objects
//! that determine its effect.
//!
//! The API has no conditional writes: the last writer wins. So only between the read and the write can somebody else's
//! work be lost, or somebody get access that was not planned for them.

use std::future::Future;

use super::context::ApplyContext;
use super::found::{changed, read};
use super::meaning::meaning;
use super::{How, StepError};
use crate::api::{self, Client, ErrorKind, RetryState};
use crate::plan::Step;

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookResult {
    /// What the plan saw.
    AsPlanned,
    /// What the call would make of it.
    AlreadySo,
}

/// Sends a call with a read right before each try, so that it does not overwrite what somebody else wrote while the retry
/// policy waited.
pub(super) async fn look_and_send<F: Future<Output = Result<(), api::Error>>>(
    run: &ApplyContext<'_>,
    client: &Client,
    step: &Step,
    call: impl Fn(Client) -> F,
) -> Result<How, StepError> {
    let mut retry_state = RetryState::start();
    let already = if step.action.deletes().is_some() { How::AlreadyGone } else { How::AlreadySo };
    loop {
        let seen = look(run, step).await;
        match seen {
            Ok(LookResult::AsPlanned) => {}
            Ok(LookResult::AlreadySo) if retry_state.may_have_happened() => return Ok(How::Sent),
            Ok(LookResult::AlreadySo) => return Ok(already),
            Err(error) if retry_state.may_have_happened() => {
                return Err(StepError::AfterTry(Box::new(error)));
            }
            Err(error) => return Err(error),
        }
        // Once it was sent it is sent to its end, so that nobody has to find out how far it came.
        let sender = match retry_state.made() {
            0 => run.may_send(client, step).await?,
            _ => client.clone(),
        };
        let Err(error) = call(sender.single(&retry_state)).await else { return Ok(How::Sent) };
        if error.kind() == ErrorKind::NotFound && step.action.deletes().is_some() {
            return Ok(already);
        }
        let Some(wait) = retry_state.again(&error) else { return Err(error.into()) };
        tokio::time::sleep(wait).await;
    }
}

/// Reads the object that a step writes and, unless it is already as desired, the objects that determine its effect.
async fn look(run: &ApplyContext<'_>, step: &Step) -> Result<LookResult, StepError> {
    let (own, meaning) = futures::join!(own(run, step), meaning(run, step));
    match own? {
        LookResult::AlreadySo => Ok(LookResult::AlreadySo),
        LookResult::AsPlanned => meaning.map(|()| LookResult::AsPlanned),
    }
}

/// Looks at the object that a step writes.
async fn own(run: &ApplyContext<'_>, step: &Step) -> Result<LookResult, StepError> {
    let address = step.action.address();
    let mut versions = run.believed(|believed| believed.versions(&address, Some(step.id)));
    let found = read(run, &address).await?;
    versions.extend(run.believed(|believed| believed.versions(&address, Some(step.id))));
    let after = run.believed(|believed| believed.after(step));
    if run.believed(|believed| believed.is(&after, found.as_ref())) {
        return Ok(LookResult::AlreadySo);
    }
    if run.believed(|believed| believed.is_any(&versions, found.as_ref())) {
        return Ok(LookResult::AsPlanned);
    }
    Err(changed(run, &address, &versions[0], found.as_ref(), Some(&after)))
}
