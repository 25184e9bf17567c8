//! The live organization as files; a plan of them is proven to change nothing.

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::Timestamp;

use super::Error;
use super::doctor::ask;
use super::only::live_name;
use super::resolve::{facts, resolve};
use super::session::Session;
use crate::config::{self, ExportOptions, ExportedFile, ExportedFiles, LeftOut, Source};
use crate::live::{Live, LiveNeeds, Part, Readability};
use crate::model::{Address, Kind, State};
use crate::plan::{Caller, Counts, GuardOptions, Plan, between};

/// Files that match the live organization.
#[derive(Debug)]
pub struct Exported {
    /// The files.
    pub files: Vec<ExportedFile>,
    /// What no file declares, though somebody may want to.
    pub left_out: Vec<LeftOut>,
    /// How many objects a plan of them adopts. It changes nothing else.
    pub adopted: usize,
    /// The objects that they declare, by what these go by live.
    pub declared: BTreeSet<Address>,
}

impl Session {
    /// Reads all that an export has of an organization, and returns which kinds it has to leave out because the key may not read
    /// them.
    ///
    /// # Errors
    /// [`Error::Read`]; also for a 403 on what every plan reads.
    pub async fn read_permitted(&self, now: Timestamp) -> Result<(Live, Vec<Kind>), Error> {
        let asked = Kind::ALL.iter().copied().filter(|kind| !kind.always_read());
        let answers = asked.map(async |kind| (kind, ask(part(kind), &self.client, now).await));
        let (mut kinds, mut refused) = (BTreeSet::new(), Vec::new());
        for (kind, answer) in join_all(answers).await {
            match answer {
                Readability::Refused => refused.push(kind),
                // Other trouble is an error of the read below.
                Readability::Readable | Readability::Failed(_) => _ = kinds.insert(kind),
            }
        }
        let live = self.read(&LiveNeeds { kinds, projects: true, ..LiveNeeds::default() }).await?;
        Ok((live, refused))
    }
}

/// Returns the part that can be asked for to find out whether a kind may be read.
const fn part(kind: Kind) -> Part {
    match kind {
        Kind::User => Part::Users,
        Kind::Application => Part::Applications,
        Kind::Group => Part::Groups,
        Kind::Policy => Part::Policies,
        Kind::SshKey => Part::SshKeys,
        Kind::OrganizationSettings => Part::Settings,
    }
}

/// Writes the organization as files, reads and plans them: except for adoptions, nothing may change.
///
/// # Errors
/// [`Error::Unsayable`] when the stack owns objects that files cannot declare; [`Error::Unproven`] is a bug.
pub fn export(live: &Live, options: &ExportOptions<'_>) -> Result<Exported, Error> {
    prove(&live.state, live, options)
}

/// Writes a state as files, and proves that they change nothing of what is live.
pub(super) fn prove(state: &State, live: &Live, options: &ExportOptions<'_>) -> Result<Exported, Error> {
    let ExportedFiles { files, left_out } = config::export(state, options);
    let source =
        |file: &ExportedFile| Source::Text { name: file.path.clone(), bytes: file.text.clone().into_bytes() };
    let sources: Vec<_> = files.iter().map(source).collect();
    let read = config::read(&sources, options.now)?;
    let mut resolved = resolve(&read, live)?;
    // Of a partial export, only that part is checked: other objects of the stack are not in these files.
    resolved.desired.only = options.part.filter(|part| part.added).map(|part| part.only.clone());
    let caller = Caller::Unresolved("nothing is planned for real".to_owned());
    let facts = facts(live, &caller, options.now);
    let plan = between(&facts, &resolved.desired, &GuardOptions::default())?;
    if plan.summary().total() == Counts::default() && plan.conflicts().is_empty() {
        let desired = &resolved.desired;
        let declared = desired.state.objects.keys().map(|of| live_name(desired, of)).collect();
        return Ok(Exported { files, left_out, adopted: plan.summary().adopted, declared });
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
