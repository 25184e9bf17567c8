//! The names of the projects, read once a plan shows that they matter.

use super::answers::notices;
use super::notice::Notice;
use super::side::Live;
use super::{Error, state};
use crate::api::wire::Novel;
use crate::api::{Client, ErrorKind, ListProjects};

/// Reads the projects into a live side that was read without them, since their list is the slowest. Returns what to tell
/// about the answers, each once.
///
/// A key that may not read projects leaves them unknown: whoever pins every project needs no permission for it.
///
/// # Errors
/// When the projects cannot be read for another reason.
pub async fn projects(client: &Client, live: &mut Live) -> Result<Vec<Notice>, Error> {
    let projects = match client.list_projects(&ListProjects::default()).all().await {
        Ok(projects) => projects,
        Err(error) if error.kind() == ErrorKind::Forbidden => return Ok(Vec::new()),
        Err(error) => return Err(Error::reading("the projects")(error)),
    };
    live.state.projects = state::projects(live.state.organization, &projects)?;
    Ok(notices(projects.iter().flat_map(Novel::novelties)))
}
