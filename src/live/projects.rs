//! The names of the projects, read once a plan shows that they matter.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::answers::notices;
use super::notice::Notice;
use super::side::Live;
use super::{Error, api_id, state};
use crate::api::wire::{self, Novel};
use crate::api::{Client, ErrorKind, ListProjects};
use crate::model::{Id, ProjectName};

/// How many projects are read one by one at most. Recorded: one takes 206 ms, their list takes a second.
const FEW: usize = 10;

/// Reads the names of the projects that a plan may show into a live side that was read without them. Returns what to tell
/// about the answers, each once.
///
/// A few are read one by one. Where one of them is gone, is not called what it is expected to be called, or cannot be read, the
/// list is read, which also tells what else has the name.
///
/// A key that may not read projects leaves them unknown: whoever pins every project needs no permission for it.
///
/// # Errors
/// When the projects cannot be read for another reason.
pub async fn projects(
    client: &Client,
    live: &mut Live,
    wanted: &[(Id, Option<&ProjectName>)],
) -> Result<Vec<Notice>, Error> {
    let projects = match few(client, live.state.organization, wanted).await {
        Some(projects) => projects,
        None => match client.list_projects(&ListProjects::default()).all().await {
            Ok(projects) => projects,
            Err(error) if error.kind() == ErrorKind::Forbidden => return Ok(Vec::new()),
            Err(error) => return Err(Error::reading("the projects")(error)),
        },
    };
    live.state.projects = state::projects(live.state.organization, &projects)?;
    Ok(notices(projects.iter().flat_map(Novel::novelties)))
}

/// Reads projects one by one, in the order of their ids; `None` where only the list tells enough of them.
async fn few(
    client: &Client,
    organization: Id,
    wanted: &[(Id, Option<&ProjectName>)],
) -> Option<Vec<wire::Project>> {
    let ids: BTreeSet<Id> = wanted.iter().map(|(id, _)| *id).collect();
    if ids.len() > FEW {
        return None;
    }
    let read = async |id| client.get_project(&api_id(id)).await;
    let read = join_all(ids.into_iter().map(read)).await.into_iter();
    let projects = read.collect::<Result<Vec<_>, _>>().ok()?;
    // Files may pin a project of another organization.
    let names = state::projects(organization, &projects).ok()?;
    let as_expected = |(id, expected): &(Id, Option<&ProjectName>)| {
        names.get(id).is_some_and(|name| expected.is_none_or(|expected| name == expected))
    };
    wanted.iter().all(as_expected).then_some(projects)
}
