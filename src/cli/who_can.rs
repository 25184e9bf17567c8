//! `scw-iam who-can`

use super::ask::{AlsoRead, Ask, Asked};
use super::failure::Failure;
use super::output::talk;
use super::{Common, Exit};
use crate::access::GrantScope;
use crate::model::{Catalogue, PermissionSetName};
use crate::render::question::{Holders, HoldersByProject};

const EXAMPLES: &str = "\
Examples:
  scw-iam who-can InstancesFullAccess --on prod iam
  scw-iam who-can InstancesFullAccess --on 'prod-*' --live
  scw-iam who-can IAMManager --on organization --live";

/// Shows who holds a permission set, and where it comes from
///
/// Wider permission sets that include the one in question are marked "through".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WhoCan {
    /// The permission set
    #[arg(value_name = "PERMISSION-SET")]
    set: PermissionSetName,
    /// The project, by name or id; a pattern such as `prod-*` for every project that matches it; `organization`; or `all_projects`
    #[arg(long, value_name = "PROJECT")]
    on: String,
    #[command(flatten)]
    ask: Ask,
}

impl WhoCan {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let unpublished = Catalogue::published().get(&self.set).is_none();
        let asked = self.ask.read(common, AlsoRead { permission_sets: unpublished, keys_of: None }).await?;
        let projects = asked.projects(&self.on)?;
        let ons: Vec<(GrantScope, String)> = match &projects {
            None => vec![(asked.scope(&self.on)?, self.on.clone())],
            Some(ids) => ids.iter().map(|id| GrantScope::Project(*id)).map(|on| named(&asked, on)).collect(),
        };
        for (on, _) in &ons {
            asked.grantable(&self.set, on)?;
        }
        let question = asked.question(&asked.state, self.ask.request(common));
        let answers = ons.iter().map(|(on, name)| Holders::of(&question, &self.set, on, name));
        let mut answers: Vec<_> = answers.collect();
        if !asked.live {
            talk("note: the files do not name the owner, who can do everything; pass --live to show them");
        }
        match projects {
            Some(ids) => {
                let answers = ids.into_iter().zip(answers).collect();
                common.show(&HoldersByProject { pattern: self.on.clone(), answers })?;
            }
            None => answers.pop().map_or(Ok(()), |answer| common.show(&answer))?,
        }
        Ok(Exit::Done)
    }
}

/// A project with its name; with its id too, where several have the name.
fn named(asked: &Asked, on: GrantScope) -> (GrantScope, String) {
    let projects = &asked.state.projects;
    let name = on.words(|id| projects.get(&id));
    let several = projects.values().filter(|other| other.as_str() == name).count() > 1;
    let name = if several { format!("{name} ({on})") } else { name };
    (on, name)
}
