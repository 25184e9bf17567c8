//! The live organization as files, proven to plan to nothing.

use super::Error;
use super::plan::{facts, resolve};
use crate::config::{self, ExportOptions, ExportedFile, Source};
use crate::live::Live;
use crate::model::Address;
use crate::plan::{Caller, Counts, GuardOptions, Plan, between};

/// Files that say what is live.
#[derive(Debug)]
pub struct Exported {
    /// The files.
    pub files: Vec<ExportedFile>,
    /// How many objects a plan of them adopts. It changes nothing else.
    pub adopted: usize,
}

/// Writes the organization as files, reads them as anybody would, and plans them: adoptions aside, nothing may change.
///
/// # Errors
/// [`Error::Unsayable`] when the stack owns objects that files cannot declare; [`Error::Unproven`] is a bug.
pub fn export(live: &Live, options: &ExportOptions<'_>) -> Result<Exported, Error> {
    let files = config::export(&live.state, options);
    let source =
        |file: &ExportedFile| Source::Text { name: file.path.clone(), bytes: file.text.clone().into_bytes() };
    let sources: Vec<_> = files.iter().map(source).collect();
    let read = config::read(&sources, options.now)?;
    let resolved = resolve(&read, live)?;
    let caller = Caller::Unresolved("nothing is planned for real".to_owned());
    let facts = facts(live, &caller, options.now);
    let plan = between(&facts, &resolved.desired, &GuardOptions::default())?;
    if plan.summary().total() == Counts::default() && plan.conflicts().is_empty() {
        return Ok(Exported { files, adopted: plan.summary().adopted });
    }
    let deleted: Vec<_> = plan.steps().iter().filter_map(|step| step.action.deletes().cloned()).collect();
    Err(match options.stack {
        Some(stack) if !deleted.is_empty() => Error::Unsayable { stack: stack.clone(), deleted },
        Some(_) | None => Error::Unproven(changed(&plan)),
    })
}

fn changed(plan: &Plan) -> Vec<Address> {
    let steps = plan.steps().iter().map(|step| step.action.address());
    steps.chain(plan.conflicts().iter().map(|conflict| conflict.address.clone())).collect()
}
